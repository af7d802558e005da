// How failures spread over targets and regions, and which beacons are silent: what the doubt of our own network (doubt.ts)
// is judged by. Each target that was well and fails is remembered with its check from before, to which it can be turned
// back. Counts are kept as observations come: a look costs the same whatever the number of targets.
import type { Sight } from './doubt.ts'
import type { Observation } from './health.ts'
import type { Check } from './threshold.ts'

/** What a probe stands for: a beacon, or a target of these regions. */
export type Role = 'beacon' | readonly string[]

interface Trouble {
  /** As it was before the first failure. */
  readonly before: Check
  /** Monotonic ms at which the first failure was seen. */
  readonly since: number
}

type Checks = ReadonlyMap<string, Check>

export class Spread {
  #roles: ReadonlyMap<string, Role> = new Map()
  /** In the order of `since`. */
  #troubles = new Map<string, Trouble>()
  readonly #well = new Set<string>()
  readonly #silent = new Set<string>()
  /** How many targets are in trouble, by region. */
  readonly #regions = new Map<string, number>()
  #beacons = 0

  /** What is probed from now on, and how it stands; trouble and silence of those that stay are remembered. */
  configure(roles: ReadonlyMap<string, Role>, checks: Checks): void {
    const troubles = this.#troubles
    this.#troubles = new Map()
    this.#regions.clear()
    this.#roles = roles
    for (const [id, trouble] of troubles) if (roles.has(id)) this.#remember(id, trouble)
    for (const id of this.#silent) if (!this.isBeacon(id)) this.#silent.delete(id)
    this.#beacons = [...roles.values()].filter((role) => role === 'beacon').length
    this.#well.clear()
    for (const id of roles.keys()) this.#countWell(id, checks)
  }

  isBeacon(id: string): boolean {
    return this.#roles.get(id) === 'beacon'
  }

  /** One observation, as it was seen; `before` and `checks` are the target's check without and with it. `now`: monotonic ms. */
  see(id: string, outcome: Observation['outcome'], before: Check, checks: Checks, now: number): void {
    if (this.isBeacon(id)) this.#seeBeacon(id, outcome)
    else if (outcome === 'success') this.#forget(id)
    else if (outcome === 'failure' && this.#well.delete(id)) this.#remember(id, { before, since: now })
    if (outcome === 'success') this.#countWell(id, checks)
  }

  /** `windowMs`: older trouble is forgotten first; it is no part of what happens at once. */
  look(now: number, windowMs = Infinity): Sight {
    for (const [id, { since }] of this.#troubles) {
      if (now - since <= windowMs) break
      this.#forget(id)
    }
    const failing = this.#troubles.size
    const regions = this.#regions.size
    return { failing, of: failing + this.#well.size, regions, beacons: this.#beacons, silent: this.#silent.size }
  }

  /** The targets in trouble, each with its check from before. */
  before(): [id: string, check: Check][] {
    return Array.from(this.#troubles, ([id, { before }]) => [id, before])
  }

  /** Nobody is in trouble any more: each target is as its check says. */
  forgetAll(checks: Checks): void {
    for (const id of [...this.#troubles.keys()]) {
      this.#forget(id)
      this.#countWell(id, checks)
    }
  }

  /** Trouble of our own is no answer either. */
  #seeBeacon(id: string, outcome: Observation['outcome']): void {
    if (outcome === 'success') this.#silent.delete(id)
    else this.#silent.add(id)
  }

  #countWell(id: string, checks: Checks): void {
    const check = checks.get(id)
    if (check?.failures !== 0 || check.state === 'down') return
    if (!this.isBeacon(id) && !this.#troubles.has(id)) this.#well.add(id)
  }

  #remember(id: string, trouble: Trouble): void {
    this.#troubles.set(id, trouble)
    for (const region of this.#regionsOf(id)) this.#regions.set(region, (this.#regions.get(region) ?? 0) + 1)
  }

  #forget(id: string): void {
    if (!this.#troubles.delete(id)) return
    for (const region of this.#regionsOf(id)) {
      const left = this.#regions.get(region)! - 1
      if (left === 0) this.#regions.delete(region)
      else this.#regions.set(region, left)
    }
  }

  #regionsOf(id: string): readonly string[] {
    const role = this.#roles.get(id)
    return role === undefined || role === 'beacon' ? [] : role
  }
}
