// Where a region's reports come from, as configured, and how what came is read.
import { readFigures } from './figures.ts'
import { readHaproxy } from './haproxy.ts'
import type { ReportRules } from './judge.ts'
import { readJson } from './json.ts'
import { readPrometheus, type Mapping } from './prometheus.ts'
import type { Reading } from './report.ts'

/** Where a report is fetched: `http:` or `https:`; or, for `haproxy`, the absolute path of its socket. */
export type ReportPlace = { readonly url: string } | { readonly socket: string }

export interface ReportSource extends ReportRules {
  /** `figures`: our own JSON. */
  readonly format: 'haproxy' | 'prometheus' | 'json' | 'figures'
  /** `push`: the region tells by itself. */
  readonly from: ReportPlace | 'push'
  readonly timeoutMs: number
  /** Of `prometheus` and `json`. */
  readonly mapping: Mapping
  /** Of `haproxy`: frontends and backends that count; empty: all of them. */
  readonly proxies: readonly string[]
}

export function readText(text: string, { format, mapping, proxies }: ReportSource): Reading {
  switch (format) {
    case 'haproxy':
      return readHaproxy(text, proxies)
    case 'prometheus':
      return readPrometheus(text, mapping)
    case 'json':
      return readJson(text, mapping)
    case 'figures':
      return readFigures(text)
  }
}
