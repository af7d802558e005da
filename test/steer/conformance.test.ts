// What every step promises, whatever it does (steer.ts, Step).
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildStep, buildSteps, classifyClients } from '../../src/steer/fold.ts'
import {
  PHASES,
  type Candidate,
  type Client,
  type RegionFacts,
  type StepConfig,
  type StepContext,
} from '../../src/steer/steer.ts'

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'] as const
const LOAD_STEPS = ['least-connections', 'weighted-least-connections', 'least-response-time'] as const

const coordinates = fc.record({
  latitude: fc.integer({ min: -90, max: 90 }),
  longitude: fc.integer({ min: -180, max: 180 }),
})
/** Own prefixes are nested: whoever is in the longer is in the shorter. */
const PREFIXES = ['192.0.2.0/24', '192.0.0.0/16'] as const
const origin = fc.constantFrom(
  {},
  { continent: 'EU' },
  { country: 'DE', continent: 'EU' },
  { country: 'US', continent: 'NA' },
)
const client: fc.Arbitrary<Client> = fc
  .tuple(
    fc.oneof(coordinates, fc.constant({})),
    origin,
    fc.constantFrom({}, { asn: 64500 }),
    fc.constantFrom({}, { prefixes: PREFIXES }, { prefixes: PREFIXES.slice(1) }),
  )
  .map(([place, ...facts]) => Object.assign({ ...place }, ...facts) as Client)
const region: fc.Arbitrary<RegionFacts> = fc
  .tuple(fc.integer({ min: 0, max: 9 }), fc.oneof(coordinates, fc.constant({})))
  .map(([weight, place]) => ({ weight, ...place }))
/** Everything that steps may know beside the client. */
const world: fc.Arbitrary<Omit<StepContext, 'client'>> = fc
  .record({
    regions: fc.tuple(...NAMES.map(() => region)),
    scores: fc.dictionary(fc.constantFrom(...NAMES), fc.integer({ min: 0, max: 5 })),
    near: fc.dictionary(fc.constantFrom(...NAMES), fc.integer({ min: 1, max: 5 })),
    far: fc.dictionary(fc.constantFrom(...NAMES), fc.integer({ min: 1, max: 5 })),
  })
  .map(({ regions, scores, near, far }) => ({
    regions: new Map(NAMES.map((name, i) => [name as string, regions[i]!])),
    scores: new Map(LOAD_STEPS.map((step) => [step, new Map(Object.entries(scores))])),
    roundTrips: new Map([
      [PREFIXES[0], near],
      [PREFIXES[1], far],
    ]),
  }))

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
const entries = fc.dictionary(
  fc.constantFrom(...PREFIXES, 'AS64500', 'DE', 'EU(continent)', 'US', 'unknown'),
  fc.uniqueArray(fc.constantFrom(...NAMES)),
)
const loadOptions = { lowest: fc.boolean(), movement: fc.constant(0.2) }
const weights = fc.dictionary(fc.constantFrom(...NAMES), fc.integer({ min: 0, max: 9 }))
const configs: Record<StepConfig['step'], fc.Arbitrary<StepConfig>> = {
  nearest: fc.record({
    step: fc.constant('nearest' as const),
    depth: fc.integer({ min: 1, max: 4 }),
    within: fc.constantFrom(0, 0.2, 1),
    bias: fc.dictionary(fc.constantFrom(...NAMES), fc.constantFrom(0.5, 2)),
  }),
  fence: fc.record({ step: fc.constant('fence' as const), entries }),
  map: fc.record({ step: fc.constant('map' as const), entries, only: fc.boolean() }),
  fastest: fc.record({
    step: fc.constant('fastest' as const),
    depth: fc.integer({ min: 1, max: 4 }),
    within: fc.constantFrom(0, 0.5),
  }),
  failover: fc.record({ step: fc.constant('failover' as const), order: someNames }),
  weighted: fc.record({ step: fc.constant('weighted' as const), weights }),
  'round-robin': fc.constant({ step: 'round-robin' }),
  'least-connections': fc.record({ step: fc.constant('least-connections' as const), ...loadOptions }),
  'weighted-least-connections': fc.record({
    step: fc.constant('weighted-least-connections' as const),
    ...loadOptions,
    weights,
  }),
  'least-response-time': fc.record({
    step: fc.constant('least-response-time' as const),
    ...loadOptions,
    connections: fc.boolean(),
  }),
  'ip-hash': fc.constant({ step: 'ip-hash', ipv4Bits: 24, ipv6Bits: 48 }),
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
      fc.property(config, candidates, client, world, (value, given, who, around) => {
        const before = structuredClone(given)
        const first = buildStep(value).apply(given, { client: who, ...around })
        expect(given).toEqual(before)
        expect(buildStep(value).apply(given, { client: who, ...around })).toEqual(first)
      }),
    )
  })

  test('keeps the regions and their order, their availability, and says why; drops none unless it says so', () => {
    fc.assert(
      fc.property(config, candidates, client, world, (value, given, who, around) => {
        const step = buildStep(value)
        const left = step.apply(given, { client: who, ...around })
        const kept = given.filter(({ region: name }) => left.some((one) => one.region === name))
        expect(left.map(({ region: name }) => name)).toEqual(kept.map(({ region: name }) => name))
        if (!step.drops) expect(kept).toEqual(given)
        expect(left.map(({ availability }) => availability)).toEqual(kept.map(({ availability }) => availability))
        expect(left.every(({ note }) => note !== 'before' && note !== '')).toBe(true)
      }),
    )
  })

  test('touches only what its phase may: ranks the tier, spreads the share, the others neither', () => {
    fc.assert(
      fc.property(config, candidates, client, world, (value, given, who, around) => {
        const step = buildStep(value)
        for (const after of step.apply(given, { client: who, ...around })) {
          const before = given.find(({ region: name }) => name === after.region)!
          if (step.phase !== 'rank') expect(after.tier).toBe(before.tier)
          if (step.phase !== 'spread') expect(after.share).toBe(before.share)
          expect(after.share).toBeGreaterThanOrEqual(0)
        }
      }),
    )
  })

  test('never swaps tiers that an earlier step told apart', () => {
    fc.assert(
      fc.property(config, candidates, client, world, (value, given, who, around) => {
        const left = buildStep(value).apply(given, { client: who, ...around })
        const tierOf = new Map(given.map(({ region: name, tier }) => [name, tier]))
        for (const a of left) {
          for (const b of left) if (tierOf.get(a.region)! < tierOf.get(b.region)!) expect(a.tier).toBeLessThan(b.tier)
        }
      }),
    )
  })

  test('gives equal class texts to exactly the clients whom it treats alike', () => {
    fc.assert(
      fc.property(config, fc.array(client, { minLength: 2, maxLength: 6 }), world, (value, clients, around) => {
        const step = buildStep(value)
        const outcome = (who: Client) => outcomeOf(value, [...NAMES], who, around)
        const text = step.classify?.(around, NAMES) ?? (() => '')
        for (const one of clients) {
          expect(text(one)).toBe(text({ ...one }))
          for (const other of clients) {
            if (text(one) === text(other)) expect(outcome(one)).toBe(outcome(other))
            else if (isToldApart(value, one, other)) expect(outcome(one)).not.toBe(outcome(other))
          }
        }
      }),
    )
  })
})

/** What the step makes of untouched candidates; of a fence, also whether it lets a last resort through. */
function outcomeOf(value: StepConfig, names: string[], who: Client, around: Omit<StepContext, 'client'>): string {
  const all = value.step === 'fence' ? [...names, 'refuge'] : names
  const start = all.map((name) => ({ region: name, tier: 0, share: 1, availability: 1, note: '' }))
  const left = buildStep(value).apply(start, { client: who, ...around })
  return JSON.stringify(left.map(({ region: name, tier, share }) => [name, tier, share]))
}

/** nearest knows nothing of a client without a place, but may happen to say the same of one with a place. */
function isToldApart({ step }: StepConfig, one: Client, other: Client): boolean {
  return step !== 'nearest' || (one.latitude !== undefined && other.latitude !== undefined)
}

test('a class is that of all the steps together: what one drops, the next does not see', () => {
  const list = fc.tuple(configs.fence, configs.map, configs.nearest, configs.fastest)
  fc.assert(
    fc.property(list, fc.array(client, { minLength: 2, maxLength: 6 }), world, (values, clients, around) => {
      const steps = buildSteps(values)
      const text = classifyClients(steps, around, NAMES)
      const outcome = (who: Client) => {
        const start = NAMES.map((name) => ({ region: name, tier: 0, share: 1, availability: 1, note: '' }))
        const left = steps.reduce(
          (saw: readonly Candidate[], step) => step.apply(saw, { client: who, ...around }),
          start,
        )
        return JSON.stringify(left.map(({ region: name, tier }) => [name, tier]))
      }
      for (const one of clients) {
        for (const other of clients) if (text(one) === text(other)) expect(outcome(one)).toBe(outcome(other))
      }
    }),
  )
})
