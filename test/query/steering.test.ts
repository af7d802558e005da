// What is explained is what is answered, and what is said to be valid for a prefix is valid for it: random services over
// random regions, health and geo data, through the planner, the flat images and respond().
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatAddress, parseAddress, writeWords, type Address } from '../../src/base/address.ts'
import { maskAddress, parsePrefix, prefixContains, type Prefix } from '../../src/base/prefix.ts'
import { explain } from '../../src/director/explain.ts'
import { planService, type World } from '../../src/director/plan.ts'
import { askQuestion, makeClassifier } from '../../src/director/question.ts'
import { targetId, type Region, type Service } from '../../src/director/service.ts'
import { compileRanges, type ClientMap } from '../../src/geo/client-map.ts'
import type { NetworkColumns, Networks } from '../../src/geo/geo.ts'
import { overlayPrefixes } from '../../src/geo/overlay.ts'
import type { TargetHealth } from '../../src/health/health.ts'
import { placeClient } from '../../src/query/inspect.ts'
import type { StepConfig } from '../../src/steer/steer.ts'
import { bindingRecord, planHeader, serviceRecord } from '../../src/snapshot/plan-image.ts'
import { createAsker, type Asker } from '../support/query-worker.ts'

const NAMES = ['us', 'eu', 'ap', 'sa', 'af']

const anyPlace = fc.record({
  latitude: fc.double({ min: -60, max: 70, noNaN: true }),
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
})

const anyRegions = fc.array(
  fc.record({
    place: anyPlace,
    weight: fc.integer({ min: 1, max: 9 }),
    ipv4: fc.integer({ min: 0, max: 2 }),
    ipv6: fc.integer({ min: 0, max: 2 }),
    states: fc.array(fc.constantFrom('up', 'down', 'unknown'), { minLength: 4, maxLength: 4 }),
  }),
  { minLength: 2, maxLength: 5 },
)

/** Own prefixes, nested, of odd lengths, and inside whatever networks the geo data has. */
const OWN = {
  '0.0.0.0/2': ['us'],
  '32.0.0.0/5': ['eu', 'us'],
  '33.1.2.128/25': ['us', 'eu'],
  '192.0.0.0/3': ['eu'],
  '2000::/3': ['us'],
  '2001:db8::/33': ['eu'],
  unknown: ['us', 'eu'],
}

const ranks: StepConfig[][] = [
  [],
  [{ step: 'nearest', depth: 3, within: 0, bias: {} }],
  [{ step: 'nearest', depth: 2, within: 0.5, bias: { us: 1.5 } }],
  [{ step: 'failover', order: [] }],
  [{ step: 'map', entries: OWN, only: false }],
  [
    { step: 'map', entries: OWN, only: true },
    { step: 'nearest', depth: 2, within: 0, bias: {} },
  ],
  [{ step: 'fence', entries: OWN }],
]
const spreads: StepConfig[][] = [[], [{ step: 'weighted', weights: {} }], [{ step: 'round-robin' }]]
const pins: StepConfig[][] = [[], [{ step: 'consistent-hash', seed: '', ipv4Bits: 24, ipv6Bits: 48 }]]
const takes: StepConfig[][] = [[], [{ step: 'take', count: 2 }]]

const anySteering = fc
  .tuple(
    fc.constantFrom(...ranks),
    fc.constantFrom(...spreads),
    fc.constantFrom(...pins),
    fc.constantFrom(...takes),
    fc.constantFrom('all', 'none', 'us'),
    fc.constantFrom('coherent' as const, 'independent' as const),
  )
  .map(([rank, spread, pin, take, fallback, families]) => ({
    steer: [...take, ...pin, ...spread, ...rank],
    fallback,
    families,
  }))

/** Networks whose bounds fall anywhere, so that ranges begin and end within blocks. */
const anyNetworks = fc
  .record({
    ipv4: fc.uniqueArray(fc.nat(0xffffffff), { minLength: 2, maxLength: 40 }),
    ipv6: fc.uniqueArray(fc.bigInt(0n, (1n << 128n) - 1n), { minLength: 2, maxLength: 40 }),
    locations: fc.array(anyPlace, { minLength: 1, maxLength: 12 }),
  })
  .map(({ ipv4, ipv6, locations }): Networks => ({
    ipv4: columns(4, ipv4.map(BigInt), locations.length),
    ipv6: columns(6, ipv6, locations.length),
    locations: locations,
  }))

/** Each second gap between the bounds is a network. */
function columns(family: 4 | 6, bounds: readonly bigint[], locations: number): NetworkColumns {
  const sorted = bounds.toSorted((a, b) => (a < b ? -1 : 1))
  const firsts = sorted.filter((_, i) => i % 2 === 0 && i + 1 < sorted.length)
  const lasts = sorted.filter((_, i) => i % 2 === 1)
  const words = (value: bigint) =>
    Array.from({ length: family === 4 ? 1 : 4 }, (_, i) =>
      Number(BigInt.asIntN(32, value >> BigInt((family === 4 ? 0 : 96) - i * 32))),
    )
  return {
    family,
    count: firsts.length,
    first: Int32Array.from(firsts.flatMap(words)),
    last: Int32Array.from(lasts.flatMap(words)),
    location: Int32Array.from(firsts, (_, i) => i % locations),
  }
}

interface Scene {
  readonly service: Service
  readonly world: World
  readonly asker: Asker
  readonly map: ClientMap | undefined
}

function regionsOf(
  drawn: readonly {
    place: { latitude: number; longitude: number }
    weight: number
    ipv4: number
    ipv6: number
    states: readonly ('up' | 'down' | 'unknown')[]
  }[],
): { regions: Map<string, Region>; health: Map<string, TargetHealth> } {
  const regions = new Map<string, Region>()
  const health = new Map<string, TargetHealth>()
  drawn.forEach(({ place, weight, ipv4, ipv6, states }, i) => {
    const name = NAMES[i]!
    const texts = [
      ...Array.from({ length: ipv4 }, (_, j) => `192.0.2.${i * 10 + j}`),
      ...Array.from({ length: ipv6 }, (_, j) => `2001:db8::${i}:${j}`),
    ]
    const balancers = (texts.length > 0 ? texts : [`192.0.2.${i * 10}`]).map((text, j) => {
      const state = states[j % states.length]!
      health.set(targetId(name, text), { state, reason: state, since: 0, provisional: false })
      return { address: parseAddress(text)!, weight: 1 + (j % 2) }
    })
    regions.set(name, { name, weight, ...place, balancers, minHealthy: 1 })
  })
  return { regions, health }
}

const REST = { answers: 'addresses', hints: true } as const

function setScene([drawn, steering, networks]: [
  drawn: Parameters<typeof regionsOf>[0],
  steering: Pick<Service, 'steer' | 'fallback' | 'families'>,
  networks: Networks,
]): Scene {
  const { regions, health } = regionsOf(drawn)
  const service: Service = {
    name: 'web',
    regions: [...regions.keys()],
    ttl: 30,
    leastTtl: 5,
    panic: 0,
    ...REST,
    ...steering,
  }
  const world: World = { regions, services: new Map(), health, preferences: new Map() }
  const question = askQuestion(service, world)
  const own = question?.prefixes.map((text) => parsePrefix(text)!) ?? []
  const compiled = question && compileRanges(overlayPrefixes(networks, own), makeClassifier(question))
  if (compiled && !('map' in compiled)) throw new Error(compiled.fault.message)
  const map = compiled?.map
  const classes = map?.classes.map(({ representative }) => representative ?? {})
  const { rows } = planService(service, world, classes, map ? 0 : -1)
  const zone = `@ 60 IN SOA ns h 1 2 3 4 5\n@ 60 IN NS ns\nns 60 IN A 192.0.2.1\nwww IN LB web\n`
  const asker = createAsker({ zones: { 'example.com': zone }, services: [rows], clientMaps: map ? [map] : [] })
  return { service, world, asker, map }
}

const anyScene = fc.tuple(anyRegions, anySteering, anyNetworks)
const anyClient = fc
  .oneof(fc.ipV4(), fc.ipV6())
  .map((text) => parseAddress(text))
  .filter((address) => address !== undefined)

function ask({ asker }: Scene, type: 'A' | 'AAAA', client: Address) {
  const clientSubnet = { address: formatAddress(client), source: client.bytes.length * 8 }
  return asker.ask({ name: 'www.example.com', type, edns: { clientSubnet } })
}

function placeOf({ asker, map }: Scene, client: Address) {
  const { planWords, mapWords } = asker.worker.snapshot
  const record = planWords[planHeader.words + bindingRecord.service]!
  const bits = planWords[record + (client.family === 4 ? serviceRecord.ipv4Bits : serviceRecord.ipv6Bits)]!
  const placed = placeClient(mapWords, planWords[record + serviceRecord.clientMap]!, bits, writeWords(client))
  const location = placed.class === undefined ? undefined : map?.classes[placed.class]?.representative
  return { ...placed, location }
}

test('explain names exactly the answers that are given', () => {
  fc.assert(
    fc.property(anyScene, anyClient, fc.constantFrom('A' as const, 'AAAA' as const), (drawn, client, type) => {
      const scene = setScene(drawn)
      const { location } = placeOf(scene, client)
      const told = explain(
        { name: 'www.example.com', type, client: { address: client, why: '', ...(location && { location }) } },
        scene.service,
        scene.world,
      )
      const given = new Set(
        Array.from({ length: told.pinned ? 3 : told.slots }, () =>
          ask(scene, type, client)
            .answer.map(({ text }) => text)
            .join(' '),
        ),
      )
      const explained = told.pinned
        ? new Set([told.pinned.answer.join(' ')])
        : new Set(told.answers.map(({ addresses }) => addresses.join(' ')))
      expect(given).toEqual(explained)
      const balancers = told.regions.flatMap((region) => region.balancers.filter(({ realised }) => realised > 0))
      const listed = new Set(told.answers.flatMap(({ addresses }) => addresses))
      expect(new Set(balancers.map(({ address }) => address))).toEqual(listed)
    }),
    { numRuns: 60 },
  )
})

/** An address within the prefix: its bits, then those of another address. */
function within(prefix: Prefix, other: Address): Address {
  const bytes = prefix.address.bytes.map((byte, i) => {
    const own = Math.min(8, Math.max(0, prefix.length - i * 8))
    return byte | (other.bytes[i % other.bytes.length]! & (0xff >> own))
  })
  return { family: prefix.address.family, bytes }
}

test('everybody within a returned scope gets the same class and, pinned, the same answer', () => {
  fc.assert(
    fc.property(anyScene, anyClient, anyClient, (drawn, client, other) => {
      const scene = setScene(drawn)
      const answer = ask(scene, 'A', client)
      const { scope } = answer.edns!.clientSubnet!
      const isPinned = scene.service.steer.some(({ step }) => step === 'consistent-hash')
      const isSteered = answer.answer.length > 0 && (isPinned || scene.map !== undefined)
      expect(scope > 0).toBe(isSteered)
      if (!isSteered) return
      const neighbour = within(maskAddress(client, scope), other)
      expect(placeOf(scene, neighbour).class).toBe(placeOf(scene, client).class)
      const theirs = ask(scene, 'A', neighbour)
      // A slot of a region without IPv4 is NODATA, and negative answers have scope 0.
      expect(theirs.edns!.clientSubnet!.scope).toBe(theirs.answer.length > 0 ? scope : 0)
      if (isPinned) expect(theirs.answer).toEqual(answer.answer)
    }),
    { numRuns: 100 },
  )
})

test('returned prefixes of one question are equal or disjoint', () => {
  fc.assert(
    fc.property(anyScene, fc.array(anyClient, { minLength: 2, maxLength: 12 }), (drawn, clients) => {
      const scene = setScene(drawn)
      const prefixes = clients.map((client) => maskAddress(client, placeOf(scene, client).scope))
      for (const one of prefixes) {
        for (const other of prefixes) {
          if (prefixContains(one, other.address) && one.length <= other.length) expect(other).toEqual(one)
        }
      }
    }),
    { numRuns: 100 },
  )
})
