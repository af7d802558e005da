// What the demo shows, as a pure function from what is known to the lines of a terminal. Drawing them is screen.ts.
import type { EventStatus, Status } from '../../admin/status.ts'
import { clip, printable, type Paint } from '../paint.ts'
import { formatEndpoint, paintState } from '../status.ts'
import { formatDuration, formatShare, formatTable, formatTime } from '../table.ts'
import { RECENT_MS, type Shares } from './shares.ts'
import type { ProcessView } from './region-process.ts'

export interface DemoModel {
  readonly status: Status
  readonly processes: readonly ProcessView[]
  readonly shares: Shares
  /** In the order of time. */
  readonly events: readonly EventStatus[]
}

export interface ViewSize {
  readonly columns: number
  readonly rows: number
}

/** At most `rows` lines of at most `columns` columns; where room is short, old events go first, then lines to try. */
export function renderView(model: DemoModel, size: ViewSize, paint: Paint): string[] {
  const { status } = model
  const regions = [...regionLines(model, size.columns, paint), ...fallbackLines(status, paint)]
  const top = [...headLines(status, paint), '', ...regions, '']
  const keys = keyLine(model.processes, paint)
  const tries = ['', paint('bold', 'Try in another terminal'), ...tryLines(model).map((line) => `  ${line}`), '']
  const room = size.rows - top.length - tries.length - 1
  const events = eventLines(model.events, Math.max(MIN_EVENTS, room - 1), paint)
  const middle = [...events, ...tries].slice(0, Math.max(0, size.rows - top.length - 1))
  return [...top, ...middle, keys].slice(-size.rows).map((line) => clip(line, size.columns))
}

const MIN_EVENTS = 3

function headLines({ version, snapshot, uptimeMs, listen, admin }: Status, paint: Paint): string[] {
  const parts = [`DNS ${listen.map(formatEndpoint).join(', ')}`]
  if (admin) parts.push(`http://${formatEndpoint(admin)}/v1/status`)
  parts.push(`up for ${formatDuration(uptimeMs)}`, `snapshot ${snapshot.number}`)
  return [[paint('bold', `Meridian ${version}`), ...parts].join(' · ')]
}

/** A fallback answers with regions that are down: that must not look like all is well. */
function fallbackLines({ services }: Status, paint: Paint): string[] {
  const engaged = services.filter(({ fallbackEngaged }) => fallbackEngaged).map(({ name }) => printable(name))
  return engaged.length === 0 ? [] : [paint('red', `fallback engaged: ${engaged.join(', ')}`)]
}

function regionLines(model: DemoModel, columns: number, paint: Paint): string[] {
  const { status, processes, shares } = model
  const barWidth = columns >= 100 ? 20 : 10
  const head = ['', 'region', 'state', 'since', 'process', BASIS_TITLES[shares.basis], 'reason']
  const rows = status.regions.map((region, i) => [
    paint('bold', String(i + 1)),
    region.name,
    paintState(region.state, paint),
    formatDuration(Date.parse(status.at) - Date.parse(region.since)),
    processCell(
      processes.find(({ name }) => name === region.name),
      paint,
    ),
    shareBar(shares.byRegion.get(region.name) ?? 0, barWidth, paint),
    paint('dim', printable(region.balancers[0]?.reason ?? region.reason)),
  ])
  return formatTable([head.map((title) => paint('dim', title)), ...rows])
}

const BASIS_TITLES: Readonly<Record<Shares['basis'], string>> = {
  recent: `answers, last ${RECENT_MS / 1000} s`,
  'since start': 'answers since start',
  planned: 'planned share',
}

function processCell(process: ProcessView | undefined, paint: Paint): string {
  if (process?.restartsInMs !== undefined) {
    return paint('red', `dead, starts in ${Math.ceil(process.restartsInMs / 1000)} s`)
  }
  return process?.pid === undefined ? paint('yellow', 'starting') : `pid ${process.pid}`
}

function shareBar(share: number, width: number, paint: Paint): string {
  const full = Math.round(share * width)
  return `${paint('cyan', '█'.repeat(full))}${paint('dim', '░'.repeat(width - full))} ${formatShare(share).padStart(5)}`
}

function eventLines(events: readonly EventStatus[], room: number, paint: Paint): string[] {
  const shown = events.slice(-room)
  return [
    paint('bold', 'Events'),
    ...shown.map(({ at, text }) => `  ${paint('dim', formatTime(new Date(at)))}  ${printable(text)}`),
  ]
}

function keyLine(processes: readonly ProcessView[], paint: Paint): string {
  const digits = processes.map((_, i) => String(i + 1)).join(' ')
  return `${paint('inverse', ` ${digits} `)} kill or start that region   ${paint('inverse', ' q ')} quit`
}

/** Networks of real cities, by the bundled geo data. */
const PLACES = [
  { city: 'Virginia', subnet: '3.80.0.0/24' },
  { city: 'Frankfurt', subnet: '3.120.0.0/24' },
  { city: 'Mumbai', subnet: '49.32.0.0/24' },
]

/** Commands to paste, each behind what it shows. Told alike by the plain log. */
export function tryLines({ status, processes }: Pick<DemoModel, 'status' | 'processes'>): string[] {
  const [endpoint = { host: '127.0.0.1', port: 53 }] = status.listen
  const dig = `dig +short @${endpoint.host} -p ${endpoint.port}`
  const near = PLACES.map(({ city, subnet }) => [city, `${dig} www.example.com +subnet=${subnet}`])
  const living = processes.find(({ pid }) => pid !== undefined)
  const rows = [...near, ['5:3:2', `${dig} split.example.com`]]
  if (living) {
    rows.push(['page', `curl http://$(${dig} www.example.com):${living.port}/`])
    rows.push(['failover', `kill ${living.pid ?? 0}   # or kill -STOP: it hangs until kill -CONT`])
  }
  return formatTable(rows)
}
