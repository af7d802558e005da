// Plans are settled in numbers and explained in words: both must say the same.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { textOf } from '../../src/director/address-text.ts'
import { explain } from '../../src/director/explain.ts'
import type { World } from '../../src/director/plan.ts'
import type { Service } from '../../src/director/service.ts'
import type { Client, Scores, StepConfig } from '../../src/steer/steer.ts'
import { wordsAt } from '../../src/director/overrides/words.ts'
import { override } from './overrides/sample.ts'
import { address, region, service, world } from './plan-sample.ts'

const NAMES = ['a', 'b', 'c', 'd', 'e']
const regions = NAMES.map((name, i) =>
  region(name, [5, 3, 2, 0, 1][i]!, [`192.0.2.${i}*2`, ...(i % 2 === 0 ? [`192.0.2.1${i}`] : [`2001:db8::${i}`])], {
    latitude: i * 10,
    longitude: i * 25 - 60,
  }),
)

const names = fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 4 })
const weights = fc.dictionary(fc.constantFrom(...NAMES), fc.nat(4))
const entries = fc.dictionary(fc.constantFrom('DE', 'EU(continent)', '192.0.2.0/24', 'unknown'), names)
const load = { lowest: fc.boolean(), movement: fc.constant(0.2) }
const optional = (...steps: fc.Arbitrary<StepConfig>[]) =>
  fc.oneof(fc.constant([]), ...steps.map((step) => step.map((one) => [one])))
const step = <Name extends StepConfig['step']>(name: Name) => fc.constant(name)

const steering = fc
  .tuple(
    optional(fc.record({ step: step('fence'), entries })),
    optional(
      fc.record({ step: step('map'), entries, only: fc.boolean() }),
      fc.record({ step: step('failover'), order: names }),
      fc.record({ step: step('fastest'), depth: fc.integer({ min: 1, max: 3 }), within: fc.constantFrom(0, 1) }),
    ),
    optional(
      fc.record({
        step: step('nearest'),
        depth: fc.integer({ min: 1, max: 3 }),
        within: fc.constantFrom(0, 2),
        bias: fc.constant({}),
      }),
    ),
    optional(fc.record({ step: step('weighted'), weights }), fc.record({ step: step('round-robin') })),
    optional(
      fc.record({ step: step('least-connections'), ...load }),
      fc.record({ step: step('weighted-least-connections'), ...load, weights }),
    ),
  )
  .map((steps) => steps.flat())

const rule = {
  families: fc.constantFrom('coherent' as const, 'independent' as const),
  fallback: fc.constantFrom('all', 'none', 'b', 'e'),
  panic: fc.constantFrom(0, 0.3, 0.8),
}

const scene = fc.record({
  inner: fc.record({ steer: steering, ...rule }),
  outer: fc.record({ steer: steering, ...rule }),
  down: fc.subarray(
    regions.flatMap(({ name, balancers }) => balancers.map((balancer) => `${name}/${textOf(balancer.address)}`)),
  ),
  words: fc.array(
    fc.record({
      kind: fc.constantFrom('drain', 'share', 'weight', 'force-up', 'force-down'),
      target: fc.oneof(
        fc.record({ region: fc.constantFrom(...NAMES) }),
        fc.record({ service: fc.constantFrom('inner', 'outer'), region: fc.constantFrom('inner', ...NAMES) }),
        fc.record({ region: fc.constant('a'), balancer: fc.constantFrom('192.0.2.0', '192.0.2.10') }),
      ),
      rampMs: fc.constantFrom(0, 200),
      value: fc.constantFrom(0, 0.3, 1),
    }),
    { maxLength: 4 },
  ),
  scores: fc.dictionary(fc.constantFrom(...NAMES, 'inner'), fc.nat(9)),
  times: fc.dictionary(fc.constantFrom(...NAMES), fc.integer({ min: 1, max: 9 })),
  type: fc.constantFrom('A' as const, 'AAAA' as const),
  client: fc.constantFrom<[string, Client]>(
    ['192.0.2.9', {}],
    ['192.0.2.9', { country: 'DE', continent: 'EU', latitude: 3, longitude: -20 }],
    ['198.51.100.9', { country: 'FR', continent: 'EU', latitude: 30, longitude: 30 }],
    ['198.51.100.9', { country: 'US', continent: 'NA' }],
  ),
})

function setScene({
  inner,
  outer,
  down,
  words,
  scores,
  times,
}: typeof scene extends fc.Arbitrary<infer T> ? T : never): {
  outer: Service
  world: World
} {
  const within = service(inner.steer, { ...inner, name: 'inner', regions: ['a', 'b', 'c'] })
  const around = service(outer.steer, { ...outer, name: 'outer', regions: ['inner', 'd', 'e', 'a'] })
  const told: Scores = new Map(
    (['least-connections', 'weighted-least-connections'] as const).map((name) => [
      name,
      new Map(Object.entries(scores)),
    ]),
  )
  return {
    outer: around,
    world: {
      ...world(down, regions, [within, around]),
      words: wordsAt(
        words.map((one, i) => override({ ...one, id: String(i), from: 2 })),
        100,
        0,
      ),
      scores: new Map([
        ['inner', told],
        ['outer', told],
      ]),
      roundTrips: new Map([['192.0.2.0/24', times]]),
    },
  }
}

test('the shares of a plan are those of the fold that explains it', () => {
  fc.assert(
    fc.property(scene, (drawn) => {
      const { outer, world: around } = setScene(drawn)
      const [text, location] = drawn.client
      const told = explain(
        { name: 'www', type: drawn.type, client: { address: address(text), location, why: '' } },
        outer,
        around,
      )
      const health = told.steps.findLast(({ service: owner, step: name }) => owner === undefined && name === 'health')!
      const fallback = told.steps.some(({ service: owner, step: name }) => owner === undefined && name === 'fallback')
      expect(told.fallback.engaged).toBe(fallback)
      const settled = told.steps.findLast(
        ({ service: owner, step: name }) => owner === undefined && name === 'spill',
      )!.left
      const total = settled.reduce((sum, { share }) => sum + share, 0)
      for (const { region: name, share } of settled) {
        const planned = told.regions.filter(({ region: leaf, via }) => (via?.[0] ?? leaf) === name)
        const sum = planned.reduce((all, one) => all + one.share, 0)
        // A service that is taken as up but answers with nobody keeps its share, as NODATA.
        if (name === 'inner' && sum === 0) continue
        expect(sum).toBeCloseTo(total === 0 ? 0 : share / total, 9)
      }
      expect(health.left.length).toBeLessThanOrEqual(4)
      const listed = told.regions.flatMap(({ balancers }) => balancers.filter(({ realised }) => realised > 0))
      const answered = told.answers.flatMap(({ addresses }) => addresses)
      expect(new Set(listed.map((balancer) => balancer.address))).toEqual(new Set(answered))
    }),
    { numRuns: 800 },
  )
})
