import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { applyFallback, judgeHealth, spill } from '../../src/steer/availability.ts'
import type { Candidate } from '../../src/steer/steer.ts'
import { begin, beginOne, shares } from './sample-regions.ts'

function tiered(...rows: (readonly [tier: number, share: number, availability: number])[]): Candidate[] {
  return rows.map(([tier, share, availability], i) => ({ ...beginOne(`r${i}`), tier, share, availability }))
}

describe('spill', () => {
  test.each([
    ['all up: the first tier takes all', tiered([0, 1, 1], [1, 1, 1]), [1, 0]],
    ['half of a tier: half spills', tiered([0, 1, 0.5], [1, 1, 1]), [0.5, 0.5]],
    ['one of two in a tier: its half spills', tiered([0, 1, 1], [0, 1, 0], [1, 1, 1]), [0.5, 0, 0.5]],
    ['a tier that is down is passed by', tiered([0, 1, 0], [1, 1, 1]), [0, 1]],
    ['three tiers take what is left of what is left', tiered([0, 1, 0.5], [1, 1, 0.5], [2, 1, 1]), [0.5, 0.25, 0.25]],
    ['the last tier cannot spill: the sum is what is available', tiered([0, 1, 0.5], [1, 1, 0.5]), [0.5, 0.25]],
    ['weights count within a tier', tiered([0, 3, 1], [0, 1, 1], [1, 1, 1]), [0.75, 0.25, 0]],
    ['weight 0 takes nothing and costs its tier nothing', tiered([0, 1, 1], [0, 0, 0], [1, 1, 1]), [1, 0, 0]],
    ['a tier without weight is passed by', tiered([0, 0, 1], [1, 1, 1]), [0, 1]],
    ['nobody', tiered([0, 1, 0], [1, 1, 0]), [0, 0]],
  ])('%s', (_, candidates, expected) => {
    expect(shares(spill(candidates))).toEqual(expected)
  })

  test('sums to 1 when the last tier is up, else to at most 1, and leaves no crumbs of arithmetic', () => {
    const row = fc.tuple(fc.nat(3), fc.nat(7), fc.constantFrom(0, 0.1, 1 / 3, 0.5, 1))
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 12 }), (rows) => {
        const left = spill(tiered(...rows))
        const sum = left.reduce((all, { share }) => all + share, 0)
        expect(sum).toBeLessThanOrEqual(1 + 1e-9)
        expect(left.every(({ share }) => share === 0 || share > 1e-9)).toBe(true)
        const safe = spill(tiered(...rows, [9, 1, 1]))
        expect(safe.reduce((all, { share }) => all + share, 0)).toBeCloseTo(1, 9)
      }),
    )
  })

  test('less than a billionth of the load is nobody: it would take a whole slot', () => {
    const left = spill(tiered([0, 1, 0.9999], [1, 1, 0.9999], [2, 1, 0.9999], [3, 1, 1]))
    expect(left[2]!.share).toBeGreaterThan(0)
    expect(left[3]!.share).toBe(0)
  })
})

describe('panic', () => {
  const weights = [5, 3, 2]
  const parts = (down: Record<string, number>) => begin(down).map(({ availability }) => availability)
  test.each([
    [{}, 0, 1, false],
    [{ 'us-east': 0 }, 0, 0.5, false],
    [{ 'us-east': 0 }, 0.5, 0.5, false],
    [{ 'us-east': 0 }, 0.51, 0.5, true],
    [{ 'us-east': 0, 'eu-west': 0 }, 0.2, 0.2, false],
    [{ 'us-east': 0.5, 'eu-west': 0, 'ap-south': 0 }, 0.25, 0.25, false],
    [{ 'us-east': 0, 'eu-west': 0, 'ap-south': 0 }, 0, 0, true],
  ])('%j below %d: %d is healthy, panic %s', (down, limit, healthy, panic) => {
    const verdict = judgeHealth(parts(down), weights, { panic: limit })
    expect(verdict.healthy).toBeCloseTo(healthy, 12)
    expect(verdict.panic).toBe(panic)
  })

  test('a region of weight 0 does not keep a service healthy', () => {
    const down = { 'us-east': 0, 'eu-west': 0 }
    expect(judgeHealth(parts(down), [5, 3, 0], { panic: 0 }).panic).toBe(true)
  })
})

describe('fallback', () => {
  const down = begin({ 'us-east': 0, 'eu-west': 0.5, 'ap-south': 0 })
  const availability = (fallback: string) =>
    applyFallback(down, { fallback, panic: 1 }, true).map(({ region, availability: part }) => [region, part])

  test('all: as if all were up', () => {
    expect(availability('all')).toEqual([
      ['us-east', 1],
      ['eu-west', 1],
      ['ap-south', 1],
    ])
  })

  test('none: nobody, healthy or not', () => {
    expect(availability('none').map(([, part]) => part)).toEqual([0, 0, 0])
  })

  test('a region of last resort: it alone, in the service or not', () => {
    expect(availability('us-east')).toEqual([
      ['eu-west', 0],
      ['ap-south', 0],
      ['us-east', 1],
    ])
    const left = applyFallback(down, { fallback: 'refuge', panic: 1 }, true)
    expect(left.filter(({ availability: part }) => part > 0).map(({ region }) => region)).toEqual(['refuge'])
  })

  test('nobody when the last resort is outside the fence', () => {
    const left = applyFallback(down, { fallback: 'refuge', panic: 1 }, false)
    expect(left.map(({ availability: part, note }) => [part, note])).toEqual(
      Array.from({ length: 3 }, () => [0, 'fallback: refuge is outside the fence']),
    )
  })
})
