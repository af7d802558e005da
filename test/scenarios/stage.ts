// Where a scenario plays: a director's planning and the query path, with virtual time and without a socket. Config text
// becomes planners and client maps as in the director; every change makes a new plan image for the same query worker.
import { formatAddress, parseAddress, type Address } from '../../src/base/address.ts'
import { formatFault } from '../../src/base/fault.ts'
import { parsePrefix } from '../../src/base/prefix.ts'
import { formatExplanation } from '../../src/cli/explain.ts'
import { plainPaint } from '../../src/cli/paint.ts'
import type { Config } from '../../src/config/config.ts'
import { parseConfig } from '../../src/config/load.ts'
import { textOf } from '../../src/director/address-text.ts'
import { answersIn, type AliasAnswer } from '../../src/director/aliases.ts'
import { answerersOf } from '../../src/director/answerers.ts'
import type { Era } from '../../src/director/era.ts'
import { explain, type ExplainedType } from '../../src/director/explain.ts'
import { PlanHistory } from '../../src/director/history.ts'
import { LoadBoard, type RegionMeasure } from '../../src/director/load-board.ts'
import { createPlanner, momentOf, type Planner, type World } from '../../src/director/plan.ts'
import { askQuestion, makeClassifier, type Question } from '../../src/director/question.ts'
import { runAtOnce } from '../../src/director/slices.ts'
import { compileRanges, type ClientMap } from '../../src/geo/client-map.ts'
import { continentOf } from '../../src/geo/continent.ts'
import type { Location, Networks } from '../../src/geo/geo.ts'
import { flattenPrefixes } from '../../src/geo/locator/flatten.ts'
import { overlayPrefixes } from '../../src/geo/overlay.ts'
import { coldCheck, healthOf, isUndecided, observe, type Check } from '../../src/health/threshold.ts'
import type { RoundTrips } from '../../src/steer/steer.ts'
import { buildSnapshot, createAsker, type Asker, type TestSnapshot } from '../support/query-worker.ts'
import type { DecodedMessage } from '../support/message.ts'
import type { Line, Scenario } from './script.ts'

const HEAD = 'listen: ["127.0.0.1:5300"]\nzones: zones\n'
const TIMES = 'roundTrips: round-trips.txt\n'
const GEO = 'geo: { source: geoip-lite }\n'

const NO_IMAGE = { memory: undefined, byteLength: 0, isKept: false }

const ZONE = '@ 3600 IN SOA ns hostmaster 1 7200 1800 1209600 300\n@ 3600 IN NS ns\nns 3600 IN A 127.0.0.1\n'

/** One balancer as probes see it. */
interface Probed {
  check: Check
  isWell: boolean
  /** Ms of the next probe. */
  nextAt: number
}

export class Stage {
  readonly #networks: Networks
  readonly #locations: Map<string, Location>
  readonly #roundTrips: RoundTrips
  readonly #zone: string
  readonly #preferences: World['preferences'] = new Map()
  readonly #loads = new LoadBoard()
  readonly #measures = new Map<string, RegionMeasure>()
  readonly #probed = new Map<string, Probed>()
  /** By host name with its final dot. */
  readonly #resolved = new Map<string, AliasAnswer>()
  readonly #hasGeo: boolean
  readonly #history = new PlanHistory()
  #era!: Era
  #now = 0
  #config!: Config
  #planners: readonly Planner[] = []
  #maps: readonly ClientMap[] = []
  #asker: Asker | undefined

  constructor({ config, clients, roundTrips, names }: Scenario) {
    this.#locations = new Map(clients.map(readClient))
    this.#networks = networksOf(this.#locations)
    this.#roundTrips = new Map(roundTrips.map(readRoundTrips))
    this.#zone = `${ZONE}${names.map(({ text }) => text.trim()).join('\n')}\n`
    this.#hasGeo = clients.length > 0
    this.configure(config)
  }

  /** Takes a config as a reload does: health and preferences stay. */
  configure(text: string): void {
    const times = this.#roundTrips.size > 0 ? TIMES : ''
    const { config, faults } = parseConfig(`${HEAD}${this.#hasGeo ? GEO : ''}${times}${text}`, 'scenario')
    if (!config) throw new Error(faults.map(formatFault).join('\n'))
    this.#config = config
    this.#watchBalancers()
    this.#loads.configure(this.#world)
    const { regions, services, roundTrips } = this.#world
    const definitions = { regions, services, ...(roundTrips && { roundTrips }) }
    const images = { zones: NO_IMAGE, clientMaps: NO_IMAGE }
    this.#era = this.#history.beginEra({ definitions, geo: undefined, bindings: [], clientMaps: [], images }, this.#now)
    const questions = new Map<string, Question>()
    for (const service of config.services.values()) {
      const question = askQuestion(service, this.#world)
      if (question) questions.set(question.key, question)
    }
    const keys = [...questions.keys()]
    this.#maps = [...questions.values()].map((question) => this.#compile(question))
    this.#planners = [...config.services.values()].map((service) => {
      const clientMap = keys.indexOf(askQuestion(service, this.#world)?.key ?? '')
      const clients = this.#maps[clientMap]?.classes.map(({ representative }) => representative ?? {}) ?? []
      return createPlanner(service, this.#world, this.#preferences, { clients, clientMap, shapes: new Map() })
    })
    this.#publish()
  }

  ask(name: string, type: string, client: string | undefined): DecodedMessage {
    const address = client === undefined ? undefined : parse(client)
    const clientSubnet = address && { address: formatAddress(address), source: address.bytes.length * 8 }
    return this.#asker!.ask({ name: `${name}.example.com`, type, edns: clientSubnet ? { clientSubnet } : {} })
  }

  /** The explanation as the command line prints it, of now or of so many ms ago. */
  explain(name: string, type: ExplainedType, client: string | undefined, agoMs: number | undefined): string {
    const [, service] = new RegExp(`^${name}\\s+(?:IN\\s+)?LB\\s+(\\S+)`, 'm').exec(this.#zone) ?? []
    const address = client === undefined ? undefined : parse(client)
    const location = client === undefined ? undefined : this.#locate(address!)
    const world = agoMs === undefined ? this.#world : this.#worldAt(this.#now - agoMs)
    const told = explain(
      {
        name: `${name}.example.com`,
        type,
        ...(address && { client: { address, why: 'scenario', ...(location && { location }) } }),
      },
      world.services.get(service ?? '')!,
      world,
    )
    return formatExplanation(told, plainPaint)
  }

  /** States change at once, as if probes had decided. */
  force(ids: readonly string[], state: 'up' | 'down'): void {
    for (const id of ids) {
      const probed = this.#probed.get(id)!
      probed.isWell = state === 'up'
      probed.check = { ...settled(this.#now), state, reason: state === 'up' ? '200' : '503', provisional: false }
    }
    this.#publish()
  }

  /** From now on probes see this. */
  turn(ids: readonly string[], isWell: boolean): void {
    for (const id of ids) this.#probed.get(id)!.isWell = isWell
  }

  report(region: string, measure: Omit<RegionMeasure, 'at'>): void {
    this.#measures.set(region, { ...measure, at: this.#now })
    this.#loads.take(this.#measures)
    this.#publish()
  }

  /** Probes run at their times; each observation makes a plan. */
  wait(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const [next] = [...this.#probed]
        .filter(([, { nextAt }]) => nextAt <= until)
        .sort((a, b) => a[1].nextAt - b[1].nextAt)
      if (!next) break
      this.#probe(...next)
    }
    this.#now = until
  }

  /** `us` for an address of the region us, `us#2` for its second one of that family, `us` for its host name; else the text. */
  nameOf(text: string): string {
    for (const region of this.#config.regions.values()) {
      const all = answerersOf(region, (host) => this.#hosts(host)).map(({ address }) => address)
      const found = all.find((each) => textOf(each) === text.replace(/\.$/, ''))
      if (!found) continue
      const own = all.filter(({ family }) => family === found.family)
      return own.length === 1 ? region.name : `${region.name}#${own.indexOf(found) + 1}`
    }
    return text
  }

  /** Without the number of an address. */
  regionOf(text: string): string {
    return this.nameOf(text).replace(/#.*/, '')
  }

  /** From now on the host name has these addresses; undefined: nothing is known of it. */
  resolve(
    host: string,
    addresses: readonly string[] | undefined,
    about: { readonly ttl: number; readonly isStale: boolean },
  ): void {
    const family = (own: 4 | 6) => {
      const found = addresses?.map(parse).filter((each) => each.family === own)
      return found ? { addresses: found, ...about } : 'servfail'
    }
    this.#resolved.set(`${host}.`, { ipv4: family(4), ipv6: family(6) })
    this.#watchBalancers()
    this.#publish()
  }

  #hosts(name: string): AliasAnswer {
    return answersIn(this.#resolved)(name)
  }

  /** The ids of a region's balancers, or of one (`us#2`, counted over both families). */
  idsOf(text: string): readonly string[] {
    const [name = '', index] = text.split('#')
    const region = this.#config.regions.get(name)
    if (!region) throw new Error(`there is no region ${name}`)
    const ids = answerersOf(region, (host) => this.#hosts(host)).flatMap(({ target }) => target ?? [])
    return index === undefined ? [...new Set(ids)] : [ids[Number(index) - 1]!]
  }

  #worldAt(at: number): World {
    const past = this.#history.find(at)
    if (!past) throw new Error('nothing was planned then')
    return { ...past.era.definitions, ...past.conditions, preferences: this.#preferences }
  }

  get #world(): World {
    const { regions, services } = this.#config
    const health = new Map(Array.from(this.#probed, ([id, { check }]) => [id, healthOf(check)]))
    return {
      ...{ regions, services, health, roundTrips: this.#roundTrips },
      ...{ scores: this.#loads.scores, preferences: this.#preferences, resolved: this.#resolved },
    }
  }

  /** Balancers that stay keep their state; new ones are up. */
  #watchBalancers(): void {
    const ids = [...this.#config.regions.keys()].flatMap((name) => this.idsOf(name))
    for (const id of this.#probed.keys()) if (!ids.includes(id)) this.#probed.delete(id)
    for (const id of ids) {
      if (!this.#probed.has(id)) this.#probed.set(id, { check: settled(this.#now), isWell: true, nextAt: this.#now })
    }
  }

  #compile(question: Question): ClientMap {
    const prefixes = question.prefixes.map((text) => parsePrefix(text)!)
    const result = compileRanges(overlayPrefixes(this.#networks, prefixes), makeClassifier(question))
    if ('fault' in result) throw new Error(result.fault.message)
    return result.map
  }

  #probe(id: string, probed: Probed): void {
    const monitor = this.#config.regions.get(id.slice(0, id.indexOf('/')))!.monitor
    if (!monitor || !('intervalMs' in monitor)) {
      probed.nextAt = Infinity
      return
    }
    const { isWell, nextAt: startedAt } = probed
    this.#now = startedAt
    const outcome = isWell ? 'success' : 'failure'
    const seen = { outcome, reason: isWell ? '200' : '503', startedAt, tookMs: 1 } as const
    probed.check = observe(probed.check, seen, monitor, startedAt)
    probed.nextAt += isUndecided(probed.check) ? monitor.fastIntervalMs : monitor.intervalMs
    this.#publish()
  }

  #publish(): void {
    const moment = momentOf(this.#world)
    const parts: TestSnapshot = {
      zones: { 'example.com': this.#zone },
      services: this.#planners.map((planner) => runAtOnce(planner.plan(moment)).rows),
      clientMaps: this.#maps,
    }
    if (this.#asker) Object.assign(this.#asker.worker.snapshot, buildSnapshot(parts))
    else this.#asker = createAsker(parts)
    this.#remember()
  }

  #remember(): void {
    const { health, scores = new Map() } = this.#world
    const change = this.#history.compare({ health, scores, reported: new Map(), resolved: this.#resolved })
    this.#history.add(change, this.#now, this.#history.length + 1, this.#era)
  }

  #locate(address: Address): Location | undefined {
    const holding = [...this.#locations.keys()]
      .map((text) => parsePrefix(text)!)
      .filter((prefix) => overlaps(prefix, address))
      .sort((a, b) => b.length - a.length)
    return holding[0] && this.#locations.get(`${formatAddress(holding[0].address)}/${holding[0].length}`)
  }
}

/** Up, and seen so often that nothing is undecided. */
function settled(at: number): Check {
  const seen = { outcome: 'success', reason: '200', startedAt: -1, tookMs: 1 } as const
  return observe(coldCheck(at), seen, { healthyThreshold: 1, unhealthyThreshold: 3 }, at)
}

function parse(text: string): Address {
  const address = parseAddress(text)
  if (!address) throw new Error(`${text} is no address`)
  return address
}

function overlaps({ address: first, length }: { address: Address; length: number }, address: Address): boolean {
  if (first.family !== address.family) return false
  const bits = (each: Address) => Array.from(each.bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')
  return bits(first).slice(0, length) === bits(address).slice(0, length)
}

function readClient({ number, text }: Line): [string, Location] {
  const [prefix = '', ...words] = text.trim().split(/\s+/)
  if (!parsePrefix(prefix)) throw new Error(`line ${number}: ${prefix} is no prefix`)
  const location = words.map((word): Location => {
    const [latitude, longitude] = word.split(',').map(Number)
    if (/^AS\d+$/.test(word)) return { asn: Number(word.slice(2)) }
    if (longitude !== undefined) return { latitude: latitude!, longitude }
    const continent = continentOf(word)
    if (continent === undefined) throw new Error(`line ${number}: ${word} is no country`)
    return { country: word, continent }
  })
  return [prefix, Object.assign({}, ...location) as Location]
}

function networksOf(locations: ReadonlyMap<string, Location>): Networks {
  const placed = [...locations.keys()].map((text, location) => ({ prefix: parsePrefix(text)!, location }))
  return { ipv4: flattenPrefixes(4, placed), ipv6: flattenPrefixes(6, placed), locations: [...locations.values()] }
}

function readRoundTrips({ text }: Line): [string, Record<string, number>] {
  const [prefix = '', ...words] = text.trim().split(/\s+/)
  const times = words.flatMap((word, i) => (i % 2 === 0 ? [[word, Number(words[i + 1])] as const] : []))
  return [prefix, Object.fromEntries(times)]
}
