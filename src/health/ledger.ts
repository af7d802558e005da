// What is known of every target: the checks of the probes that it rests on, as the worker tells them, and the health that
// follows; beside them, whether beacons answer. It outlives workers, and knows no threads; checker.ts feeds it.
import { judgeCalculated } from './calculated.ts'
import {
  regionOf,
  type Observation,
  type ProbeTarget,
  type Target,
  type TargetHealth,
  type Transition,
} from './health.ts'
import type { Assignment, TargetNews } from './messages.ts'
import type { SavedState } from './saved.ts'
import { basisOf, probesOf, type Basis } from './sharing.ts'
import type { Role } from './spread.ts'
import { carriedCheck, coldCheck, healthOf, joiningCheck, savedCheck, type Check } from './threshold.ts'

/** What status shows of a target beside its health. */
export interface TargetReport {
  readonly health: TargetHealth
  /** In a row; 0 for a calculated check. */
  readonly successes: number
  readonly failures: number
  /** The newest observation, counted or not; missing before the first, and for a calculated check. */
  readonly last?: Observation
}

/** Whether a beacon answers, by its newest probe. */
export interface BeaconReport {
  /** As configured. */
  readonly id: string
  /** Missing before the first. */
  readonly last?: Observation
}

/** What is probed, and what is known of it. */
interface Probed {
  readonly target: ProbeTarget
  check: Check
  last?: Observation
  /** Ids of the targets that rest on it; of a beacon none do. */
  readonly users: readonly string[]
  readonly role: Role
}

interface Known {
  readonly id: string
  readonly basis: Basis
  readonly saved: SavedState | undefined
  readonly isTrusted: boolean
}

export class Ledger {
  #probed = new Map<string, Probed>()
  #known = new Map<string, Known>()
  /** Ids of their probes, by their own. */
  #beacons: ReadonlyMap<string, string> = new Map()
  readonly #health = new Map<string, TargetHealth>()

  /** Counts up whenever a target begins to fail or recover, or no longer does. */
  undecidedTurns = 0

  /** By target id; a live view. */
  get health(): ReadonlyMap<string, TargetHealth> {
    return this.#health
  }

  /** Cold start: nothing is known but what was saved. `at`: wall-clock ms. */
  start(
    targets: readonly Target[],
    saved: ReadonlyMap<string, SavedState>,
    at: number,
    beacons: readonly Target[] = [],
  ): void {
    this.#assign(targets, saved)
    const remember = (user: Known): Check | undefined =>
      user.basis.kind === 'probe' && user.saved ? savedCheck(user.saved) : undefined
    this.#begin(new Map(), () => coldCheck(at), remember)
    this.#light(beacons, new Map(), at)
    this.#judgeAll(at)
  }

  /**
   * New targets: those that stay keep state and counts, also under a changed monitor; new ones join at their first success,
   * trusted ones at once.
   */
  update(targets: readonly Target[], at: number, beacons: readonly Target[] = []): void {
    const [probed, known, health] = [this.#probed, this.#known, new Map(this.#health)]
    this.#assign(targets, new Map())
    this.#begin(
      probed,
      () => joiningCheck(at),
      ({ id, basis, isTrusted }) => {
        const before = known.get(id)?.basis
        if (before?.kind === 'probe' && basis.kind === 'probe') return probed.get(before.probe.id)!.check
        const stands = health.get(id)
        return stands ? carriedCheck(stands) : isTrusted ? coldCheck(at) : undefined
      },
    )
    this.#light(beacons, probed, at)
    for (const id of this.#health.keys()) if (!this.#known.has(id)) this.#health.delete(id)
    this.#judgeAll(at)
  }

  /** Takes what the worker says of one probe; tells which targets turned. What has left since is passed over. */
  take({ id, check, last }: TargetNews): Transition[] {
    const probed = this.#probed.get(id)
    if (probed === undefined) return []
    probed.check = check
    probed.last = last
    return probed.users.flatMap((user) => this.#judge(user, check.since) ?? [])
  }

  /** What the worker is to probe, and what it should know. */
  assignments(): Assignment[] {
    return Array.from(this.#probed.values(), ({ target, check, role }) => ({ target, check, role }))
  }

  /** Targets that rest on something without a first observation. */
  missing(): string[] {
    return Array.from(this.#known)
      .filter(([, { basis }]) => probesOf(basis).some(({ id }) => !this.#probed.get(id)!.check.observed))
      .map(([id]) => id)
  }

  /** Ids of the probes that a target rests on. */
  probesOf(target: string): string[] {
    const known = this.#known.get(target)
    return known === undefined ? [] : probesOf(known.basis).map(({ id }) => id)
  }

  reports(): ReadonlyMap<string, TargetReport> {
    return new Map(Array.from(this.#known, ([id, { basis }]) => [id, this.#reportOf(id, basis)]))
  }

  beacons(): BeaconReport[] {
    return Array.from(this.#beacons, ([id, probe]) => {
      const { last } = this.#probed.get(probe)!
      return { id, ...(last && { last }) }
    })
  }

  #assign(targets: readonly Target[], saved: ReadonlyMap<string, SavedState>): void {
    this.#known = new Map(
      targets.map((target) => {
        const { id, isTrusted = false } = target
        return [id, { id, basis: basisOf(target), saved: saved.get(id), isTrusted }]
      }),
    )
  }

  /** Each probe goes on from what was known of it, else from what a user of it brings along, else anew. */
  #begin(before: ReadonlyMap<string, Probed>, anew: () => Check, inherit: (user: Known) => Check | undefined): void {
    this.#probed = new Map()
    for (const [id, { target, users }] of usersOf(this.#known.values())) {
      const { check, last } = before.get(id) ?? {}
      const inherited = check ?? users.map(inherit).find((found) => found !== undefined) ?? anew()
      const names = users.map((user) => user.id)
      const role = [...new Set(names.map(regionOf))]
      this.#probed.set(id, { target, check: inherited, ...(last && { last }), users: names, role })
    }
  }

  /** Beacons are probed apart, also where a target asks the same: what they say is something else. */
  #light(beacons: readonly Target[], before: ReadonlyMap<string, Probed>, at: number): void {
    const lit = new Map<string, string>()
    for (const beacon of beacons) {
      for (const probe of probesOf(basisOf(beacon))) {
        const target = { ...probe, id: `beacon ${probe.id}` }
        const { check = coldCheck(at), last } = before.get(target.id) ?? {}
        this.#probed.set(target.id, { target, check, ...(last && { last }), users: [], role: 'beacon' })
        lit.set(beacon.id, target.id)
      }
    }
    this.#beacons = lit
  }

  #judgeAll(at: number): void {
    for (const id of this.#known.keys()) this.#judge(id, at)
  }

  /** `at`: wall-clock ms. */
  #judge(id: string, at: number): Transition | undefined {
    const before = this.#health.get(id)
    const now = this.#healthOf(this.#known.get(id)!, before, at)
    this.#health.set(id, now)
    if (before?.undecided !== now.undecided) this.undecidedTurns++
    if (before === undefined || before.state === now.state) return undefined
    return { target: id, from: before.state, to: now.state, reason: now.reason, at }
  }

  #healthOf({ basis, saved }: Known, before: TargetHealth | undefined, at: number): TargetHealth {
    const now = this.#healthOfBasis(basis, before, at)
    return now.state === 'unknown' && saved !== undefined ? { ...saved, provisional: true } : now
  }

  #healthOfBasis(basis: Basis, before: TargetHealth | undefined, at: number): TargetHealth {
    if (basis.kind === 'probe') return healthOf(this.#probed.get(basis.probe.id)!.check)
    const children = basis.children.map((child) => this.#healthOfBasis(child, undefined, at))
    return judgeCalculated(basis.monitor, children, before, at)
  }

  #reportOf(id: string, basis: Basis): TargetReport {
    const health = this.#health.get(id)!
    if (basis.kind === 'calculated') return { health, successes: 0, failures: 0 }
    const { check, last } = this.#probed.get(basis.probe.id)!
    return { health, successes: check.successes, failures: check.failures, ...(last && { last }) }
  }
}

/** By the id of the probe. */
function usersOf(
  known: Iterable<Known>,
): ReadonlyMap<string, { readonly target: ProbeTarget; readonly users: Known[] }> {
  const found = new Map<string, { target: ProbeTarget; users: Known[] }>()
  for (const user of known) {
    for (const target of probesOf(user.basis)) {
      const shared = found.get(target.id) ?? { target, users: [] }
      shared.users.push(user)
      found.set(target.id, shared)
    }
  }
  return found
}
