// `/v1/queries`: sampled queries, the newest first. What is asked for is read here; who has the queries is handed in.
import { bad, readParameters, type Parameters } from './parameters.ts'
import type { Problem } from './problem.ts'

/** Moments are RFC 3339 text in UTC, names end with a dot. */
export interface QueryStatus {
  readonly at: string
  /** Missing: the question could not be read, and there is no type. */
  readonly name?: string
  readonly type?: string
  readonly rcode: string
  readonly transport: 'udp' | 'tcp'
  readonly truncated: boolean
  /** Who sent it: a resolver, as a rule. */
  readonly client: string
  /** The network on whose behalf it was sent (RFC 7871), and the scope of the answer. */
  readonly subnet?: { readonly prefix: string; readonly scope: number }
  /** Missing: no service answered. */
  readonly service?: string
  /** The region whose address was given; missing: none. */
  readonly region?: string
  /** The number of the snapshot that answered. */
  readonly snapshot: number
}

export interface QueryList {
  /** One query in so many is sampled; 0: none. */
  readonly sample: number
  /** The newest first. */
  readonly queries: readonly QueryStatus[]
}

/** What must be equal for a query to be listed. Missing: anything. */
export interface QueryFilter {
  readonly limit: number
  readonly name?: string
  readonly service?: string
  readonly region?: string
}

const DEFAULT_LIMIT = 100
const MOST = 10_000

export function readQueryFilter(parameters: URLSearchParams): QueryFilter | { readonly problem: Problem } {
  const read = readParameters(parameters, ['limit', 'name', 'service', 'region'], 'queries')
  if ('problem' in read) return read
  const { limit: text = String(DEFAULT_LIMIT), name, ...filter }: Parameters = read.values
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > MOST) return bad('bad-limit', 'limit', `is not a whole number from 1 to ${MOST}`)
  return { limit, ...filter, ...(name !== undefined && { name: canonical(name) }) }
}

function canonical(name: string): string {
  const lower = name.toLowerCase()
  return lower.endsWith('.') ? lower : `${lower}.`
}
