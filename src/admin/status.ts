// What `/v1/status` says: the state of a running director as plain JSON. It is made by the director's owner, served by
// admin.ts, read by `meridian status`, the demo and the metrics. Fields are only ever added (clients must ignore others).
import type { Fault } from '../base/fault.ts'
import type { OverrideView } from './overrides.ts'

/** Moments are RFC 3339 text in UTC, durations are milliseconds, shares are fractions from 0 to 1. */
export interface Status {
  readonly version: string
  /** When this was put together. */
  readonly at: string
  readonly uptimeMs: number
  readonly snapshot: { readonly number: number; readonly ageMs: number }
  /** How far back `explain` can go, and what that takes. */
  readonly history?: { readonly begins: string; readonly plans: number; readonly bytes: number }
  readonly listen: readonly ListenStatus[]
  /** Where the HTTP API listens; missing without one. */
  readonly admin?: ListenStatus
  readonly workers: readonly WorkerStatus[]
  /** Of the health checks as a whole. */
  readonly probing?: ProbingStatus
  /** Whether our own network is in doubt. */
  readonly doubt?: DoubtStatus
  /** Missing: no geo data is configured. */
  readonly geo?: GeoStatus
  readonly zones: readonly ZoneStatus[]
  readonly regions: readonly RegionStatus[]
  readonly services: readonly ServiceStatus[]
  /** Operators' words, in force, coming and going; missing where nobody can say any. */
  readonly overrides?: readonly OverrideView[]
  /** Targets of ALIAS records, and balancers that are host names. */
  readonly aliases?: readonly AliasStatus[]
  /** The latest last. Bounded. */
  readonly events: readonly EventStatus[]
  /** Missing: nothing was reloaded since the start. */
  readonly lastReload?: ReloadStatus
}

export interface GeoStatus {
  /** Which data answers, of when. */
  readonly describe: string
  /** Words that its licence wants shown. */
  readonly attribution?: string
  /** True: its files hold newer data that has faults, and the older answers. */
  readonly isStale?: boolean
}

/** One endpoint; of DNS, served by UDP and TCP. */
export interface ListenStatus {
  readonly host: string
  readonly port: number
}

export interface WorkerStatus {
  readonly slot: number
  /** `udp`, `tcp`, `probe`. */
  readonly role: string
  /** How often it died or stalled and was replaced since the start. */
  readonly replaced: number
}

export interface ProbingStatus {
  /** Since the start, by outcome; `none`: trouble of our own, which says nothing of a target. */
  readonly probes: { readonly success: number; readonly failure: number; readonly none: number }
  /** CPU time of the probe worker since the start. */
  readonly cpuMs: number
  readonly inFlight: number
  /** Starts left out for want of places, since the worker started. */
  readonly skipped: number
  /** How late probes started, over the last minute or so. */
  readonly lateP99Ms: number
  readonly lateMaxMs: number
}

export interface DoubtStatus {
  /**
   * `storm`: most targets fail at once, and what probes see rules; `frozen`: no beacon answers either, and health stays as
   * it was; `overruled`: that lasted too long.
   */
  readonly state: 'calm' | 'storm' | 'frozen' | 'overruled'
  /** For which it may stay frozen yet; missing unless it is. */
  readonly leftMs?: number
  /** Targets that were well and fail since a short while, of how many, in how many regions. */
  readonly failing: number
  readonly of: number
  readonly regions: number
  readonly beacons: readonly {
    readonly name: string
    /** By its newest probe. */
    readonly answers: boolean
    readonly reason: string
  }[]
}

export interface ZoneStatus {
  /** With the final dot. */
  readonly origin: string
  readonly file: string
  /** Missing when the zone was never loaded. */
  readonly serial?: number
  /** `last-good`: the file has faults and an earlier version answers; `failed`: SERVFAIL answers. */
  readonly state: 'current' | 'last-good' | 'failed'
  readonly faults: number
}

export type HealthState = 'up' | 'down' | 'unknown'

export interface RegionStatus {
  readonly name: string
  readonly state: HealthState
  readonly reason: string
  readonly since: string
  readonly balancers: readonly BalancerStatus[]
  /** What its L7 tier tells of itself; missing where none is asked. */
  readonly report?: ReportStatus
}

export interface ReportStatus {
  /** The part of its share that it can take by its own reports, 0 to 1. */
  readonly availability: number
  readonly reason: string
  /** The figures; missing where they are not known. */
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

export interface BalancerStatus {
  /** An address, or a host name without its final dot; the addresses that it resolves to follow it. */
  readonly address: string
  /** The host name that resolves to it. */
  readonly host?: string
  readonly state: HealthState
  readonly reason: string
  readonly since: string
  /** Missing: no probe has come to an end yet, or none is configured. */
  readonly lastLatencyMs?: number
}

export interface ServiceStatus {
  readonly name: string
  /** The names that it answers, with their final dots. */
  readonly owners: readonly string[]
  /** Seconds, as in the answers. */
  readonly ttlSeconds: number
  /** True while too little is healthy and `fallback` decides. */
  readonly fallbackEngaged: boolean
  readonly shares: readonly ShareStatus[]
  /** Answers without an address since the start. Missing where they are not counted. */
  readonly noData?: number
}

export interface ShareStatus {
  readonly region: string
  /** Of the plan: the mean over the service's client classes. */
  readonly planned: number
  /** Answers that carried this region since the start. Missing where they are not counted. */
  readonly answered?: number
}

export interface AliasStatus {
  /** With the final dot. */
  readonly target: string
  /** The worse of its families: `stale`: it cannot be resolved and its last answer stands in; `failed`: SERVFAIL. */
  readonly state: 'fresh' | 'stale' | 'failed'
  readonly ipv4: AliasFamilyStatus
  readonly ipv6: AliasFamilyStatus
}

export interface AliasFamilyStatus {
  readonly state: 'fresh' | 'stale' | 'failed'
  /** What is answered; none: there are none, or SERVFAIL where it failed. */
  readonly addresses: readonly string[]
  /** Since the last true answer; missing: there was none yet. */
  readonly ageMs?: number
  /** Why it is not fresh. */
  readonly reason?: string
}

export interface EventStatus {
  readonly at: string
  readonly text: string
}

export interface ReloadStatus {
  readonly at: string
  readonly ok: boolean
  readonly faults: readonly Fault[]
  /** What is different now; missing when it was refused. */
  readonly changes?: readonly string[]
}
