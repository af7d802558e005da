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
  /** The configured CIDR prefixes that hold it, in canonical text, longest first; missing: none does. */
  readonly prefixes?: readonly string[]
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
  /** Missing: nothing but health has a word in its availability. */
  readonly standing?: Standing
  /** Why the last step that spoke left it so; for explain. */
  readonly note: string
}

/** What an availability is made of, where operators or a recovery have a word in it: health × part. */
export interface Standing {
  /** By state and report alone: 0 to 1. */
  readonly health: number
  /** What operators and its own recovery leave it: 0 to 1. No illness: it does not count in the judgement of health. */
  readonly part: number
  /** Never answers, whatever the fallback. */
  readonly isForcedDown: boolean
}

/** What steps may know of a region, by name. */
export interface RegionFacts {
  readonly weight: number
  readonly latitude?: number
  readonly longitude?: number
  readonly country?: string
}

/** What a region's L7 tier tells of its load. A missing field is unknown. */
export interface Measure {
  /** Active now. */
  readonly connections?: number
  /** Mean over successful requests, ms. */
  readonly responseTimeMs?: number
}

/** Scores of load steps, smoothed: by the step's name, then by region. Without one, a region has told nothing of late. */
export type Scores = ReadonlyMap<StepConfig['step'], ReadonlyMap<string, number>>

/** What regions measured: by CIDR prefix in canonical text, then by region, ms. */
export type RoundTrips = ReadonlyMap<string, Readonly<Record<string, number>>>

/** What a step is given beside the candidates. */
export interface StepContext {
  readonly client: Client
  readonly regions: ReadonlyMap<string, RegionFacts>
  readonly scores?: Scores
  readonly roundTrips?: RoundTrips
  /** Weights by an operator's word, by region, in the place of those that steps and regions have. */
  readonly weights?: ReadonlyMap<string, number>
}

/** In the order in which they run, whatever the order of a list. */
export const PHASES = ['fence', 'rank', 'availability', 'spread', 'pin', 'take'] as const

export type Phase = (typeof PHASES)[number]

/** A step as configured: plain data, so that it can cross to a worker. */
export type StepConfig =
  | FenceConfig
  | MapConfig
  | NearestConfig
  | FastestConfig
  | FailoverConfig
  | { readonly step: 'round-robin' }
  | WeightedConfig
  | LeastConnectionsConfig
  | WeightedLeastConnectionsConfig
  | LeastResponseTimeConfig
  | ConsistentHashConfig
  | IpHashConfig
  | TakeConfig

export interface FenceConfig {
  readonly step: 'fence'
  /** By client key (client-key.ts): the regions that these clients may meet. Empty: none. */
  readonly entries: Readonly<Record<string, readonly string[]>>
}

export interface MapConfig {
  readonly step: 'map'
  /** By client key (client-key.ts): regions, first choice first. */
  readonly entries: Readonly<Record<string, readonly string[]>>
  /** Regions that are not listed for a client do not answer it. */
  readonly only: boolean
}

export interface NearestConfig {
  readonly step: 'nearest'
  /** Tiers told apart by distance; the regions beyond follow one by one in the service's order. */
  readonly depth: number
  /** A fraction of a tier's nearest distance: regions at most this much farther share the tier. */
  readonly within: number
  /** By region, 1 when missing: its distance is divided by this, so that above 1 it draws from farther. */
  readonly bias: Readonly<Record<string, number>>
}

export interface FastestConfig {
  readonly step: 'fastest'
  /** Tiers told apart by round-trip time; the regions beyond form a last one. */
  readonly depth: number
  /** A fraction of a tier's least time: regions at most this much slower share the tier. */
  readonly within: number
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

/** What every load step lets one choose. */
export interface LoadOptions {
  /** The lowest score takes all, as the textbook has it. */
  readonly lowest: boolean
  /** The most that a region's share may grow or shrink, as a fraction of itself, within one report interval + TTL. */
  readonly movement: number
}

export interface LeastConnectionsConfig extends LoadOptions {
  readonly step: 'least-connections'
}

export interface WeightedLeastConnectionsConfig extends LoadOptions {
  readonly step: 'weighted-least-connections'
  /** By region; a region left out keeps its own weight. */
  readonly weights: Readonly<Record<string, number>>
}

export interface LeastResponseTimeConfig extends LoadOptions {
  readonly step: 'least-response-time'
  /** Times are multiplied by active connections. */
  readonly connections: boolean
}

export interface ConsistentHashConfig {
  readonly step: 'consistent-hash'
  readonly seed: string
  /** Length of the client's prefix that is pinned as one. */
  readonly ipv4Bits: number
  readonly ipv6Bits: number
}

export interface IpHashConfig {
  readonly step: 'ip-hash'
  /** Length of the client's prefix that is hashed. */
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
  /** True for steps that may leave candidates out. */
  readonly drops?: boolean
  /**
   * For a service's regions, in its order: text that is equal for exactly those clients whom this step treats alike;
   * missing when it ignores the client. Classes of a client map are the distinct texts of a service's steps. What
   * depends on regions alone is prepared first: a client map asks for hundreds of thousands of clients.
   */
  readonly classify?: (context: Omit<StepContext, 'client'>, regions: readonly string[]) => (client: Client) => string
  /** Of a step that spreads by load: how it judges a region, and how fast its shares may move. */
  readonly load?: {
    readonly score: (region: string, measure: Measure, facts: RegionFacts | undefined) => number | undefined
    readonly movement: number
  }
  /** Pure. Keeps the candidates' order; never adds one; leaves none out unless it `drops`. */
  readonly apply: (candidates: readonly Candidate[], context: StepContext) => readonly Candidate[]
}
