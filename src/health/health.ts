// Who is alive. Probes run in a worker of their own and become observations; a pure threshold machine turns observations
// into states; this file holds the words that both sides share. Monitors are defined in monitor.ts. Nothing here knows of
// DNS answers.
import type { Address } from '../base/address.ts'
import type { Monitor, ProbeMonitor } from './monitor.ts'

/** One balancer as one monitor sees it. `id` is unique and stable over reloads: `region/address`. */
export interface Target {
  readonly id: string
  /** As answers carry it. */
  readonly address: Address
  /** That resolves to it: what a monitor without a host or server name of its own says. */
  readonly hostName?: string
  /** A new address of a host name that answered before: it counts as up until it is seen to be down. */
  readonly isTrusted?: true
  readonly monitor: Monitor
  /** Probed in the place of the monitor's address, or else of `address`. */
  readonly probeAddress?: Address
  /** In the place of the monitor's port. */
  readonly probePort?: number
}

/** What the probe worker is given: targets that ask the same share one, whose id says what is asked (sharing.ts). */
export interface ProbeTarget {
  readonly id: string
  readonly address: Address
  readonly monitor: ProbeMonitor
}

/** The region in the id of a target. */
export function regionOf(id: string): string {
  return id.slice(0, id.indexOf('/'))
}

export type State = 'up' | 'down' | 'unknown'

/** What one probe saw. `none`: trouble of our own (no descriptors, no route, a lagging loop), which says nothing of the target. */
export interface Observation {
  readonly outcome: 'success' | 'failure' | 'none'
  /** For people: `200 in 12 ms`, `503`, `refused`, `timeout after 5 s: not connected`, `our loop lagged`. */
  readonly reason: string
  /**
   * The verdict rests on time that passed (a timeout, a peer that closed on us) rather than on an answer or a refusal: it
   * is worth nothing when our own loop was blocked meanwhile.
   */
  readonly waited?: true
  /** Monotonic ms at which the probe began. */
  readonly startedAt: number
  readonly tookMs: number
}

export interface TargetHealth {
  readonly state: State
  readonly reason: string
  /** Wall-clock ms of the last change of state (for people). */
  readonly since: number
  /** True until thresholds, rather than one first observation, have decided. */
  readonly provisional: boolean
  /** Up but failing, or down but succeeding, by too few observations yet to turn. Missing: nothing is about to change. */
  readonly undecided?: 'failing' | 'recovering'
}

/** A change of one target's state. */
export interface Transition {
  readonly target: string
  readonly from: State
  readonly to: State
  readonly reason: string
  /** Wall-clock ms. */
  readonly at: number
}
