// A director's status as text for people: what is wrong stands out, what is well is short.
import type { OverrideView } from '../admin/overrides.ts'
import type {
  AliasFamilyStatus,
  AliasStatus,
  BalancerStatus,
  EventStatus,
  HealthState,
  RegionStatus,
  ServiceStatus,
  Status,
  WorkerStatus,
  ZoneStatus,
} from '../admin/status.ts'
import { countFaults } from './faults.ts'
import { printable, type Paint, type Style } from './paint.ts'
import { formatDuration, formatShare, formatTable, formatTime } from './table.ts'

/** The latest events shown. */
const EVENTS = 10

export function formatStatus(status: Status, paint: Paint): string {
  const now = Date.parse(status.at)
  const rows = {
    regions: status.regions.flatMap((region) => regionRows(region, now, paint)),
    beacons: (status.doubt?.beacons ?? []).map(({ name, answers, reason }) => {
      return [printable(name), paint(answers ? 'green' : 'red', answers ? 'answers' : 'silent'), printable(reason)]
    }),
    services: status.services.map((service) => serviceRow(service, paint)),
    overrides: (status.overrides ?? []).map((override) => overrideRow(override, now, paint)),
    zones: status.zones.map((zone) => zoneRow(zone, paint)),
    aliases: (status.aliases ?? []).flatMap((alias) => aliasRows(alias, paint)),
    workers: status.workers.map((worker) => workerRow(worker, paint)),
    events: status.events.slice(-EVENTS).map((event) => eventRow(event, paint)),
  }
  const sections = Object.entries(rows).filter(([, rows]) => rows.length > 0)
  const tables = sections.map(([title, rows]) => [paint('bold', title), ...formatTable(rows, '  ')])
  return `${[headLines(status, paint), ...tables].map((lines) => lines.join('\n')).join('\n\n')}\n`
}

const STATE_STYLES: Readonly<Record<HealthState, Style>> = { up: 'green', down: 'red', unknown: 'yellow' }

const ALIAS_STYLES: Readonly<Record<AliasStatus['state'], Style>> = { fresh: 'green', stale: 'yellow', failed: 'red' }

/** `up`, `down` or `unknown` in its colour. */
export function paintState(state: HealthState, paint: Paint): string {
  return paint(STATE_STYLES[state], state)
}

/** `127.0.0.1:5300`, `[::1]:5300`. */
export function formatEndpoint({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function headLines(status: Status, paint: Paint): string[] {
  const { snapshot, admin, geo, lastReload } = status
  const lines = [
    `${paint('bold', `Meridian ${status.version}`)}, up for ${formatDuration(status.uptimeMs)}, ` +
      `snapshot ${snapshot.number} is ${formatDuration(snapshot.ageMs)} old`,
    `DNS on ${status.listen.map(formatEndpoint).join(', ')} (UDP and TCP)${admin ? `, admin on ${formatEndpoint(admin)}` : ''}`,
  ]
  if (geo) lines.push(`geo data: ${printable(geo.describe)}`)
  if (geo?.isStale) lines.push(paint('red', 'newer geo data has faults, which the log tells: what answered goes on'))
  if (geo?.attribution !== undefined) lines.push(paint('dim', printable(geo.attribution)))
  if (lastReload) lines.push(reloadLine(lastReload, paint))
  return [...lines, ...doubtLines(status, paint)]
}

/** Nothing while all is calm. */
function doubtLines({ doubt }: Status, paint: Paint): string[] {
  if (!doubt || doubt.state === 'calm') return []
  const { state, failing, of, regions, beacons, leftMs } = doubt
  const silent = beacons.filter(({ answers }) => !answers).length
  const why = `${failing} of ${of} healthy targets in ${regions} regions fail at once, ${silent} of ${beacons.length} beacons are silent`
  if (leftMs !== undefined) {
    return [`${paint('red', 'frozen')} for ${formatDuration(leftMs)} at most, our own network being in doubt: ${why}`]
  }
  return [`${paint('red', state)}: ${why}; what probes see rules`]
}

function reloadLine({ at, ok, faults }: NonNullable<Status['lastReload']>, paint: Paint): string {
  const when = `last reload at ${formatTime(new Date(at))}`
  const found = faults.length === 0 ? '' : `: ${countFaults(faults)}`
  return ok ? `${when} was taken over${found}` : `${when} ${paint('red', 'was refused')}${found}`
}

/** One row for a region of one balancer; else one for the region and one for each balancer below it. */
function regionRows(region: RegionStatus, now: number, paint: Paint): string[][] {
  const health = ({ state, reason, since }: Pick<RegionStatus, 'state' | 'reason' | 'since'>): string[] => [
    paintState(state, paint),
    formatDuration(now - Date.parse(since)),
    printable(reason),
  ]
  const [only, ...others] = region.balancers
  if (only && others.length === 0) return [[printable(region.name), only.address, ...health(region)]]
  const rows = region.balancers.map((balancer) => ['', addressOf(balancer), ...health(balancer)])
  const own = region.balancers.filter(({ host }) => host === undefined).length
  return [[printable(region.name), own === 1 ? '1 balancer' : `${own} balancers`, ...health(region)], ...rows]
}

/** Addresses of a host name stand below it. */
function addressOf({ address, host }: BalancerStatus): string {
  return host === undefined ? printable(address) : `  ${printable(address)}`
}

function serviceRow({ name, owners, ttlSeconds, fallbackEngaged, shares }: ServiceStatus, paint: Paint): string[] {
  const parts = shares.map(({ region, planned }) => `${printable(region)} ${formatShare(planned)}`)
  const fallback = fallbackEngaged ? [paint('red', 'fallback engaged')] : []
  return [printable(name), printable(owners.join(' ')), `TTL ${ttlSeconds} s`, [...fallback, ...parts].join(', ')]
}

function overrideRow(
  { kind, target, value, state, createdAt, owner, reason }: OverrideView,
  now: number,
  paint: Paint,
) {
  return [
    printable(`${kind} ${target}${value === undefined ? '' : ` ${value}`}`),
    paint(state === 'suspended' || state === 'without-target' ? 'red' : 'yellow', state),
    formatDuration(now - Date.parse(createdAt)),
    printable(`by ${owner}: ${reason}`),
  ]
}

function zoneRow({ origin, file, serial, state, faults }: ZoneStatus, paint: Paint): string[] {
  const style = state === 'current' ? 'green' : 'red'
  const found = faults === 0 ? '' : `${faults} fault${faults === 1 ? '' : 's'}`
  const number = serial === undefined ? 'never loaded' : `serial ${serial}`
  return [printable(origin), paint(style, state), number, printable(file), found]
}

/** One row for each family. */
function aliasRows({ target, ipv4, ipv6 }: AliasStatus, paint: Paint): string[][] {
  return [aliasRow(printable(target), 'A', ipv4, paint), aliasRow('', 'AAAA', ipv6, paint)]
}

function aliasRow(target: string, type: string, family: AliasFamilyStatus, paint: Paint): string[] {
  const { state, addresses, ageMs, reason = '' } = family
  const answers = state === 'failed' ? 'SERVFAIL' : addresses.join(' ') || 'none'
  const age = ageMs === undefined ? 'never resolved' : `${formatDuration(ageMs)} old`
  return [target, type, paint(ALIAS_STYLES[state], state), answers, age, printable(reason)]
}

function workerRow({ slot, role, replaced }: WorkerStatus, paint: Paint): string[] {
  return [`${role} ${slot}`, replaced === 0 ? 'never replaced' : paint('yellow', `replaced ${replaced} ×`)]
}

function eventRow({ at, text }: EventStatus, paint: Paint): string[] {
  return [paint('dim', formatTime(new Date(at))), printable(text)]
}
