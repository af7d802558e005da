// Events make plans, plans make snapshots. The director holds what answers now: a configuration, the zones and client
// maps built for it, and a plan made with the health of this moment. A change is prepared apart (preparation.ts) and then
// committed whole; a health event makes a new plan and publishes that part alone.
// It probes nothing, listens to nothing and logs nothing: src/wiring does.
import type { Address } from '../base/address.ts'
import { systemClock } from '../base/clock.ts'
import type { Fault } from '../base/fault.ts'
import { Turns } from '../base/turns.ts'
import { formatName } from '../dns/name.ts'
import type { FoundLocation } from '../geo/geo.ts'
import type { Arena, Part } from '../snapshot/arena.ts'
import { PICKS } from '../snapshot/plan-image.ts'
import type { Publisher } from '../snapshot/publication.ts'
import type { Preferences } from '../snapshot/pinned-slots.ts'
import type { RoundTrips } from '../steer/steer.ts'
import { aliasOf } from '../zone/alias.ts'
import type { Challenge } from '../zone/challenges.ts'
import { describeAlias } from './alias-rows.ts'
import { answersIn, unresolved, type AliasAnswers } from './aliases.ts'
import { hostNames } from './answerers.ts'
import { runBuild } from './build.ts'
import { Chronicle, type Scene } from './chronicle.ts'
import type { Conditions } from './conditions.ts'
import { CopyKeeper } from './copy-keeper.ts'
import { Forecaster } from './forecaster.ts'
import type { MadeMaps } from './map-maker.ts'
import { NO_WORDS, type Words } from './overrides/words.ts'
import type { PlaceBook } from './place-book.ts'
import { LoadBoard, type Measures } from './load-board.ts'
import type { ServicePlan } from './plan.ts'
import { PlanBook } from './plan-book.ts'
import { PlanInputs } from './plan-input.ts'
import { PlanLoop, type Round } from './plan-loop.ts'
import { Preparation, type DirectorConfig, type Prepared } from './preparation.ts'
import type { HealthById, Takes } from './survey.ts'
import type { ZoneStatus } from './zone-build.ts'

/** A change whose plan is being made. */
interface Next {
  readonly prepared: Prepared
  readonly book: PlanBook
  readonly parts: Readonly<Record<'zones' | 'clientMaps', Arena>>
}

export class Director {
  readonly #publisher: Publisher
  readonly #inputs: PlanInputs
  readonly #tallies: PlaceBook
  readonly #aliases: AliasAnswers
  readonly #preferences = new Map<string, Preferences>()
  readonly #loop: PlanLoop
  readonly #loads = new LoadBoard()
  readonly #chronicle = new Chronicle(this.#preferences)
  readonly #copies = new CopyKeeper()
  readonly #forecaster = new Forecaster((prepared) => this.#createBook(prepared))
  readonly #preparation: Preparation
  /** What answers, and its plans. */
  #committed: Prepared | undefined
  #book: PlanBook | undefined
  #next: Next | undefined
  #health: HealthById = new Map()
  #reported: ReadonlyMap<string, Takes> = new Map()
  #words = NO_WORDS
  /** Services whose load scores moved since they were last planned. */
  readonly #moved = new Set<string>()
  /** One at a time: each reads all of the geo data. */
  readonly #locating = new Turns()

  constructor(publisher: Publisher, picks: PlaceBook, tallies: PlaceBook, aliases: AliasAnswers = unresolved) {
    this.#publisher = publisher
    this.#inputs = new PlanInputs(picks, tallies, aliases)
    this.#tallies = tallies
    this.#aliases = aliases
    this.#loop = new PlanLoop(publisher, () => this.#beginRound())
    this.#preparation = new Preparation({
      publisher,
      committed: () => this.#committed,
      isCommitting: () => this.#next !== undefined,
      copied: () => this.#copies.over(),
    })
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
    return await this.#locating.take(() => runBuild('location', { source, address }))
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
   * Builds everything that a configuration needs, while the present snapshot answers. `copies`: whether last good versions of
   * zones are used.
   */
  prepare(config: DirectorConfig, copies: 'copies' | 'no-copies' = 'copies'): Promise<Prepared> {
    return this.#preparation.of(config, copies)
  }

  /** What answers now, with other round-trip times. */
  prepareRoundTrips(roundTrips: RoundTrips): Promise<Prepared> {
    return this.#preparation.withRoundTrips(roundTrips)
  }

  /** What answers now, with the geo data of now; undefined when that is what answers. Never refused. */
  prepareGeo(): Promise<Prepared | undefined> {
    return this.#preparation.withGeo()
  }

  /** What answers now, with other challenges. */
  prepareChallenges(challenges: readonly Challenge[]): Promise<Prepared> {
    return this.#preparation.withChallenges(challenges)
  }

  /** Keeps the last good versions of a committed change's zones, and gives the warnings. Never rejects. */
  keepCopies(prepared: Prepared): Promise<readonly Fault[]> {
    return this.#copies.keep(prepared)
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

  /** The plans that would answer, were things so. */
  forecast(health: HealthById, words: Words): Promise<ReadonlyMap<string, ServicePlan>> {
    return this.forecastOf(this.#current, health, words)
  }

  /** The same for a change that is prepared. */
  forecastOf(prepared: Prepared, health: HealthById, words: Words): Promise<ReadonlyMap<string, ServicePlan>> {
    return this.#forecaster.forecast(prepared, health, words, () => {
      return { scores: this.#loads.scores, reported: this.#reported, hosts: this.#aliases }
    })
  }

  #createBook({ config, clientMaps }: Prepared): PlanBook {
    return new PlanBook({
      definitions: config,
      clientMaps: clientMaps.maps,
      preferences: this.#preferences,
      tallyOf: (service, region) => this.tallyOf(service, region),
    })
  }

  /** Waits for copies that are being kept. */
  async stop(): Promise<void> {
    this.#loop.stop()
    await this.#copies.over()
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

  #arenaOf(part: Part, buffer: SharedArrayBuffer): Arena {
    return this.#publisher.arenaOf(part, buffer) ?? this.#publisher.adopt(part, buffer)
  }
}
