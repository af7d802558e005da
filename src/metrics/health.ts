// Metrics of health: regions and balancers, what probing takes, whether our own network is in doubt. What regions report of
// themselves stands in reports.ts.
import type { Registry } from 'prom-client'
import type { MetricsFacts } from './facts.ts'
import { gauge, total } from './metric.ts'

export function registerHealth(registry: Registry, facts: () => MetricsFacts): void {
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

type Probing = NonNullable<MetricsFacts['probing']>

const NO_PROBING: Omit<Probing, 'probes' | 'inFlight'> = { cpuMs: 0, skipped: 0, lateP99Ms: 0, lateMaxMs: 0 }

export function registerProbing(registry: Registry, facts: () => MetricsFacts): void {
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
  const late = (name: string, help: string, read: (probing: typeof NO_PROBING) => number): void =>
    gauge(registry, name, help, [], (set) => set([], read(facts().probing ?? NO_PROBING) / 1000))
  const minute = 'over the last minute or so'
  late(
    'meridian_probe_lateness_p99_seconds',
    `99 % of probes started no later, ${minute}`,
    ({ lateP99Ms }) => lateP99Ms,
  )
  late('meridian_probe_lateness_max_seconds', `The latest start of a probe, ${minute}`, ({ lateMaxMs }) => lateMaxMs)
}

export function registerDoubt(registry: Registry, facts: () => MetricsFacts): void {
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
