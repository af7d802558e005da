import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  endsAt,
  formatTarget,
  isTurning,
  strengthAt,
  turnsAt,
  type Override,
} from '../../../src/director/overrides/override.ts'
import { override } from './sample.ts'

describe('strength', () => {
  const undo = { at: 150, overMs: 50, owner: 'ben', reason: 'done' }
  test.each<[string, Partial<Override>, number, number]>([
    ['nothing before it begins', { startsAt: 100 }, 99, 0],
    ['all at once without a ramp', { startsAt: 100 }, 100, 1],
    ['along its ramp', { rampMs: 100 }, 25, 0.25],
    ['all once the ramp is over', { rampMs: 100 }, 100, 1],
    ['still all before it expires', { expiresAt: 200 }, 199, 1],
    ['gone at once when it came so', { expiresAt: 200 }, 200, 0],
    ['goes along the ramp that it came by', { rampMs: 100, expiresAt: 200 }, 225, 0.75],
    ['gone after that', { rampMs: 100, expiresAt: 200 }, 300, 0],
    ['ended by hand, along another ramp', { rampMs: 100, undo }, 175, 0.5],
    ['ended half way up, it goes from there', { rampMs: 300, undo }, 175, 0.25],
    ['ended before it expires', { expiresAt: 1000, undo }, 200, 0],
    ['an end after its expiry does not bring it back', { expiresAt: 100, undo }, 160, 0],
  ])('%s', (_, more, now, expected) => {
    expect(strengthAt(override(more), now)).toBeCloseTo(expected, 9)
  })
})

test('one that is ended before it begins is over at once', () => {
  const undo = { at: 50, overMs: 500, owner: 'ben', reason: 'not today' }
  expect(endsAt(override({ startsAt: 100, rampMs: 500, undo }))).toBe(50)
})

const drawn = fc
  .record({ startsAt: fc.nat(50_000), rampMs: fc.nat(50_000), lifeMs: fc.nat(200_000), expires: fc.boolean() })
  .map(({ startsAt, rampMs, lifeMs, expires }) =>
    override({ startsAt, rampMs, ...(expires && { expiresAt: startsAt + lifeMs }) }),
  )

test('whoever wakes when told sees a ramp within a hundredth of its line, and never sleeps through a turn', () => {
  fc.assert(
    fc.property(drawn, fc.nat(30_000), (one, leadMs) => {
      let now = 0
      for (let turns = 0; turns < 2000; turns++) {
        const next = turnsAt(one, now, leadMs)
        if (next === Infinity) return
        expect(next).toBeGreaterThan(now)
        const ramp = Math.max(50, one.rampMs)
        if (one.rampMs >= 5000) {
          const justBefore = strengthAt(one, next - 1e-6)
          expect(Math.abs(justBefore - strengthAt(one, now))).toBeLessThanOrEqual(0.01 + 1 / ramp)
        }
        now = next
      }
      throw new Error('it never comes to an end')
    }),
    { numRuns: 100 },
  )
})

describe('TTLs fall', () => {
  const drain = override({ startsAt: 1000, rampMs: 500 })
  test.each([
    ['not long before', drain, 969, false],
    ['one lead ahead', drain, 970, true],
    ['along the ramp', drain, 1499, true],
    ['no more when it is over', drain, 1500, false],
    ['not once it is ended', { ...drain, undo: { at: 1100, overMs: 0, owner: 'b', reason: 'c' } }, 1100, false],
    ['not for a weight', override({ kind: 'weight', value: 1, from: 2, startsAt: 1000 }), 1000, false],
  ])('%s', (_, one, now, expected) => {
    expect(isTurning(one, now, 30)).toBe(expected)
  })
})

test.each([
  [{ region: 'eu-west' }, 'eu-west'],
  [{ service: 'canary', region: 'eu-west' }, 'canary:eu-west'],
  [{ region: 'eu-west', balancer: '192.0.2.1' }, 'eu-west/192.0.2.1'],
])('a target reads %j', (target, text) => {
  expect(formatTarget(target)).toBe(text)
})
