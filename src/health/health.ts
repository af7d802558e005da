// Who is alive. Probes run in a worker of their own and become observations; a pure threshold machine turns
// observations into states; this file holds the words that both sides share. Nothing here knows of DNS answers.
import type { Address } from '../base/address.ts'

interface MonitorBasics {
  readonly name: string
  readonly port: number
  /** Time from the start of one probe to the start of the next; each target keeps a fixed phase within it. */
  readonly intervalMs: number
  readonly timeoutMs: number
  /** The interval while a first failure or success has left the state undecided. Never above `intervalMs`. */
  readonly fastIntervalMs: number
  /** Successes in a row that make a target up. */
  readonly healthyThreshold: number
  /** Failures in a row that make a target down. */
  readonly unhealthyThreshold: number
}

export interface HttpMonitor extends MonitorBasics {
  readonly type: 'http'
  readonly path: string
  /** The Host header; the target's address when missing. */
  readonly host?: string
  /** Inclusive ranges of status codes that count as success. */
  readonly expectedStatus: readonly (readonly [number, number])[]
}

export interface TcpMonitor extends MonitorBasics {
  readonly type: 'tcp'
}

/** A health check's definition. */
export type Monitor = HttpMonitor | TcpMonitor

/** One balancer as one monitor sees it. `id` is unique and stable over reloads: `region/address`. */
export interface Target {
  readonly id: string
  readonly address: Address
  readonly monitor: Monitor
}

export type State = 'up' | 'down' | 'unknown'

/** What one probe saw. `none`: trouble of our own (no descriptors, no route, a lagging loop), which says nothing of the target. */
export interface Observation {
  readonly outcome: 'success' | 'failure' | 'none'
  /** For people: `200 in 12 ms`, `503`, `refused`, `timeout after 5 s`, `our loop lagged`. */
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
