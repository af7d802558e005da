import { describe, expect, test } from 'vitest'
import { availabilityFor, manyFail, sameSurvey, surveyRegion } from '../../src/director/survey.ts'
import type { TargetHealth } from '../../src/health/health.ts'
import type { Monitor } from '../../src/health/monitor.ts'
import { region } from './plan-sample.ts'

const monitor: Monitor = {
  ...{ type: 'tcp', name: 'l7', port: 80, intervalMs: 10_000, timeoutMs: 1000, fastIntervalMs: 4000 },
  ...{ healthyThreshold: 2, unhealthyThreshold: 3 },
}

function health(state: TargetHealth['state'], undecided?: TargetHealth['undecided']): TargetHealth {
  return { state, reason: state, since: 0, provisional: false, ...(undecided && { undecided }) }
}

const pair = region('pair', 1, ['192.0.2.1', '2001:db8::1'], { monitor })

function survey(first: TargetHealth, second = health('up')) {
  const states = new Map([
    ['pair/192.0.2.1', first],
    ['pair/2001:db8::1', second],
  ])
  return surveyRegion(pair, states)
}

describe('when a balancer could turn', () => {
  test.each([
    ['nothing is about to change', health('up'), Infinity],
    ['two more failures, 4 s apart', health('up', 'failing'), 8],
    ['one more success', health('down', 'recovering'), Infinity],
  ])('%s', (_, state, seconds) => {
    expect(survey(state).offer(undefined).live.turnsIn).toBe(seconds)
  })

  test('one that recovers counts where a fallback answers with it', () => {
    expect(survey(health('down', 'recovering'), health('down')).offer(undefined).inFallback.turnsIn).toBe(4)
  })

  test('a region that nobody probes never turns', () => {
    const unprobed = region('pair', 1, ['192.0.2.1', '2001:db8::1'])
    expect(
      surveyRegion(unprobed, new Map([['pair/192.0.2.1', health('up', 'failing')]])).offer(undefined).live.turnsIn,
    ).toBe(Infinity)
  })
})

test('a family alone is available while one of its balancers can answer', () => {
  const half = survey(health('down'))
  expect([undefined, 4, 6].map((family) => availabilityFor(half, family as 4 | 6 | undefined))).toEqual([1, 0, 1])
})

test.each([
  ['one of two', 1, 2, false],
  ['two of two', 2, 2, true],
  ['two of three', 2, 3, true],
  ['two of eight, a quarter', 2, 8, false],
  ['three of eight', 3, 8, true],
])('many regions fail at once: %s', (_, failing, all, expected) => {
  const surveys = Array.from({ length: all }, (_, i) => survey(i < failing ? health('up', 'failing') : health('up')))
  expect(manyFail(surveys)).toBe(expected)
})

test('surveys are the same while plans made from them are', () => {
  const before = survey(health('up'))
  expect(sameSurvey(before, survey({ ...health('up'), reason: 'other words', since: 7 }))).toBe(true)
  expect(sameSurvey(before, survey(health('up', 'failing')))).toBe(false)
  expect(sameSurvey(before, survey(health('down')))).toBe(false)
  expect(sameSurvey(before, surveyRegion({ ...pair }, new Map()))).toBe(false)
  expect(sameSurvey(undefined, before)).toBe(false)
})
