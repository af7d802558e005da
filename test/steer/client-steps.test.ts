// The steps that look at who asks: fence, map, fastest (nearest has a file of its own).
import { describe, expect, test } from 'vitest'
import { buildSteps, steer } from '../../src/steer/fold.ts'
import { fastest } from '../../src/steer/fastest.ts'
import { fence } from '../../src/steer/fence.ts'
import { map } from '../../src/steer/map.ts'
import type { Client, FenceConfig, MapConfig, RoundTrips, StepConfig } from '../../src/steer/steer.ts'
import { begin, facts, frankfurt, nowhere, shares, tiers, virginia } from './sample-regions.ts'

const NEAREST: StepConfig = { step: 'nearest', depth: 3, within: 0, bias: {} }

describe('fence', () => {
  const config: FenceConfig = { step: 'fence', entries: { DE: ['eu-west', 'refuge'], unknown: ['us-east'], KP: [] } }
  const left = (client: Client) => fence(config).apply(begin(), { client, regions: facts })
  const names = (client: Client) => left(client).map(({ region }) => region)

  test('keeps the listed regions for the clients it names, and all for others', () => {
    expect(names(frankfurt)).toEqual(['eu-west'])
    expect(names(virginia)).toEqual(['us-east', 'eu-west', 'ap-south'])
    expect(names(nowhere)).toEqual(['us-east'])
    expect(names({ country: 'KP' })).toEqual([])
  })

  test('says which fence, or why none', () => {
    expect(left(frankfurt)[0]!.note).toBe('within the fence of DE')
    expect(left(virginia)[0]!.note).toBe('no fence for clients of US')
    const open = fence({ step: 'fence', entries: { DE: [] } }).apply(begin(), { client: nowhere, regions: facts })
    expect(open[0]!.note).toBe('the country is unknown, which has no fence')
  })

  const fold = (fallback: string, client: Client, availability: Record<string, number> = {}) =>
    steer(begin(availability), buildSteps([NEAREST, config]), { fallback, panic: 0 }, { client, regions: facts })
  const answers = (fallback: string, client: Client, availability?: Record<string, number>) =>
    fold(fallback, client, availability)
      .candidates.filter(({ share }) => share > 0)
      .map(({ region }) => region)

  test('nothing later leaves it: no rank, no spill, no fallback', () => {
    expect(answers('all', frankfurt)).toEqual(['eu-west'])
    expect(answers('all', frankfurt, { 'eu-west': 0 })).toEqual(['eu-west'])
    expect(answers('none', frankfurt, { 'eu-west': 0 })).toEqual([])
    expect(answers('us-east', frankfurt, { 'eu-west': 0 })).toEqual([])
    expect(fold('us-east', frankfurt, { 'eu-west': 0 }).candidates[0]!.note).toContain('not available')
  })

  test('a last resort from outside the service answers where the fence lets it through', () => {
    expect(answers('refuge', frankfurt, { 'eu-west': 0 })).toEqual(['refuge'])
    expect(answers('refuge', nowhere, { 'us-east': 0 })).toEqual([])
  })

  test('panic is judged within it', () => {
    expect(fold('all', frankfurt, { 'us-east': 0, 'ap-south': 0 })).toMatchObject({ healthy: 1, panic: false })
    expect(fold('all', frankfurt, { 'eu-west': 0 })).toMatchObject({ healthy: 0, panic: true })
  })

  test('clients that may meet nobody are no alarm', () => {
    const steering = fold('all', { country: 'KP' })
    expect(steering).toMatchObject({ panic: false, candidates: [] })
  })
})

describe('map', () => {
  const entries = { '192.0.2.0/24': ['ap-south'], DE: ['eu-west', 'us-east'], unknown: ['us-east'] }
  const rank = (client: Client, more: Partial<MapConfig> = {}) =>
    map({ step: 'map', entries, only: false, ...more }).apply(begin(), { client, regions: facts })

  test('ranks the listed regions in order; those left out form a last tier', () => {
    expect(tiers(rank(frankfurt))).toBe('us-east:1 eu-west:0 ap-south:2')
    expect(tiers(rank({ ...frankfurt, prefixes: ['192.0.2.0/24'] }))).toBe('us-east:1 eu-west:1 ap-south:0')
    expect(tiers(rank(nowhere))).toBe('us-east:0 eu-west:1 ap-south:1')
    expect(rank(frankfurt).map(({ note }) => note)).toEqual([
      'choice 2 for DE',
      'choice 1 for DE',
      'not listed for DE: last choice',
    ])
  })

  test('says nothing of others', () => {
    expect(tiers(rank(virginia))).toBe('us-east:0 eu-west:0 ap-south:0')
    expect(rank(virginia)[0]!.note).toBe('no entry names this client')
  })

  test('with only, those left out are no candidates', () => {
    expect(tiers(rank(frankfurt, { only: true }))).toBe('us-east:1 eu-west:0')
    expect(tiers(rank(virginia, { only: true }))).toBe('us-east:0 eu-west:0 ap-south:0')
  })

  test('a rank behind it splits the last tier', () => {
    const steps = buildSteps([{ step: 'map', entries: { DE: ['ap-south'] }, only: false }, NEAREST])
    const { candidates } = steer(begin(), steps, { fallback: 'all', panic: 0 }, { client: frankfurt, regions: facts })
    expect(tiers(candidates)).toBe('us-east:2 eu-west:1 ap-south:0')
  })
})

describe('fastest', () => {
  const roundTrips: RoundTrips = new Map([
    ['203.0.113.0/24', { 'us-east': 95, 'eu-west': 12, 'ap-south': 100 }],
    ['203.0.0.0/16', { 'us-east': 20 }],
  ])
  const inside: Client = { prefixes: ['203.0.113.0/24', '203.0.0.0/16'] }
  const rank = (client: Client, options: { depth?: number; within?: number } = {}) =>
    fastest({ step: 'fastest', depth: 3, within: 0.1, ...options }).apply(begin(), {
      client,
      regions: facts,
      roundTrips,
    })

  test('ranks by the times of the longest prefix; near equals share a tier', () => {
    expect(tiers(rank(inside))).toBe('us-east:1 eu-west:0 ap-south:1')
    expect(tiers(rank(inside, { within: 0 }))).toBe('us-east:1 eu-west:0 ap-south:2')
    expect(rank(inside)[1]!.note).toBe('12 ms from 203.0.113.0/24')
  })

  test('those not measured, and those beyond depth, form a last tier', () => {
    const wide = rank({ prefixes: ['203.0.0.0/16'] })
    expect(tiers(wide)).toBe('us-east:0 eu-west:1 ap-south:1')
    expect(wide[1]!.note).toBe('not measured from 203.0.0.0/16: last choice')
    const shallow = rank(inside, { within: 0, depth: 1 })
    expect(tiers(shallow)).toBe('us-east:1 eu-west:0 ap-south:1')
    expect(shallow[0]!.note).toBe('95 ms from 203.0.113.0/24, beyond depth 1: last choice')
  })

  test('says nothing where nobody measured', () => {
    expect(tiers(rank(frankfurt))).toBe('us-east:0 eu-west:0 ap-south:0')
    expect(rank(frankfurt)[0]!.note).toBe('nobody measured this network')
  })

  test('nearest behind it places whom nobody measured', () => {
    const steps = buildSteps([{ step: 'fastest', depth: 3, within: 0.1 }, NEAREST])
    const fold = (client: Client) =>
      steer(begin(), steps, { fallback: 'all', panic: 0 }, { client, regions: facts, roundTrips }).candidates
    expect(shares(fold(frankfurt))).toEqual([0, 1, 0])
    expect(shares(fold({ ...frankfurt, prefixes: ['203.0.0.0/16'] }))).toEqual([1, 0, 0])
  })
})
