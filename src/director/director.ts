// Events make plans, plans make snapshots. The director holds what answers now: a configuration, the zones and client
// maps built for it, and a plan made with the health of this moment. A change is prepared apart (build workers) and then
// committed whole; a health event makes a new plan and publishes that part alone.
// It probes nothing, listens to nothing and logs nothing: main.ts wires it.
import { randomBytes } from 'node:crypto'
import { formatAddress, type Address } from '../base/address.ts'
import { isError, type Fault } from '../base/fault.ts'
import { formatName } from '../dns/name.ts'
import type { GeoSource } from '../geo/geo.ts'
import type { Arena, Part } from '../snapshot/arena.ts'
import { planPlanImage, type PlanInput } from '../snapshot/plan-image.ts'
import type { Publisher } from '../snapshot/publication.ts'
import type { Settings } from '../snapshot/settings.ts'
import type { Preferences } from '../snapshot/pinned-slots.ts'
import { aliasOf } from '../zone/alias.ts'
import { describeAlias, planAliases, unresolved, type AliasAnswers } from './alias-rows.ts'
import { runBuild } from './build.ts'
import type { ClientMapBuildOutput } from './client-map-build.ts'
import { sameSources, type ZoneSources } from './keep-copies.ts'
import { copyFault } from './last-good.ts'
import type { FoundLocation } from './locate.ts'
import type { PlaceBook } from './place-book.ts'
import { planService, type ServicePlan, type World } from './plan.ts'
import { askQuestion, type Question } from './question.ts'
import { regionsOf, type Region, type Service } from './service.ts'
import type { HealthById } from './survey.ts'
import type { ZoneBuildOutput, ZoneStatus } from './zone-build.ts'

/** What the director takes of a configuration. */
export interface DirectorConfig {
  readonly zones: string
  readonly state: string
  readonly geo: GeoSource | undefined
  readonly regions: ReadonlyMap<string, Region>
  readonly services: ReadonlyMap<string, Service>
  readonly settings: Settings
}

/** A change that is built but not yet answers. */
export interface Prepared {
  readonly config: DirectorConfig
  readonly zones: ZoneBuildOutput
  readonly clientMaps: ClientMapBuildOutput
  /** Everything that is wrong, errors and warnings, in config, zones and geo data. */
  readonly faults: readonly Fault[]
  /** True: it must not be committed, for something that answers now would be lost, or clients could not be placed. */
  readonly refused: boolean
}

/** Between tries when every arena of a part is still being read. */
const RETRY_MS = 5

const COOKIE_SECRET_BYTES = 16

/** All ALIAS names count together: they have one slot, and no regions. */
const ALIAS_PLACE = 'ALIAS'

const NO_CLIENT_MAPS: Omit<ClientMapBuildOutput, 'buffer'> = { maps: [], faults: [] }

export class Director {
  readonly #publisher: Publisher
  readonly #picks: PlaceBook
  readonly #tallies: PlaceBook
  readonly #aliases: AliasAnswers
  readonly #preferences = new Map<string, Preferences>()
  #committed: Prepared | undefined
  #health: HealthById = new Map()
  #plans: ReadonlyMap<string, ServicePlan> = new Map()
  /** Built parts that wait for the next publication. */
  #pending: Partial<Record<Part, Arena>> = {}
  #retry: NodeJS.Timeout | undefined
  readonly #ownSecret = randomBytes(COOKIE_SECRET_BYTES)
  /** Whose copies were kept by this process, by zone file. */
  readonly #kept = new Map<string, ZoneSources>()
  /** Copies of the zones last committed, while they are being kept. */
  #copying: Promise<unknown> = Promise.resolve()
  /** One at a time: each reads all of the geo data. */
  #locating: Promise<unknown> = Promise.resolve()

  constructor(publisher: Publisher, picks: PlaceBook, tallies: PlaceBook, aliases: AliasAnswers = unresolved) {
    this.#publisher = publisher
    this.#picks = picks
    this.#tallies = tallies
    this.#aliases = aliases
  }

  /** What answers now, or throws before the first commit. */
  get #current(): Prepared {
    if (!this.#committed) throw new Error('nothing was committed yet')
    return this.#committed
  }

  get zones(): readonly ZoneStatus[] {
    return this.#current.zones.zones
  }

  /** Which geo data answers; without it, client-dependent services see unknown clients only. */
  get geo(): Pick<ClientMapBuildOutput, 'describe' | 'attribution'> {
    return this.#current.clientMaps
  }

  /** The plans that answer now, by service. */
  get plans(): ReadonlyMap<string, ServicePlan> {
    return this.#plans
  }

  get world(): World {
    const { regions, services } = this.#current.config
    return { regions, services, health: this.#health, preferences: this.#preferences }
  }

  /** Names that a service answers, in presentation form. */
  ownersOf(service: string): string[] {
    return this.#current.zones.bindings
      .filter((binding) => binding.service === service)
      .map(({ owner }) => formatName(owner))
  }

  /** The service behind a binding of the zone image, counted from 0. */
  serviceOf(binding: number): Service | undefined {
    const { config, zones } = this.#current
    return config.services.get(zones.bindings[binding]?.service ?? '')
  }

  /** In words, what stands behind a binding that is an ALIAS; undefined when it is none. */
  describeAlias(binding: number): string | undefined {
    const alias = aliasOf(this.#current.zones.bindings[binding]?.service ?? '')
    return alias && describeAlias(alias.target, this.#aliases(alias.target))
  }

  /** Where the geo data places an address; undefined without data, or when it does not know. */
  async locate(address: Address): Promise<FoundLocation | undefined> {
    const source = this.#current.config.geo
    if (!source) return undefined
    const located = this.#locating.then(() => runBuild('location', { source, address }))
    this.#locating = located.catch(() => undefined)
    return await located
  }

  /** Where answers of a service with addresses of that region are tallied. */
  tallyOf(service: string, region: string): number {
    return this.#tallies.place(`${service}/${region}`, 1)
  }

  /**
   * Builds everything that a configuration needs, in threads of their own, while the present snapshot answers.
   * `copies`: whether last good versions of zones are used.
   */
  async prepare(config: DirectorConfig, copies: 'copies' | 'no-copies' = 'copies'): Promise<Prepared> {
    const questions = questionsOf(config)
    const state = copies === 'copies' ? config.state : undefined
    await this.#copying
    const [zones, clientMaps] = await Promise.all([
      this.#buildZones(config, state),
      this.#buildClientMaps(config, questions),
    ])
    const lost = this.#lostZones(zones)
    return {
      config,
      zones,
      clientMaps,
      faults: [...zones.faults, ...clientMaps.faults],
      refused: zones.refused || lost || clientMaps.faults.some(isError),
    }
  }

  /** Makes a prepared change the one that answers, with the health of this moment. */
  commit(prepared: Prepared, health: HealthById): void {
    if (prepared.refused) throw new Error('a refused change cannot be committed')
    this.#committed = prepared
    this.#health = health
    this.#pending = {
      zones: this.#arenaOf('zones', prepared.zones.buffer),
      clientMaps: this.#arenaOf('clientMaps', prepared.clientMaps.buffer),
    }
    this.#replan()
  }

  /** Plans anew after health changed. */
  applyHealth(health: HealthById): void {
    this.#health = health
    if (this.#committed) this.#replan()
  }

  /** Plans anew after addresses of ALIAS targets changed. */
  applyAliases(): void {
    if (this.#committed) this.#replan()
  }

  /** Keeps the last good versions of a committed change's zones, and gives the warnings. Never rejects. */
  keepCopies(prepared: Prepared): Promise<readonly Fault[]> {
    const copied = this.#copying
      .then(() => this.#keepChanged(prepared))
      .catch((error: unknown) => [copyFault('kept', prepared.config.zones, error)])
    this.#copying = copied
    return copied
  }

  async #keepChanged({ config, zones }: Prepared): Promise<readonly Fault[]> {
    const changed = zones.sources.filter((sources) => !sameSources(sources, this.#kept.get(sources.zoneFile)))
    if (changed.length === 0) return []
    const built = await runBuild('copies', { folder: config.zones, state: config.state, zones: changed })
    const kept = new Set(built.kept)
    for (const sources of changed) if (kept.has(sources.zoneFile)) this.#kept.set(sources.zoneFile, sources)
    return built.faults
  }

  /** Waits for copies that are being kept. */
  async stop(): Promise<void> {
    clearTimeout(this.#retry)
    await this.#copying
  }

  /** The newest plan wins: a publication that has to wait for memory is made anew, with the health of then. */
  #replan(): void {
    clearTimeout(this.#retry)
    const image = planPlanImage(this.#planAll())
    const plan = this.#publisher.free('plan', image.byteLength)
    if (plan) image.write(plan.buffer)
    if (plan && this.#publisher.publish({ ...this.#pending, plan })) this.#pending = {}
    else this.#retry = setTimeout(() => this.#replan(), RETRY_MS)
  }

  #planAll(): PlanInput {
    const { config, zones, clientMaps } = this.#current
    const plans = [...config.services.values()].map((service) => {
      const key = askQuestion(service, config)?.key
      const clientMap = clientMaps.maps.findIndex((map) => map.key === key)
      const classes = clientMaps.maps[clientMap]?.classes.map(({ representative }) => representative ?? {})
      return planService(service, this.world, classes, clientMap)
    })
    this.#plans = new Map(plans.map((plan) => [plan.service.name, plan]))
    const services = [...plans.map(({ rows }) => rows), ...planAliases(zones.bindings, this.#aliases)]
    const index = new Map(services.map(({ name }, i) => [name, i]))
    return {
      settings: { ...config.settings, cookieSecrets: this.#cookieSecrets(config) },
      services,
      bindings: zones.bindings.map(({ owner, service }) => {
        const position = index.get(service)!
        const classes = services[position]!.rows.length
        const key = aliasOf(service) ? ALIAS_PLACE : `${formatName(owner)} ${service}`
        return { service: position, picks: this.#picks.place(key, classes * 2) }
      }),
      clientMaps: clientMaps.maps.map(({ offset }) => offset),
      tallyOf: this.#tallyFinder(config),
    }
  }

  /** Without a configured secret one is made up, and kept as long as this process runs. */
  #cookieSecrets({ settings: { cookieSecrets } }: DirectorConfig): readonly Uint8Array[] {
    return cookieSecrets.length > 0 ? cookieSecrets : [this.#ownSecret]
  }

  /** An answer counts for the region of its first address. */
  #tallyFinder(config: DirectorConfig): PlanInput['tallyOf'] {
    const regionOf = new Map<string, string>()
    for (const service of config.services.values()) {
      for (const region of [...regionsOf(service, config)].reverse()) {
        for (const { address } of config.regions.get(region)!.balancers) {
          regionOf.set(`${service.name}/${formatAddress(address)}`, region)
        }
      }
    }
    return ({ name }, [first]) => {
      if (aliasOf(name)) return this.#tallies.place(ALIAS_PLACE, 1)
      const region = first && regionOf.get(`${name}/${formatAddress(first)}`)
      return this.tallyOf(name, region ?? '')
    }
  }

  async #buildZones({ zones: folder, services }: DirectorConfig, state: string | undefined): Promise<ZoneBuildOutput> {
    return runBuild('zones', { folder, state, services: [...services.keys()], buffer: await this.#idle('zones') })
  }

  /** Maps are kept when neither the data nor the questions changed: zones are edited far more often. */
  async #buildClientMaps({ geo }: DirectorConfig, questions: readonly Question[]): Promise<ClientMapBuildOutput> {
    const buffer = await this.#idle('clientMaps')
    const asked = geo ? questions : questions.filter(({ prefixes }) => prefixes.length > 0)
    if (!geo && asked.length === 0) return { ...NO_CLIENT_MAPS, buffer }
    return runBuild('clientMaps', { source: geo, questions: asked, buffer })
  }

  /** Memory of a part that nobody reads. Waits for slow workers; a stalled one is replaced by its supervisor. */
  async #idle(part: Part): Promise<SharedArrayBuffer> {
    for (;;) {
      const arena = this.#pending[part] ? undefined : this.#publisher.free(part, Int32Array.BYTES_PER_ELEMENT)
      if (arena) return arena.buffer
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }

  #arenaOf(part: Part, buffer: SharedArrayBuffer): Arena {
    return this.#publisher.arenaOf(part, buffer) ?? this.#publisher.adopt(part, buffer)
  }

  /** Whether a zone that answers now would have no version to answer with. */
  #lostZones({ zones }: ZoneBuildOutput): boolean {
    const failed = new Set(zones.filter(({ state }) => state === 'failed').map(({ origin }) => origin))
    return this.#committed?.zones.zones.some(({ origin, state }) => state !== 'failed' && failed.has(origin)) ?? false
  }
}

function questionsOf(config: DirectorConfig): Question[] {
  const questions = new Map<string, Question>()
  for (const service of config.services.values()) {
    const question = askQuestion(service, config)
    if (question) questions.set(question.key, question)
  }
  return [...questions.values()]
}
