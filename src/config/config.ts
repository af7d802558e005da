// The configuration as the program uses it: typed slices, each made of the words of the folder that takes it.
import type { HistoryLimits } from '../director/history.ts'
import type { SafetyRules } from '../director/safety.ts'
import type { Region, Service } from '../director/service.ts'
import type { GeoSource } from '../geo/geo.ts'
import type { DoubtOrders } from '../health/doubter.ts'
import type { Monitor } from '../health/monitor.ts'
import type { Settings } from '../snapshot/settings.ts'
import type { RoundTrips } from '../steer/steer.ts'
import type { ZoneLimits } from '../zone/reading.ts'

/** Where to listen. */
export interface Endpoint {
  /** An address, never a name. */
  readonly host: string
  readonly port: number
}

export interface Config {
  /** The absolute path of the file that this came from. */
  readonly file: string
  /** UDP and TCP each. */
  readonly listen: readonly Endpoint[]
  /** Data-plane threads for UDP. */
  readonly workers: number
  /** Undefined: batched where the system can. */
  readonly sockets: 'batched' | 'portable' | undefined
  /** Absolute path of the folder whose `*.zone` files are served. */
  readonly zones: string
  /** Absolute path. */
  readonly state: string
  readonly geo: GeoSource | undefined
  /** Absolute path of the table that `roundTrips` come from. */
  readonly roundTripsFile: string | undefined
  /** What becomes of times that regions report by HTTP; undefined: none are taken. */
  readonly roundTripReports: { readonly maxAgeMs: number | undefined } | undefined
  /** What regions measured, by the file; missing: nothing, or not read from the disk. */
  readonly roundTrips?: RoundTrips
  readonly admin:
    | {
        readonly listen: Endpoint
        /** Absolute paths of PEM files; missing: plain HTTP. */
        readonly tls?: { readonly certificate: string; readonly key: string }
        /** Names by which it may be called. */
        readonly hosts: readonly string[]
        readonly maxConnections: number
        readonly requestTimeoutMs: number
        readonly maxHeaderBytes: number
      }
    | undefined
  /** Where HAProxy's agent-check is answered. */
  readonly agent: { readonly listen: Endpoint } | undefined
  readonly log: { readonly level: string }
  readonly startup: { readonly deadlineMs: number }
  readonly tcp: {
    readonly maxConnections: number
    readonly maxConnectionsPerClient: number
    readonly idleTimeoutMs: number
    readonly maxAgeMs: number
    readonly maxQueries: number
    readonly maxQueryBytes: number
  }
  /** Client prefixes that the rate limit of one worker tells apart. */
  readonly rateLimitBuckets: number
  readonly zoneLimits: ZoneLimits
  /** What the query path is told beside zones and plans. Without configured cookie secrets there are none. */
  readonly settings: Settings
  /** How targets of ALIAS records are resolved. */
  readonly aliases: {
    /** Recursive servers; none: those of the system. */
    readonly resolvers: readonly Endpoint[]
    readonly maxStaleMs: number
  }
  /** One query in so many is kept and timed; 0: none. */
  readonly querySample: number
  /** Of those, each worker keeps so many. */
  readonly queryLog: { readonly keep: number }
  /** How far back plans can be told again. */
  readonly history: HistoryLimits
  /** When our own network is taken for broken. */
  readonly doubt: DoubtOrders
  /** What keeps changes from hurting users. `recoveryMs`: how long a region that came back takes to get its share. */
  readonly safety: SafetyRules & { readonly recoveryMs: number }
  readonly monitors: ReadonlyMap<string, Monitor>
  readonly regions: ReadonlyMap<string, Region>
  readonly services: ReadonlyMap<string, Service>
}
