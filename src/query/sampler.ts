// Which queries are looked at closely, and what is written of them: one in so many, with gaps of chance, since stubs ask
// for A and AAAA in turn and every 1,000th query might be always an A. A sampled query goes into the worker's ring
// (query-log.ts), and the time from its receive to the sending of its answer into a histogram (counters.ts).
// Between two samples a query costs one decrement; nothing is allocated.
import type { AddressWords } from '../base/address.ts'
import { mix32 } from '../base/random.ts'
import { counter, LATENCY_BOUNDS_MS, type Counters } from '../metrics/counters.ts'
import type { Message } from './message.ts'
import { HEADER_BYTES, type Query } from './query.ts'
import { entry, entryAt, flag, header, type QueryLog } from './query-log.ts'

/** When nothing is sampled: a worker hears of a change at its next receive, not by counting down. */
const NEVER = 1 << 30

/** Of `clock`: monotonic ms of the last receive, and what makes wall-clock ms of it. */
const RECEIVED = 0
const WALL_OFFSET = 1

export interface Sampler {
  readonly log: QueryLog
  /** Tells the gaps of one worker from those of the others. */
  readonly seed: number
  /** One in so many; 0: none. */
  sample: number
  /** Queries until the next one that is looked at. */
  left: number
  /** How many were looked at since the last receive. */
  pending: number
  /** Doubles that change with each receive: kept off the heap. */
  readonly clock: Float64Array
}

export function createSampler(log: QueryLog, slot: number): Sampler {
  return { log, seed: mix32(slot + 1), sample: 0, left: NEVER, pending: 0, clock: new Float64Array(2) }
}

/** After a receive at `nowMs` (monotonic). */
export function beginSampling(sampler: Sampler, nowMs: number): void {
  const { log, clock } = sampler
  clock[RECEIVED] = nowMs
  sampler.pending = 0
  const wanted = log.words[header.sample]!
  if (wanted !== sampler.sample) {
    sampler.sample = wanted
    sampler.left = nextGap(sampler)
  }
}

/** To be called now and then: the wall clock may be set. `nowMs`: monotonic, of the same moment. */
export function setWallClock({ clock }: Sampler, wallMs: number, nowMs: number): void {
  clock[WALL_OFFSET] = wallMs - nowMs
}

/** Counts a query; true when it is to be looked at. */
export function isSampled(sampler: Sampler): boolean {
  sampler.left = (sampler.left - 1) | 0
  return sampler.left === 0 && mayLog(sampler)
}

/** A billion queries without one to log. */
function mayLog(sampler: Sampler): boolean {
  if (sampler.sample > 0) return true
  sampler.left = NEVER
  return false
}

/** From 1 to 2 × sample − 1, each as likely. */
function nextGap({ sample, seed, log: { words } }: Sampler): number {
  return sample === 0 ? NEVER : 1 + (mix32(seed + words[header.written]!) % (2 * sample - 1))
}

/** Writes down a query that is about to be answered. `at`: where the message begins in `input`. */
export function logQuery(
  sampler: Sampler,
  query: Query,
  message: Message,
  input: Uint8Array,
  at: number,
  sender: AddressWords,
  rcode: number,
  tally: number,
  snapshot: number,
): void {
  const { log, clock } = sampler
  const { words } = log
  const number = nextNumber(words[header.written]!)
  const to = entryAt(log, number)
  Atomics.store(words, to + entry.number, 0)
  words[to + entry.rcode] = rcode
  words[to + entry.tally] = tally
  words[to + entry.snapshot] = snapshot
  log.times[(to + entry.time) / 2] = clock[RECEIVED]! + clock[WALL_OFFSET]!
  copyQuery(words, to, query, message, sender)
  copyName(log, to, query, input, at + HEADER_BYTES)
  Atomics.store(words, to + entry.number, number)
  Atomics.store(words, header.written, number)
  sampler.pending++
  sampler.left = nextGap(sampler)
}

/** Begins anew at 1 when 32 bits are full: after six hours, if each of 100,000 queries a second is logged. */
function nextNumber(written: number): number {
  return written === 0x7fffffff ? 1 : written + 1
}

function copyQuery(words: Int32Array, to: number, query: Query, message: Message, sender: AddressWords): void {
  const { subnet, subnetSource } = query.options
  words[to + entry.type] = query.type
  words[to + entry.class] = query.class
  words[to + entry.flags] = flagsOf(query, message)
  words[to + entry.source] = subnetSource
  words[to + entry.scope] = message.scope
  for (let i = 0; i < sender.length; i++) {
    words[to + entry.sender + i] = sender[i]!
    words[to + entry.subnet + i] = subnet[i]!
  }
}

function flagsOf({ options }: Query, { truncated, isStream }: Message): number {
  return (isStream ? flag.stream : 0) | (truncated ? flag.truncated : 0) | (options.hasSubnet ? flag.subnet : 0)
}

/** From the question as it came: an alias may stand in the query's name by now. */
function copyName(
  { words, bytes }: QueryLog,
  to: number,
  { questionLength }: Query,
  input: Uint8Array,
  at: number,
): void {
  const length = questionLength === 0 ? 0 : questionLength - 4
  words[to + entry.nameLength] = length
  for (let i = 0; i < length; i++) bytes[(to + entry.name) * 4 + i] = input[at + i]!
}

/** After the answers to a receive were handed to the system, at `nowMs` (monotonic). */
export function countLatency(sampler: Sampler, counters: Counters, nowMs: number): void {
  const took = nowMs - sampler.clock[RECEIVED]!
  let bucket = 0
  while (bucket < LATENCY_BOUNDS_MS.length && took > LATENCY_BOUNDS_MS[bucket]!) bucket++
  counters[counter.latency + bucket]! += sampler.pending
  counters[counter.latencySum]! += sampler.pending * took
  sampler.pending = 0
}
