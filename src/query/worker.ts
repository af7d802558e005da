// What `respond` works with: the snapshot it reads, the counters it writes, and scratch that is reused for every query.
import { ADDRESS_WORDS, type AddressWords } from '../base/address.ts'
import type { Counters } from '../metrics/counters.ts'
import type { Snapshot } from '../snapshot/publication.ts'
import { MAX_HINTED_RECORDS } from '../snapshot/zone-image.ts'
import { createLookup, type Lookup } from './lookup.ts'
import { createMessage, type Message } from './message.ts'
import { createNameCursor, type NameCursor } from './name-cursor.ts'
import { createPlace, type Place } from './place.ts'
import { createQuery, type Query } from './query.ts'
import type { QueryLog } from './query-log.ts'
import { createRateLimiter, DEFAULT_BUCKETS, type RateLimiter } from './rate-limit.ts'
import { createSampler, type Sampler } from './sampler.ts'

export interface QueryWorker {
  /** Its holder turns it to the current generation before each call. */
  readonly snapshot: Snapshot
  readonly counters: Counters
  /** Pick counters in shared memory: a replaced worker goes on where its predecessor stopped. */
  readonly picks: Int32Array
  /** Where this worker's walk through every slot table begins, so that workers do not march in step. */
  readonly pickOffset: number
  /** Answers given, by service and region, as the plan numbers them. */
  readonly tallies: Float64Array
  /** Which of them the answer at hand was counted in; 0: none. */
  tally: number
  readonly limiter: RateLimiter
  readonly sampler: Sampler
  /** Seconds since the epoch, set by its holder at least once a second. (Monotonic time is the limiter's.) */
  nowS: number
  readonly query: Query
  readonly lookup: Lookup
  readonly message: Message
  /** The address that steers: the client subnet's, or the sender's. */
  readonly client: AddressWords
  /** While a subnet steers: who sent the query, for services that ignore client subnets. */
  readonly sender: AddressWords
  /** Where it stands in a service's plan. */
  readonly place: Place
  /** What a chain went through, by hop: hashes of names, and the nodes of DNAMEs (0 for a CNAME). */
  readonly visited: Int32Array
  readonly renamedBy: Int32Array
  /** Where the records of an RRset with hints begin, behind their owners. */
  readonly recordAt: Int32Array
  /** The owner of records that stand under another name than the query's. */
  readonly owner: NameCursor
  /** Room for one record that is made for an answer: a SOA with two long names is the largest. */
  readonly scratch: Uint8Array
}

const SCRATCH_BYTES = 1024

/** CNAMEs and DNAMEs followed in one answer; a resolver asks again for the rest. */
export const MAX_CHAIN = 16

export interface QueryWorkerParts {
  readonly snapshot: Snapshot
  readonly counters: Counters
  readonly picks: Int32Array
  readonly tallies: Float64Array
  readonly queryLog: QueryLog
  readonly slot: number
  /** Client prefixes that the rate limit tells apart, 65,536 by default. */
  readonly rateLimitBuckets?: number
}

/** A prime, so that the offsets of many workers meet no common divisor of slot tables. */
const PICK_STRIDE = 7919

export function createQueryWorker({ slot, queryLog, rateLimitBuckets, ...shared }: QueryWorkerParts): QueryWorker {
  return {
    ...shared,
    pickOffset: slot * PICK_STRIDE,
    tally: 0,
    limiter: createRateLimiter(rateLimitBuckets ?? DEFAULT_BUCKETS),
    sampler: createSampler(queryLog, slot),
    nowS: 0,
    query: createQuery(),
    lookup: createLookup(),
    message: createMessage(),
    client: new Int32Array(ADDRESS_WORDS),
    sender: new Int32Array(ADDRESS_WORDS),
    place: createPlace(),
    visited: new Int32Array(MAX_CHAIN + 1),
    renamedBy: new Int32Array(MAX_CHAIN + 1),
    recordAt: new Int32Array(MAX_HINTED_RECORDS),
    owner: createNameCursor(),
    scratch: new Uint8Array(SCRATCH_BYTES),
  }
}
