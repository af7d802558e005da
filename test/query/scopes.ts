// Whether what we say of ECS scopes is true (RFC 7871 §7.2.1), judged over many (address, service) pairs: the real geo data, own
// CIDRs inside its blocks, and every kind of step that looks at clients. test/bench/scopes.ts asks a million pairs, a test some.
import { formatAddress, parseAddress, readWords, writeWords, type Address } from '../../src/base/address.ts'
import { maskAddress, parsePrefix } from '../../src/base/prefix.ts'
import { seededRandom, type Random } from '../../src/base/random.ts'
import { createPlanner, momentOf, type World } from '../../src/director/plan.ts'
import { askQuestion, knowClient, makeClassifier, type Question } from '../../src/director/question.ts'
import type { Region, Service } from '../../src/director/service.ts'
import { runAtOnce } from '../../src/director/slices.ts'
import { compileRanges, type ClassRanges, type ClientMap } from '../../src/geo/client-map.ts'
import type { Networks } from '../../src/geo/geo.ts'
import { findNetwork } from '../../src/geo/locator/find.ts'
import { overlayPrefixes } from '../../src/geo/overlay.ts'
import { respond } from '../../src/query/respond.ts'
import type { QueryWorker } from '../../src/query/worker.ts'
import { classOf, findClass } from '../../src/snapshot/client-map.ts'
import { serviceRecord, bindingRecord, planHeader } from '../../src/snapshot/plan-image.ts'
import type { StepConfig } from '../../src/steer/steer.ts'
import { buildQuery } from '../support/message.ts'
import { buildSnapshot, workerOver } from '../support/query-worker.ts'

/** What was asked and found; `wrong` holds the first few contradictions, in words. */
export interface Verdict {
  readonly pairs: number
  /** Answers whose scope was looked at, the neighbours' among them. */
  readonly answers: number
  /** Distinct prefixes returned. */
  readonly prefixes: number
  readonly wrong: readonly string[]
}

const MAX_WRONG = 10

const SITES = { us: [38.9, -77.4], eu: [53.3, -6.3], ap: [19.1, 72.9], jp: [35.7, 139.7], br: [-23.5, -46.6] } as const
const NAMES = Object.keys(SITES)

/** Nested, of odd lengths, and inside blocks of the geo data. */
const OWN = {
  '3.120.0.0/13': ['eu'],
  '3.121.7.128/25': ['us'],
  '3.121.7.130/32': ['jp'],
  '49.32.0.0/11': ['ap', 'jp'],
  '49.33.1.0/24': ['br'],
  '128.0.0.0/1': ['br', 'us'],
  '203.0.113.64/27': ['ap'],
  '2001:db8::/33': ['eu'],
  '2400::/12': ['ap'],
  '2400:cb00:2048::/47': ['us'],
  '2a00:1450:4001:81b::200e/128': ['jp'],
}
const PLACES = { DE: ['eu'], 'EU(continent)': ['eu', 'us'], US: ['us'], JP: ['jp'], unknown: ['br'] }

const nearest = { step: 'nearest', depth: 3, within: 0, bias: {} } as const
const pin = (ipv4Bits: number, ipv6Bits: number) => ({ step: 'consistent-hash', seed: '', ipv4Bits, ipv6Bits }) as const

const STEERS: Readonly<Record<string, readonly StepConfig[]>> = {
  nearest: [nearest],
  loose: [{ step: 'nearest', depth: 2, within: 0.5, bias: { us: 1.5 } }],
  own: [{ step: 'map', entries: OWN, only: false }],
  'own, then nearest': [{ step: 'map', entries: OWN, only: true }, nearest],
  places: [{ step: 'map', entries: { ...OWN, ...PLACES }, only: false }],
  fence: [{ step: 'fence', entries: { DE: ['eu'], '3.121.7.128/25': ['eu', 'us'], unknown: ['us'] } }, nearest],
  fastest: [{ step: 'fastest', depth: 3, within: 0.1 }],
  pinned: [pin(24, 48)],
  'pinned coarsely': [pin(9, 17)],
  'nearest, pinned': [{ step: 'nearest', depth: 1, within: 1, bias: {} }, pin(24, 48)],
  'own, pinned finely': [{ step: 'map', entries: OWN, only: false }, pin(30, 64)],
  hash: [{ step: 'ip-hash', ipv4Bits: 20, ipv6Bits: 40 }],
}

const ROUND_TRIPS = new Map(
  Object.keys(OWN).map((text, i) => [text, { us: 10 + ((i * 7) % 40), eu: 10 + ((i * 11) % 40), ap: 20 }] as const),
)

interface Subject {
  readonly name: string
  readonly binding: number
  readonly question: Question | undefined
  readonly classify: ReturnType<typeof makeClassifier> | undefined
  readonly map: ClientMap | undefined
  /** By family 4 and 6; 0: not pinned. */
  readonly pinBits: { readonly 4: number; readonly 6: number }
}

interface Answer {
  readonly address: number
  readonly scope: number
}

/** Asks `pairs` pairs. `networks`: the geo data. */
export function judgeScopes(networks: Networks, pairs: number, seed: number): Verdict {
  const judge = new Judge(networks, seededRandom(seed))
  for (let i = 0; i < pairs && judge.wrong.length < MAX_WRONG; i++) judge.judge(i)
  const prefixes = judge.judgeOverlaps()
  return { pairs, answers: judge.answers, prefixes, wrong: judge.wrong }
}

class Judge {
  readonly wrong: string[] = []
  answers = 0
  readonly #networks: Networks
  readonly #random: Random
  readonly #subjects: readonly Subject[]
  readonly #worker: QueryWorker
  /** By service and family: first address → length, of the prefixes returned. */
  readonly #returned = new Map<string, Map<bigint, number>>()
  readonly #output = new Uint8Array(2048)
  readonly #sender = writeWords(parseAddress('192.0.2.53')!)

  constructor(networks: Networks, random: Random) {
    this.#networks = networks
    this.#random = random
    const regions = new Map(NAMES.map((name, i) => [name, regionOf(name, i)]))
    const services = new Map(Object.entries(STEERS).map(([name, steer], i) => [name, serviceOf(`s${i}`, steer)]))
    const definitions = { regions, services: new Map<string, Service>(), roundTrips: ROUND_TRIPS }
    const world: World = { ...definitions, health: new Map(), preferences: new Map() }
    const maps: ClientMap[] = []
    const planned = Array.from(services, ([name, service], binding) => {
      const question = askQuestion(service, world)
      const map = question && compile(networks, question)
      if (map) maps.push(map)
      const clients = map?.classes.map(({ representative }) => representative ?? {}) ?? []
      const told = { clients, clientMap: map ? maps.length - 1 : -1, shapes: new Map() }
      const planner = createPlanner(service, world, world.preferences, told)
      const classify = question && makeClassifier(question)
      const pinBits = { 4: planner.pin?.ipv4Bits ?? 0, 6: planner.pin?.ipv6Bits ?? 0 }
      return {
        rows: runAtOnce(planner.plan(momentOf(world))).rows,
        subject: { name, binding, question, classify, map, pinBits },
      }
    })
    const names = planned.map(({ rows }) => `${rows.name} IN LB ${rows.name}`)
    const zone = `@ 60 IN SOA ns h 1 2 3 4 5\n@ 60 IN NS ns\nns 60 IN A 192.0.2.1\n${names.join('\n')}\n`
    const rows = planned.map(({ rows }) => rows)
    this.#worker = workerOver(buildSnapshot({ zones: { 'example.com': zone }, services: rows, clientMaps: maps }))
    this.#subjects = planned.map(({ subject }) => subject)
  }

  judge(index: number): void {
    const subject = this.#subjects[index % this.#subjects.length]!
    const address = this.#draw(subject)
    const { family } = address
    const answer = this.#ask(subject, address)
    const { scope } = answer
    const block = maskAddress(address, scope)
    const where = `${subject.name}: ${formatAddress(address)} with scope ${scope}`
    const pinBits = subject.pinBits[family]
    if (scope < 1) {
      this.#tell(`${where}: an answer that depends on the client is said to be for all`)
      return
    }
    this.#note(subject, block.address, scope)
    if (subject.map && !isUniform(subject.map, block.address, scope)) this.#tell(`${where}: holds two classes`)
    const couldBeWider =
      scope > Math.max(1, pinBits) &&
      (!subject.map || isUniform(subject.map, maskAddress(address, scope - 1).address, scope - 1))
    if (couldBeWider) this.#tell(`${where}: could be wider`)
    this.#judgeClass(subject, address)
    for (const neighbour of [edgeOf(block.address, scope), this.#within(block.address, scope)]) {
      this.#judgeClass(subject, neighbour)
      const theirs = this.#ask(subject, neighbour)
      const isSame = theirs.scope === scope && (pinBits === 0 || theirs.address === answer.address)
      if (!isSame)
        this.#tell(`${where}: ${formatAddress(neighbour)} in it has scope ${theirs.scope}, or another answer`)
    }
  }

  /** Prefixes of one question are equal or disjoint; how many there are. */
  judgeOverlaps(): number {
    let prefixes = 0
    for (const [key, lengths] of this.#returned) {
      const bits = key.endsWith('4') ? 32 : 128
      let end = -1n
      for (const [first, length] of [...lengths].sort((a, b) => (a[0] < b[0] ? -1 : 1))) {
        if (first <= end) this.#tell(`${key}: ${first}/${length} lies in the prefix before it`)
        end = first + (1n << BigInt(bits - length)) - 1n
        prefixes++
      }
    }
    return prefixes
  }

  #tell(text: string): void {
    this.wrong.push(text)
  }

  #note({ name }: Subject, first: Address, length: number): void {
    const key = `${name} ${first.family}`
    const lengths = this.#returned.get(key) ?? new Map<bigint, number>()
    this.#returned.set(key, lengths)
    const value = toBig(first)
    if ((lengths.get(value) ?? length) !== length) this.#tell(`${key}: ${formatAddress(first)} has two scopes`)
    lengths.set(value, length)
  }

  /** The class of the query path is the one that the steps give when asked of this very client. */
  #judgeClass({ name, binding, question, classify, map }: Subject, address: Address): void {
    if (!classify || !map) return
    const { planWords, mapWords } = this.#worker.snapshot
    const service = planWords[planHeader.words + binding * bindingRecord.words + bindingRecord.service]!
    const found = classOf(findClass(mapWords, planWords[service + serviceRecord.clientMap]!, writeWords(address)))
    const client = knowClient(question, address, findNetwork(this.#networks, address)?.location)
    const wanted = classify(Object.keys(client).length === 0 ? undefined : client)
    if (map.classes[found]!.key !== wanted) this.#tell(`${name}: ${formatAddress(address)} is in a wrong class`)
  }

  #ask({ binding }: Subject, address: Address): Answer {
    const source = address.bytes.length * 8
    const clientSubnet = { address: formatAddress(address), source }
    const query = buildQuery({ name: `s${binding}.example.com`, type: 'A', edns: { clientSubnet } })
    const length = respond(this.#worker, query, 0, query.length, this.#sender, this.#output, 0, 1232)
    this.answers++
    // One A record behind the question, and the subnet at the very end.
    const rdata = 12 + `s${binding}.example.com`.length + 2 + 4 + 12
    const view = new DataView(this.#output.buffer)
    return { address: view.getInt32(rdata), scope: this.#output[length - address.bytes.length - 1]! }
  }

  /** Edges of what the map tells apart, of own prefixes and of networks; and anybody. */
  #draw({ map }: Subject): Address {
    const family = this.#random() < 0.6 ? 4 : 6
    const kind = this.#random()
    const columns = family === 4 ? this.#networks.ipv4 : this.#networks.ipv6
    if (kind < 0.35 && map) return this.#bound(family, (family === 4 ? map.ipv4 : map.ipv6).start)
    if (kind < 0.55) return this.#ownEdge(family)
    if (kind < 0.7) return this.#bound(family, columns.first)
    if (kind < 0.8) return this.#bound(family, columns.last)
    return this.#within({ family, bytes: new Uint8Array(family === 4 ? 4 : 16) }, 0)
  }

  /** A bound, or the address before or behind it. */
  #bound(family: 4 | 6, bounds: Int32Array): Address {
    const words = family === 4 ? 1 : 4
    const at = Math.floor(this.#random() * (bounds.length / words)) * words
    const address = readWords(Int32Array.of(family, ...bounds.subarray(at, at + words)))
    return moved(address, BigInt(Math.floor(this.#random() * 3) - 1))
  }

  #ownEdge(family: 4 | 6): Address {
    const own = Object.keys(OWN)
      .map((text) => parsePrefix(text)!)
      .filter(({ address }) => address.family === family)
    const { address, length } = own[Math.floor(this.#random() * own.length)]!
    const size = 1n << BigInt(address.bytes.length * 8 - length)
    return moved(address, [-1n, 0n, size - 1n, size][Math.floor(this.#random() * 4)]!)
  }

  /** The bits of a prefix, then any. */
  #within(first: Address, length: number): Address {
    const bytes = first.bytes.map((byte, i) => {
      const own = Math.min(8, Math.max(0, length - i * 8))
      return byte | (Math.floor(this.#random() * 256) & (0xff >> own))
    })
    return { family: first.family, bytes }
  }
}

function regionOf(name: string, i: number): Region {
  const [latitude, longitude] = SITES[name as keyof typeof SITES]
  const address = parseAddress(`192.0.2.${i + 1}`)!
  return { name, weight: i + 1, latitude, longitude, balancers: [{ address, weight: 1 }], minHealthy: 1 }
}

function serviceOf(name: string, steer: readonly StepConfig[]): Service {
  const common = { ttl: 30, leastTtl: 5, fallback: 'all', panic: 0, families: 'coherent' } as const
  return { name, regions: NAMES, steer, ...common, answers: 'addresses', hints: true }
}

function compile(networks: Networks, question: Question): ClientMap {
  const prefixes = question.prefixes.map((text) => parsePrefix(text)!)
  const result = compileRanges(overlayPrefixes(networks, prefixes), makeClassifier(question))
  if ('fault' in result) throw new Error(result.fault.message)
  return result.map
}

/** Whether all of a block lies in one range of the map as it was compiled, before it was laid out for the query path. */
function isUniform(map: ClientMap, first: Address, length: number): boolean {
  const ranges = first.family === 4 ? map.ipv4 : map.ipv6
  return rangeOf(ranges, first) === rangeOf(ranges, edgeOf(first, length))
}

function rangeOf({ family, count, start }: ClassRanges, address: Address): number {
  const words = family === 4 ? 1 : 4
  const wanted = writeWords(address)
  let [low, high] = [0, count - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    let difference = 0
    for (let i = 0; i < words && difference === 0; i++) {
      difference = (wanted[i + 1]! >>> 0) - (start[middle * words + i]! >>> 0)
    }
    if (difference < 0) high = middle - 1
    else low = middle
  }
  return low
}

/** The last address of a prefix. */
function edgeOf(first: Address, length: number): Address {
  const bytes = first.bytes.map((byte, i) => byte | (0xff >> Math.min(8, Math.max(0, length - i * 8))))
  return { family: first.family, bytes }
}

function toBig({ bytes }: Address): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}

/** Round the ends of the family. */
function moved(address: Address, by: bigint): Address {
  const bits = address.bytes.length * 8
  const value = BigInt.asUintN(bits, toBig(address) + by)
  const hex = value.toString(16).padStart(bits / 4, '0')
  return { family: address.family, bytes: Uint8Array.from(Buffer.from(hex, 'hex')) }
}
