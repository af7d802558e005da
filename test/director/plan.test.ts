import { describe, expect, test } from 'vitest'
import { planService } from '../../src/director/plan.ts'
import type { Service } from '../../src/director/service.ts'
import type { StepConfig } from '../../src/steer/steer.ts'
import {
  ALL_DOWN,
  apSouth,
  count,
  euWest,
  frankfurt,
  mumbai,
  NEAREST,
  PIN,
  region,
  service,
  usEast,
  virginia,
  walk,
  WEIGHTED,
  world,
} from './plan-sample.ts'

const [US, EU, AP] = ['198.51.100.10', '198.51.100.20', '198.51.100.30'] as const
const US6 = '2001:db8:1::10'

function firstRow(steer: readonly StepConfig[], down: readonly string[] = [], more: Partial<Service> = {}) {
  return planService(service(steer, more), world(down)).rows.rows[0]!
}

test('5:3:2: any ten consecutive slots hold 5, 3 and 2, interleaved', () => {
  const slots = walk(firstRow([WEIGHTED]).ipv4)
  expect(slots).toHaveLength(10)
  expect(count(firstRow([WEIGHTED]).ipv4)).toEqual({ [US]: 5, [EU]: 3, [AP]: 2 })
  expect(slots.every((answer, i) => answer === US || answer !== slots[(i + 1) % 10])).toBe(true)
})

test('a service that ignores the client has one row and no client map, whatever classes there are', () => {
  const { rows } = planService(service([WEIGHTED]), world(), [frankfurt, mumbai], 3)
  expect(rows).toMatchObject({ name: 'web', clientMap: -1, leastTtl: 30, pin: undefined })
  expect(rows.rows).toHaveLength(1)
})

test('nearest: a row a class, each with its own region, then the next one when that is down', () => {
  const classes = [{}, frankfurt, virginia, mumbai]
  const answers = (down: readonly string[]) =>
    planService(service([NEAREST]), world(down), classes, 2).rows.rows.map(({ ipv4 }) => Object.keys(count(ipv4)))
  expect(answers([])).toEqual([[US, EU, AP], [EU], [US], [AP]])
  expect(answers(['eu-west/198.51.100.20'])).toEqual([[US, AP], [US], [US], [AP]])
  expect(planService(service([NEAREST]), world(), classes, 2).rows.clientMap).toBe(2)
})

test('nearest without a client map plans for clients of whom nothing is known', () => {
  const { rows } = planService(service([NEAREST]), world())
  expect(rows.clientMap).toBe(-1)
  expect(rows.rows.map(({ ipv4 }) => count(ipv4))).toEqual([{ [US]: 1, [EU]: 1, [AP]: 1 }])
})

test('classes with equal shares share one plan and its tables', () => {
  const { classes, rows } = planService(
    service([NEAREST]),
    world(),
    [frankfurt, virginia, { latitude: 48, longitude: 2 }],
    0,
  )
  expect(classes[2]).toBe(classes[0])
  expect(rows.rows[2]!.ipv4).toBe(rows.rows[0]!.ipv4)
  expect(classes[1]).not.toBe(classes[0])
})

describe('all down', () => {
  test.each([
    ['all', { [US]: 5, [EU]: 3, [AP]: 2 }, { [US6]: 1, NODATA: 1 }],
    ['none', { NODATA: 1 }, { NODATA: 1 }],
    ['us-east', { [US]: 1 }, { [US6]: 1 }],
  ])('fallback %s', (fallback, ipv4, ipv6) => {
    const plan = planService(service([WEIGHTED], { fallback }), world(ALL_DOWN))
    const row = plan.rows.rows[0]!
    expect(count(row.ipv4)).toEqual(ipv4)
    expect(Object.keys(count(row.ipv6)).sort()).toEqual(Object.keys(ipv6).sort())
    expect(plan.classes[0]).toMatchObject({ panic: true })
  })

  test('the last resort may stand outside the service', () => {
    const refuge = region('refuge', 1, ['192.0.2.99'])
    const { rows } = planService(
      service([NEAREST], { fallback: 'refuge' }),
      world(ALL_DOWN, [usEast, euWest, apSouth, refuge]),
    )
    expect(count(rows.rows[0]!.ipv4)).toEqual({ '192.0.2.99': 1 })
  })
})

test('a fallback prefers what is alive within a region', () => {
  const pair = region('pair', 1, ['192.0.2.1', '192.0.2.2'], { minHealthy: 2 })
  const { rows, classes } = planService(service([WEIGHTED], { regions: ['pair'] }), world(['pair/192.0.2.1'], [pair]))
  expect(classes[0]!.panic).toBe(true)
  expect(count(rows.rows[0]!.ipv4)).toEqual({ '192.0.2.2': 1 })
})

describe('balancers within a region', () => {
  const wide = region('wide', 1, ['192.0.2.1*3', '192.0.2.2', '192.0.2.3'])
  const other = region('other', 1, ['192.0.2.9'])
  const plan = (down: readonly string[], steer: readonly StepConfig[] = [WEIGHTED]) =>
    planService(service(steer, { regions: ['wide', 'other'] }), world(down, [wide, other])).rows.rows[0]!.ipv4

  test('share its part by their weights, and the regions alternate', () => {
    expect(count(plan([]))).toEqual({ '192.0.2.1': 3, '192.0.2.2': 1, '192.0.2.3': 1, '192.0.2.9': 5 })
    expect(
      walk(plan([]))
        .map((answer, i) => (answer === '192.0.2.9') === (i % 2 === 1))
        .every(Boolean),
    ).toBe(true)
  })

  test('leave it out when they are down, and its share stays', () => {
    expect(count(plan(['wide/192.0.2.1']))).toEqual({ '192.0.2.2': 1, '192.0.2.3': 1, '192.0.2.9': 2 })
  })

  test('keep their slots when pinned', () => {
    const [before, after] = [walk(plan([], [PIN])), walk(plan(['wide/192.0.2.1'], [PIN]))]
    const moved = before.filter((answer, slot) => answer !== '192.0.2.1' && answer !== after[slot])
    expect(moved.length).toBeLessThan(4096 * 0.02)
    expect(new Set(after)).toEqual(new Set(['192.0.2.2', '192.0.2.3', '192.0.2.9']))
  })
})

describe('families', () => {
  const dual = region('dual', 1, ['192.0.2.1', '2001:db8::1'])
  const four = region('four', 1, ['192.0.2.2'])
  const plan = (
    families: 'coherent' | 'independent',
    down: readonly string[] = [],
    steer: readonly StepConfig[] = [],
  ) => planService(service(steer, { regions: ['dual', 'four'], families }), world(down, [dual, four])).rows.rows[0]!

  test('coherent: AAAA of a region without live IPv6 is NODATA', () => {
    expect(count(plan('coherent').ipv6)).toEqual({ '2001:db8::1': 1, NODATA: 1 })
    expect(count(plan('coherent', ['dual/2001:db8::1']).ipv6)).toEqual({ NODATA: 1 })
    expect(count(plan('coherent', ['dual/2001:db8::1']).ipv4)).toEqual({ '192.0.2.1': 1, '192.0.2.2': 1 })
  })

  test('each has its own balancers by their own weights', () => {
    const uneven = region('uneven', 1, ['192.0.2.1*3', '192.0.2.2', '2001:db8::1', '2001:db8::2*3'])
    const { ipv4, ipv6 } = planService(service([], { regions: ['uneven'] }), world([], [uneven])).rows.rows[0]!
    expect(count(ipv4)).toEqual({ '192.0.2.1': 3, '192.0.2.2': 1 })
    expect(count(ipv6)).toEqual({ '2001:db8::1': 1, '2001:db8::2': 3 })
  })

  test('independent: such a region takes no part in AAAA', () => {
    expect(count(plan('independent').ipv6)).toEqual({ '2001:db8::1': 1 })
    expect(count(plan('independent').ipv4)).toEqual({ '192.0.2.1': 1, '192.0.2.2': 1 })
  })

  test('pinned: A and AAAA choose the same region for each slot', () => {
    const { ipv4, ipv6 } = plan('coherent', [], [PIN])
    const [a, aaaa] = [walk(ipv4), walk(ipv6)]
    expect(a).toHaveLength(4096)
    expect(a.every((answer, slot) => (answer === '192.0.2.1') === (aaaa[slot] === '2001:db8::1'))).toBe(true)
  })
})

describe('take', () => {
  test('gives distinct addresses that follow in the sequence', () => {
    const slots = walk(firstRow([WEIGHTED, { step: 'take', count: 2 }]).ipv4)
    expect(slots).toHaveLength(10)
    expect(slots.every((answer) => answer.split(' ').length === 2)).toBe(true)
    const three = walk(firstRow([{ step: 'take', count: 3 }]).ipv4)
    expect(new Set(three)).toEqual(new Set([`${US} ${EU} ${AP}`]))
  })

  test('stays within one tier, and gives fewer when that has fewer', () => {
    const steer: StepConfig[] = [
      { step: 'failover', order: ['us-east'] },
      { step: 'take', count: 2 },
    ]
    expect(count(firstRow(steer).ipv4)).toEqual({ [US]: 1 })
    expect(count(firstRow(steer, ALL_DOWN.slice(0, 2)).ipv4)).toEqual({ [`${EU} ${AP}`]: 2 })
  })

  test('never gives an address twice, even one that stands in two regions', () => {
    const anycast = [region('a', 1, ['192.0.2.1']), region('b', 1, ['192.0.2.1', '192.0.2.2'])]
    const { rows } = planService(service([{ step: 'take', count: 3 }], { regions: ['a', 'b'] }), world([], anycast))
    expect(Object.keys(count(rows.rows[0]!.ipv4))).toEqual(['192.0.2.1 192.0.2.2'])
  })

  test('works on pinned tables', () => {
    const slots = walk(firstRow([PIN, WEIGHTED, { step: 'take', count: 2 }]).ipv4)
    expect(slots).toHaveLength(4096)
    expect(slots.every((answer) => answer.split(' ').length === 2)).toBe(true)
  })
})

test('every balancer of a tiny pinned region has a slot, in both families and in the same slots', () => {
  const tiny = region('tiny', 1, ['192.0.2.1', '2001:db8::1', '2001:db8::2', '2001:db8::3'])
  const huge = region('huge', 1_000_000, ['192.0.2.9', '2001:db8::9'])
  const { rows } = planService(service([PIN, WEIGHTED], { regions: ['tiny', 'huge'] }), world([], [tiny, huge]))
  const { ipv4, ipv6 } = rows.rows[0]!
  expect(count(ipv4)).toEqual({ '192.0.2.1': 3, '192.0.2.9': 4093 })
  expect(count(ipv6)).toEqual({ '2001:db8::1': 1, '2001:db8::2': 1, '2001:db8::3': 1, '2001:db8::9': 4093 })
})

test('a pinned service says how clients are pinned, and keeps its preferences with the caller', () => {
  const where = world()
  const { rows } = planService(service([PIN, WEIGHTED]), where)
  expect(rows.pin).toMatchObject({ ipv4Bits: 24, ipv6Bits: 48 })
  expect([...where.preferences.values()][0]!.seed).toBe(rows.pin!.seed)
  expect(planService(service([PIN, WEIGHTED]), where).rows).toEqual(rows)
  expect(count(rows.rows[0]!.ipv4)).toEqual({ [US]: 2048, [EU]: 1229, [AP]: 819 })
})

test('a region whose balancers have no weight cannot answer, and its share goes to the others', () => {
  const empty = region('empty', 5, ['192.0.2.1*0'])
  const { rows } = planService(service([WEIGHTED], { regions: ['empty', 'eu-west'] }), world([], [empty, euWest]))
  expect(count(rows.rows[0]!.ipv4)).toEqual({ [EU]: 1 })
})
