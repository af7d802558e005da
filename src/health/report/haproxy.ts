// HAProxy's statistics as CSV (its management guide, §9.1: `show stat` on the socket, `/;csv` over HTTP). A line for each
// frontend, backend and server; columns are found by their names, for every version adds some.
import type { Reading, Sample } from './report.ts'

const COLUMNS = ['pxname', 'svname', 'status', 'scur', 'slim', 'stot'] as const

type Row = ReadonlyMap<string, string>

/** `proxies`: frontends and backends that count; empty: all of them. */
export function readHaproxy(text: string, proxies: readonly string[]): Reading {
  const [header = '', ...lines] = text.split('\n').filter((line) => line.trim() !== '')
  const names = header.replace(/^# ?/, '').split(',')
  if (COLUMNS.some((column) => !names.includes(column))) return { problem: 'not HAProxy statistics' }
  const rows = lines.map((line): Row => new Map(splitCsv(line).map((value, i) => [names[i] ?? '', value])))
  const counted = rows.filter((row) => proxies.length === 0 || proxies.includes(row.get('pxname')!))
  const of = (kind: string) => counted.filter((row) => row.get('svname') === kind)
  const servers = counted.filter((row) => !['FRONTEND', 'BACKEND'].includes(row.get('svname')!))
  if (counted.length === 0) return { problem: `no proxy called ${proxies.join(', ')}` }
  return { sample: sampleOf(of('FRONTEND'), of('BACKEND'), servers) }
}

function sampleOf(frontends: readonly Row[], backends: readonly Row[], servers: readonly Row[]): Sample {
  const doors = frontends.length > 0 ? frontends : backends
  const active = sum(doors, 'scur')
  const limit = sum(doors, 'slim')
  const requests = sum(backends, 'req_tot') ?? sum(backends, 'stot')
  const errors = sum(backends, 'hrsp_5xx') ?? sum(backends, 'econ')
  const responseTimeMs = meanResponseTime(backends)
  return {
    ...(active !== undefined && { activeConnections: active }),
    ...(requests !== undefined && { requests }),
    ...(errors !== undefined && { errors }),
    ...(responseTimeMs !== undefined && { responseTimeMs }),
    ...(servers.length > 0 && { healthyServers: servers.filter(isHealthy).length, totalServers: servers.length }),
    ...(active !== undefined && limit !== undefined && limit > 0 && { utilisation: active / limit }),
  }
}

/** `UP`, `UP 1/2` (about to go down), `no check`; not MAINT, DRAIN, NOLB, DOWN. */
function isHealthy(row: Row): boolean {
  return /^(UP|no check)/.test(row.get('status')!)
}

/** Weighted by the sessions of each backend; `rtime` is a mean over its last 1,024 requests. */
function meanResponseTime(backends: readonly Row[]): number | undefined {
  const told = backends.map((row) => ({ time: numberIn(row, 'rtime'), weight: numberIn(row, 'stot') ?? 0 }))
  const known = told.filter(
    (each): each is { time: number; weight: number } => each.time !== undefined && each.weight > 0,
  )
  const total = known.reduce((all, { weight }) => all + weight, 0)
  return total === 0 ? undefined : known.reduce((all, { time, weight }) => all + time * weight, 0) / total
}

/** Over the rows that tell; undefined when none does. */
function sum(rows: readonly Row[], column: string): number | undefined {
  const values = rows.map((row) => numberIn(row, column)).filter((value) => value !== undefined)
  return values.length === 0 ? undefined : values.reduce((all, value) => all + value, 0)
}

function numberIn(row: Row, column: string): number | undefined {
  const text = row.get(column) ?? ''
  return text === '' ? undefined : Number(text)
}

/** A field may stand in quotes, with quotes doubled in it (RFC 4180). */
function splitCsv(line: string): string[] {
  return Array.from(line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g), ([, quoted, bare = '']) => {
    return quoted === undefined ? bare : quoted.replaceAll('""', '"')
  })
}
