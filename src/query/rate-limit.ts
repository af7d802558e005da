// Response rate limiting: what one client prefix may draw from us by UDP, so that forged senders get nothing out of us
// worth having. Fixed memory; each entry is a leaky bucket in the form of GCRA (the time at which it would be empty).
import type { AddressWords } from '../base/address.ts'
import { hashPrefix } from '../base/prefix.ts'
import { counter, type Counters } from '../metrics/counters.ts'
import { isInList, settingsBlock } from '../snapshot/settings.ts'

/** 12 bytes each. Two prefixes that meet in one share its rate. */
export const DEFAULT_BUCKETS = 1 << 16

/** 2³² ÷ the golden ratio, which spreads any numbers over the high bits of their product. */
const SPREAD = 0x9e3779b1

/** What may come at once after silence, in milliseconds of the rate. */
const BURST_MS = 1000

/** What becomes of an answer. */
export const VERDICT = { send: 0, truncate: 1, drop: 2 } as const

export interface RateLimiter {
  /** Monotonic ms, set by its holder before each batch: one number in an array, since a passed one is allocated (16 bytes a query). */
  readonly now: Float64Array
  readonly emptyAt: Float64Array
  readonly owner: Int32Array
  /** 32 less the bits of a bucket's number. */
  readonly shift: number
  /** Limited answers so far; every slip-th is truncated. */
  limited: number
}

/** With at least so many buckets: the next power of two. */
export function createRateLimiter(buckets: number): RateLimiter {
  const bits = Math.ceil(Math.log2(buckets))
  const size = 2 ** bits
  return {
    now: new Float64Array(1),
    emptyAt: new Float64Array(size),
    owner: new Int32Array(size),
    shift: 32 - bits,
    limited: 0,
  }
}

/**
 * Charges one answer of a `kind` (each has a rate of its own, so that a flood of questions for names that do not exist
 * costs nobody an address) at its present time. `settings` is the offset of the settings block in `words`.
 */
export function limitRate(
  limiter: RateLimiter,
  counters: Counters,
  words: Int32Array,
  settings: number,
  client: AddressWords,
  kind: number,
): number {
  const rate = words[settings + settingsBlock.responsesPerSecond]!
  if (rate === 0 || isInList(words, settings + settingsBlock.exempts, client)) return VERDICT.send
  const bits = words[settings + (client[0] === 4 ? settingsBlock.ipv4Bits : settingsBlock.ipv6Bits)]!
  const owner = hashPrefix(client, bits, kind)
  const bucket = findBucket(limiter, counters, owner)
  const nowMs = limiter.now[0]!
  const emptyAt = limiter.emptyAt[bucket]!
  const from = emptyAt > nowMs ? emptyAt : nowMs
  if (from - nowMs >= BURST_MS) {
    const slip = words[settings + settingsBlock.slip]!
    limiter.limited = (limiter.limited + 1) | 0
    return slip > 0 && limiter.limited % slip === 0 ? VERDICT.truncate : VERDICT.drop
  }
  limiter.emptyAt[bucket] = from + 1000 / rate
  return VERDICT.send
}

/** The owner's own bucket of its two places, else an empty one, else the first, shared. */
function findBucket({ now, emptyAt, owner: owners, shift }: RateLimiter, counters: Counters, owner: number): number {
  const nowMs = now[0]!
  const first = owner >>> shift
  const second = Math.imul(owner, SPREAD) >>> shift
  if (owners[first] === owner) return first
  if (owners[second] === owner) return second
  const free = emptyAt[first]! <= nowMs ? first : emptyAt[second]! <= nowMs ? second : -1
  if (free < 0) {
    counters[counter.sharedBuckets]!++
    return first
  }
  owners[free] = owner
  emptyAt[free] = 0
  return free
}
