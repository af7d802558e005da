// Where a region's reports come from, as configured, and how what was fetched is read.
import { readHaproxy } from './haproxy.ts'
import type { ReportRules } from './judge.ts'
import { readJson } from './json.ts'
import { readPrometheus, type Mapping } from './prometheus.ts'
import type { Reading } from './report.ts'

export interface ReportSource extends ReportRules {
  readonly format: 'haproxy' | 'prometheus' | 'json'
  /** `http:` or `https:`; or, for `haproxy`, the absolute path of its socket. */
  readonly from: { readonly url: string } | { readonly socket: string }
  readonly timeoutMs: number
  /** Of `prometheus` and `json`. */
  readonly mapping: Mapping
  /** Of `haproxy`: frontends and backends that count; empty: all of them. */
  readonly proxies: readonly string[]
}

export function readText(text: string, { format, mapping, proxies }: ReportSource): Reading {
  if (format === 'haproxy') return readHaproxy(text, proxies)
  return format === 'json' ? readJson(text, mapping) : readPrometheus(text, mapping)
}
