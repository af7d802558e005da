// Prometheus text of a running director. Nothing is counted here on the query path: counts are read from the shared blocks
// of counters.ts, and states from the functions handed in, when somebody asks. No label takes a value from a client: types
// and RCODEs are bounded lists, the rest is named in the configuration.
import { collectDefaultMetrics, Counter, Registry } from 'prom-client'
import type { Counters } from './counters.ts'
import type { HealthState, MetricsFacts } from './facts.ts'
import { registerDoubt, registerHealth, registerProbing } from './health.ts'
import { countBy, gauge, total } from './metric.ts'
import { registerOverrides } from './overrides.ts'
import { registerReports } from './reports.ts'
import { registerTraffic } from './traffic.ts'

export type { MetricsFacts } from './facts.ts'

export interface MetricsSources {
  readonly version: string
  /** The block of each worker slot. */
  readonly counters: () => readonly Counters[]
  readonly facts: () => MetricsFacts
  /** Log lines that nobody took. */
  readonly droppedLogLines: () => number
}

export interface Exporter {
  /** Prometheus text, format 0.0.4. */
  readonly metrics: () => Promise<string>
  /** What there is, whether it has a value now or not. */
  readonly list: () => readonly MetricAbout[]
  /** To be called at every change of a balancer's state. `region` and `to` become labels. */
  readonly countTransition: (region: string, to: HealthState) => void
  /** To be called after every reload, refused ones too. */
  readonly countReload: (ok: boolean) => void
  /** To be called whenever health is frozen. */
  readonly countFreeze: () => void
  /** To be called for each request of the HTTP API that is refused unread. */
  readonly countAdminRefusal: (reason: (typeof ADMIN_REFUSALS)[number]) => void
}

export interface MetricAbout {
  readonly name: string
  /** `counter`, `gauge`, `histogram`. */
  readonly type: string
  readonly help: string
  readonly labels: readonly string[]
}

const ADMIN_REFUSALS = ['connections', 'head', 'timeout', 'malformed', 'body'] as const

export function createExporter(sources: MetricsSources): Exporter {
  const registry = new Registry()
  const facts = factsPerScrape(sources.facts)
  registerBuild(registry, sources.version)
  registerTraffic(registry, sources.counters)
  registerReceiveDrops(registry, facts.current)
  registerAnswers(registry, facts.current)
  registerDirector(registry, facts.current)
  registerHealth(registry, facts.current)
  registerReports(registry, facts.current)
  registerProbing(registry, facts.current)
  registerDoubt(registry, facts.current)
  registerReload(registry, facts.current)
  registerOverrides(registry, facts.current)
  total(registry, 'meridian_dropped_log_lines_total', 'Log lines that nobody read', [], (set) =>
    set([], sources.droppedLogLines()),
  )
  registerProcess(registry)
  const metrics = (): Promise<string> => {
    facts.refresh()
    return registry.metrics()
  }
  return { metrics, list: () => listMetrics(registry), ...registerEvents(registry) }
}

/** The facts are put together once a scrape, not once a metric. */
function factsPerScrape(read: () => MetricsFacts): { current: () => MetricsFacts; refresh: () => void } {
  let current: MetricsFacts | undefined
  return { current: () => (current ??= read()), refresh: () => (current = undefined) }
}

/** Of these the library has sums under names that end in `_total` and are no counters, which promtool refuses. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']

/** CPU, memory, descriptors, garbage collection, and the delay of the main thread's event loop. */
function registerProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)
}

function listMetrics(registry: Registry): MetricAbout[] {
  // The library's own types leave out the labels, and take `type` for a number, which it is not.
  const metrics = registry.getMetricsAsArray() as unknown as readonly (Omit<MetricAbout, 'labels'> & Labelled)[]
  return metrics.map(({ name, type, help, labelNames = [] }) => ({ name, type, help, labels: labelNames }))
}

interface Labelled {
  readonly labelNames?: readonly string[]
}

function registerBuild(registry: Registry, version: string): void {
  gauge(registry, 'meridian_build_info', 'Always 1; the version is the label', ['version', 'node'], (set) =>
    set([version, process.versions.node], 1),
  )
}

function registerReceiveDrops(registry: Registry, facts: () => MetricsFacts): void {
  total(
    registry,
    'meridian_udp_receive_drops_total',
    'Datagrams that the kernel dropped, for a socket was full (Linux)',
    [],
    (set) => {
      const { receiveDrops } = facts()
      if (receiveDrops !== undefined) set([], receiveDrops)
    },
  )
}

/** Of services and regions as configured now; what left the configuration is forgotten. */
function registerAnswers(registry: Registry, facts: () => MetricsFacts): void {
  const help = 'Answers that carried an address, by the service that gave them and the region that they lead to'
  total(registry, 'meridian_answers_total', help, ['service', 'region'], (set) => {
    for (const { name, shares } of facts().services) {
      for (const { region, answered = 0 } of shares) set([name, region], answered)
    }
  })
  const planned = 'The share that is planned, 0 to 1: the mean over the classes of clients'
  gauge(registry, 'meridian_planned_share', planned, ['service', 'region'], (set) => {
    for (const { name, shares } of facts().services) {
      for (const { region, planned } of shares) set([name, region], planned)
    }
  })
  total(registry, 'meridian_nodata_answers_total', 'Answers of services without an address', ['service'], (set) => {
    for (const { name, noData = 0 } of facts().services) set([name], noData)
  })
}

/** Zones whose serials are told: each is a series. */
const MOST_ZONES = 1000

function firstZones(zones: MetricsFacts['zones']): MetricsFacts['zones'] {
  if (zones.length <= MOST_ZONES) return zones
  return zones.toSorted((a, b) => (a.origin < b.origin ? -1 : 1)).slice(0, MOST_ZONES)
}

function registerDirector(registry: Registry, facts: () => MetricsFacts): void {
  gauge(registry, 'meridian_uptime_seconds', 'Time since the start', [], (set) => set([], facts().uptimeMs / 1000))
  gauge(registry, 'meridian_snapshot_number', 'Number of the snapshot that answers', [], (set) =>
    set([], facts().snapshot.number),
  )
  gauge(registry, 'meridian_snapshot_age_seconds', 'Time since it was published', [], (set) =>
    set([], facts().snapshot.ageMs / 1000),
  )
  gauge(registry, 'meridian_zones', 'Zones by state', ['state'], (set) => {
    for (const state of ['current', 'last-good', 'failed']) {
      set([state], facts().zones.filter((zone) => zone.state === state).length)
    }
  })
  const serial = `Serial of the zone that answers, of the first ${MOST_ZONES} by name`
  gauge(registry, 'meridian_zone_serial', serial, ['zone'], (set) => {
    for (const { origin, serial } of firstZones(facts().zones)) if (serial !== undefined) set([origin], serial)
  })
  gauge(registry, 'meridian_geo_stale', '1 while newer geo data has faults and older answers', [], (set) => {
    const { geo } = facts()
    if (geo) set([], Number(geo.isStale ?? false))
  })
  gauge(registry, 'meridian_service_fallback', '1 while the fallback of a service decides', ['service'], (set) => {
    for (const { name, fallbackEngaged } of facts().services) set([name], Number(fallbackEngaged))
  })
  gauge(
    registry,
    'meridian_aliases',
    'Targets of ALIAS records, and host names of balancers, by state',
    ['state'],
    (set) => {
      for (const state of ['fresh', 'stale', 'failed']) {
        set([state], (facts().aliases ?? []).filter((alias) => alias.state === state).length)
      }
    },
  )
  total(registry, 'meridian_worker_replacements_total', 'Workers that died or stalled', ['role', 'slot'], (set) => {
    for (const { role, slot, replaced } of facts().workers) set([role, String(slot)], replaced)
  })
}

function registerReload(registry: Registry, facts: () => MetricsFacts): void {
  gauge(registry, 'meridian_last_reload_success', '1 if the last reload, or the start, succeeded', [], (set) =>
    set([], Number(facts().lastReload?.ok ?? true)),
  )
  gauge(registry, 'meridian_faults', 'Faults in the files as they were read last', ['code', 'severity'], (set) => {
    for (const [key, count] of countBy(facts().faults, ({ code, severity }) => `${code} ${severity}`)) {
      set(key.split(' '), count)
    }
  })
  gauge(registry, 'meridian_last_reload_timestamp_seconds', 'When that was', [], (set) => {
    const { at, uptimeMs, lastReload } = facts()
    set([], (lastReload ? Date.parse(lastReload.at) : Date.parse(at) - uptimeMs) / 1000)
  })
}

function registerEvents(registry: Registry): Omit<Exporter, 'metrics' | 'list'> {
  const registers = [registry]
  const transitions = new Counter({
    name: 'meridian_health_transitions_total',
    help: 'Changes of state of balancers, by region and new state',
    labelNames: ['region', 'to'],
    registers,
  })
  const reloads = new Counter({
    name: 'meridian_reloads_total',
    help: 'Reloads, by result',
    labelNames: ['result'],
    registers,
  })
  const freezes = new Counter({
    name: 'meridian_freezes_total',
    help: 'Times that health was frozen, our own network being in doubt',
    registers,
  })
  const refusals = new Counter({
    name: 'meridian_admin_refused_requests_total',
    help: 'Requests to the HTTP API that were refused unread',
    labelNames: ['reason'],
    registers,
  })
  for (const result of ['success', 'failure']) reloads.inc({ result }, 0)
  for (const reason of ADMIN_REFUSALS) refusals.inc({ reason }, 0)
  return {
    countTransition: (region, to) => transitions.inc({ region, to }),
    countReload: (ok) => reloads.inc({ result: ok ? 'success' : 'failure' }),
    countFreeze: () => freezes.inc(),
    countAdminRefusal: (reason) => refusals.inc({ reason }),
  }
}
