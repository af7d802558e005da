// Events make plans, plans make snapshots. The director holds what answers now: a configuration, the zones and client
// maps built for it, and a plan made with the health of this moment. A change is prepared apart (build workers) and then
// committed whole; a health event makes a new plan and publishes that part alone.
// It probes nothing, listens to nothing and logs nothing: main.ts wires it.
import type { Address } from '../base/address.ts'
import { systemClock } from '../base/clock.ts'
import { isError, type Fault } from '../base/fault.ts'
import { formatName } from '../dns/name.ts'
import type { FoundLocation, GeoSource } from '../geo/geo.ts'
import type { Arena, Part } from '../snapshot/arena.ts'
import { PICKS } from '../snapshot/plan-image.ts'
import type { Publisher } from '../snapshot/publication.ts'
import type { Settings } from '../snapshot/settings.ts'
import type { Preferences } from '../snapshot/pinned-slots.ts'
import type { RoundTrips } from '../steer/steer.ts'
import { aliasOf } from '../zone/alias.ts'
import type { Challenge } from '../zone/challenges.ts'
import type { ZoneLimits } from '../zone/reading.ts'
import { describeAlias } from './alias-rows.ts'
import { answersIn, unresolved, type AliasAnswers } from './aliases.ts'
import { hostNames } from './answerers.ts'
import { runBuild } from './build.ts'
import { sameSources, type ZoneSources } from './keep-copies.ts'
import { Chronicle, type Scene } from './chronicle.ts'
import type { Conditions } from './conditions.ts'
import type { HistoryLimits } from './history.ts'
import { copyFault } from './last-good.ts'
import { makeMaps, type MadeMaps } from './map-maker.ts'
import { NO_WORDS, type Words } from './overrides/words.ts'
import type { PlaceBook } from './place-book.ts'
import { LoadBoard, type Measures } from './load-board.ts'
import type { ServicePlan } from './plan.ts'
import { PlanBook } from './plan-book.ts'
import { PlanInputs } from './plan-input.ts'
import { PlanLoop, type Round } from './plan-loop.ts'
import { askQuestion, type Question } from './question.ts'
import { answersCname, type Region, type Service } from './service.ts'
import { runApart } from './slices.ts'
import type { HealthById, Takes } from './survey.ts'
import type { ZoneBuildOutput, ZoneStatus } from './zone-build.ts'

/** What the director takes of a configuration. */
export interface DirectorConfig {
  readonly zones: string
  readonly state: string
  readonly geo: GeoSource | undefined
  readonly regions: ReadonlyMap<string, Region>
  readonly services: ReadonlyMap<string, Service>
  readonly settings: Settings
  readonly zoneLimits: ZoneLimits
  /** What regions measured, for `fastest`; missing: nothing. */
  readonly roundTrips?: RoundTrips
  /** Records beside those of zone files; missing: none. */
  readonly challenges?: readonly Challenge[]
  /** How far back plans can be told again. */
  readonly history?: HistoryLimits
}

/** A change whose plan is being made. */
interface Next {
  readonly prepared: Prepared
  readonly book: PlanBook
  readonly parts: Readonly<Record<'zones' | 'clientMaps', Arena>>
}

/** A change that is built but not yet answers. */
export interface Prepared {
  readonly config: DirectorConfig
  readonly zones: ZoneBuildOutput
  readonly clientMaps: MadeMaps
  /** Everything that is wrong, errors and warnings, in config, zones and geo data. */
  readonly faults: readonly Fault[]
  /** True: it must not be committed, for something that answers now would be lost, or clients could not be placed. */
  readonly refused: boolean
}

/** Between tries when every arena of a part is still being read. */
const RETRY_MS = 5

export class Director {
  readonly #publisher: Publisher
  readonly #inputs: PlanInputs
  readonly #tallies: PlaceBook
  readonly #aliases: AliasAnswers
  readonly #preferences = new Map<string, Preferences>()
  readonly #loop: PlanLoop
  readonly #loads = new LoadBoard()
  readonly #chronicle = new Chronicle(this.#preferences)
  /** What answers, and its plans. */
  #committed: Prepared | undefined
  #book: PlanBook | undefined
  #next: Next | undefined
  /** Plans of what might be, for whoever asks. */
  #shadow: { readonly of: Prepared; readonly book: PlanBook } | undefined
  #forecasting: Promise<unknown> = Promise.resolve()
  #health: HealthById = new Map()
  #reported: ReadonlyMap<string, Takes> = new Map()
  #words = NO_WORDS
  /** Services whose load scores moved since they were last planned. */
  readonly #moved = new Set<string>()
  /** Whose copies were kept by this process, by zone file. */
  readonly #kept = new Map<string, ZoneSources>()
  /** Copies of the zones last committed, while they are being kept. */
  #copying: Promise<unknown> = Promise.resolve()
  /** One at a time: each reads all of the geo data. */
  #locating: Promise<unknown> = Promise.resolve()

  constructor(publisher: Publisher, picks: PlaceBook, tallies: PlaceBook, aliases: AliasAnswers = unresolved) {
    this.#publisher = publisher
    this.#inputs = new PlanInputs(picks, tallies, aliases)
    this.#tallies = tallies
    this.#aliases = aliases
    this.#loop = new PlanLoop(publisher, () => this.#beginRound())
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
  get geo(): Pick<MadeMaps, 'describe' | 'attribution' | 'stamp' | 'isStale'> {
    return this.#current.clientMaps
  }

  /** The plans that answer now, by service. */
  get plans(): ReadonlyMap<string, ServicePlan> {
    return this.#book?.plans ?? new Map()
  }

  /** What answers now; or, at a moment of the past (wall-clock ms), what did then, as far as the history reaches. */
  scene(at?: number): Scene | undefined {
    if (at !== undefined) return this.#chronicle.past(at)
    return this.#chronicle.present(this.#conditionsOf(this.#current), this.#publisher.generation)
  }

  /** Of this instant, for that configuration. */
  #conditionsOf({ config }: Prepared): Conditions {
    const names = Array.from(hostNames(config.regions.values()), (name) => [name, this.#aliases(name)] as const)
    const { scores } = this.#loads
    const [health, reported, words] = [this.#health, this.#reported, this.#words]
    return { health, reported, scores, words, resolved: new Map(names) }
  }

  get history(): Chronicle['extent'] {
    return this.#chronicle.extent
  }

  /** What targets of ALIAS records and host names resolve to at this moment. */
  get hosts(): AliasAnswers {
    return this.#aliases
  }

  /** What operators say at this moment. */
  get words(): Words {
    return this.#words
  }

  /** Names that a service answers, in presentation form. */
  ownersOf(service: string): string[] {
    return this.#current.zones.bindings
      .filter((binding) => binding.service === service)
      .map(({ owner }) => formatName(owner))
  }

  /** Places of the counters of each client class of a service, by class: `PICKS` for each of its names. */
  picksOf(service: string): readonly (readonly number[])[] {
    const classes = this.plans.get(service)?.classes.length ?? 0
    const starts = this.#inputs.picksOf(service, this.#current.zones.bindings, classes)
    const placesOf = (row: number) =>
      starts.flatMap((at) => Array.from({ length: PICKS }, (_, pick) => at + row * PICKS + pick))
    return Array.from({ length: classes }, (_, row) => placesOf(row))
  }

  /** In words, what stands behind an ALIAS that such a service stands for; undefined when it is none. */
  describeAlias(service: string): string | undefined {
    const alias = aliasOf(service)
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

  /** The contrary of `tallyOf`: whose answers are tallied there. An empty region: answers without an address. */
  tallied(place: number): { readonly service: string; readonly region: string } | undefined {
    const [service, region] = this.#tallies.ownerOf(place)?.split('/') ?? []
    return service === undefined || region === undefined ? undefined : { service, region }
  }

  /**
   * Builds everything that a configuration needs, in threads of their own, while the present snapshot answers.
   * `copies`: whether last good versions of zones are used.
   */
  async prepare(config: DirectorConfig, copies: 'copies' | 'no-copies' = 'copies'): Promise<Prepared> {
    const state = copies === 'copies' ? config.state : undefined
    await this.#copying
    const [zones, clientMaps] = await Promise.all([this.#buildZones(config, state), this.#makeMaps(config)])
    const lost = this.#lostZones(zones)
    return {
      config,
      zones,
      clientMaps,
      faults: [...zones.faults, ...clientMaps.faults],
      refused: zones.refused || lost || isRefused(clientMaps),
    }
  }

  /** Prepares what answers now with other round-trip times: zones stay, client maps are built anew. */
  async prepareRoundTrips(roundTrips: RoundTrips): Promise<Prepared> {
    const { config: before, zones } = this.#current
    const config = { ...before, roundTrips }
    const clientMaps = await this.#makeMaps(config)
    return { config, zones, clientMaps, faults: clientMaps.faults, refused: isRefused(clientMaps) }
  }

  /** What answers, with the geo data of now; undefined when that is what answers. Never refused: data with faults changes nothing. */
  async prepareGeo(): Promise<Prepared | undefined> {
    const current = this.#current
    const clientMaps = await this.#makeMaps(current.config)
    if (clientMaps === current.clientMaps) return undefined
    return { ...current, clientMaps, faults: clientMaps.faults, refused: false }
  }

  /** Prepares what answers now with other challenges: zones are read again, client maps stay. */
  async prepareChallenges(challenges: readonly Challenge[]): Promise<Prepared> {
    const { config: before, clientMaps } = this.#current
    const config = { ...before, challenges }
    await this.#copying
    const zones = await this.#buildZones(config, config.state)
    return { config, zones, clientMaps, faults: zones.faults, refused: zones.refused || this.#lostZones(zones) }
  }

  /** Makes a prepared change the one that answers, with the health of the moment. Resolves when it does. */
  async commit(prepared: Prepared, health: HealthById): Promise<void> {
    if (prepared.refused) throw new Error('a refused change cannot be committed')
    this.#health = health
    this.#loads.configure(prepared.config)
    this.#next = {
      prepared,
      book: this.#createBook(prepared),
      parts: {
        zones: this.#arenaOf('zones', prepared.zones.buffer),
        clientMaps: this.#arenaOf('clientMaps', prepared.clientMaps.buffer),
      },
    }
    await this.#loop.ask()
  }

  /** Plans anew whatever changed health touches. Resolves as `PlanLoop.ask` does: false when no answer changes. */
  async applyHealth(health: HealthById): Promise<boolean> {
    this.#health = health
    return this.#replan()
  }

  /** Plans anew whatever the newest reports of load move; resolves as `applyHealth` does. */
  async applyMeasures(measures: Measures): Promise<boolean> {
    for (const service of this.#loads.take(measures)) this.#moved.add(service)
    return this.#replan()
  }

  /** Plans anew after regions told what they can take, and their load; resolves as `applyHealth` does. */
  applyReports(reported: ReadonlyMap<string, Takes>, measures: Measures): Promise<boolean> {
    this.#reported = reported
    return this.applyMeasures(measures)
  }

  /** Plans anew after operators said something else, or a ramp of theirs went on; resolves as `applyHealth` does. */
  applyWords(words: Words): Promise<boolean> {
    this.#words = words
    return this.#replan()
  }

  /** Plans anew after addresses of ALIAS targets or host names changed; resolves as `applyHealth` does. */
  async applyAliases(health: HealthById): Promise<boolean> {
    this.#health = health
    this.#inputs.forgetAliases()
    return this.#replan()
  }

  /** Before the first commit there is nothing to plan: that is made with the health of its moment. */
  #replan(): Promise<boolean> {
    return this.#committed || this.#next ? this.#loop.ask() : Promise.resolve(false)
  }

  /** The plans that would answer, were things so: made by the planner itself, and published nowhere. One at a time. */
  forecast(health: HealthById, words: Words): Promise<ReadonlyMap<string, ServicePlan>> {
    return this.forecastOf(this.#current, health, words)
  }

  /** The same for a change that is prepared. */
  forecastOf(prepared: Prepared, health: HealthById, words: Words): Promise<ReadonlyMap<string, ServicePlan>> {
    const made = this.#forecasting.then(async () => {
      if (this.#shadow?.of !== prepared) this.#shadow = { of: prepared, book: this.#createBook(prepared) }
      const { book } = this.#shadow
      book.look(health, this.#loads.scores, [], this.#reported, words, this.#aliases)
      await runApart(book.replan())
      return book.plans
    })
    this.#forecasting = made.catch(() => undefined)
    return made
  }

  #createBook({ config, clientMaps }: Prepared): PlanBook {
    return new PlanBook({
      definitions: config,
      clientMaps: clientMaps.maps,
      preferences: this.#preferences,
      tallyOf: (service, region) => this.tallyOf(service, region),
    })
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
    this.#loop.stop()
    await this.#copying
  }

  #beginRound(): Round {
    const next = this.#next
    const book = next?.book ?? this.#book!
    const prepared = next?.prepared ?? this.#current
    const conditions = this.#conditionsOf(prepared)
    const { health, scores, reported, words, resolved } = conditions
    book.look(health, scores, this.#moved, reported, words, answersIn(resolved))
    this.#moved.clear()
    const change = this.#chronicle.compare(conditions)
    return {
      book,
      isDue: next !== undefined || this.#inputs.isStale,
      parts: next?.parts ?? {},
      input: () =>
        this.#inputs.make(
          {
            settings: prepared.config.settings,
            bindings: prepared.zones.bindings,
            clientMaps: prepared.clientMaps.maps,
          },
          book,
        ),
      published: () => {
        if (prepared !== this.#committed) this.#chronicle.beginEra(prepared, systemClock.wall())
        this.#committed = prepared
        this.#book = book
        if (this.#next === next) this.#next = undefined
      },
      settled: () => this.#chronicle.settle(change, systemClock.wall(), this.#publisher.generation),
    }
  }

  async #buildZones(config: DirectorConfig, state: string | undefined): Promise<ZoneBuildOutput> {
    const { zones: folder, zoneLimits: limits, challenges = [] } = config
    const services = [...config.services.keys()]
    const cnameServices = [...config.services.values()].filter(answersCname).map(({ name }) => name)
    const buffer = await this.#idle('zones')
    return runBuild('zones', { folder, state, services, cnameServices, limits, challenges, buffer })
  }

  #makeMaps(config: DirectorConfig): Promise<MadeMaps> {
    const { geo: source } = config
    const before = this.#committed?.clientMaps
    return makeMaps({ source, questions: questionsOf(config), before, idle: () => this.#idle('clientMaps') })
  }

  /** Memory of a part that nobody reads. Waits for slow workers; a stalled one is replaced by its supervisor. */
  async #idle(part: Part): Promise<SharedArrayBuffer> {
    for (;;) {
      const isWaited = part !== 'plan' && this.#next !== undefined
      const arena = isWaited ? undefined : this.#publisher.free(part, Int32Array.BYTES_PER_ELEMENT)
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

/** Faults of newer data refuse nothing while older maps stand in. */
function isRefused({ faults, isStale }: MadeMaps): boolean {
  return faults.some(isError) && !isStale
}

function questionsOf(config: DirectorConfig): Question[] {
  const questions = new Map<string, Question>()
  for (const service of config.services.values()) {
    const question = askQuestion(service, config)
    if (question) questions.set(question.key, question)
  }
  return [...questions.values()]
}
