// The steps that spread by load: the textbook cases with "lowest wins", and the shares that are the default.
import { describe, expect, test } from 'vitest'
import { buildStep, buildSteps, steer } from '../../src/steer/fold.ts'
import type { Measure, Scores, StepConfig, StepContext } from '../../src/steer/steer.ts'
import { beginOne } from './sample-regions.ts'

const NAMES = ['A', 'B', 'C']
const LOWEST = { lowest: true, movement: 0.2 } as const
const SHARES = { lowest: false, movement: 0.2 } as const

type Loads = Readonly<Record<string, Measure>>

/** Scores as the step itself judges measures, none smoothed. */
function scoresOf(config: StepConfig, measures: Loads, regions: StepContext['regions']): Scores {
  const { load, name } = buildStep(config)
  const scores = Object.entries(measures).flatMap(([region, measure]): [string, number][] => {
    const score = load!.score(region, measure, regions.get(region))
    return score === undefined ? [] : [[region, score]]
  })
  return new Map([[name, new Map(scores)]])
}

/** Shares in thousandths, as plans make them of what the fold leaves. */
function spread(config: StepConfig, measures: Loads, more: { weights?: number[]; down?: string[] } = {}) {
  const regions = new Map(NAMES.map((name, i) => [name, { weight: more.weights?.[i] ?? 1 }]))
  const candidates = NAMES.map((name) => beginOne(name, more.down?.includes(name) ? 0 : 1))
  const context = { client: {}, regions, scores: scoresOf(config, measures, regions) }
  const { candidates: left } = steer(candidates, buildSteps([config]), { fallback: 'all', panic: 0 }, context)
  const total = left.reduce((sum, { share }) => sum + share, 0)
  return Object.fromEntries(left.map(({ region, share }) => [region, Math.round((share / total) * 1000) / 1000]))
}

describe('the textbook: the lowest score takes all', () => {
  const connections = { A: { connections: 50 }, B: { connections: 30 }, C: { connections: 45 } }

  test('connections 50, 30, 45: B', () => {
    expect(spread({ step: 'least-connections', ...LOWEST }, connections)).toEqual({ A: 0, B: 1, C: 0 })
  })

  test('scores 50 ÷ 5, 30 ÷ 3, 18 ÷ 2: C', () => {
    const measures = { A: { connections: 50 }, B: { connections: 30 }, C: { connections: 18 } }
    const config: StepConfig = { step: 'weighted-least-connections', ...LOWEST, weights: {} }
    expect(spread(config, measures, { weights: [5, 3, 2] })).toEqual({ A: 0, B: 0, C: 1 })
    expect(spread({ ...config, weights: { A: 50 } }, measures, { weights: [5, 3, 2] })).toEqual({ A: 1, B: 0, C: 0 })
  })

  const times = {
    A: { responseTimeMs: 50, connections: 10 },
    B: { responseTimeMs: 30, connections: 20 },
    C: { responseTimeMs: 100, connections: 3 },
  }

  test('response times 50, 30, 100 ms: B', () => {
    expect(spread({ step: 'least-response-time', ...LOWEST, connections: false }, times)).toEqual({ A: 0, B: 1, C: 0 })
  })

  test('connections × time 500, 600, 300: C', () => {
    expect(spread({ step: 'least-response-time', ...LOWEST, connections: true }, times)).toEqual({ A: 0, B: 0, C: 1 })
  })

  test('the lowest of those who can answer; equals share', () => {
    const config: StepConfig = { step: 'least-connections', ...LOWEST }
    expect(spread(config, connections, { down: ['B'] })).toEqual({ A: 0, B: 0, C: 1 })
    expect(spread(config, { A: { connections: 7 }, B: { connections: 7 } })).toEqual({ A: 0.5, B: 0.5, C: 0 })
    expect(spread(config, {})).toEqual({ A: 0.333, B: 0.333, C: 0.333 })
  })

  test('weight 0 never wins', () => {
    const config: StepConfig = { step: 'weighted-least-connections', ...LOWEST, weights: { C: 0 } }
    const measures = { A: { connections: 5 }, B: { connections: 6 }, C: { connections: 0 } }
    expect(spread(config, measures)).toEqual({ A: 1, B: 0, C: 0 })
  })
})

describe('the default: shares in proportion to weight ÷ (1 + score)', () => {
  test('twice the connections, half the share', () => {
    const measures = { A: { connections: 1 }, B: { connections: 3 }, C: { connections: 3 } }
    expect(spread({ step: 'least-connections', ...SHARES }, measures)).toEqual({ A: 0.5, B: 0.25, C: 0.25 })
  })

  test('weights count twice: idle regions share by them, and connections count for each unit', () => {
    const config: StepConfig = { step: 'weighted-least-connections', ...SHARES, weights: {} }
    const idle = { A: { connections: 0 }, B: { connections: 0 }, C: { connections: 0 } }
    expect(spread(config, idle, { weights: [5, 3, 2] })).toEqual({ A: 0.5, B: 0.3, C: 0.2 })
    const even = { A: { connections: 50 }, B: { connections: 30 }, C: { connections: 20 } }
    expect(spread(config, even, { weights: [5, 3, 2] })).toEqual({ A: 0.5, B: 0.3, C: 0.2 })
  })

  test('a region without measures counts as the others on average, and says so', () => {
    const measures = { A: { connections: 0 }, B: { connections: 1 } }
    expect(spread({ step: 'least-connections', ...SHARES }, measures)).toEqual({ A: 0.444, B: 0.222, C: 0.333 })
  })

  test('times availability: a region that is down takes nothing, however idle', () => {
    const measures = { A: { connections: 0 }, B: { connections: 1 }, C: { connections: 1 } }
    expect(spread({ step: 'least-connections', ...SHARES }, measures, { down: ['A'] })).toEqual({
      A: 0,
      B: 0.5,
      C: 0.5,
    })
  })

  test('only successes count: errors are quick, and a region without one has no time', () => {
    const config: StepConfig = { step: 'least-response-time', ...SHARES, connections: false }
    expect(spread(config, { A: { responseTimeMs: 9 }, B: { responseTimeMs: 19 }, C: { connections: 0 } })).toEqual({
      A: 0.444,
      B: 0.222,
      C: 0.333,
    })
  })
})

test('load is no ill health: panic is judged by weights alone', () => {
  const config: StepConfig = { step: 'least-connections', ...LOWEST }
  const regions = new Map(NAMES.map((name) => [name, { weight: 1 }]))
  const scores: Scores = new Map([['least-connections', new Map([['A', 1]])]])
  const candidates = [beginOne('A', 0), beginOne('B'), beginOne('C')]
  const rule = { fallback: 'all', panic: 0.5 }
  const { healthy, panic } = steer(candidates, buildSteps([config]), rule, { client: {}, regions, scores })
  expect(healthy).toBeCloseTo(2 / 3, 12)
  expect(panic).toBe(false)
})
