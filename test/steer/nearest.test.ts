import { describe, expect, test } from 'vitest'
import { distanceBetween, vectorOf, type Point } from '../../src/steer/distance.ts'
import { nearest } from '../../src/steer/nearest.ts'
import type { Client, NearestConfig, RegionFacts } from '../../src/steer/steer.ts'
import { begin, beginOne, facts, frankfurt, mumbai, nowhere, tiers, virginia } from './sample-regions.ts'

function rank(client: Client, options: Partial<NearestConfig> = {}) {
  return configured(options).apply(begin(), { client, regions: facts })
}

function kmBetween(a: Point, b: Point): number {
  return distanceBetween(vectorOf(a), vectorOf(b))
}

function configured(options: Partial<NearestConfig> = {}) {
  return nearest({ step: 'nearest', depth: 3, within: 0, bias: {}, ...options })
}

test.each([
  ['Frankfurt', frankfurt, 'us-east:1 eu-west:0 ap-south:2'],
  ['Virginia', virginia, 'us-east:0 eu-west:1 ap-south:2'],
  ['Mumbai', mumbai, 'us-east:2 eu-west:1 ap-south:0'],
])('ranks by distance from %s', (_, client, expected) => {
  expect(tiers(rank(client))).toBe(expected)
})

test('says nothing of a client whose place is unknown, and says that', () => {
  const left = rank(nowhere)
  expect(tiers(left)).toBe('us-east:0 eu-west:0 ap-south:0')
  expect(left[0]!.note).toBe("the client's place is unknown")
  expect(tiers(rank({ latitude: 50 }))).toBe('us-east:0 eu-west:0 ap-south:0')
})

test('within: regions at most that much farther than the nearest share its tier', () => {
  const middle = { latitude: 52, longitude: -44 }
  const [us, eu] = ['us-east', 'eu-west'].map((name) => kmBetween(middle, facts.get(name) as Point))
  expect(us! / eu!).toBeGreaterThan(1)
  const excess = us! / eu! - 1
  expect(tiers(rank(middle, { within: excess + 0.001 }))).toBe('us-east:0 eu-west:0 ap-south:1')
  expect(tiers(rank(middle, { within: excess - 0.001 }))).toBe('us-east:1 eu-west:0 ap-south:2')
})

test('bias: a region above 1 draws from farther, one below 1 from nearer', () => {
  expect(tiers(rank(frankfurt, { bias: { 'us-east': 10 } }))).toBe('us-east:0 eu-west:1 ap-south:2')
  expect(tiers(rank(virginia, { bias: { 'us-east': 0.01 } }))).toBe('us-east:2 eu-west:0 ap-south:1')
  expect(rank(frankfurt, { bias: { 'us-east': 10 } })[0]!.note).toMatch(/^\d+ km away, felt as \d+ km by its bias$/)
})

describe('depth', () => {
  const line: ReadonlyMap<string, RegionFacts> = new Map(
    ['far', 'near', 'farther', 'nearer', 'here'].map((name, i) => [
      name,
      { weight: 1, latitude: 0, longitude: [40, 20, 80, 10, 0][i]! },
    ]),
  )
  const client = { latitude: 0, longitude: 0 }
  const apply = (depth: number) =>
    tiers(
      configured({ depth }).apply(
        [...line.keys()].map((name) => beginOne(name)),
        { client, regions: line },
      ),
    )

  test('tells that many tiers apart and follows the configured order beyond', () => {
    expect(apply(2)).toBe('far:2 near:3 farther:4 nearer:1 here:0')
    expect(apply(8)).toBe('far:3 near:2 farther:4 nearer:1 here:0')
  })

  test('bounds the class texts by the nearest alone', () => {
    const text = (longitude: number) =>
      configured({ depth: 1 }).classify!({ regions: line }, [...line.keys()])({ latitude: 0, longitude })
    expect(text(0)).toBe(text(-30))
    expect(text(0)).not.toBe(text(40))
  })
})

test('a region without a location stands behind those with one', () => {
  const regions = new Map([...facts, ['us-east', { weight: 1 }]] as const)
  const left = configured().apply(begin(), { client: virginia, regions })
  expect(tiers(left)).toBe('us-east:2 eu-west:0 ap-south:1')
  expect(left[0]!.note).toContain('no location')
})

test('regions at one place share a tier', () => {
  const regions = new Map([
    ['a', { weight: 1, latitude: 1, longitude: 1 }],
    ['b', { weight: 1, latitude: 1, longitude: 1 }],
  ])
  expect(tiers(configured().apply([beginOne('a'), beginOne('b')], { client: frankfurt, regions }))).toBe('a:0 b:0')
})

test('half a kilometre tells regions apart when nothing shares a tier', () => {
  const regions = new Map([
    ['a', { weight: 1, latitude: 1, longitude: 1 }],
    ['b', { weight: 1, latitude: 1.005, longitude: 1 }],
  ])
  expect(tiers(configured().apply([beginOne('a'), beginOne('b')], { client: frankfurt, regions }))).toBe('a:1 b:0')
})

test('distances are great circles', () => {
  const london = { latitude: 51.5074, longitude: -0.1278 }
  expect(kmBetween(london, { latitude: 40.7128, longitude: -74.006 })).toBeCloseTo(5570, -1)
  expect(kmBetween({ latitude: 0, longitude: 179.5 }, { latitude: 0, longitude: -179.5 })).toBeCloseTo(111.2, 0)
  expect(kmBetween({ latitude: 90, longitude: 0 }, { latitude: -90, longitude: 77 })).toBeCloseTo(20015, 0)
  expect(kmBetween(london, london)).toBe(0)
})
