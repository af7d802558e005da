import { describe, expect, test } from 'vitest'
import { asksClient, buildSteps, classifyClients, steer } from '../../src/steer/fold.ts'
import type { Client, StepConfig } from '../../src/steer/steer.ts'
import { begin, facts, frankfurt, mumbai, nowhere, shares, tiers, virginia } from './sample-regions.ts'

const NEAREST: StepConfig = { step: 'nearest', depth: 3, within: 0, bias: {} }
const WEIGHTED: StepConfig = { step: 'weighted', weights: {} }
const PIN: StepConfig = { step: 'consistent-hash', seed: '', ipv4Bits: 24, ipv6Bits: 48 }
const TAKE: StepConfig = { step: 'take', count: 2 }

interface Scene {
  readonly client?: Client
  readonly availability?: Record<string, number>
  readonly fallback?: string
  readonly panic?: number
}

function run(
  configs: readonly StepConfig[],
  { client = nowhere, availability, fallback = 'all', panic = 0 }: Scene = {},
) {
  return steer(begin(availability), buildSteps(configs), { fallback, panic }, { client, regions: facts })
}

function finalShares(configs: readonly StepConfig[], scene: Scene = {}) {
  return shares(run(configs, scene).candidates)
}

const DOWN = { 'us-east': 0, 'eu-west': 0, 'ap-south': 0 }

test('no steps: equal shares', () => {
  expect(finalShares([])).toEqual([1, 1, 1].map((share) => Math.round((share / 3) * 1e9) / 1e9))
})

test('weights 5:3:2; the share of a region that is down falls to the others', () => {
  expect(finalShares([WEIGHTED])).toEqual([0.5, 0.3, 0.2])
  expect(finalShares([WEIGHTED], { availability: { 'ap-south': 0 } })).toEqual([0.5, 0.3, 0])
})

test('failover: the first that is up takes all', () => {
  const order = [{ step: 'failover', order: ['eu-west', 'us-east', 'ap-south'] }] as const
  expect(finalShares(order)).toEqual([0, 1, 0])
  expect(finalShares(order, { availability: { 'eu-west': 0 } })).toEqual([1, 0, 0])
  expect(finalShares(order, { availability: { 'eu-west': 0, 'us-east': 0 } })).toEqual([0, 0, 1])
})

test('half of the first choice spills to the second', () => {
  expect(finalShares([NEAREST], { client: virginia, availability: { 'us-east': 0.5 } })).toEqual([0.5, 0.5, 0])
})

test('nearest × weighted: weights count among the regions that share the nearest tier', () => {
  const wide: StepConfig = { step: 'nearest', depth: 3, within: 10, bias: {} }
  expect(finalShares([wide, WEIGHTED], { client: frankfurt })).toEqual([0.5, 0.3, 0.2])
  expect(finalShares([NEAREST, WEIGHTED], { client: frankfurt })).toEqual([0, 1, 0])
  expect(finalShares([NEAREST, WEIGHTED], { client: nowhere })).toEqual([0.5, 0.3, 0.2])
})

test('two ranks: the later splits ties only', () => {
  const first: StepConfig = { step: 'failover', order: ['ap-south'] }
  expect(tiers(run([first, NEAREST], { client: frankfurt }).candidates)).toBe('us-east:2 eu-west:1 ap-south:0')
  expect(tiers(run([NEAREST, first], { client: frankfurt }).candidates)).toBe('us-east:1 eu-west:0 ap-south:2')
  expect(tiers(run([NEAREST, first], { client: nowhere }).candidates)).toBe('us-east:1 eu-west:1 ap-south:0')
})

test('several spreads multiply, then normalise', () => {
  const spreads: StepConfig[] = [WEIGHTED, { step: 'round-robin' }]
  expect(finalShares(spreads)).toEqual([0.5, 0.3, 0.2])
})

test('phases run in fixed order, whatever the order of the list', () => {
  const list = [TAKE, PIN, WEIGHTED, NEAREST]
  const sorted = run(list, { client: mumbai })
  expect(sorted).toEqual(run([...list].reverse(), { client: mumbai }))
  expect(sorted.trace.map(({ step }) => step)).toEqual([
    'nearest',
    'health',
    'weighted',
    'spill',
    'consistent-hash',
    'take',
  ])
})

describe('all down', () => {
  test.each([
    ['all', [0.5, 0.3, 0.2]],
    ['none', [0, 0, 0]],
  ])('fallback %s', (fallback, expected) => {
    const steering = run([WEIGHTED], { availability: DOWN, fallback })
    expect(steering).toMatchObject({ panic: true, healthy: 0 })
    expect(shares(steering.candidates)).toEqual(expected)
  })

  test('fallback all still ranks: everybody gets the region that is nearest when all are up', () => {
    expect(finalShares([NEAREST], { client: mumbai, availability: DOWN })).toEqual([0, 0, 1])
  })

  test('a region of last resort takes all, even one whose weight is 0', () => {
    const weights: StepConfig = { step: 'weighted', weights: { 'ap-south': 0 } }
    const { candidates } = run([weights], { availability: DOWN, fallback: 'ap-south' })
    expect(candidates.map(({ region, share }) => [region, share])).toEqual([
      ['us-east', 0],
      ['eu-west', 0],
      ['ap-south', 1],
    ])
  })
})

test('panic is judged by weight over all tiers', () => {
  const scene = { client: mumbai, availability: { 'us-east': 0, 'eu-west': 0 }, panic: 0.3 }
  expect(run([NEAREST, WEIGHTED], scene)).toMatchObject({ panic: true })
  expect(run([NEAREST, { step: 'round-robin' }], scene)).toMatchObject({ panic: false })
  expect(run([NEAREST], scene)).toMatchObject({ panic: true })
})

test('the trace is a chain: each step sees what the one before it left, and the last left the outcome', () => {
  const { trace, candidates } = run([NEAREST, WEIGHTED, PIN, TAKE], { availability: DOWN, client: frankfurt })
  expect(trace[0]!.saw).toEqual(begin(DOWN))
  for (const [i, entry] of trace.slice(1).entries()) expect(entry.saw).toBe(trace[i]!.left)
  expect(shares(trace.at(-1)!.left)).toEqual(shares(candidates))
  expect(trace.find(({ step }) => step === 'fallback')!.left[0]!.note).toBe('fallback: taken as up')
})

test('candidates keep the words of the spill, whatever pin and take say', () => {
  expect(run([PIN, TAKE, WEIGHTED]).candidates[0]!.note).toBe('takes 50 % of the 100 % that reach tier 0')
})

test('a client class is the texts of the steps that ask', () => {
  const steps = buildSteps([WEIGHTED, NEAREST])
  expect(steps.map(asksClient)).toEqual([true, false])
  const text = classifyClients(steps, { regions: facts }, [...facts.keys()])
  expect(text(frankfurt)).toBe(text({ latitude: 50.2, longitude: 8 }))
  expect(new Set([frankfurt, virginia, mumbai, nowhere].map(text)).size).toBe(4)
})
