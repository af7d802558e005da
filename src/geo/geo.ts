// Where clients are. A locator lists networks with their locations, once, in a short-lived worker; a client map
// compiles them to the classes of one ordering question (client-map.ts). Nothing here is asked per query.
import type { Address } from '../base/address.ts'
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

/** The networks of a source, or why they cannot be had. */
export type NetworksResult = { readonly networks: Networks } | { readonly fault: Fault }

/** The record that holds an address. `first` and `last` bound its network, inclusive. */
export interface FoundLocation {
  readonly first: Address
  readonly last: Address
  readonly location: Location
  /** Who says so: `geo data`, or `geo.private`. */
  readonly origin: string
}

/** A source of geo data. `read` may take seconds and much memory: call it in a short-lived worker, then let go. */
export interface Locator {
  /** For logs and status: which data, of when. */
  readonly describe: () => string
  /** Words that the data's licence wants shown, if any. */
  readonly attribution: string | undefined
  /** `asns`: the providers that steps name. Others need not be told: there are a hundred thousand. */
  readonly read: (asns: ReadonlySet<number>) => NetworksResult
  /** Where one address is, with all that is known of it; undefined: nothing is, or the data cannot be read. */
  readonly locate: (address: Address) => FoundLocation | undefined
}

/** A source opened: a locator, unless a fault of severity error forbids it; and all faults. */
export interface LocatorLoad {
  readonly locator: Locator | undefined
  readonly faults: readonly Fault[]
}

/** MaxMind-format files, by what they know. Paths are absolute; at least one is there. */
export interface MmdbFiles {
  readonly city?: string
  readonly country?: string
  readonly asn?: string
}

/** Where geo data comes from, and what counts for clients in private space of whom it knows nothing. */
export type GeoSource = { readonly private?: Location } & (
  | { readonly source: 'geoip-lite' }
  /** `file` is absolute. */
  | { readonly source: 'table'; readonly file: string }
  | ({ readonly source: 'mmdb' } & MmdbFiles)
)

/** The files that a person named, which may be replaced while we run. */
export function filesOf(source: GeoSource): readonly string[] {
  switch (source.source) {
    case 'geoip-lite':
      return []
    case 'table':
      return [source.file]
    case 'mmdb':
      return [source.city, source.country, source.asn].filter((file) => file !== undefined)
  }
}
