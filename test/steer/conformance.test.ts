// What every step promises, whatever it does (steer.ts, Step).
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildStep } from '../../src/steer/fold.ts'
import { PHASES, type Candidate, type Client, type RegionFacts, type StepConfig } from '../../src/steer/steer.ts'

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'] as const

const coordinates = fc.record({
  latitude: fc.integer({ min: -90, max: 90 }),
  longitude: fc.integer({ min: -180, max: 180 }),
})
const client: fc.Arbitrary<Client> = fc.oneof(coordinates, fc.constant({}))
const region: fc.Arbitrary<RegionFacts> = fc
  .tuple(fc.integer({ min: 0, max: 9 }), client)
  .map(([weight, place]) => ({ weight, ...place }))
const world = fc
  .tuple(...NAMES.map(() => region))
  .map((all) => new Map(NAMES.map((name, i) => [name as string, all[i]!])))

const candidates: fc.Arbitrary<Candidate[]> = fc
  .subarray([...NAMES], { minLength: 1 })
  .chain((names) => fc.tuple(...names.map((name) => candidateNamed(name))))

function candidateNamed(name: string): fc.Arbitrary<Candidate> {
  return fc.record({
    region: fc.constant(name),
    tier: fc.integer({ min: 0, max: 2 }),
    share: fc.integer({ min: 0, max: 5 }),
    availability: fc.constantFrom(0, 0.5, 1),
    note: fc.constant('before'),
  })
}

const someNames = fc.subarray([...NAMES])
const configs: Record<StepConfig['step'], fc.Arbitrary<StepConfig>> = {
  nearest: fc.record({
    step: fc.constant('nearest' as const),
    depth: fc.integer({ min: 1, max: 4 }),
    within: fc.constantFrom(0, 0.2, 1),
    bias: fc.dictionary(fc.constantFrom(...NAMES), fc.constantFrom(0.5, 2)),
  }),
  failover: fc.record({ step: fc.constant('failover' as const), order: someNames }),
  weighted: fc.record({
    step: fc.constant('weighted' as const),
    weights: fc.dictionary(fc.constantFrom(...NAMES), fc.integer({ min: 0, max: 9 })),
  }),
  'round-robin': fc.constant({ step: 'round-robin' }),
  'consistent-hash': fc.constant({ step: 'consistent-hash', seed: '', ipv4Bits: 24, ipv6Bits: 48 }),
  take: fc.record({ step: fc.constant('take' as const), count: fc.integer({ min: 1, max: 4 }) }),
}

describe.each(Object.entries(configs))('%s', (name, config) => {
  test('is named as configured and has a phase of its own', () => {
    fc.assert(
      fc.property(config, (value) => {
        const step = buildStep(value)
        expect(step.name).toBe(name)
        expect(PHASES).toContain(step.phase)
      }),
    )
  })

  test('is pure: equal inputs give equal outputs, and inputs stay as they are', () => {
    fc.assert(
      fc.property(config, candidates, client, world, (value, given, who, regions) => {
        const before = structuredClone(given)
        const first = buildStep(value).apply(given, { client: who, regions })
        expect(given).toEqual(before)
        expect(buildStep(value).apply(given, { client: who, regions })).toEqual(first)
      }),
    )
  })

  test('keeps the regions and their order, their availability, and says why', () => {
    fc.assert(
      fc.property(config, candidates, client, world, (value, given, who, regions) => {
        const left = buildStep(value).apply(given, { client: who, regions })
        expect(left.map(({ region: kept }) => kept)).toEqual(given.map(({ region: kept }) => kept))
        expect(left.map(({ availability }) => availability)).toEqual(given.map(({ availability }) => availability))
        expect(left.every(({ note }) => note !== 'before' && note !== '')).toBe(true)
      }),
    )
  })

  test('touches only what its phase may: ranks the tier, spreads the share, the others neither', () => {
    fc.assert(
      fc.property(config, candidates, client, world, (value, given, who, regions) => {
        const step = buildStep(value)
        const left = step.apply(given, { client: who, regions })
        if (step.phase !== 'rank') expect(left.map(({ tier }) => tier)).toEqual(given.map(({ tier }) => tier))
        if (step.phase !== 'spread') expect(left.map(({ share }) => share)).toEqual(given.map(({ share }) => share))
      }),
    )
  })

  test('never swaps tiers that an earlier step told apart', () => {
    fc.assert(
      fc.property(config, candidates, client, world, (value, given, who, regions) => {
        const left = buildStep(value).apply(given, { client: who, regions })
        for (const [i, a] of given.entries()) {
          for (const [j, b] of given.entries()) if (a.tier < b.tier) expect(left[i]!.tier).toBeLessThan(left[j]!.tier)
        }
      }),
    )
  })

  test('gives equal class texts to exactly the clients whom it treats alike', () => {
    fc.assert(
      fc.property(config, fc.array(client, { minLength: 2, maxLength: 6 }), world, (value, clients, regions) => {
        const step = buildStep(value)
        const names = [...regions.keys()]
        const start = names.map((name) => ({ region: name, tier: 0, share: 1, availability: 1, note: '' }))
        const outcome = (who: Client) =>
          JSON.stringify(step.apply(start, { client: who, regions }).map(({ tier, share }) => [tier, share]))
        const text = step.classify?.({ regions }, names) ?? (() => '')
        for (const one of clients) {
          expect(text(one)).toBe(text({ ...one }))
          for (const other of clients) {
            if (text(one) === text(other)) expect(outcome(one)).toBe(outcome(other))
            else if (known(one) && known(other)) expect(outcome(one)).not.toBe(outcome(other))
          }
        }
      }),
    )
  })
})

function known({ latitude }: Client): boolean {
  return latitude !== undefined
}
