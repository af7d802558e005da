// The query log: one query in so many, in a ring of shared memory for each worker slot. The slot's worker writes it
// (sampler.ts), the main thread reads it when somebody asks; a replaced worker goes on in its predecessor's ring.
//
//   header: one in how many · entries written so far
//   entry:  its number (0 while it is written) · what was asked, by whom, and how it was answered · the name
//
// Which region a tally belongs to is not known here.
import { ADDRESS_WORDS, readWords, type Address } from '../base/address.ts'
import { formatName, MAX_NAME_BYTES } from '../dns/name.ts'

const HEADER_WORDS = 8
export const header = { sample: 0, written: 1 } as const

/** Positions in 32-bit words from an entry's start; the time and the name count in their own units. */
export const entry = {
  /** Counts from 1 and tells whether a reader saw one entry whole. */
  number: 0,
  rcode: 1,
  type: 2,
  class: 3,
  tally: 4,
  snapshot: 5,
  flags: 6,
  /** Bits of the client subnet and of the scope that was answered. */
  source: 7,
  scope: 8,
  /** Bytes; 0: the question could not be read. */
  nameLength: 9,
  sender: 10,
  subnet: 10 + ADDRESS_WORDS,
  /** A double, wall-clock ms: aligned. */
  time: 20,
  name: 22,
  words: 22 + Math.ceil((MAX_NAME_BYTES + 1) / 8) * 2,
} as const

export const flag = { stream: 1, truncated: 2, subnet: 4 } as const

/** Views on one ring. */
export interface QueryLog {
  readonly words: Int32Array
  readonly bytes: Uint8Array
  readonly times: Float64Array
  /** Entries that it holds. */
  readonly keep: number
}

/** A query that was answered, and how. */
export interface SampledQuery {
  /** Wall-clock ms when it was received. */
  readonly time: number
  /** In lower case; missing: the question could not be read, and then type and class say nothing. */
  readonly name?: string
  readonly type: number
  readonly class: number
  readonly rcode: number
  readonly truncated: boolean
  readonly transport: 'udp' | 'tcp'
  readonly sender: Address
  /** As the sender gave it (RFC 7871), with the scope of the answer. */
  readonly subnet?: { readonly address: Address; readonly source: number; readonly scope: number }
  /** The number of the snapshot that answered. */
  readonly snapshot: number
  /** Where the answer was tallied, for its service and region; 0: no service answered, or nobody knows which. */
  readonly tally: number
}

/** `keep`: entries, 0 or more. One in `sample` queries is to be written; 0: none. */
export function createQueryLog(keep: number, sample: number): QueryLog {
  const log = openQueryLog(new SharedArrayBuffer((HEADER_WORDS + keep * entry.words) * Int32Array.BYTES_PER_ELEMENT))
  setSample(log, sample)
  return log
}

export function openQueryLog(buffer: SharedArrayBuffer): QueryLog {
  const words = new Int32Array(buffer)
  return {
    ...{ words, bytes: new Uint8Array(buffer), times: new Float64Array(buffer) },
    keep: (words.length - HEADER_WORDS) / entry.words,
  }
}

/** Holds from the worker's next receive on. */
export function setSample({ words, keep }: QueryLog, sample: number): void {
  Atomics.store(words, header.sample, keep === 0 ? 0 : sample)
}

/** Where entry number `number` stands, in words. */
export function entryAt({ keep }: QueryLog, number: number): number {
  return HEADER_WORDS + ((number - 1) % keep) * entry.words
}

/** The newest entries, at most `most`, the newest first. One that is being written meanwhile is left out. */
export function readQueryLog(log: QueryLog, most: number): SampledQuery[] {
  const written = Atomics.load(log.words, header.written)
  const queries: SampledQuery[] = []
  for (let number = written; number > Math.max(0, written - Math.min(log.keep, most)); number--) {
    const query = readEntry(log, number)
    if (query) queries.push(query)
  }
  return queries
}

function readEntry(log: QueryLog, number: number): SampledQuery | undefined {
  const at = entryAt(log, number)
  if (Atomics.load(log.words, at + entry.number) !== number) return undefined
  const words = log.words.slice(at, at + entry.words)
  const time = log.times[(at + entry.time) / 2]!
  return Atomics.load(log.words, at + entry.number) === number ? decode(words, time) : undefined
}

function decode(words: Int32Array, time: number): SampledQuery {
  const flags = words[entry.flags]!
  const subnet = {
    address: readWords(words.subarray(entry.subnet, entry.subnet + ADDRESS_WORDS)),
    ...{ source: words[entry.source]!, scope: words[entry.scope]! },
  }
  const name = new Uint8Array(words.buffer, entry.name * 4, words[entry.nameLength])
  return {
    time,
    ...(name.length > 0 && { name: formatName(name).toLowerCase() }),
    ...{ type: words[entry.type]!, class: words[entry.class]!, rcode: words[entry.rcode]! },
    truncated: (flags & flag.truncated) !== 0,
    transport: (flags & flag.stream) === 0 ? 'udp' : 'tcp',
    sender: readWords(words.subarray(entry.sender, entry.sender + ADDRESS_WORDS)),
    ...((flags & flag.subnet) !== 0 && { subnet }),
    ...{ snapshot: words[entry.snapshot]!, tally: words[entry.tally]! },
  }
}
