import { describe, expect, test } from 'vitest'
import { planService, type World } from '../../../src/director/plan.ts'
import type { Override } from '../../../src/director/overrides/override.ts'
import { wordsAt } from '../../../src/director/overrides/words.ts'
import { region, service, WEIGHTED, world } from '../plan-sample.ts'
import { override } from './sample.ts'

const drain = (more: Partial<Override> = {}) => override({ ...more, kind: 'drain' })
const share = (value: number, more: Partial<Override> = {}) => override({ ...more, kind: 'share', value })
const force = (to: 'up' | 'down', more: Partial<Override> = {}) => override({ ...more, kind: `force-${to}` })
const weight = (value: number, more: Partial<Override> = {}) => override({ from: 3, ...more, kind: 'weight', value })
const inWeb = { target: { service: 'web', region: 'eu-west' } }

/** Shares of `web` by region, in ten-thousandths. */
function shares(overrides: readonly Override[], now: number, around: World, more = {}): Record<string, number> {
  const plan = planService(service([WEIGHTED], more), { ...around, words: wordsAt(overrides, now, 0) })
  return Object.fromEntries(plan.classes[0]!.members.map(({ name, share }) => [name, Math.round(share * 10_000)]))
}

const all = { 'us-east': 5000, 'eu-west': 3000, 'ap-south': 2000 }
const without = { 'us-east': 7143, 'ap-south': 2857 }

describe('what overrides make of shares', () => {
  test.each<[string, readonly Override[], Record<string, number>]>([
    ['none', [], all],
    ['a drained region has none', [drain()], without],
    ['nor has one that is drained in the service', [drain(inWeb)], without],
    ['a drain in another service is none of ours', [drain({ target: { service: 'other', region: 'eu-west' } })], all],
    ['a share is a part of its own', [share(0.5)], { 'us-east': 6071, 'eu-west': 1500, 'ap-south': 2429 }],
    ['of a drain and a share the least counts', [share(0.5), drain()], without],
    ['levels multiply', [share(0.5), share(0.5, inWeb)], { 'us-east': 6607, 'eu-west': 750, 'ap-south': 2643 }],
    ['a weight stands in for the configured one', [weight(13)], { 'us-east': 2500, 'eu-west': 6500, 'ap-south': 1000 }],
    ['a narrow weight before a wide one', [weight(13), weight(0, inWeb)], without],
    ['force-down beats force-up', [force('up'), force('down')], without],
    ['at whatever level', [force('up', inWeb), force('down')], without],
  ])('%s', (_, overrides, expected) => {
    expect(shares(overrides, 0, world())).toEqual(expected)
  })

  test.each<[string, readonly Override[], Record<string, number>]>([
    ['force-up stands in for health', [force('up')], all],
    ['in one service too', [force('up', inWeb)], all],
    ['but a drain takes what it brought', [force('up'), drain()], without],
  ])('of a region that is down: %s', (_, overrides, expected) => {
    expect(shares(overrides, 0, world(['eu-west/198.51.100.20']))).toEqual(expected)
  })

  test('the share of who drains falls along its line, and the others keep their proportion', () => {
    const along = [drain({ rampMs: 100_000 })]
    for (let now = 0; now <= 100_000; now += 5_000) {
      const found = shares(along, now, world())
      expect(Math.abs((found['eu-west'] ?? 0) - 3000 * (1 - now / 100_000))).toBeLessThanOrEqual(1)
      expect(found['us-east']! / found['ap-south']!).toBeCloseTo(2.5, 2)
    }
  })

  test('a drained balancer leaves its region to the others, and the region keeps its share', () => {
    const pair = region('eu-west', 3, ['192.0.2.1', '192.0.2.2'])
    const around = world([], [region('us-east', 5, ['198.51.100.10']), pair, region('ap-south', 2, ['198.51.100.30'])])
    const words = wordsAt([drain({ target: { region: 'eu-west', balancer: '192.0.2.1' } })], 0, 0)
    const { members } = planService(service([WEIGHTED]), { ...around, words }).classes[0]!
    expect(members[1]).toMatchObject({ name: 'eu-west', share: 0.3 })
    expect(members[1]!.balancers.map(({ address }) => address.bytes[3])).toEqual([2])
  })
})

describe('fallback `all` prefers', () => {
  const others = ['us-east/198.51.100.10', 'us-east/2001:db8:1::10', 'ap-south/198.51.100.30']
  const everywhere = (make: (more: Partial<Override>) => Override) =>
    ['us-east', 'eu-west', 'ap-south'].map((name) => make({ target: { region: name } }))

  test.each<[string, readonly Override[], readonly string[], Record<string, number>]>([
    ['drained but healthy ones to failed ones', [drain()], others, { 'eu-west': 10_000 }],
    ['drained ones where everybody is', everywhere(drain), [], all],
    ['failed ones where nobody is healthy, drained or not', [drain()], [...others, 'eu-west/198.51.100.20'], all],
    ['never one that is forced down', [force('down')], others, without],
    ['nobody where all are forced down', everywhere((more) => force('down', more)), [], {}],
  ])('%s', (_, overrides, down, expected) => {
    expect(shares(overrides, 0, world(down))).toEqual(expected)
  })

  test('a drain is no illness: it does not count towards panic', () => {
    expect(shares([drain({ target: { region: 'us-east' } })], 0, world(), { panic: 0.6 })).toEqual({
      'eu-west': 6000,
      'ap-south': 4000,
    })
  })

  test('a region of last resort that is forced down does not answer', () => {
    const down = ['eu-west/198.51.100.20', 'ap-south/198.51.100.30']
    const around = { fallback: 'us-east', regions: ['eu-west', 'ap-south'] }
    expect(shares([], 0, world(down), around)).toEqual({ 'us-east': 10_000 })
    expect(shares([force('down', { target: { region: 'us-east' } })], 0, world(down), around)).toEqual({})
  })
})

test('answers are good for a short time while a drain comes, and as long as before when it is over', () => {
  const ttl = (overrides: readonly Override[], now: number) => {
    const words = wordsAt(overrides, now, 30)
    return planService(service([WEIGHTED]), { ...world(), words }).classes[0]!.tables.ttl
  }
  const one = drain({ startsAt: 100, rampMs: 100 })
  expect([60, 80, 150, 200].map((now) => ttl([one], now))).toEqual([30, 5, 5, 30])
  expect(ttl([drain({ ...inWeb, startsAt: 100, rampMs: 100 })], 80)).toBe(5)
})

test('says who did what, how far, and why', () => {
  const { regions } = wordsAt([drain({ rampMs: 100 }), share(0.5)], 25, 0)
  expect(regions.get('eu-west')!.note).toBe(
    'drained by oncall, 25 % of the way: new kernel; held to a share of 50 % by oncall: new kernel',
  )
})
