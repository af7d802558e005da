import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Conditions } from '../../src/director/conditions.ts'
import type { Era, EraParts, Image } from '../../src/director/era.ts'
import { PlanHistory } from '../../src/director/history.ts'
import type { Definitions } from '../../src/director/service.ts'
import type { TargetHealth } from '../../src/health/health.ts'
import { service, WEIGHTED, world } from './plan-sample.ts'

const DEFINITIONS: Definitions = { regions: world().regions, services: new Map([['web', service([WEIGHTED])]]) }

function image(fill: number, size = 1000): Image {
  const memory = new SharedArrayBuffer(size)
  new Uint8Array(memory).fill(fill)
  return { memory, byteLength: size, isKept: false }
}

function parts(changes: Partial<EraParts> = {}): EraParts {
  return {
    ...{ definitions: DEFINITIONS, geo: undefined, bindings: [], clientMaps: [] },
    images: { zones: image(1), clientMaps: image(2) },
    ...changes,
  }
}

function health(states: Readonly<Record<string, TargetHealth['state']>>): Conditions {
  const entries = Object.entries(states).map(
    ([id, state]) => [id, { state, reason: state === 'up' ? '200' : '503', since: 0, provisional: false }] as const,
  )
  return { health: new Map(entries), reported: new Map(), scores: new Map(), resolved: new Map() }
}

function add(history: PlanHistory, conditions: Conditions, since: number, era: Era): void {
  history.add(history.compare(conditions), since, since, era)
}

const statesAt = (history: PlanHistory, at: number) =>
  Object.fromEntries(Array.from(history.find(at)!.conditions.health, ([id, { state }]) => [id, state]))

test('tells what held at a moment, until when, and by which snapshot', () => {
  const history = new PlanHistory()
  const era = history.beginEra(parts(), 10)
  add(history, health({ a: 'up', b: 'up' }), 10, era)
  add(history, health({ a: 'down', b: 'up' }), 20, era)
  add(history, health({ b: 'up', c: 'up' }), 30, era)
  expect(history.find(9)).toBeUndefined()
  expect(history.begins).toBe(10)
  expect(history.find(10)).toMatchObject({ since: 10, until: 20, snapshot: 10, era })
  expect(statesAt(history, 19)).toEqual({ a: 'up', b: 'up' })
  expect(statesAt(history, 20)).toEqual({ a: 'down', b: 'up' })
  expect(statesAt(history, 1e9)).toEqual({ b: 'up', c: 'up' })
  expect(history.find(30)).not.toHaveProperty('until')
})

test('an event that changes nothing takes no entry, another snapshot does', () => {
  const history = new PlanHistory()
  const era = history.beginEra(parts(), 0)
  const same = () => history.compare(health({ a: 'up' }))
  history.add(same(), 0, 1, era)
  history.add(same(), 1, 1, era)
  expect(history.length).toBe(1)
  history.add(same(), 2, 2, era)
  expect(history.length).toBe(2)
})

test('scores, reports and addresses come back as they were', () => {
  const history = new PlanHistory()
  const era = history.beginEra(parts(), 0)
  const of = (score: number, availability: number): Conditions => ({
    ...{ health: new Map(), reported: new Map([['us', { availability, reason: `${availability}` }]]) },
    scores: new Map([['web', new Map([['least-connections' as const, new Map([['us', score]])]])]]),
    resolved: new Map([['lb.', { ipv4: { addresses: [], ttl: score, isStale: false }, ipv6: 'servfail' as const }]]),
  })
  add(history, of(1, 1), 0, era)
  add(history, of(2, 0.5), 1, era)
  const told = (at: number) => {
    const { reported, scores, resolved } = history.find(at)!.conditions
    const { ipv4 } = resolved.get('lb.')!
    const ttl = ipv4 === 'servfail' ? ipv4 : ipv4.ttl
    return [scores.get('web')!.get('least-connections')!.get('us'), reported.get('us')!.availability, ttl]
  }
  expect([told(0), told(1)]).toEqual([
    [1, 1, 1],
    [2, 0.5, 2],
  ])
})

test('what was folded away does not change what is left', () => {
  const STATES = ['up', 'down'] as const
  const anyStates = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom(...STATES))
  fc.assert(
    fc.property(fc.array(anyStates, { minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 8 }), (all, plans) => {
      const whole = new PlanHistory()
      const short = new PlanHistory({ plans, bytes: Infinity })
      const eras = [whole.beginEra(parts(), 0), short.beginEra(parts(), 0)] as const
      all.forEach((states, i) => {
        add(whole, health(states), i, eras[0])
        add(short, health(states), i, eras[1])
      })
      expect(short.length).toBeLessThanOrEqual(plans)
      for (let at = short.begins!; at < all.length; at++) expect(statesAt(short, at)).toEqual(statesAt(whole, at))
    }),
  )
})

describe('memory', () => {
  test('stays within its limit, whatever happens', () => {
    const history = new PlanHistory({ plans: 1_000_000, bytes: 100_000 })
    let era = history.beginEra(parts(), 0)
    for (let i = 0; i < 5000; i++) {
      if (i % 100 === 0) era = history.beginEra(parts({ images: { zones: image(i), clientMaps: image(2) } }), i)
      add(history, health({ a: i % 2 === 0 ? 'up' : 'down', b: 'up' }), i, era)
      expect(history.bytes).toBeLessThanOrEqual(100_000)
    }
    expect(history.begins).toBeGreaterThan(4000)
    expect(history.begins).toBeLessThan(4990)
    expect(statesAt(history, 4999)).toEqual({ a: 'down', b: 'up' })
  })

  test('a smaller limit holds at once, and what answers now always stays', () => {
    const history = new PlanHistory()
    const era = history.beginEra(parts(), 0)
    for (let i = 0; i < 10; i++) add(history, health({ a: i % 2 === 0 ? 'up' : 'down' }), i, era)
    history.limit({ plans: 10, bytes: 0 })
    expect([history.length, history.begins]).toEqual([1, 9])
  })
})

describe('the memory of an era', () => {
  /** As a publisher does with memory that nobody reads. */
  const scribble = ({ memory }: { memory: ArrayBufferLike }) => new Uint8Array(memory).fill(0xee)
  const first = (found: ArrayBufferLike | undefined) => found && new Uint8Array(found)[0]

  function twoEras(limit: number, before: EraParts, after: EraParts) {
    const history = new PlanHistory({ plans: 100, bytes: limit })
    add(history, health({ a: 'up' }), 0, history.beginEra(before, 0))
    add(history, health({ a: 'up' }), 10, history.beginEra(after, 10))
    return history
  }

  test('is copied when it ends', () => {
    const old = parts()
    const memory = old.images.zones.memory!
    const history = twoEras(1 << 20, old, parts())
    scribble({ memory })
    const { era } = history.find(5)!
    expect(era.until).toBe(10)
    expect(first(era.images.zones.memory)).toBe(1)
    expect(history.find(10)!.era).not.toHaveProperty('until')
  })

  test('is not copied where it is too large, and the plans stay', () => {
    const history = twoEras(4500, parts({ images: { zones: image(1, 5000), clientMaps: image(2, 100) } }), parts())
    const { images } = history.find(5)!.era
    expect(images.zones.memory).toBeUndefined()
    expect(first(images.clientMaps.memory)).toBe(2)
  })

  test('is shared by eras that read the same, and copied once by those that read alike', () => {
    const zones = image(1)
    const old = parts({ images: { zones, clientMaps: image(2) } })
    const history = twoEras(1 << 20, old, parts({ images: { zones: { ...zones }, clientMaps: image(2) } }))
    expect(history.find(5)!.era.images.zones).toBe(history.find(10)!.era.images.zones)
    add(history, health({}), 20, history.beginEra(parts(), 20))
    const [one, two] = [history.find(5)!.era.images, history.find(10)!.era.images]
    expect(one.clientMaps).not.toBe(two.clientMaps)
    expect(one.clientMaps.memory).toBe(two.clientMaps.memory)
    expect(history.bytes).toBeLessThan(2000 + 5000)
  })

  test('definitions that did not change are one object', () => {
    const again: Definitions = { regions: new Map(DEFINITIONS.regions), services: new Map(DEFINITIONS.services) }
    const history = twoEras(1 << 20, parts(), parts({ definitions: again }))
    expect(history.find(10)!.era.definitions).toBe(DEFINITIONS)
  })
})
