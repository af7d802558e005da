// What metrics show of a running director: a part of its status, as plain data. Who makes it stands in wiring; what becomes
// of it in exporter.ts and the files that it calls.
import type { OverrideFacts } from './overrides.ts'

export type HealthState = 'up' | 'down' | 'unknown'

/** What is shown of the director's state, a part of its status. Moments are RFC 3339 text. */
export interface MetricsFacts {
  /** Now. */
  readonly at: string
  readonly uptimeMs: number
  readonly snapshot: { readonly number: number; readonly ageMs: number }
  readonly geo?: { readonly isStale?: boolean }
  readonly zones: readonly { readonly origin: string; readonly serial?: number; readonly state: string }[]
  readonly regions: readonly {
    readonly name: string
    readonly state: HealthState
    readonly balancers: readonly {
      readonly address: string
      readonly state: HealthState
      readonly lastLatencyMs?: number
    }[]
    readonly report?: ReportFacts
  }[]
  readonly services: readonly {
    readonly name: string
    readonly fallbackEngaged: boolean
    /** `planned`: 0 to 1; `answered`: since the start; missing where it is not counted. */
    readonly shares: readonly { readonly region: string; readonly planned: number; readonly answered?: number }[]
    readonly noData?: number
  }[]
  readonly aliases?: readonly { readonly state: string }[]
  /** What operators said. */
  readonly overrides?: readonly OverrideFacts[]
  /** What was wrong with the files when they were read last. */
  readonly faults: readonly { readonly code: string; readonly severity: string }[]
  /** Datagrams that the kernel dropped, for our sockets were full; missing where it does not say. */
  readonly receiveDrops?: number
  readonly workers: readonly { readonly slot: number; readonly role: string; readonly replaced: number }[]
  readonly lastReload?: { readonly at: string; readonly ok: boolean }
  readonly probing?: {
    readonly probes: Readonly<Record<'success' | 'failure' | 'none', number>>
    readonly cpuMs: number
    readonly inFlight: number
    readonly skipped: number
    readonly lateP99Ms: number
    readonly lateMaxMs: number
  }
  readonly doubt?: {
    readonly state: string
    readonly beacons: readonly { readonly name: string; readonly answers: boolean }[]
  }
}

/** What a region's L7 tier told of itself; missing where it is not known. */
export interface ReportFacts {
  /** The part of its share that it takes by its reports, 0 to 1. */
  readonly availability: number
  readonly activeConnections?: number
  /** A second. */
  readonly requestRate?: number
  /** Of the requests, 0 to 1. */
  readonly errorRate?: number
  readonly responseTimeMs?: number
  readonly healthyServers?: number
  readonly totalServers?: number
  readonly utilisation?: number
}
