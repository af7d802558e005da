// Services in the place of regions: failover tiers each with its own spread, a canary inside a geography.
import { describe, expect, test } from 'vitest'
import { explain } from '../../src/director/explain.ts'
import { planService } from '../../src/director/plan.ts'
import { askQuestion, makeClassifier } from '../../src/director/question.ts'
import type { Service } from '../../src/director/service.ts'
import type { StepConfig } from '../../src/steer/steer.ts'
import {
  address,
  count,
  frankfurt,
  NEAREST,
  PIN,
  region,
  service,
  virginia,
  walk,
  WEIGHTED,
  world,
} from './plan-sample.ts'

const regions = ['a', 'b', 'c', 'd', 'e'].map((name, i) =>
  region(name, i + 1, [`192.0.2.${i + 1}`, `2001:db8::${i + 1}`], { latitude: 50, longitude: i < 2 ? 8 : -77 }),
)
const down = (...names: string[]) =>
  names.flatMap((name) => {
    const i = regions.findIndex((each) => each.name === name)
    return [`${name}/192.0.2.${i + 1}`, `${name}/2001:db8::${i + 1}`]
  })
const [A, B, C, D] = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'] as const

const FAILOVER: StepConfig = { step: 'failover', order: [] }
const first = service([{ step: 'weighted', weights: { a: 9, b: 1 } }], { name: 'first', regions: ['a', 'b'] })
const second = service([{ step: 'round-robin' }], { name: 'second', regions: ['c', 'd'] })
const outer = service([FAILOVER], { name: 'outer', regions: ['first', 'second'] })

function plan(which: Service, downNames: readonly string[] = [], services = [first, second, outer]) {
  return planService(which, world(down(...downNames), regions, services))
}

describe('failover tiers, each with its own spread', () => {
  const answers = (...downNames: string[]) => count(plan(outer, downNames).rows.rows[0]!.ipv4)

  test('the first tier takes all by its weights, the second only when the first has nobody', () => {
    expect(answers()).toEqual({ [A]: 9, [B]: 1 })
    expect(answers('a')).toEqual({ [B]: 1 })
    expect(answers('a', 'b')).toEqual({ [C]: 1, [D]: 1 })
    expect(answers('a', 'b', 'c')).toEqual({ [D]: 1 })
  })

  test('counts as down when its own panic engages, though some of it is up', () => {
    const strict = { ...first, panic: 0.5 }
    const rows = plan(outer, ['a'], [strict, second, outer]).rows.rows[0]!
    expect(count(rows.ipv4)).toEqual({ [C]: 1, [D]: 1 })
  })

  test('all down: each tier by its own fallback', () => {
    const { classes, rows } = plan(outer, ['a', 'b', 'c', 'd'])
    expect(classes[0]!.panic).toBe(true)
    expect(count(rows.rows[0]!.ipv4)).toEqual({ [A]: 9, [B]: 1 })
    const mute = plan(outer, ['a', 'b', 'c', 'd'], [{ ...first, fallback: 'none' }, second, outer])
    expect(count(mute.rows.rows[0]!.ipv4)).toEqual({ NODATA: 1 })
  })
})

test('services beside regions share by weights, interleaved; any lap is exact', () => {
  const mixed = service([{ step: 'weighted', weights: { first: 3, e: 1 } }], { name: 'mixed', regions: ['first', 'e'] })
  const { ipv4, ipv6 } = plan(mixed, [], [first, mixed]).rows.rows[0]!
  expect(count(ipv4)).toEqual({ [A]: 27, [B]: 3, '192.0.2.5': 10 })
  const slots = walk(ipv4).join(' ').replaceAll('192.0.2.', '')
  for (let at = 0; at < 36; at += 4)
    expect(
      slots
        .split(' ')
        .slice(at, at + 4)
        .filter((text) => text === '5'),
    ).toHaveLength(1)
  expect(count(ipv6)).toEqual({ '2001:db8::1': 27, '2001:db8::2': 3, '2001:db8::5': 10 })
})

describe('a canary inside a geography', () => {
  const europe = service([{ step: 'weighted', weights: { a: 99, b: 1 } }, PIN], { name: 'europe', regions: ['a', 'b'] })
  const america = service([WEIGHTED, PIN], { name: 'america', regions: ['c', 'd'] })
  const entries = { DE: ['europe', 'america'], US: ['america', 'europe'], unknown: ['america'] }
  const world2 = service([{ step: 'map', entries, only: false }], { name: 'world', regions: ['europe', 'america'] })
  const services = [europe, america, world2]
  const german = { ...frankfurt, country: 'DE' }
  const planned = (downNames: string[] = []) =>
    planService(world2, world(down(...downNames), regions, services), [german, { ...virginia, country: 'US' }], 0)

  test('each country meets its own service, pinned as that promises', () => {
    const { rows } = planned()
    expect(rows.pin).toMatchObject({ ipv4Bits: 24, ipv6Bits: 48 })
    expect(count(rows.rows[0]!.ipv4)).toEqual({ [A]: 4055, [B]: 41 })
    expect(count(rows.rows[1]!.ipv4)).toEqual({ [C]: 1755, [D]: 2341 })
  })

  test('A and AAAA of one slot come from the same region', () => {
    const { ipv4, ipv6 } = planned().rows.rows[0]!
    const [four, six] = [walk(ipv4), walk(ipv6)]
    expect(four.every((text, slot) => (text === A) === (six[slot] === '2001:db8::1'))).toBe(true)
  })

  test('when it fails, its clients meet the other, and nobody else moves', () => {
    const [before, after] = [planned(), planned(['a', 'b'])]
    expect(after.rows.rows[1]!.ipv4).toEqual(before.rows.rows[1]!.ipv4)
    expect(Object.keys(count(after.rows.rows[0]!.ipv4)).sort()).toEqual([C, D])
  })
})

test('what a service within asks of clients, the one around it asks too', () => {
  const near = service([NEAREST], { name: 'near', regions: ['a', 'c'] })
  const around = service([FAILOVER], { name: 'around', regions: ['near', 'e'] })
  const definitions = world([], regions, [near, around])
  const question = askQuestion(around, definitions)!
  const classify = makeClassifier(structuredClone(question))
  expect(classify(frankfurt)).not.toBe(classify(virginia))
  const { rows } = planService(around, definitions, [frankfurt, virginia], 4)
  expect(rows.clientMap).toBe(4)
  expect(rows.rows.map(({ ipv4 }) => count(ipv4))).toEqual([{ [A]: 1 }, { [C]: 1 }])
})

test('explain tells the inner fold before the outer one, and regions by the way to them', () => {
  const definitions = world(down('a'), regions, [first, second, outer])
  const told = explain({ name: 'www', type: 'A' }, outer, definitions)
  expect(told.steps.map(({ service: owner, step }) => `${owner ?? ''}:${step}`)).toEqual([
    ...['first:health', 'first:weighted', 'first:spill', 'second:health', 'second:round-robin', 'second:spill'],
    ...[':failover', ':health', ':spill'],
  ])
  expect(told.regions.map(({ via, region: name, share }) => [via?.join(), name, share])).toEqual([
    ['first', 'a', 0],
    ['first', 'b', 1],
    ['second', 'c', 0],
    ['second', 'd', 0],
  ])
  expect(told.regions[1]!.balancers).toMatchObject([{ address: B, share: 1, realised: 1 }])
  const panicking = explain({ name: 'www', type: 'A' }, outer, world(down('a', 'b'), regions, [first, second, outer]))
  const health = panicking.steps.findLast(({ step }) => step === 'health')!
  expect(health.left[0]!.note).toBe('down: its own fallback applies')
})

test('take of the outer service counts, else that of the inner one', () => {
  const pair = service([{ step: 'take', count: 2 }], { name: 'pair', regions: ['a', 'b'] })
  const plain = service([FAILOVER], { name: 'plain', regions: ['pair', 'e'] })
  expect(count(plan(plain, [], [pair, plain]).rows.rows[0]!.ipv4)).toEqual({ [`${A} ${B}`]: 2 })
  const single = service([FAILOVER, { step: 'take', count: 1 }], { name: 'single', regions: ['pair', 'e'] })
  expect(count(plan(single, [], [pair, single]).rows.rows[0]!.ipv4)).toEqual({ [A]: 1, [B]: 1 })
})

test('a fence of own prefixes holds in the services within', () => {
  const fenced = service([{ step: 'fence', entries: { '192.0.2.0/24': ['first'] } }], {
    name: 'fenced',
    regions: ['first', 'second'],
  })
  const definitions = world(down('a', 'b'), regions, [first, second, fenced])
  const client = { address: address('192.0.2.77'), why: 'test' }
  const told = explain({ name: 'www', type: 'A', client }, fenced, definitions)
  expect(told.client!.why).toBe('test; it lies in 192.0.2.0/24')
  expect(told.answers.flatMap(({ addresses }) => addresses).sort()).toEqual([A, B])
})
