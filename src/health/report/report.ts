// What a region's L7 tier tells of itself, whatever it is made of: the words of this folder. A reader (haproxy.ts,
// prometheus.ts, json.ts) makes a sample of what was fetched; two samples make a report (rates.ts); reports make the part
// of its share that a region can take (judge.ts). Probes rule beside them: a report only ever takes away.

/** What one look at the tier showed. A field that is missing was not told. */
export interface Sample {
  readonly activeConnections?: number
  /** Since some start, as counters have it. */
  readonly requests?: number
  /** Of those, the ones that the tier could not serve (5xx). */
  readonly errors?: number
  /** Mean over recent successful requests. */
  readonly responseTimeMs?: number
  /** Sums since some start, where no mean is told: time taken by requests, and their number. */
  readonly responseTimeSumMs?: number
  readonly responseTimeCount?: number
  readonly healthyServers?: number
  readonly totalServers?: number
  /** Of what it can take; above 1 when it takes more. */
  readonly utilisation?: number
}

export const SAMPLE_FIELDS = [
  'activeConnections',
  'requests',
  'errors',
  'responseTimeMs',
  'responseTimeSumMs',
  'responseTimeCount',
  'healthyServers',
  'totalServers',
  'utilisation',
] as const satisfies readonly (keyof Sample)[]

/** What is known of a region's load. A field that is missing is not known; mean times are over successful requests. */
export interface Report extends Omit<Sample, 'requests' | 'errors' | 'responseTimeSumMs' | 'responseTimeCount'> {
  /** A second. */
  readonly requestRate?: number
  /** Of the requests, 0 to 1. */
  readonly errorRate?: number
}

/** Ms by network, in canonical text: round-trip times that a region measured to its clients. */
export type MeasuredTimes = ReadonlyMap<string, number>

/** A sample, or why there is none: one phrase for people. */
export type Reading = { readonly sample: Sample; readonly roundTrips?: MeasuredTimes } | { readonly problem: string }

/** Why a sample cannot be true; undefined when it can. */
export function impossible(sample: Sample): string | undefined {
  for (const field of SAMPLE_FIELDS) {
    const value = sample[field]
    if (value !== undefined && !(Number.isFinite(value) && value >= 0)) return `${field} is ${value}`
  }
  const { errors, requests, healthyServers, totalServers } = sample
  if (errors !== undefined && requests !== undefined && errors > requests) return 'more errors than requests'
  if (healthyServers !== undefined && totalServers !== undefined && healthyServers > totalServers) {
    return 'more healthy servers than there are'
  }
  return Object.keys(sample).length === 0 ? 'it tells nothing' : undefined
}
