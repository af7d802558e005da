// `/v1/round-trips`: times that regions measured, for `fastest`. A report is read and checked here as far as that needs no
// configuration; who keeps it is handed in.
import { z } from 'zod'
import { formatPrefix, parsePrefix } from '../base/prefix.ts'
import type { Problem } from './problem.ts'

export interface RoundTripReport {
  readonly region: string
  /** Ms by network, in canonical text. */
  readonly times: ReadonlyMap<string, number>
}

/** What regions reported. Moments are RFC 3339 text in UTC. */
export interface RoundTripList {
  /** After so long a time is forgotten; missing: never. */
  readonly maxAgeMs?: number
  readonly regions: readonly {
    readonly region: string
    readonly times: readonly { readonly network: string; readonly ms: number; readonly at: string }[]
  }[]
}

/** What became of a report. */
export interface RoundTripReceipt {
  readonly region: string
  /** Times known of this region by reports, and of all. */
  readonly known: number
  readonly knownOfAll: number
  /** Answers follow within so long. */
  readonly appliedWithinMs: number
}

/** Twenty thousand networks, about. */
export const MAX_REPORT_BYTES = 1 << 20

/** A minute: beyond it no answer comes, and the unit is another. */
const MAX_MS = 60_000

const reportSchema = z.strictObject({
  region: z.string().min(1).max(63),
  times: z.record(z.string().max(64), z.number().min(0).max(MAX_MS)),
})

const EXAMPLE = '{ "region": "eu-west", "times": { "203.0.113.0/24": 12.5 } }'

/** Reads the body of a report, which is no longer than MAX_REPORT_BYTES. */
export function readReport(text: string): RoundTripReport | { readonly problem: Problem } {
  const body = parseJson(text)
  if (body === undefined) return wrong('bad-json', 'the body is not JSON', [])
  const { data, error } = reportSchema.safeParse(body)
  if (!data) {
    const { path, message } = error.issues[0]!
    return wrong('bad-report', `the body is wrong at ${pointerTo(path) || 'its root'}: ${message}`, path)
  }
  const times = new Map<string, number>()
  for (const [written, ms] of Object.entries(data.times)) {
    const prefix = parsePrefix(written)
    if (!prefix)
      return wrong('bad-prefix', `"${written}" is no CIDR prefix, or has bits beyond its length`, ['times', written])
    const network = formatPrefix(prefix)
    if (times.has(network)) return wrong('duplicate-prefix', `${network} stands there twice`, ['times', written])
    times.set(network, ms)
  }
  return { region: data.region, times }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** RFC 6901; empty: the whole. */
function pointerTo(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function wrong(code: string, detail: string, path: readonly PropertyKey[]): { readonly problem: Problem } {
  return { problem: { status: 400, code, detail, pointer: pointerTo(path), hint: `such as ${EXAMPLE}` } }
}
