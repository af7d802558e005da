// The table of the rate limit: its size is bounded whoever asks, and what meets in one place is counted.
import { expect, test } from 'vitest'
import { parseAddress, writeWords } from '../../src/base/address.ts'
import { counter, createCounters } from '../../src/metrics/counters.ts'
import { createRateLimiter, limitRate, VERDICT } from '../../src/query/rate-limit.ts'
import { settingsBlock } from '../../src/snapshot/settings.ts'

const RATE = 10
const words = new Int32Array(settingsBlock.words)
words[settingsBlock.responsesPerSecond] = RATE
words[settingsBlock.ipv4Bits] = 24

/** Charges one answer to each /24 from `10.0.0.0` on. */
function chargePrefixes(size: number, prefixes: number) {
  const limiter = createRateLimiter(size)
  const counters = createCounters()
  const verdicts = Array.from({ length: prefixes }, (_, i) => {
    const client = writeWords(parseAddress(`10.${i >> 8}.${i & 255}.1`)!)
    return limitRate(limiter, counters, words, 0, client, 0)
  })
  return { limiter, shared: counters[counter.sharedBuckets]!, refused: verdicts.filter((v) => v !== VERDICT.send) }
}

test.each([
  [1024, 1024],
  [1025, 2048],
  [1 << 20, 1 << 20],
])('a table for %i prefixes has %i places', (asked, places) => {
  const { emptyAt, owner } = createRateLimiter(asked)
  expect([emptyAt.length, owner.length]).toEqual([places, places])
})

test('prefixes that find their places taken share one, and are counted', () => {
  expect(chargePrefixes(65_536, 1000)).toMatchObject({ shared: 0, refused: [] })
  const crowded = chargePrefixes(1024, 4000)
  expect(crowded.shared).toBeGreaterThan(1500)
  expect(crowded.limiter.owner).toHaveLength(1024)
})

test('every place of a table is used, a large one too', () => {
  for (const size of [1024, 1 << 18]) {
    const { limiter } = chargePrefixes(size, 60_000)
    const used = limiter.owner.filter((owner) => owner !== 0).length
    // Of n places, after m prefixes at random, 1 − e^(−m/n) are used; two choices fill more.
    expect(used / size).toBeGreaterThan((1 - Math.exp(-60_000 / size)) * 0.99)
  }
})
