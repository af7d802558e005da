import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { textOf } from '../../src/director/address-text.ts'
import { explain, type ExplainedType } from '../../src/director/explain.ts'
import { planService } from '../../src/director/plan.ts'
import type { Region, Service } from '../../src/director/service.ts'
import type { StepConfig } from '../../src/steer/steer.ts'
import {
  address,
  ALL_DOWN,
  frankfurt,
  NEAREST,
  PIN,
  region,
  service,
  text,
  virginia,
  WEIGHTED,
  world,
} from './plan-sample.ts'

const client = { address: address('203.0.113.9'), location: frankfurt, class: 1, why: 'geo data' }
const asked = { name: 'www.example.com', type: 'A', client, scope: 24 } as const

test('tells the whole story of an answer', () => {
  const told = explain(asked, service([NEAREST, WEIGHTED]), world(['eu-west/198.51.100.20']))
  expect(told).toMatchObject({
    name: 'www.example.com',
    type: 'A',
    service: 'web',
    ttl: 30,
    scope: 24,
    client: { address: '203.0.113.9', class: 1, why: 'geo data' },
    fallback: { rule: 'all', engaged: false, healthy: 0.7 },
    slots: 1,
    answers: [{ addresses: ['198.51.100.10'], slots: 1, share: 1 }],
  })
  expect(told.steps.map(({ phase, step }) => `${phase} ${step}`)).toEqual([
    'rank nearest',
    'availability health',
    'spread weighted',
    'spread spill',
  ])
  expect(told.regions.map(({ region: name, isUp, share }) => [name, isUp, share])).toEqual([
    ['us-east', true, 1],
    ['eu-west', false, 0],
    ['ap-south', true, 0],
  ])
  expect(told.regions[1]!.balancers).toEqual([
    { address: '198.51.100.20', state: 'down', reason: '503', share: 0, realised: 0 },
  ])
})

test('survives JSON unchanged', () => {
  const told = explain(asked, service([NEAREST, PIN]), world())
  expect(JSON.parse(JSON.stringify(told))).toEqual(told)
})

test('shows the slot of a pinned client and what stands there', () => {
  const told = explain(asked, service([PIN, WEIGHTED]), world())
  expect(told.pinned).toMatchObject({ prefix: '203.0.113.0/24' })
  const { ipv4 } = planService(service([PIN, WEIGHTED]), world()).rows.rows[0]!
  expect(told.pinned!.answer.join(' ')).toBe(text(ipv4.answers[ipv4.slots[told.pinned!.slot]!]!))
  expect(explain({ name: 'x', type: 'A' }, service([PIN]), world())).not.toHaveProperty('pinned')
})

test('shows wanted and realised shares where no small table is exact', () => {
  const weights: StepConfig = { step: 'weighted', weights: { 'us-east': 1e6, 'eu-west': 1, 'ap-south': 0 } }
  const [us, eu] = explain(asked, service([weights]), world()).regions
  expect(us!.balancers[0]).toMatchObject({ share: 1e6 / (1e6 + 1), realised: 1023 / 1024 })
  expect(eu!.balancers[0]).toMatchObject({ share: 1 / (1e6 + 1), realised: 1 / 1024 })
})

test('shows that the fallback applies', () => {
  const told = explain(asked, service([WEIGHTED], { fallback: 'none' }), world(ALL_DOWN))
  expect(told.fallback).toEqual({ rule: 'none', panic: 0, healthy: 0, engaged: true })
  expect(told.answers).toEqual([{ addresses: [], slots: 1, share: 1 }])
})

describe('for random services and health', () => {
  const NAMES = ['a', 'b', 'c', 'd'] as const
  const balancerTexts = fc.uniqueArray(
    fc.tuple(fc.constantFrom(4 as const, 6 as const), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 3 })),
    { minLength: 1, maxLength: 5, selector: ([family, host]) => `${family} ${host}` },
  )
  const regions: fc.Arbitrary<Region[]> = fc
    .tuple(
      ...NAMES.map((name, i) =>
        fc
          .tuple(balancerTexts, fc.nat(5), fc.integer({ min: 1, max: 2 }), fc.integer({ min: -80, max: 80 }))
          .map(([texts, weight, minHealthy, latitude]) =>
            region(
              name,
              weight,
              texts.map(
                ([family, host, own]) =>
                  `${family === 4 ? '10.0.' : '2001:db8::'}${i}${family === 4 ? '.' : ':'}${host}*${own}`,
              ),
              {
                minHealthy,
                latitude,
                longitude: i * 40,
              },
            ),
          ),
      ),
    )
    .map((all) => [...all])
  const steps: fc.Arbitrary<StepConfig[]> = fc.subarray<StepConfig>([
    { step: 'nearest', depth: 2, within: 0.5, bias: {} },
    { step: 'failover', order: ['c', 'a'] },
    WEIGHTED,
    { step: 'round-robin' },
    PIN,
    { step: 'take', count: 2 },
  ])
  const services: fc.Arbitrary<Service> = fc
    .record({
      steer: steps,
      fallback: fc.constantFrom('all', 'none', 'a', 'd'),
      panic: fc.constantFrom(0, 0.5, 1),
      families: fc.constantFrom('coherent' as const, 'independent' as const),
    })
    .map(({ steer, ...more }) => service(steer, { ...more, regions: ['a', 'b', 'c'] }))

  test('the balancers with a share are exactly those in the slots', () => {
    fc.assert(
      fc.property(
        regions,
        services,
        fc.infiniteStream(fc.boolean()),
        fc.constantFrom<ExplainedType>('A', 'AAAA'),
        (all, plain, coins, type) => {
          const ids = all.flatMap(({ name, balancers }) => balancers.map((each) => `${name}/${textOf(each.address)}`))
          const where = world(
            ids.filter(() => coins.next().value),
            all,
          )
          const location = plain.steer.some(({ step }) => step === 'nearest') ? virginia : {}
          const told = explain({ name: 'x', type, client: { ...client, location } }, plain, where)
          const row = planService(plain, where, [location], 0).rows.rows[0]!
          const { answers, slots } = type === 'A' ? row.ipv4 : row.ipv6
          const inSlots = new Set(
            [...slots].flatMap((index) =>
              text(answers[index]!)
                .split(' ')
                .filter((word) => word !== 'NODATA'),
            ),
          )
          const shown = told.regions.flatMap(({ balancers }) => balancers)
          expect(new Set(shown.filter(({ share }) => share > 0).map((each) => each.address))).toEqual(inSlots)
          expect(new Set(shown.filter(({ realised }) => realised > 0).map((each) => each.address))).toEqual(inSlots)
          expect(new Set(told.answers.flatMap(({ addresses }) => addresses))).toEqual(inSlots)
          const sum = told.regions.reduce((total, { share }) => total + share, 0)
          expect(Math.abs(sum - (sum > 0.5 ? 1 : 0))).toBeLessThan(1e-9)
        },
      ),
    )
  })
})
