// Prometheus text of a running director. Nothing is counted here on the query path: counts are read from the shared blocks
// of counters.ts, and states from the functions handed in, when somebody asks. No label takes a value from a client: types
// and RCODEs are bounded lists, the rest is named in the configuration.
import { collectDefaultMetrics, Counter, Registry } from 'prom-client'
import type { Counters } from './counters.ts'
import { countBy, gauge, total } from './metric.ts'
import { registerOverrides, type OverrideFacts } from './overrides.ts'
import { registerTraffic } from './traffic.ts'

type HealthState = 'up' | 'down' | 'unknown'

/** What is shown of the director's state, a part of its status. Moments are RFC 3339 text. */
export interface MetricsFacts {
  /** Now. */
  readonly at: string
  readonly uptimeMs: number
  readonly snapshot: { readonly number: number; readonly ageMs: number }
  readonly geo?: { readonly isStale?: boolean }
  readonly zones: readonly { readonly origin: string; readonly serial?: number; readonly state: string }[]
  readonly regions: readonly {
    readonly name: string
    readonly state: HealthState
    readonly balancers: readonly {
      readonly address: string
      readonly state: HealthState
      readonly lastLatencyMs?: number
    }[]
  }[]
  readonly services: readonly {
    readonly name: string
    readonly fallbackEngaged: boolean
    /** `answered`: since the start; missing where it is not counted. */
    readonly shares: readonly { readonly region: string; readonly answered?: number }[]
    readonly noData?: number
  }[]
  readonly aliases?: readonly { readonly state: string }[]
  /** What operators said. */
  readonly overrides?: readonly OverrideFacts[]
  /** What was wrong with the files when they were read last. */
  readonly faults: readonly { readonly code: string; readonly severity: string }[]
  /** Datagrams that the kernel dropped, for our sockets were full; missing where it does not say. */
  readonly receiveDrops?: number
  readonly workers: readonly { readonly slot: number; readonly role: string; readonly replaced: number }[]
  readonly lastReload?: { readonly at: string; readonly ok: boolean }
  readonly probing?: {
    readonly probes: Readonly<Record<'success' | 'failure' | 'none', number>>
    readonly cpuMs: number
    readonly inFlight: number
    readonly skipped: number
    readonly lateP99Ms: number
    readonly lateMaxMs: number
  }
  readonly doubt?: {
    readonly state: string
    readonly beacons: readonly { readonly name: string; readonly answers: boolean }[]
  }
}

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
  /** To be called at every change of a balancer's state. `region` and `to` become labels. */
  readonly countTransition: (region: string, to: HealthState) => void
  /** To be called after every reload, refused ones too. */
  readonly countReload: (ok: boolean) => void
  /** To be called whenever health is frozen. */
  readonly countFreeze: () => void
  /** To be called for each request of the HTTP API that is refused unread. */
  readonly countAdminRefusal: (reason: (typeof ADMIN_REFUSALS)[number]) => void
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
  registerProbing(registry, facts.current)
  registerDoubt(registry, facts.current)
  registerReload(registry, facts.current)
  registerOverrides(registry, facts.current)
  total(registry, 'meridian_dropped_log_lines_total', 'Log lines that nobody read', [], (set) =>
    set([], sources.droppedLogLines()),
  )
  collectDefaultMetrics({ register: registry })
  const metrics = (): Promise<string> => {
    facts.refresh()
    return registry.metrics()
  }
  return { metrics, ...registerEvents(registry) }
}

type Probing = NonNullable<MetricsFacts['probing']>

const NO_PROBING: Omit<Probing, 'probes' | 'inFlight'> = { cpuMs: 0, skipped: 0, lateP99Ms: 0, lateMaxMs: 0 }

/** The facts are put together once a scrape, not once a metric. */
function factsPerScrape(read: () => MetricsFacts): { current: () => MetricsFacts; refresh: () => void } {
  let current: MetricsFacts | undefined
  return { current: () => (current ??= read()), refresh: () => (current = undefined) }
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
  total(registry, 'meridian_nodata_answers_total', 'Answers of services without an address', ['service'], (set) => {
    for (const { name, noData = 0 } of facts().services) set([name], noData)
  })
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

function registerHealth(registry: Registry, facts: () => MetricsFacts): void {
  const balancers = () =>
    facts().regions.flatMap(({ name, balancers }) => balancers.map((balancer) => ({ ...balancer, region: name })))
  gauge(registry, 'meridian_region_up', '1 up, 0 down; absent while unknown', ['region'], (set) => {
    for (const { name, state } of facts().regions) if (state !== 'unknown') set([name], Number(state === 'up'))
  })
  gauge(registry, 'meridian_balancer_up', '1 up, 0 down; absent while unknown', ['region', 'address'], (set) => {
    for (const { region, address, state } of balancers()) {
      if (state !== 'unknown') set([region, address], Number(state === 'up'))
    }
  })
  gauge(registry, 'meridian_probe_latency_seconds', 'Of the last probe', ['region', 'address'], (set) => {
    for (const { region, address, lastLatencyMs } of balancers()) {
      if (lastLatencyMs !== undefined) set([region, address], lastLatencyMs / 1000)
    }
  })
}

function registerProbing(registry: Registry, facts: () => MetricsFacts): void {
  total(
    registry,
    'meridian_probes_total',
    'Probes that ended, by outcome; none: trouble of our own',
    ['outcome'],
    (set) => {
      for (const [outcome, number] of Object.entries(facts().probing?.probes ?? {})) set([outcome], number)
    },
  )
  const count = (name: string, help: string, read: (probing: typeof NO_PROBING) => number): void =>
    total(registry, name, help, [], (set) => set([], read(facts().probing ?? NO_PROBING)))
  count('meridian_probe_cpu_seconds_total', 'CPU time of the probe worker', ({ cpuMs }) => cpuMs / 1000)
  count('meridian_probes_skipped_total', 'Probes left out for want of places', ({ skipped }) => skipped)
  gauge(registry, 'meridian_probes_in_flight', 'Probes outstanding', [], (set) =>
    set([], facts().probing?.inFlight ?? 0),
  )
  gauge(
    registry,
    'meridian_probe_lateness_seconds',
    'How late probes started, over the last minute or so; quantile 1 is the maximum',
    ['quantile'],
    (set) => {
      const { lateP99Ms, lateMaxMs } = facts().probing ?? NO_PROBING
      set(['0.99'], lateP99Ms / 1000)
      set(['1'], lateMaxMs / 1000)
    },
  )
}

function registerDoubt(registry: Registry, facts: () => MetricsFacts): void {
  gauge(registry, 'meridian_frozen', '1 while health is frozen: our own network is in doubt', [], (set) =>
    set([], Number(facts().doubt?.state === 'frozen')),
  )
  gauge(registry, 'meridian_failure_storm', '1 while most targets fail at once, whoever is to blame', [], (set) =>
    set([], Number((facts().doubt?.state ?? 'calm') !== 'calm')),
  )
  gauge(registry, 'meridian_beacon_up', '1 if the newest probe of a beacon was answered', ['beacon'], (set) => {
    for (const { name, answers } of facts().doubt?.beacons ?? []) set([name], Number(answers))
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

function registerEvents(registry: Registry): Omit<Exporter, 'metrics'> {
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
