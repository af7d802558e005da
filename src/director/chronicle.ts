// The present and the past as one thing that explain can ask: which configuration, zones, client maps and conditions made
// what answers, now or at a moment that the history reaches. The director tells it what begins and what was planned.
import type { GeoSource } from '../geo/geo.ts'
import type { Preferences } from '../snapshot/pinned-slots.ts'
import type { ClientMapBuildOutput } from './client-map-build.ts'
import type { Conditions, ConditionsChange } from './conditions.ts'
import type { Era, Image } from './era.ts'
import { DEFAULT_LIMITS, PlanHistory, type HistoryLimits, type Past } from './history.ts'
import type { World } from './plan.ts'
import type { Definitions } from './service.ts'
import type { ZoneBuildOutput } from './zone-build.ts'

/** What answers at a moment, and what it was made from. */
export interface Scene extends Omit<Past, 'conditions'> {
  readonly world: World
}

/** What of a committed change an era is made of. */
export interface EraSources {
  readonly config: Definitions & { readonly geo: GeoSource | undefined; readonly history?: HistoryLimits }
  readonly zones: Pick<ZoneBuildOutput, 'bindings' | 'buffer' | 'byteLength'>
  readonly clientMaps: Pick<ClientMapBuildOutput, 'maps' | 'buffer' | 'byteLength'>
}

export class Chronicle {
  readonly #history = new PlanHistory()
  readonly #preferences: Map<string, Preferences>
  #era: Era | undefined

  constructor(preferences: Map<string, Preferences>) {
    this.#preferences = preferences
  }

  get extent(): Pick<PlanHistory, 'begins' | 'length' | 'bytes'> {
    return this.#history
  }

  /** A change answers from `at` (wall-clock ms) on. To be called before the memory of the one before is written again. */
  beginEra({ config, zones, clientMaps }: EraSources, at: number): void {
    const { regions, services, roundTrips, geo, history } = config
    const parts = {
      definitions: { regions, services, ...(roundTrips && { roundTrips }) },
      ...{ geo, bindings: zones.bindings, clientMaps: clientMaps.maps },
      images: { zones: imageOf(zones), clientMaps: imageOf(clientMaps) },
    }
    this.#history.limit(history ?? DEFAULT_LIMITS)
    this.#era = this.#history.beginEra(parts, at)
  }

  /** What a plan is about to be made from, as a difference. */
  compare(conditions: Conditions): ConditionsChange {
    return this.#history.compare(conditions)
  }

  /** That plan is what answers, since `at`, as snapshot number `snapshot`. */
  settle(change: ConditionsChange, at: number, snapshot: number): void {
    if (this.#era) this.#history.add(change, at, snapshot, this.#era)
  }

  /** With the conditions of this instant, planned or not yet. */
  present(conditions: Conditions, snapshot: number): Scene {
    const latest = this.#history.find(Infinity)
    if (!this.#era || !latest) throw new Error('nothing was committed yet')
    return { era: this.#era, since: latest.since, snapshot, world: this.#worldOf(this.#era, conditions) }
  }

  /** `at`: wall-clock ms. Undefined: the history does not reach back so far. */
  past(at: number): Scene | undefined {
    const found = this.#history.find(at)
    if (!found) return undefined
    const { conditions, ...past } = found
    return { ...past, world: this.#worldOf(past.era, conditions) }
  }

  #worldOf({ definitions }: Era, conditions: Conditions): World {
    return { ...definitions, ...conditions, preferences: this.#preferences }
  }
}

function imageOf({ buffer, byteLength }: Pick<ZoneBuildOutput, 'buffer' | 'byteLength'>): Image {
  return { memory: buffer, byteLength, isKept: false }
}
