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

export type Phase = 'fence' | 'rank' | 'availability' | 'spread' | 'pin' | 'take'

/** A step as configured: plain data, so that it can cross to a worker. */
export type StepConfig =
  | {
      readonly step: 'nearest'
      readonly depth: number
      readonly within: number
      readonly bias: Readonly<Record<string, number>>
    }
  | { readonly step: 'failover'; readonly order: readonly string[] }
  | { readonly step: 'round-robin' }
  | { readonly step: 'weighted'; readonly weights: Readonly<Record<string, number>> }
  | { readonly step: 'consistent-hash'; readonly seed: string; readonly ipv4Bits: number; readonly ipv6Bits: number }
  | { readonly step: 'take'; readonly count: number }

export interface Step {
  readonly name: string
  readonly phase: Phase
  /**
   * Text that is equal for exactly those clients whom this step treats alike; missing when it ignores the client.
   * Classes of a client map are the distinct texts of a service's steps.
   */
  readonly classify?: (client: Client, context: Omit<StepContext, 'client'>, regions: readonly string[]) => string
  /** Pure. Never adds a candidate; drops none but in the fence phase. */
  readonly apply: (candidates: readonly Candidate[], context: StepContext) => readonly Candidate[]
}
