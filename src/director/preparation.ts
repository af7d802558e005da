// A change before it answers: zones and client maps are built for a configuration in threads of their own, into memory that
// nobody reads, while the present snapshot answers. What came of it is committed by the director, or dropped.
import { isError, type Fault } from '../base/fault.ts'
import type { GeoSource } from '../geo/geo.ts'
import type { Part } from '../snapshot/arena.ts'
import type { Publisher } from '../snapshot/publication.ts'
import type { Settings } from '../snapshot/settings.ts'
import type { RoundTrips } from '../steer/steer.ts'
import type { Challenge } from '../zone/challenges.ts'
import type { ZoneLimits } from '../zone/reading.ts'
import { runBuild } from './build.ts'
import type { HistoryLimits } from './history.ts'
import { makeMaps, type MadeMaps } from './map-maker.ts'
import { askQuestion, type Question } from './question.ts'
import { answersCname, type Region, type Service } from './service.ts'
import type { ZoneBuildOutput } from './zone-build.ts'

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

export interface PreparationParts {
  readonly publisher: Publisher
  /** What answers now; undefined before the first commit. */
  readonly committed: () => Prepared | undefined
  /** A change was committed, and its plan is being made. */
  readonly isCommitting: () => boolean
  /** Resolves when the copies of zones that are being kept are on the disk: builds read them. */
  readonly copied: () => Promise<unknown>
}

/** Between tries when every arena of a part is still being read. */
const RETRY_MS = 5

export class Preparation {
  readonly #parts: PreparationParts

  constructor(parts: PreparationParts) {
    this.#parts = parts
  }

  /**
   * Builds everything that a configuration needs, in threads of their own, while the present snapshot answers.
   * `copies`: whether last good versions of zones are used.
   */
  async of(config: DirectorConfig, copies: 'copies' | 'no-copies' = 'copies'): Promise<Prepared> {
    const state = copies === 'copies' ? config.state : undefined
    await this.#parts.copied()
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
  async withRoundTrips(roundTrips: RoundTrips): Promise<Prepared> {
    const { config: before, zones } = this.#current
    const config = { ...before, roundTrips }
    const clientMaps = await this.#makeMaps(config)
    return { config, zones, clientMaps, faults: clientMaps.faults, refused: isRefused(clientMaps) }
  }

  /** What answers, with the geo data of now; undefined when that is what answers. Never refused: data with faults changes nothing. */
  async withGeo(): Promise<Prepared | undefined> {
    const current = this.#current
    const clientMaps = await this.#makeMaps(current.config)
    if (clientMaps === current.clientMaps) return undefined
    return { ...current, clientMaps, faults: clientMaps.faults, refused: false }
  }

  /** Prepares what answers now with other challenges: zones are read again, client maps stay. */
  async withChallenges(challenges: readonly Challenge[]): Promise<Prepared> {
    const { config: before, clientMaps } = this.#current
    const config = { ...before, challenges }
    await this.#parts.copied()
    const zones = await this.#buildZones(config, config.state)
    return { config, zones, clientMaps, faults: zones.faults, refused: zones.refused || this.#lostZones(zones) }
  }

  get #current(): Prepared {
    const committed = this.#parts.committed()
    if (!committed) throw new Error('nothing was committed yet')
    return committed
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
    const before = this.#parts.committed()?.clientMaps
    return makeMaps({ source, questions: questionsOf(config), before, idle: () => this.#idle('clientMaps') })
  }

  /** Memory of a part that nobody reads. Waits for slow workers; a stalled one is replaced by its supervisor. */
  async #idle(part: Part): Promise<SharedArrayBuffer> {
    for (;;) {
      const isWaited = part !== 'plan' && this.#parts.isCommitting()
      const arena = isWaited ? undefined : this.#parts.publisher.free(part, Int32Array.BYTES_PER_ELEMENT)
      if (arena) return arena.buffer
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }

  /** Whether a zone that answers now would have no version to answer with. */
  #lostZones({ zones }: ZoneBuildOutput): boolean {
    const failed = new Set(zones.filter(({ state }) => state === 'failed').map(({ origin }) => origin))
    return (
      this.#parts.committed()?.zones.zones.some(({ origin, state }) => state !== 'failed' && failed.has(origin)) ??
      false
    )
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
