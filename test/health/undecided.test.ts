// What planners may know of a target that has not turned yet: TTLs follow it.
import { expect, test } from 'vitest'
import type { Observation } from '../../src/health/health.ts'
import { coldCheck, healthOf, observe, type Check } from '../../src/health/threshold.ts'

const RULES = { healthyThreshold: 2, unhealthyThreshold: 3 }

/** `+` a success, `-` a failure, one a second. */
function after(seen: string, rules: Parameters<typeof observe>[2] = RULES): Check {
  return [...seen.matchAll(/./g)].reduce((check, [sign], i) => {
    const outcome: Observation['outcome'] = sign === '+' ? 'success' : 'failure'
    return observe(check, { outcome, reason: outcome, startedAt: i * 1000, tookMs: 1 }, rules, i * 1000)
  }, coldCheck(0))
}

test.each([
  ['', undefined],
  ['+', undefined],
  ['++', undefined],
  ['++-', 'failing'],
  ['++--', 'failing'],
  ['++---', undefined],
  ['++---+', 'recovering'],
  ['++---++', undefined],
  ['++-+', undefined],
])('after "%s": %s', (seen, expected) => {
  expect(healthOf(after(seen)).undecided).toBe(expected)
})

test('one that is held down succeeds without being about to turn', () => {
  const failback = { mode: 'manual', holdDownMs: 0 } as const
  expect(healthOf(after('++---++', { ...RULES, failback })).undecided).toBeUndefined()
})
