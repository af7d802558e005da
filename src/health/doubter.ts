// The doubt of our own network at work, beside the checks of the probe worker: it is shown every observation, says what
// each is worth, and turns checks back when it begins to doubt. It owns no check, reads no clock and knows no thread.
import {
  calmSince,
  discounts,
  judgeDoubt,
  leftMs,
  remembers,
  type Doubt,
  type DoubtRules,
  type Sight,
} from './doubt.ts'
import type { Observation, Target } from './health.ts'
import { Spread, type Role } from './spread.ts'
import type { Check } from './threshold.ts'

/** What is known of the doubt, for people and for the other thread. */
export interface DoubtNews extends Pick<Doubt, 'state'> {
  readonly sight: Sight
  /** For which it may stay frozen yet. */
  readonly leftMs: number
}

/** How our own network is doubted, as configured. */
export interface DoubtOrders {
  readonly rules: DoubtRules
  /** Addresses that should always answer; none: nothing is ever frozen. Ids are for people. */
  readonly beacons: readonly Target[]
}

/** Rules, and what each probe stands for. */
export interface DoubtSetup {
  readonly rules: DoubtRules
  readonly roles: ReadonlyMap<string, Role>
}

export class Doubter {
  readonly #checks: Map<string, Check>
  readonly #spread = new Spread()
  #rules: DoubtRules
  #doubt: Doubt
  /** Failures of probes that began before this say nothing, monotonic ms. */
  #countsFrom = -Infinity

  /** `checks` is shared with who counts observations; checks that are turned back are changed in it. */
  constructor(checks: Map<string, Check>, { rules, roles }: DoubtSetup, now: number) {
    this.#checks = checks
    this.#rules = rules
    this.#doubt = calmSince(now)
    this.#spread.configure(roles, checks)
  }

  configure({ rules, roles }: DoubtSetup): void {
    this.#rules = rules
    this.#spread.configure(roles, this.#checks)
  }

  /** What an observation counts for. Of beacons every one counts. */
  weigh(id: string, seen: Observation): Observation {
    const isVoid = discounts(this.#doubt) || seen.startedAt < this.#countsFrom
    if (seen.outcome !== 'failure' || !isVoid || this.#spread.isBeacon(id)) return seen
    return { outcome: 'none', reason: 'our own network is in doubt', startedAt: seen.startedAt, tookMs: seen.tookMs }
  }

  /** An observation as it was seen, after it was counted. `before`: the target's check without it. `now`: monotonic ms. */
  see(id: string, { outcome }: Observation, before: Check, now: number): readonly string[] | undefined {
    this.#spread.see(id, outcome, before, this.#checks, now)
    return this.look(now)
  }

  /** To be called now and then, too, for the limit in time. Gives, when the state turned, whose checks were turned back. */
  look(now: number): readonly string[] | undefined {
    const before = this.#doubt
    this.#doubt = judgeDoubt(before, this.#sight(now), now, this.#rules)
    if (this.#doubt === before) return undefined
    if (discounts(before)) this.#countsFrom = now
    if (remembers(before) && !remembers(this.#doubt)) this.#spread.forgetAll(this.#checks)
    return discounts(this.#doubt) ? this.#turnBack() : []
  }

  news(now: number): DoubtNews {
    return { state: this.#doubt.state, sight: this.#sight(now), leftMs: leftMs(this.#doubt, now, this.#rules) }
  }

  #sight(now: number): Sight {
    return this.#spread.look(now, remembers(this.#doubt) ? Infinity : this.#rules.windowMs)
  }

  /** Last known health is that from before the storm. */
  #turnBack(): string[] {
    return this.#spread.before().map(([id, check]) => {
      const isTurned = this.#checks.get(id)?.state !== check.state
      const reason = isTurned ? `${check.reason}, before our own network was in doubt` : check.reason
      this.#checks.set(id, { ...check, reason })
      return id
    })
  }
}
