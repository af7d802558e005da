import { expect, it } from 'vitest'
import { doubt, SURE, type Doubt } from '../../src/health/doubt.ts'
import type { TargetHealth } from '../../src/health/health.ts'

const RULES = { togetherMs: 60_000, longestMs: 600_000 }
const NOW = 10_000_000

const up: TargetHealth = { state: 'up', reason: '200', since: 0, provisional: false }
const failing: TargetHealth = { ...up, undecided: 'failing' }
const down: TargetHealth = { state: 'down', reason: 'timeout', since: NOW - 5000, provisional: false }
const longDown: TargetHealth = { ...down, since: NOW - 3_600_000 }

function look(
  targets: readonly TargetHealth[],
  beacons: readonly TargetHealth[],
  before: Doubt = SURE,
  now = NOW,
): Doubt {
  return doubt(before, targets, beacons, now, RULES)
}

it('freezes when most targets and most beacons fail at once, and says so', () => {
  expect(look([down, down, up], [down, down])).toEqual({
    state: 'frozen',
    since: NOW,
    reason: '2 of 3 targets and 2 of 2 beacons fail',
  })
})

it('counts those that have only begun to fail: the first fall finds the others on their way', () => {
  expect(look([down, failing, failing, failing], [failing]).state).toBe('frozen')
})

it.each<[string, TargetHealth[], TargetHealth[]]>([
  ['one region of two, even when the beacon fails', [down, up], [down]],
  ['all targets, while the beacons answer', [down, down, down], [up, up]],
  ['all targets and half of the beacons', [down, down], [down, up]],
  ['all targets, without beacons', [down, down], []],
  ['the beacons alone', [up, up, up], [down, down]],
  ['few, beside many that were down long before', [longDown, longDown, longDown, up, up, down], [down]],
  ['nothing, without targets', [], [down]],
])('does not doubt itself over %s', (_what, targets, beacons) => expect(look(targets, beacons)).toEqual(SURE))

it('stays frozen while it lasts, thaws when things are better', () => {
  const frozen = look([down, down], [down])
  const later = look([down, down], [down], frozen, NOW + 300_000)
  expect(later).toMatchObject({ state: 'frozen', since: NOW })
  expect(look([down, down], [up], later, NOW + 300_001)).toEqual(SURE)
  expect(look([up, down], [down], later, NOW + 300_001)).toEqual(SURE)
})

it('thaws after the longest time, and freezes again only after things were better', () => {
  const frozen = look([down, down], [down])
  const spent = look([down, down], [down], frozen, NOW + 600_000)
  expect(spent.state).toBe('spent')
  expect(look([down, down], [down], spent, NOW + 600_001).state).toBe('spent')
  expect(look([up, up], [up], spent, NOW + 700_000)).toEqual(SURE)
})
