// Where clients are. A locator lists networks with their locations, once, in a short-lived worker; a client map
// compiles them to the classes of one ordering question (client-map.ts). Nothing here is asked per query.
import type { Fault } from '../base/fault.ts'

/** What geo data says of a network. A missing field is unknown. */
export interface Location {
  /** Degrees, north and east positive. Both or neither. */
  readonly latitude?: number
  readonly longitude?: number
  /** ISO 3166-1 alpha-2, upper case. */
  readonly country?: string
  /** Two letters: AF AN AS EU NA OC SA. */
  readonly continent?: string
  readonly asn?: number
  /** Own prefixes that hold it, in canonical text, longest first; an overlay (overlay.ts) adds them, no source does. */
  readonly prefixes?: readonly string[]
}

/**
 * The networks of one family in columns: sorted by `first`, never overlapping. Each bound is `words` signed 32-bit
 * words (1 for IPv4, 4 for IPv6), most significant first. What lies in no range has no known location.
 */
export interface NetworkColumns {
  readonly family: 4 | 6
  readonly count: number
  /** count × words, inclusive. */
  readonly first: Int32Array
  /** count × words, inclusive. */
  readonly last: Int32Array
  /** count: an index into `locations`. */
  readonly location: Int32Array
}

/** Everything that a source of geo data knows. Equal locations share an index. */
export interface Networks {
  readonly ipv4: NetworkColumns
  readonly ipv6: NetworkColumns
  readonly locations: readonly Location[]
}

/** A source of geo data. `read` may take a second and much memory: call it in a short-lived worker, then let go. */
export interface Locator {
  /** For logs and status: which data, of when. */
  readonly describe: () => string
  /** Words that the data's licence wants shown, if any. */
  readonly attribution: string | undefined
  readonly read: () => Networks
}

/** A source opened: a locator, unless a fault of severity error forbids it; and all faults. */
export interface LocatorLoad {
  readonly locator: Locator | undefined
  readonly faults: readonly Fault[]
}

export type GeoSource =
  | { readonly source: 'geoip-lite' }
  /** `file` is absolute. */
  | { readonly source: 'table'; readonly file: string }
