// What answers: the seam between sockets and the query path. A listener knows this interface and nothing of DNS; the
// default, below, is the query path over a snapshot. Tests name a module of their own that exports `createResponder`.
import type { MessagePort } from 'node:worker_threads'
import type { AddressWords } from '../base/address.ts'
import { systemClock } from '../base/clock.ts'
import type { Counters } from '../metrics/counters.ts'
import { respond } from '../query/respond.ts'
import type { QueryLog } from '../query/query-log.ts'
import { beginSampling, countLatency, setWallClock } from '../query/sampler.ts'
import { createQueryWorker } from '../query/worker.ts'
import { Subscription } from '../snapshot/publication.ts'
import type { Limits } from './limits.ts'

export interface Responder {
  /** After a receive returned and before the first answer to it. */
  readonly enter: () => void
  /** Before waiting for the next receive. */
  readonly leave: () => void
  /** After the answers to a receive were handed to the system. */
  readonly sent: () => void
  /**
   * Answers the query in `input[at, at + length)` into `output` from `outAt` on and returns the answer's length; 0 is
   * silence. `limit` bounds the answer: the transport's for UDP, STREAM_LIMIT for a stream. Both buffers are plain
   * Uint8Arrays over ArrayBuffers, always: a second kind of view costs a third more.
   */
  readonly answer: Answer
}

export type Answer = (
  input: Uint8Array,
  at: number,
  length: number,
  client: AddressWords,
  output: Uint8Array,
  outAt: number,
  limit: number,
) => number

/** The limit that says "stream": the client's EDNS size does not count. */
export const STREAM_LIMIT = 65_535

/** What a worker slot has of its own, in shared memory or by transfer. */
export interface ResponderSetup {
  readonly slot: number
  /** The place in the publication by which it gets snapshots. */
  readonly lane: number
  readonly snapshotControl: SharedArrayBuffer
  readonly snapshotPort: MessagePort
  readonly counters: Counters
  /** Where round-robin stands; outlives the worker. */
  readonly picks: Int32Array
  /** Answers given, by service and region; outlives the worker. */
  readonly tallies: Float64Array
  /** One query in so many; outlives the worker. */
  readonly queryLog: QueryLog
  readonly limits: Limits
}

/** What a responder module exports. */
export interface ResponderModule {
  readonly createResponder: (setup: ResponderSetup) => Responder
}

export function createResponder({ snapshotControl, snapshotPort, lane, ...parts }: ResponderSetup): Responder {
  const subscription = new Subscription(snapshotControl, lane, snapshotPort)
  const { limits, ...own } = parts
  const { rateLimitBuckets } = limits
  const worker = createQueryWorker({
    ...own,
    snapshot: subscription.snapshot,
    ...(rateLimitBuckets !== undefined && { rateLimitBuckets }),
  })
  const { counters } = parts
  const { sampler } = worker
  let wallDueMs = 0
  return {
    enter: () => {
      const nowMs = systemClock.now()
      worker.limiter.now[0] = nowMs
      // The wall clock's number is too large for anything but the heap: once a second costs nothing, once a batch does.
      if (nowMs >= wallDueMs) {
        wallDueMs = nowMs + 1000
        const wallMs = systemClock.wall()
        worker.nowS = Math.floor(wallMs / 1000)
        setWallClock(sampler, wallMs, nowMs)
      }
      beginSampling(sampler, nowMs)
      subscription.enter()
    },
    leave: () => subscription.leave(),
    sent: () => {
      if (sampler.pending > 0) countLatency(sampler, counters, systemClock.now())
    },
    answer: (input, at, length, client, output, outAt, limit) =>
      respond(worker, input, at, length, client, output, outAt, limit),
  }
}
