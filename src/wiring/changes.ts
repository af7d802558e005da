// Changes of what a running director serves, one after the other: a reload (reload.ts) and, between reloads, challenges, round
// trip times that regions report, and newer geo data. Each is prepared apart while the present snapshot answers, and then
// committed whole or not at all.
import { Turns } from '../base/turns.ts'
import type { Config } from '../config/config.ts'
import type { Director } from '../director/director.ts'
import type { DirectorConfig, Prepared } from '../director/preparation.ts'
import { filesOf } from '../geo/geo.ts'
import { FileWatch } from '../geo/stamp.ts'
import type { RoundTrips } from '../steer/steer.ts'
import type { Challenge } from '../zone/challenges.ts'
import { namesToResolve, type HostDesk } from './host-desk.ts'
import type { Journal } from './journal.ts'
import type { PlanDesk } from './plan-desk.ts'

export interface ChangesParts {
  readonly config: () => Config
  readonly director: Director
  readonly plans: PlanDesk
  readonly hosts: HostDesk
  readonly journal: Journal
  /** Those that are set. */
  readonly challenges: () => readonly Challenge[]
  /** The round-trip times of a configuration file with the reported ones over them. */
  readonly mergeRoundTrips: (file: RoundTrips | undefined) => RoundTrips | undefined
  /** False: nothing changes while it starts or stops. */
  readonly isReady: () => boolean
}

export class Changes {
  readonly #parts: ChangesParts
  readonly #turns = new Turns()
  readonly #geoWatch = new FileWatch(() => this.#onGeoFiles())

  constructor(parts: ChangesParts) {
    this.#parts = parts
  }

  /** Runs a change after those before it. */
  inTurn<T>(change: () => Promise<T>): Promise<T> {
    return this.#turns.take(change)
  }

  /** Resolves when the changes that were asked for are over. */
  over(): Promise<void> {
    return this.#turns.over()
  }

  async commit(prepared: Prepared): Promise<void> {
    const { plans, hosts, config } = this.#parts
    await plans.commit(prepared)
    hosts.retain(namesToResolve(prepared, config()))
  }

  /** A configuration with what is served beside its files: challenges, and the round-trip times that regions reported. */
  complete(config: Config): DirectorConfig {
    const roundTrips = this.#roundTripsOf(config)
    return { ...config, challenges: this.#parts.challenges(), ...(roundTrips && { roundTrips }) }
  }

  #roundTripsOf({ roundTripReports, roundTrips }: Config): RoundTrips | undefined {
    return roundTripReports ? this.#parts.mergeRoundTrips(roundTrips) : roundTrips
  }

  /** Zone files are read anew, as they are. Gives the names that no zone can take; rejects when zones cannot be read. */
  applyChallenges(challenges: readonly Challenge[]): Promise<readonly string[]> {
    const { director, journal } = this.#parts
    return this.inTurn(async () => {
      const prepared = await director.prepareChallenges(challenges)
      journal.faults(prepared.faults)
      if (prepared.refused) throw new Error('the zones cannot be read as they are now')
      await this.commit(prepared)
      return prepared.zones.unserved
    })
  }

  /** False, and everything stays, when no client maps come of them. */
  applyRoundTrips(): Promise<boolean> {
    return this.inTurn(() => this.#applyRoundTrips()).catch((error: unknown) => {
      this.#parts.journal.tell('warn', `round-trip times could not be applied: ${String(error)}`)
      return false
    })
  }

  async #applyRoundTrips(): Promise<boolean> {
    const { isReady, director, journal, plans, config } = this.#parts
    if (!isReady()) return true
    const prepared = await director.prepareRoundTrips(this.#roundTripsOf(config()) ?? new Map())
    journal.faults(prepared.faults)
    if (prepared.refused) return false
    await this.commit(prepared)
    journal.tell('info', `round-trip times of regions applied as snapshot ${plans.generation}`)
    return true
  }

  /** From now on the files of the present configuration, and no others. */
  watchGeo(): void {
    const { config, director } = this.#parts
    const { geo } = config()
    this.#geoWatch.watch(geo ? filesOf(geo) : [], director.geo.stamp)
  }

  #onGeoFiles(): void {
    this.inTurn(() => this.#refreshGeo()).catch((error: unknown) => {
      this.#parts.journal.tell('error', `new geo data was not taken: ${String(error)}`)
    })
  }

  /** What is wrong with the files changes nothing but a metric. */
  async #refreshGeo(): Promise<void> {
    const { isReady, director, journal, plans } = this.#parts
    const prepared = isReady() ? await director.prepareGeo() : undefined
    if (!prepared) return
    journal.faults(prepared.faults)
    await this.commit(prepared)
    const { describe, isStale } = director.geo
    if (isStale) journal.tell('error', `new geo data has faults: ${describe} goes on`)
    else journal.tell('info', `geo data: ${describe}`, { snapshot: plans.generation })
  }

  /** No new geo data is looked for any more; changes that were asked for go on. */
  stop(): void {
    this.#geoWatch.stop()
  }
}
