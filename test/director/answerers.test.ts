// Regions with host names: who can answer as they resolve, with which weight, state and TTL.
import { describe, expect, test } from 'vitest'
import { parseAddress } from '../../src/base/address.ts'
import { textOf } from '../../src/director/address-text.ts'
import type { AliasAnswer } from '../../src/director/aliases.ts'
import { hostNames } from '../../src/director/answerers.ts'
import { NO_WORDS, type Word, type Words } from '../../src/director/overrides/words.ts'
import { planService, type World } from '../../src/director/plan.ts'
import type { Balancer, Region, Service } from '../../src/director/service.ts'
import { availabilityFor, sameSurvey, surveyRegion } from '../../src/director/survey.ts'
import { parseName } from '../../src/dns/name.ts'
import type { TargetHealth } from '../../src/health/health.ts'
import type { Monitor } from '../../src/health/monitor.ts'
import { service, text as shown } from './plan-sample.ts'

const MONITOR: Monitor = {
  ...{ type: 'tcp', name: 'l7', port: 80, intervalMs: 10_000, timeoutMs: 1000, fastIntervalMs: 1000 },
  ...{ healthyThreshold: 2, unhealthyThreshold: 3 },
}

function host(name: string, more: Partial<Balancer> = {}): Balancer {
  return { address: { family: 'host', bytes: parseName(name) as Uint8Array }, weight: 1, ...more }
}

function regionOf(balancers: readonly Balancer[], more: Partial<Region> = {}): Region {
  return { name: 'eu', weight: 1, minHealthy: 1, monitor: MONITOR, balancers, ...more }
}

/** `'192.0.2.1 2001:db8::1'`; of a family after `?` nothing is known. */
function answer(text: string, ttl = 60): AliasAnswer {
  const words = text.split(' ').filter(Boolean)
  const all = words.flatMap((word) => parseAddress(word) ?? [])
  const family = (own: 4 | 6) =>
    words.includes(`?${own}`)
      ? ('servfail' as const)
      : { addresses: all.filter((each) => each.family === own), ttl, isStale: false }
  return { ipv4: family(4), ipv6: family(6) }
}

function health(states: Readonly<Record<string, 'up' | 'down'>>): Map<string, TargetHealth> {
  const of = (state: 'up' | 'down'): TargetHealth => ({ state, reason: state, since: 0, provisional: false })
  return new Map(Object.entries(states).map(([id, state]) => [id, of(state)]))
}

function look(
  region: Region,
  answers: Readonly<Record<string, AliasAnswer>>,
  states: Parameters<typeof health>[0] = {},
  words = NO_WORDS,
) {
  return surveyRegion(region, health(states), undefined, words, (name) => answers[name] ?? answer('?4 ?6'))
}

/** Of CNAMEs and of addresses. */
function weights({ offer }: ReturnType<typeof look>): Record<string, number> {
  const live = [...offer('host').live.balancers, ...offer(undefined).live.balancers]
  return Object.fromEntries(live.map(({ address, weight }) => [textOf(address), weight]))
}

describe('a host name with addresses of their own states', () => {
  const region = regionOf([host('lb.example', { weight: 6 }), { address: parseAddress('192.0.2.50')!, weight: 1 }])
  const answers = { 'lb.example.': answer('192.0.2.1 192.0.2.2 2001:db8::1', 40) }

  test('stands beside them, and they divide its weight, by family', () => {
    expect(weights(look(region, answers))).toEqual({
      ...{ 'lb.example': 6, '192.0.2.1': 3, '192.0.2.2': 3, '2001:db8::1': 6 },
      '192.0.2.50': 1,
    })
    expect(look(region, answers).offer(undefined).live.goodFor).toBe(40)
  })

  test('gives the weight of those that are down to the others', () => {
    const seen = look(region, answers, { 'eu/192.0.2.1': 'down', 'eu/192.0.2.50': 'up' })
    expect(weights(seen)).toEqual({ 'lb.example': 6, '192.0.2.2': 6, '2001:db8::1': 6, '192.0.2.50': 1 })
    expect(seen.reason).toBe('1 of 2 balancers up, 1 not monitored')
  })

  test('is down when all of them are', () => {
    const down = { 'eu/192.0.2.1': 'down', 'eu/192.0.2.2': 'down', 'eu/2001:db8::1': 'down' } as const
    expect(weights(look(region, answers, down))).toEqual({ '192.0.2.50': 1 })
    expect(availabilityFor(look(region, answers, down), 'host')).toBe(0)
  })

  test('is down when nothing is known of it, with the reason', () => {
    const alone = regionOf([host('lb.example')])
    const seen = look(alone, {})
    expect([seen.isUp, seen.reason]).toEqual([false, 'its addresses are not known'])
    expect(seen.offer(undefined).inFallback.unknown).toEqual([4, 6])
  })
})

test('a host name that is probed as one shares its state with its addresses', () => {
  const region = regionOf([host('lb.example', { probe: 'host' })])
  const answers = { 'lb.example.': answer('192.0.2.1 192.0.2.2') }
  expect(weights(look(region, answers, { 'eu/lb.example': 'down' }))).toEqual({})
  expect(Object.keys(weights(look(region, answers, { 'eu/lb.example': 'up' })))).toHaveLength(3)
})

test('without a monitor a host name is up for CNAMEs, known or not, and answers addresses only when it has some', () => {
  const region: Region = { name: 'eu', weight: 1, minHealthy: 1, balancers: [host('lb.example')] }
  const seen = look(region, {})
  expect(([undefined, 4, 6, 'host'] as const).map((family) => availabilityFor(seen, family))).toEqual([0, 0, 0, 1])
  const half = look(region, { 'lb.example.': answer('192.0.2.1 ?6') })
  expect(([undefined, 4, 6, 'host'] as const).map((family) => availabilityFor(half, family))).toEqual([1, 1, 0, 1])
  expect(half.offer(undefined).live.unknown).toEqual([6])
  expect([half.offer(4).live.unknown, half.offer(6).live.unknown]).toEqual([[], [6]])
  expect([...half.families].sort()).toEqual([4, 6, 'host'])
  expect([...look(region, { 'lb.example.': answer('192.0.2.1') }).families].sort()).toEqual([4, 'host'])
})

test('surveys differ when addresses, what is unknown, or how long they are good for do', () => {
  const region = regionOf([host('lb.example')])
  const at = (text: string, ttl = 60) => look(region, { 'lb.example.': answer(text, ttl) })
  const before = at('192.0.2.1')
  expect(sameSurvey(before, at('192.0.2.1'))).toBe(true)
  for (const other of [at('192.0.2.2'), at('192.0.2.1 ?6'), at('192.0.2.1', 59), at('192.0.2.1 2001:db8::1')]) {
    expect(sameSurvey(before, other)).toBe(false)
  }
})

test('the names to be resolved, each once', () => {
  const one = regionOf([host('b.example'), { address: parseAddress('192.0.2.1')!, weight: 1 }, host('a.example')])
  expect([...hostNames([one, regionOf([host('a.example')])])]).toEqual(['b.example.', 'a.example.'])
})

describe('what operators say of a host name', () => {
  const region = regionOf([host('lb.example', { weight: 6 }), { address: parseAddress('192.0.2.50')!, weight: 1 }])
  const answers = { 'lb.example.': answer('192.0.2.1 192.0.2.2') }
  const say = (word: Partial<Word>): Words => {
    const whole = { part: 1, isTurning: false, note: 'by somebody', ...word }
    return { ...NO_WORDS, balancers: new Map([['eu/lb.example', whole]]) }
  }
  const at = (word: Partial<Word>, states: Parameters<typeof health>[0] = {}) =>
    look(region, answers, states, say(word))

  test('its weight and its drain are divided by its addresses', () => {
    expect(weights(at({ weight: 4 }))).toEqual({ 'lb.example': 4, '192.0.2.1': 2, '192.0.2.2': 2, '192.0.2.50': 1 })
    expect(weights(at({ part: 0.5 }))).toEqual({ 'lb.example': 3, '192.0.2.1': 1.5, '192.0.2.2': 1.5, '192.0.2.50': 1 })
    expect(weights(at({ part: 0 }))).toEqual({ '192.0.2.50': 1 })
    expect(sameSurvey(at({ weight: 4 }), at({ weight: 5 }))).toBe(false)
    expect(sameSurvey(at({}), look(region, answers))).toBe(true)
  })

  test('its force is theirs, and so is that it turns', () => {
    expect(weights(at({ forced: 'down' }))).toEqual({ '192.0.2.50': 1 })
    const down = { 'eu/192.0.2.1': 'down', 'eu/192.0.2.2': 'down' } as const
    expect(weights(at({ forced: 'up' }, down))).toEqual(weights(look(region, answers)))
    expect(at({ isTurning: true }).offer(undefined).live.turnsIn).toBe(0)
  })

  test('drained alone in its region, it stands aside and is no failure', () => {
    const alone = regionOf([host('lb.example')])
    const seen = look(alone, answers, {}, say({ part: 0 }))
    for (const [family, left] of [
      ['host', ['lb.example']],
      [undefined, ['192.0.2.1', '192.0.2.2']],
    ] as const) {
      const { standing, inFallback } = seen.offer(family)
      expect([seen.isUp, standing.health, standing.part]).toEqual([true, 1, 0])
      expect(inFallback.balancers.map(({ address }) => textOf(address))).toEqual(left)
    }
  })

  test('drained beside an address, its region is drained for CNAMEs alone, and no failure', () => {
    const seen = at({ part: 0 })
    expect(
      [seen.offer('host').standing, seen.offer(undefined).standing].map(({ health, part }) => [health, part]),
    ).toEqual([
      [1, 0],
      [1, 1],
    ])
    expect(seen.offer('host').inFallback.balancers.map(({ address }) => textOf(address))).toEqual(['lb.example'])
    expect(seen.offer(undefined).inFallback.balancers.map(({ address }) => textOf(address))).toEqual(['192.0.2.50'])
  })

  test('where it stands beside an address, CNAMEs keep to names and addresses to addresses, with all else failing', () => {
    const mixed = regionOf([host('lb.example'), { address: parseAddress('192.0.2.50')!, weight: 1 }])
    const world: World = {
      ...{ regions: new Map([['eu', mixed]]), services: new Map(), preferences: new Map() },
      ...{ health: health({ 'eu/192.0.2.50': 'up' }), resolved: new Map(Object.entries(answers)) },
      words: say({ part: 0 }),
    }
    const answersOf = (kind: Service['answers']) =>
      planService(service([], { regions: ['eu'], answers: kind }), world).rows.rows[0]!.ipv4.answers.map(shown)
    expect(answersOf('cname')).toEqual(['lb.example'])
    expect(answersOf('flatten')).toEqual(['192.0.2.50'])
  })

  test('with an address of its own forced up, it stays drained for CNAMEs', () => {
    const both = say({ part: 0 })
    const up: Word = { forced: 'up', part: 1, isTurning: false, note: 'by somebody' }
    const words = { ...both, balancers: new Map([...both.balancers, ['eu/192.0.2.1', up] as const]) }
    const seen = look(regionOf([host('lb.example')]), answers, {}, words)
    expect([seen.offer('host').standing.part, seen.offer(undefined).standing.part]).toEqual([0, 1])
    expect(seen.offer('host').inFallback.balancers.map(({ address }) => textOf(address))).toEqual(['lb.example'])
  })

  test('an address that is drained beside a name of no known address is drained, and no failure', () => {
    const unprobed: Region = { name: 'eu', weight: 1, minHealthy: 1, balancers: region.balancers }
    const drained: Word = { part: 0, isTurning: false, note: 'by somebody' }
    const words: Words = { ...NO_WORDS, balancers: new Map([['eu/192.0.2.50', drained]]) }
    const { standing, inFallback } = look(unprobed, {}, {}, words).offer(4)
    expect([standing.health, standing.part]).toEqual([1, 0])
    expect(inFallback.balancers.map(({ address }) => textOf(address))).toEqual(['192.0.2.50'])
  })
})
