import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseAddress, writeWords } from '../../src/base/address.ts'
import { hashText, seededRandom } from '../../src/base/random.ts'
import { createPreferences, pinnedSlots, type Pinned } from '../../src/snapshot/pinned-slots.ts'
import {
  apportion,
  countSlots,
  interleave,
  MAX_COUNTED_SLOTS,
  PINNED_SLOTS,
  pinSlot,
  spreadSlots,
} from '../../src/snapshot/slot-table.ts'

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((a, b) => a + b, 0)
}

function tally(slots: Iterable<number>, candidates: number): number[] {
  const counts = Array.from({ length: candidates }, () => 0)
  for (const slot of slots) counts[slot] = counts[slot]! + 1
  return counts
}

describe('countSlots', () => {
  test.each([
    [
      [5, 3, 2],
      [5, 3, 2],
    ],
    [
      [0.5, 0.3, 0.2],
      [5, 3, 2],
    ],
    [
      [50, 30, 20],
      [5, 3, 2],
    ],
    [
      [1, 1, 1],
      [1, 1, 1],
    ],
    [
      [1 / 3, 1 / 3, 1 / 3],
      [1, 1, 1],
    ],
    [
      [99, 1],
      [99, 1],
    ],
    [
      [0, 7],
      [0, 1],
    ],
    [
      [5, 0, 0.5 * 3],
      [10, 0, 3],
    ],
    [
      [1023, 1],
      [1023, 1],
    ],
  ])('%j: the smallest exact table is %j', (shares, expected) => {
    expect(countSlots(shares)).toEqual(expected)
  })

  test('what no table of 1,024 makes exact is nearest there, and nobody is left out', () => {
    expect(countSlots([1024, 1])).toEqual([1023, 1])
    expect(countSlots([1e6, 1])).toEqual([1023, 1])
    expect(sum(countSlots([Math.PI, Math.E, Math.SQRT2]))).toBe(MAX_COUNTED_SLOTS)
  })

  test('whole weights are exact whenever they can be; every share above 0 has a slot, none of 0', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(60), { minLength: 1, maxLength: 12 }), (weights) => {
        fc.pre(sum(weights) > 0)
        const counts = countSlots(weights)
        const size = sum(counts)
        for (const [i, weight] of weights.entries()) expect(counts[i]! * sum(weights)).toBe(weight * size)
        for (let smaller = 1; smaller < size; smaller++) {
          expect(weights.every((weight) => (weight * smaller) % sum(weights) === 0)).toBe(false)
        }
      }),
    )
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(fc.array(share, { minLength: 1, maxLength: 30 }), (shares) => {
        fc.pre(sum(shares) > 1e-300)
        const parts = shares.map((part) => part / sum(shares))
        const counts = countSlots(shares)
        expect(sum(counts)).toBeLessThanOrEqual(MAX_COUNTED_SLOTS)
        for (const [i, part] of parts.entries()) expect(counts[i]! > 0).toBe(part > 0)
      }),
    )
  })

  test('more candidates than 1,024 have a slot each', () => {
    const shares = Array.from({ length: 1500 }, (_, i) => 1 + (i % 7) / 10)
    expect(Math.min(...countSlots(shares))).toBe(1)
  })
})

test('apportion gives the largest remainders, and refuses what cannot be', () => {
  expect(apportion([0.5, 0.3, 0.2], 7, [1, 1, 1])).toEqual([4, 2, 1])
  expect(apportion([0.98, 0.01, 0.01], 4, [1, 1, 2])).toEqual([1, 1, 2])
  expect(() => apportion([0.5, 0.5], 1, [1, 1])).toThrow('fewer')
})

/** The farthest that any candidate strays from its share in any cyclic window of up to two laps, by brute force. */
function worstWindow(slots: Uint16Array, counts: readonly number[]): number {
  const size = slots.length
  let worst = 0
  for (let start = 0; start < size; start++) {
    const seen = counts.map(() => 0)
    for (let window = 1; window <= 2 * size; window++) {
      const slot = slots[(start + window - 1) % size]!
      seen[slot] = seen[slot]! + 1
      for (const [i, count] of counts.entries()) {
        worst = Math.max(worst, Math.abs(seen[i]! - (window * count) / size))
      }
    }
  }
  return worst
}

describe('interleave', () => {
  test('5:3:2 gives 5, 3 and 2 of any ten consecutive slots, interleaved', () => {
    const slots = spreadSlots([5, 3, 2])
    expect([...slots].join('')).toBe('0102010210')
    for (let start = 0; start < 10; start++) {
      const window = Array.from({ length: 10 }, (_, i) => slots[(start + i) % 10]!)
      expect(tally(window, 3)).toEqual([5, 3, 2])
    }
  })

  test.each([
    [[1, 1, 1], 2 / 3],
    [[5, 3, 2], 1],
    [[4, 2, 1], 6 / 7],
    [[3, 2, 1], 1],
    [[99, 1], 0.99],
    [[2, 2, 1], 1],
  ])('%j is within one of its share in any window', (counts, worst) => {
    expect(worstWindow(interleave(counts), counts)).toBeLessThanOrEqual(worst + 1e-9)
  })

  test.each([
    [[1, 1, 1], '012', 33],
    [[4, 4, 2], '0120101201', 1706827072],
    [[7, 7, 1, 9], '301301301320313013013013', -32618150],
    [[300, 200, 200, 17], '012012001201200120120012', -1215277527],
  ])('%j is in the same order for ever: of equals the first goes first', (counts, begins, whole) => {
    const order = [...interleave(counts)]
    expect(order.slice(0, 24).join('')).toBe(begins)
    expect(order.reduce((sum, next) => (Math.imul(sum, 31) + next) | 0, 0)).toBe(whole)
  })

  test('any cyclic window of up to two laps is within 2 − 1/(k − 1); below 1 for two candidates', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 2, maxLength: 6 }), (counts) => {
        const slots = interleave(counts)
        expect(tally(slots, counts.length)).toEqual(counts)
        const worst = worstWindow(slots, counts)
        if (counts.length === 2) expect(worst).toBeLessThan(1)
        expect(worst).toBeLessThanOrEqual(2 - 1 / (counts.length - 1) + 1e-9)
      }),
      { numRuns: 60 },
    )
  })

  test('whole laps are exact from any start: a table of several laps repeats the shortest', () => {
    expect([...interleave([50, 30, 20])].join('')).toBe('0102010210'.repeat(10))
  })

  test('candidates of no slots never stand in it; one candidate stands alone', () => {
    expect([...interleave([0, 2, 0, 1])].sort()).toEqual([1, 1, 3])
    expect([...interleave([0, 3])]).toEqual([1, 1, 1])
  })
})

function pinned(weights: Readonly<Record<string, number>>): Pinned[] {
  return Object.entries(weights).map(([name, share]) => ({ name, share, least: 1 }))
}

/** Slots that moved between candidates who kept their weight. */
function collateral(before: readonly Pinned[], after: readonly Pinned[], service: string): number {
  const preferences = createPreferences(service, '')
  const [from, to] = [pinnedSlots(preferences, before), pinnedSlots(preferences, after)]
  const kept = new Set(
    before
      .filter(({ name, share }) => after.some((other) => other.name === name && other.share === share))
      .map(({ name }) => name),
  )
  const moved = [...from.keys()].filter((slot) => {
    const [a, b] = [before[from[slot]!]!.name, after[to[slot]!]!.name]
    return a !== b && kept.has(a) && kept.has(b)
  })
  return moved.length
}

describe('pinnedSlots', () => {
  test('meets the quota of unequal shares', () => {
    const slots = pinnedSlots(createPreferences('web', ''), pinned({ a: 5, b: 3, c: 2 }))
    expect(slots).toHaveLength(PINNED_SLOTS)
    expect(tally(slots, 3)).toEqual([2048, 1229, 819])
  })

  test('a share of one in a million has a slot, and `least` gives it more', () => {
    const preferences = createPreferences('web', '')
    expect(tally(pinnedSlots(preferences, pinned({ a: 1e6, b: 1 })), 2)).toEqual([PINNED_SLOTS - 1, 1])
    const wide = pinned({ a: 1e6, b: 1 }).map((candidate) => ({ ...candidate, least: 3 }))
    expect(tally(pinnedSlots(preferences, wide), 2)).toEqual([PINNED_SLOTS - 3, 3])
  })

  test('equal shares: each near its part, and nothing moves between those that stay', () => {
    const all = pinned({ a: 1, b: 1, c: 1, d: 1 })
    for (const count of tally(pinnedSlots(createPreferences('web', ''), all), 4)) {
      expect(Math.abs(count - 1024)).toBeLessThan(100)
    }
    for (const gone of all) {
      const rest = all.filter((candidate) => candidate !== gone)
      expect(collateral(all, rest, 'web')).toBe(0)
    }
  })

  test('unequal shares: at most 2 % move between those that stay when one goes or is halved', () => {
    const random = seededRandom(7)
    for (let round = 0; round < 20; round++) {
      const names = Array.from({ length: 3 + Math.floor(random() * 6) }, (_, i) => `region-${i}`)
      const before = names.map((name) => ({ name, share: 1 + Math.floor(random() * 20), least: 1 }))
      const [first, ...rest] = before
      expect(collateral(before, rest, `service-${round}`)).toBeLessThanOrEqual(PINNED_SLOTS * 0.02)
      const halved = [{ ...first!, share: first!.share / 2 }, ...rest]
      expect(collateral(before, halved, `service-${round}`)).toBeLessThanOrEqual(PINNED_SLOTS * 0.02)
    }
  })

  test('depends on names and seed alone: order, neighbours and earlier questions do not matter', () => {
    const names = (candidates: readonly Pinned[], preferences = createPreferences('web', 's')) =>
      Array.from(pinnedSlots(preferences, candidates), (index) => candidates[index]!.name)
    const list = pinned({ a: 5, b: 3, c: 2 })
    const warm = createPreferences('web', 's')
    names(pinned({ b: 1, x: 2 }), warm)
    expect(names(list, warm)).toEqual(names(list))
    expect(names([...list].reverse())).toEqual(names(list))
    const tied = pinned({ a: 2, b: 2, c: 1 })
    expect(names([...tied].reverse())).toEqual(names(tied))
    expect(names(list, createPreferences('web', 't'))).not.toEqual(names(list))
    expect(names(list, createPreferences('api', 's'))).not.toEqual(names(list))
  })

  test('is part of the compatibility promise: these slots are for ever', () => {
    const slots = pinnedSlots(createPreferences('web', ''), pinned({ 'us-east': 5, 'eu-west': 3, 'ap-south': 2 }))
    expect([...slots.subarray(0, 32)].join('')).toBe('12220101101100002001111102100100')
    expect(hashText(slots.join(','))).toBe(590491952)
  })

  test('seats candidates in given slots only', () => {
    const some = Uint16Array.of(1, 5, 9, 4000)
    expect(tally(pinnedSlots(createPreferences('web', ''), pinned({ a: 1, b: 1 }), some), 2).length).toBe(2)
    expect(pinnedSlots(createPreferences('web', ''), pinned({ a: 3, b: 1 }), some)).toHaveLength(4)
  })
})

describe('pinSlot', () => {
  const slotOf = (address: string, bits: number, seed = 1) => pinSlot(writeWords(parseAddress(address)!), bits, seed)

  test('clients of one prefix share a slot, and the bit before its end tells them apart', () => {
    expect(slotOf('203.0.113.1', 24)).toBe(slotOf('203.0.113.254', 24))
    expect(slotOf('203.0.113.1', 24)).not.toBe(slotOf('203.0.112.1', 24))
    expect(slotOf('203.0.113.1', 32)).not.toBe(slotOf('203.0.113.2', 32))
    expect(slotOf('2001:db8:1:ffff::1', 48)).toBe(slotOf('2001:db8:1::2', 48))
    expect(slotOf('2001:db8:1::1', 48)).not.toBe(slotOf('2001:db8:0::1', 48))
    expect(slotOf('2001:db8::1', 128)).not.toBe(slotOf('2001:db8::2', 128))
    expect(slotOf('198.51.100.7', 1)).toBe(slotOf('255.255.255.255', 1))
  })

  test('is part of the compatibility promise', () => {
    expect([slotOf('192.0.2.1', 24), slotOf('192.0.2.1', 24, 2), slotOf('2001:db8::1', 48)]).toEqual([3027, 3081, 1079])
  })

  test('spreads neighbouring prefixes evenly', () => {
    const words = new Int32Array(5)
    words[0] = 4
    const counts = new Uint32Array(16)
    for (let i = 0; i < 65536; i++) {
      words[1] = (10 << 24) | (i << 8)
      const slot = pinSlot(words, 24, 99)
      counts[slot >> 8]!++
    }
    for (const count of counts) expect(Math.abs(count - 4096)).toBeLessThan(300)
  })

  test('stays within the table for every client', () => {
    const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), fc.integer({ min: 1, max: 128 }), word, (words, bits, seed) => {
        const slot = pinSlot(Int32Array.of(6, ...words), bits, seed)
        expect(Number.isInteger(slot) && slot >= 0 && slot < PINNED_SLOTS).toBe(true)
      }),
    )
  })
})
