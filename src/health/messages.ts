// What the main thread (checker.ts) and the probe worker (worker.ts) say to each other: plain data, one union each way.
import type { DoubtRules } from './doubt.ts'
import type { DoubtNews } from './doubter.ts'
import type { Observation, ProbeTarget } from './health.ts'
import type { SchedulerFigures } from './scheduler.ts'
import type { Role } from './spread.ts'
import type { Check } from './threshold.ts'

export interface Assignment {
  readonly target: ProbeTarget
  /** What is known of it; a worker that knows the target already keeps what it has. */
  readonly check: Check
  readonly role: Role
}

/** What the worker is to do from now on. */
export interface Orders {
  readonly assignments: readonly Assignment[]
  readonly doubtRules: DoubtRules
}

export interface WorkerStart extends Orders {
  /** One word of shared memory that changes while the worker's loop turns. */
  readonly heartbeat: Int32Array
}

export type ToWorker =
  | ({ readonly kind: 'assign' } & Orders)
  /** These may fail back, whatever holds them down. */
  | { readonly kind: 'release'; readonly ids: readonly string[] }
  /** Blocks the worker's loop, so that a test can show what does not follow from it. */
  | { readonly kind: 'block-for-test'; readonly forMs: number }

/** The newest word about one probed target. */
export interface TargetNews {
  readonly id: string
  readonly check: Check
  /** As it was seen, whatever it counted for. */
  readonly last: Observation
}

export type ToMain =
  /** A state has changed. */
  | { readonly kind: 'turn'; readonly news: TargetNews }
  | {
      readonly kind: 'report'
      /** Whether our own network is in doubt; known before what follows from it. */
      readonly doubt: DoubtNews
      readonly news: readonly TargetNews[]
      readonly figures: SchedulerFigures
      /** CPU time of the worker's thread since it began, ms. */
      readonly cpuMs: number
      /** Outcomes since the worker's last report. */
      readonly outcomes: Readonly<Record<Observation['outcome'], number>>
      /** Reasons for outcomes `none` since the last report. */
      readonly troubles: readonly string[]
    }
