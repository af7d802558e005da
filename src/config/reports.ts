// The rows of a region's `report:`: where its L7 tier tells of itself, and how that is read. What follows from reports is
// health's (health/report/); well-known proxies need no mapping.
import { z } from 'zod'
import { MAPPINGS } from '../health/report/mappings.ts'
import { parseSelector } from '../health/report/prometheus.ts'
import { SAMPLE_FIELDS } from '../health/report/report.ts'
import type { ReportSource } from '../health/report/source.ts'
import { duration, fraction, path } from './scalars.ts'

const PROXIES = Object.keys(MAPPINGS) as (keyof typeof MAPPINGS)[]

const mapped = z.union([
  z.string().min(1).max(1000),
  z.strictObject({ of: z.string().min(1).max(1000), times: z.number() }),
])

const rows = z.strictObject({
  type: z
    .enum(['haproxy', ...PROXIES, 'prometheus', 'json', 'push'])
    .meta({ example: 'haproxy' })
    .describe(
      'What tells: HAProxy statistics (CSV), a known Prometheus exporter, any by `mapping`, our own JSON (`json` without one), or the region itself (`push`)',
    ),
  url: z.string().max(2000).optional().meta({ title: 'http or https URL' }).describe('Where reports are polled'),
  socket: path('/run/haproxy/admin.sock').optional().describe('Socket of HAProxy, in the place of `url`'),
  interval: duration('1s', '1h').prefault('10s').describe('From one report to the next; one counts for three'),
  timeout: duration('10ms', '1m').prefault('5s').describe('A poll without a whole report is given up after this'),
  tolerated: fraction(1).prefault(0.01).describe('Errors up to this part of the requests are no illness'),
  proxies: z
    .array(z.string().min(1).max(200))
    .max(1000)
    .prefault([])
    .describe('Frontends and backends of HAProxy that count; by default all'),
  mapping: z
    .record(z.string(), mapped)
    .prefault({})
    .describe('Selector of Prometheus series (`sum(x{code=~"5.."})`), or JSON path, for each figure'),
})

type Written = z.output<typeof rows>

/** A region's `report:`. */
export const reportSchema = rows.superRefine(checkReport)

type Context = z.core.$RefinementCtx<Written>

function checkReport(report: Written, context: Context): void {
  const refuse: Refuse = (path, message, hint) => {
    context.addIssue({ code: 'custom', path, input: context.value, params: { message, hint } })
  }
  if (report.type === 'push') checkPush(report, refuse)
  else checkPlace(report, refuse)
  checkMapping(report, refuse)
}

type Refuse = (path: (string | number)[], message: string, hint: string) => void

function checkPush({ url, socket }: Written, refuse: Refuse): void {
  const hint = 'leave it out: the region posts to /v1/regions/NAME/report'
  if (url !== undefined) refuse(['url'], 'is not for `push`', hint)
  if (socket !== undefined) refuse(['socket'], 'is not for `push`', hint)
}

function checkPlace({ type, url, socket }: Written, refuse: Refuse): void {
  if ((url === undefined) === (socket === undefined)) refuse([], 'needs `url` or `socket`, one of them', 'add `url: …`')
  if (socket !== undefined && type !== 'haproxy') refuse(['socket'], 'is for `haproxy` only', 'give a `url`')
  if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
    refuse(['url'], 'must be an http or https URL', 'such as http://127.0.0.1:8404/;csv')
  }
}

function checkMapping({ type, mapping }: Written, refuse: Refuse): void {
  const isEmpty = Object.keys(mapping).length === 0
  if (type === 'prometheus' && isEmpty) refuse([], 'needs a `mapping`', `of ${SAMPLE_FIELDS.join(', ')}`)
  if (type !== 'prometheus' && type !== 'json' && !isEmpty) {
    refuse(['mapping'], `is built in for \`${type}\``, 'leave it out')
  }
  for (const [field, written] of Object.entries(mapping)) {
    const of = typeof written === 'string' ? written : written.of
    if (!(SAMPLE_FIELDS as readonly string[]).includes(field)) {
      refuse(['mapping', field], 'is no figure of a report', `known are ${SAMPLE_FIELDS.join(', ')}`)
    } else if (type === 'prometheus' && parseSelector(of) === undefined) {
      refuse(['mapping', field], 'is no selector of series', 'such as sum(http_requests_total{code=~"5.."})')
    }
  }
}

export function toReportSource(written: Written, absolute: (path: string) => string): ReportSource {
  const { url, socket, interval: intervalMs, timeout: timeoutMs, tolerated, proxies } = written
  const from = socket !== undefined ? { socket: absolute(socket) } : url !== undefined ? { url } : 'push'
  return { from, intervalMs, timeoutMs, tolerated, proxies, ...readerOf(written) }
}

function readerOf({ type, mapping }: Written): Pick<ReportSource, 'format' | 'mapping'> {
  if (type === 'push') return { format: 'figures', mapping: {} }
  if (type === 'haproxy' || type === 'prometheus') return { format: type, mapping }
  if (type === 'json') return { format: Object.keys(mapping).length === 0 ? 'figures' : 'json', mapping }
  return { format: 'prometheus', mapping: MAPPINGS[type] }
}
