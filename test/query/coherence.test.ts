// Coherence: A, AAAA and the hints of HTTPS send a client to one region, for ranked and pinned services whatever the health,
// the balancers and the client; for counted ones the hints of each answer do. Planner, flat images and respond().
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseAddress } from '../../src/base/address.ts'
import { textOf } from '../../src/director/address-text.ts'
import type { AliasAnswer } from '../../src/director/aliases.ts'
import { answerersOf } from '../../src/director/answerers.ts'
import { explain } from '../../src/director/explain.ts'
import { planService, type World } from '../../src/director/plan.ts'
import type { Region, Service } from '../../src/director/service.ts'
import { parseName } from '../../src/dns/name.ts'
import type { TargetHealth } from '../../src/health/health.ts'
import type { StepConfig } from '../../src/steer/steer.ts'
import { createAsker } from '../support/query-worker.ts'
import type { DecodedMessage } from '../support/message.ts'

const NAMES = ['us', 'eu', 'ap', 'sa']
const RANK: StepConfig = { step: 'failover', order: [] }
const WEIGHTED: StepConfig = { step: 'weighted', weights: {} }
const HASH: StepConfig = { step: 'consistent-hash', seed: '', ipv4Bits: 24, ipv6Bits: 48 }
const MODULO: StepConfig = { step: 'ip-hash', ipv4Bits: 24, ipv6Bits: 48 }

const anyRegion = fc.record({
  /** The large ones are of shares that no counted table gives exactly. */
  weight: fc.oneof(fc.integer({ min: 1, max: 7 }), fc.constantFrom(997, 1009, 1013)),
  ipv4: fc.integer({ min: 0, max: 3 }),
  ipv6: fc.integer({ min: 0, max: 3 }),
  /** Its addresses are those of a host name; a family of which nothing is known. */
  host: fc.constantFrom('no', 'known', 'ipv4 unknown', 'ipv6 unknown'),
  states: fc.array(fc.constantFrom('up', 'down', 'unknown'), { minLength: 6, maxLength: 6 }),
})
const anyRegions = fc.array(anyRegion, { minLength: 1, maxLength: 4 })
const anyClients = fc.array(
  fc.oneof(fc.ipV4(), fc.ipV6()).filter((text) => parseAddress(text) !== undefined),
  { minLength: 1, maxLength: 8 },
)

type Drawn = typeof anyRegions extends fc.Arbitrary<infer T> ? T : never

/** `nested`: all regions but the first stand in a service of their own, in the place of one. */
function setScene(drawn: Drawn, steer: readonly StepConfig[], nested = false) {
  const health = new Map<string, TargetHealth>()
  const known = new Map<string, AliasAnswer>()
  const hosts = (name: string) => known.get(name)!
  const regions = new Map(
    drawn.map(({ weight, ipv4, ipv6, host, states }, i): [string, Region] => {
      const name = NAMES[i]!
      const texts = [
        ...Array.from({ length: ipv4 }, (_, j) => `192.0.2.${i * 10 + j}`),
        ...Array.from({ length: ipv6 }, (_, j) => `2001:db8::${i}:${j}`),
      ]
      const all = (texts.length > 0 ? texts : [`192.0.2.${i * 10}`]).map((text) => parseAddress(text)!)
      all.forEach((address, j) => {
        const state = states[j]!
        health.set(`${name}/${textOf(address)}`, { state, reason: state, since: 0, provisional: false })
      })
      const family = (own: 4 | 6) =>
        host === `ipv${own} unknown`
          ? ('servfail' as const)
          : { addresses: all.filter((each) => each.family === own), ttl: 60, isStale: false }
      known.set(`${name}.example.`, { ipv4: family(4), ipv6: family(6) })
      const bytes = parseName(`${name}.example`) as Uint8Array
      const balancers =
        host === 'no'
          ? all.map((address, j) => ({ address, weight: 1 + (j % 3) }))
          : [{ address: { family: 'host', bytes } as const, weight: 1 }]
      return [name, { name, weight, balancers, minHealthy: 1 }]
    }),
  )
  const service: Service = {
    ...{ name: 'web', regions: [...regions.keys()], steer, ttl: 30, leastTtl: 5, fallback: 'all', panic: 0 },
    ...{ families: 'coherent', answers: 'flatten', hints: true },
  }
  const inner: Service = { ...service, name: 'inner', regions: service.regions.slice(1) }
  const outer: Service = { ...service, regions: [service.regions[0]!, 'inner'] }
  const isNested = nested && regions.size > 1
  const services = new Map<string, Service>(isNested ? [['inner', inner]] : [])
  const world: World = { regions, services, health, resolved: known, preferences: new Map() }
  const zone = '@ 60 IN SOA ns h 1 2 3 4 5\n@ 60 IN NS ns\nns 60 IN A 192.0.2.1\nwww IN LB web\nwww 60 HTTPS 1 .\n'
  const asker = createAsker({
    zones: { 'example.com': zone },
    services: [planService(isNested ? outer : service, world).rows],
  })
  const regionOf = new Map(
    [...regions.values()].flatMap((region) =>
      answerersOf(region, hosts).map(({ address }) => [textOf(address), region.name] as const),
    ),
  )
  const ask = (type: string, client: string) => {
    const clientSubnet = { address: client, source: client.includes(':') ? 128 : 32 }
    return asker.ask({ name: 'www.example.com', type, edns: { clientSubnet } })
  }
  return {
    service: isNested ? outer : service,
    world,
    ask,
    regionsIn: (texts: readonly string[]) => new Set(texts.map((each) => regionOf.get(each)!)),
  }
}

test('one family that nobody has leaves the hints of the other, whatever the shares', () => {
  const states = Array.from({ length: 6 }, () => 'up' as const)
  const of = (weight: number, ipv4: number) => ({ weight, ipv4, ipv6: 0, host: 'no' as const, states })
  const { ask } = setScene([of(997, 1), of(1009, 2), of(1013, 1)], [WEIGHTED])
  expect(addressesIn(ask('HTTPS', '192.0.2.1'))).toEqual(addressesIn(ask('A', '192.0.2.1')))
})

function addressesIn({ answer }: DecodedMessage): string[] {
  return answer.flatMap(({ type, text }) =>
    type === 'HTTPS' ? [...text.matchAll(/ipv[46]hint="([^"]*)"/g)].flatMap(([, list]) => list!.split(',')) : [text],
  )
}

const TYPES = ['A', 'AAAA', 'HTTPS']

test('ranked: every answer to a client comes from one region', () => {
  fc.assert(
    fc.property(anyRegions, anyClients, (drawn, clients) => {
      const { ask, regionsIn } = setScene(drawn, [RANK])
      for (const client of clients) {
        const given = [...TYPES, ...TYPES, ...TYPES].flatMap((type) => addressesIn(ask(type, client)))
        expect(regionsIn(given).size).toBeLessThanOrEqual(1)
      }
    }),
    { numRuns: 80 },
  )
})

test.each([
  ['consistent-hash', [HASH]],
  ['consistent-hash by weight', [WEIGHTED, HASH]],
  ['ip-hash', [MODULO]],
  ['ip-hash by weight', [WEIGHTED, MODULO]],
  ['ranked and pinned', [RANK, HASH]],
])('%s: the hints are the addresses, and all of one region', (_, steer) => {
  fc.assert(
    fc.property(anyRegions, anyClients, (drawn, clients) => {
      const { ask, regionsIn } = setScene(drawn, steer)
      for (const client of clients) {
        const [a, aaaa, https] = TYPES.map((type) => addressesIn(ask(type, client)))
        expect(https).toEqual([...a!, ...aaaa!])
        expect(regionsIn(https!).size).toBeLessThanOrEqual(1)
        expect(addressesIn(ask('HTTPS', client))).toEqual(https)
      }
    }),
    { numRuns: 40 },
  )
})

test.each([
  ['by weight', [WEIGHTED], false],
  ['equally', [], false],
  ['within a service in a service', [WEIGHTED], true],
])('counted %s: the hints of each answer are of one region, in its share, as explain tells', (_, steer, nested) => {
  fc.assert(
    fc.property(anyRegions, (drawn) => {
      const { service, world, ask, regionsIn } = setScene(drawn, steer, nested)
      const told = explain({ name: 'www.example.com', type: 'HTTPS' }, service, world)
      // Of two tables that are walked together, of 1,024 slots each at most.
      expect(told.slots).toBeLessThan(1 << 16)
      const given = Array.from({ length: told.slots }, () => addressesIn(ask('HTTPS', '192.0.2.1')))
      const counts = new Map<string, number>()
      for (const hints of given) {
        expect(regionsIn(hints).size).toBeLessThanOrEqual(1)
        const key = hints.join(' ')
        counts.set(key, (counts.get(key) ?? 0) + 1)
      }
      const explained = told.answers.map(({ addresses, slots }): [string, number] => [
        addresses.filter((each) => each !== 'SERVFAIL').join(' '),
        slots,
      ])
      const merged = new Map<string, number>()
      for (const [key, slots] of explained) merged.set(key, (merged.get(key) ?? 0) + slots)
      expect(counts).toEqual(merged)
      // Who answers at all has a slot, of 1,024 at most, however small its share.
      const tolerance = Math.max(0.005, told.slots >= 1024 ? told.answers.length / 1024 : 0)
      for (const { region, share, balancers } of told.regions) {
        const own = given.filter((hints) => regionsIn(hints).has(region)).length / given.length
        if (balancers.some(({ realised }) => realised > 0)) expect(Math.abs(own - share)).toBeLessThan(tolerance)
      }
    }),
    { numRuns: 40 },
  )
})
