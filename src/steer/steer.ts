// Who comes first. A step takes candidates and returns candidates, nothing else; a service's steer list is a fold over
// steps in fixed phases, and `explain` is the trace of the same fold. Steps run when a plan is made, never per query.
// This folder knows neither DNS nor probes.

/** What a step may know of a client. A missing field is unknown. (The same shape as geo's Location, which steer does not see.) */
export interface Client {
  readonly latitude?: number
  readonly longitude?: number
  readonly country?: string
  readonly continent?: string
  readonly asn?: number
}

/** A region that might answer. */
export interface Candidate {
  /** The region's name. */
  readonly region: string
  /** Lower answers first. 0 until a rank step speaks. */
  readonly tier: number
  /** Relative share within its tier, before availability; 1 until a spread step speaks. Steps multiply it. */
  readonly share: number
  /** The part of its share that it can take now, 0 to 1: state × report × ramp × override. */
  readonly availability: number
  /** Why the last step that spoke left it so; for explain. */
  readonly note: string
}

/** What steps may know of a region, by name. */
export interface RegionFacts {
  readonly weight: number
  readonly latitude?: number
  readonly longitude?: number
  readonly country?: string
}

/** What a step is given beside the candidates. */
export interface StepContext {
  readonly client: Client
  readonly regions: ReadonlyMap<string, RegionFacts>
}

/** In the order in which they run, whatever the order of a list. */
export const PHASES = ['fence', 'rank', 'availability', 'spread', 'pin', 'take'] as const

export type Phase = (typeof PHASES)[number]

/** A step as configured: plain data, so that it can cross to a worker. */
export type StepConfig =
  NearestConfig | FailoverConfig | { readonly step: 'round-robin' } | WeightedConfig | ConsistentHashConfig | TakeConfig

export interface NearestConfig {
  readonly step: 'nearest'
  /** Tiers told apart by distance; the regions beyond follow one by one in the service's order. */
  readonly depth: number
  /** A fraction of a tier's nearest distance: regions at most this much farther share the tier. */
  readonly within: number
  /** By region, 1 when missing: its distance is divided by this, so that above 1 it draws from farther. */
  readonly bias: Readonly<Record<string, number>>
}

export interface FailoverConfig {
  readonly step: 'failover'
  /** First choice first; regions left out form a last tier. Empty: the service's order. */
  readonly order: readonly string[]
}

export interface WeightedConfig {
  readonly step: 'weighted'
  /** By region; a region left out keeps its own weight. */
  readonly weights: Readonly<Record<string, number>>
}

export interface ConsistentHashConfig {
  readonly step: 'consistent-hash'
  readonly seed: string
  /** Length of the client's prefix that is pinned as one. */
  readonly ipv4Bits: number
  readonly ipv6Bits: number
}

export interface TakeConfig {
  readonly step: 'take'
  /** Addresses in one answer, all of one tier. */
  readonly count: number
}

export interface Step {
  readonly name: StepConfig['step']
  readonly phase: Phase
  /**
   * For a service's regions, in its order: text that is equal for exactly those clients whom this step treats alike;
   * missing when it ignores the client. Classes of a client map are the distinct texts of a service's steps. What
   * depends on regions alone is prepared first: a client map asks for hundreds of thousands of clients.
   */
  readonly classify?: (context: Omit<StepContext, 'client'>, regions: readonly string[]) => (client: Client) => string
  /** Pure. Keeps the candidates' order; never adds one; drops none but in the fence phase. */
  readonly apply: (candidates: readonly Candidate[], context: StepContext) => readonly Candidate[]
}
