import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { counter, createCounters, DROPS, LATENCY_BOUNDS_MS, TCP_ENDS } from '../../src/metrics/counters.ts'
import { createExporter, type MetricsFacts } from '../../src/metrics/exporter.ts'
import { SAMPLE_STATUS } from '../admin/sample-status.ts'
import { isInstalled } from '../support/client-output.ts'
import { allMetrics, unknownMetrics } from '../support/metrics-reference.ts'
import { README } from '../support/readme-reference.ts'

function createSample() {
  const blocks = [createCounters(), createCounters()]
  let facts: MetricsFacts = { ...SAMPLE_STATUS, faults: [], receiveDrops: 7 }
  let reads = 0
  const exporter = createExporter({
    version: '0.1.0',
    counters: () => blocks,
    droppedLogLines: () => 0,
    facts: () => {
      reads++
      return facts
    },
  })
  return {
    blocks,
    exporter,
    reads: () => reads,
    change: (changes: Partial<MetricsFacts>) => (facts = { ...facts, ...changes }),
  }
}

/** Sample lines by name and labels. */
async function scrape(exporter: { metrics: () => Promise<string> }): Promise<Map<string, number>> {
  const lines = (await exporter.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )
}

test('counts are summed over workers, and read anew at every scrape', async () => {
  const { blocks, exporter } = createSample()
  blocks[0]![counter.udpQueries] = 5
  blocks[1]![counter.udpQueries] = 2
  blocks[1]![counter.tcpQueries] = 1
  expect((await scrape(exporter)).get('meridian_queries_total{transport="udp"}')).toBe(7)
  blocks[0]![counter.udpQueries] = 6
  const samples = await scrape(exporter)
  expect(samples.get('meridian_queries_total{transport="udp"}')).toBe(8)
  expect(samples.get('meridian_queries_total{transport="tcp"}')).toBe(1)
})

/** Counters that are several. */
const COUNTS: Readonly<Record<string, number>> = {
  rcode: 16,
  type: 6,
  tcpEnded: TCP_ENDS.length,
  dropped: DROPS.length,
}

test('every counter of a block is exported once', async () => {
  const { blocks, exporter } = createSample()
  blocks[0]!.forEach((_, i, block) => (block[i] = 1000 + i))
  const values = [...(await scrape(exporter)).values()]
  const { latency, latencySum, ...plain } = counter
  expect(latency + LATENCY_BOUNDS_MS.length).toBeLessThan(latencySum)
  const indexes = Object.entries(plain).flatMap(([name, first]) =>
    Array.from({ length: COUNTS[name] ?? 1 }, (_, i) => first + i),
  )
  for (const index of indexes)
    expect(
      values.filter((value) => value === 1000 + index),
      `index ${index}`,
    ).toHaveLength(1)
})

test('RCODEs and types have the names of their registries', async () => {
  const { blocks, exporter } = createSample()
  blocks[0]![counter.rcode + 3] = 4
  blocks[0]![counter.type + 1] = 9
  blocks[0]![counter.type + 5] = 2
  const samples = await scrape(exporter)
  expect(samples.get('meridian_responses_total{rcode="NXDOMAIN"}')).toBe(4)
  expect(samples.get('meridian_query_types_total{type="AAAA"}')).toBe(9)
  expect(samples.get('meridian_query_types_total{type="other"}')).toBe(2)
})

test('states become gauges; unknown is absent', async () => {
  const samples = await scrape(createSample().exporter)
  expect(samples.get('meridian_region_up{region="us-east"}')).toBe(1)
  expect(samples.get('meridian_region_up{region="eu-west"}')).toBe(0)
  expect(samples.has('meridian_region_up{region="ap-south"}')).toBe(false)
  expect(samples.get('meridian_balancer_up{region="eu-west",address="127.2.0.1"}')).toBe(0)
  expect(samples.get('meridian_probe_latency_seconds{region="us-east",address="127.1.0.1"}')).toBe(0.003)
  expect(samples.get('meridian_zones{state="last-good"}')).toBe(1)
  expect(samples.get('meridian_snapshot_age_seconds')).toBe(3)
  expect(['fresh', 'stale', 'failed'].map((state) => samples.get(`meridian_aliases{state="${state}"}`))).toEqual([
    0, 1, 1,
  ])
  expect(samples.get('meridian_worker_replacements_total{role="udp",slot="0"}')).toBe(2)
  expect(samples.get('meridian_service_fallback{service="web"}')).toBe(0)
})

test('faults are counted by code, and what the kernel dropped is told', async () => {
  const { exporter, change } = createSample()
  const fault = { code: 'too-many-records', severity: 'error' }
  change({ faults: [fault, fault, { code: 'ttl-differs', severity: 'warning' }] })
  const samples = await scrape(exporter)
  expect(samples.get('meridian_faults{code="too-many-records",severity="error"}')).toBe(2)
  expect(samples.get('meridian_faults{code="ttl-differs",severity="warning"}')).toBe(1)
  expect(samples.get('meridian_udp_receive_drops_total')).toBe(7)
})

test('a region that left the configuration leaves the metrics', async () => {
  const { exporter, change } = createSample()
  await scrape(exporter)
  change({ regions: [], services: [] })
  expect([...(await scrape(exporter)).keys()].filter((name) => name.includes('us-east'))).toEqual([])
})

test('a start counts as a successful reload until there is one', async () => {
  const { exporter, change } = createSample()
  expect((await scrape(exporter)).get('meridian_last_reload_success')).toBe(0)
  const { at, uptimeMs, snapshot } = SAMPLE_STATUS
  const fresh = { at, uptimeMs, snapshot, zones: [], regions: [], services: [], workers: [], faults: [] }
  const started = await scrape(
    createExporter({ version: '1', counters: () => [], droppedLogLines: () => 0, facts: () => fresh }),
  )
  expect(started.get('meridian_last_reload_success')).toBe(1)
  expect(started.get('meridian_last_reload_timestamp_seconds')).toBe(Date.parse('2026-11-24T09:59:00Z') / 1000)
  change({ lastReload: { at: SAMPLE_STATUS.at, ok: true } })
  expect((await scrape(exporter)).get('meridian_last_reload_success')).toBe(1)
})

test('transitions and reloads are counted as they come', async () => {
  const { exporter } = createSample()
  exporter.countTransition('eu-west', 'down')
  exporter.countTransition('eu-west', 'down')
  exporter.countReload(false)
  exporter.countAdminRefusal('head')
  const samples = await scrape(exporter)
  expect(samples.get('meridian_health_transitions_total{region="eu-west",to="down"}')).toBe(2)
  expect(samples.get('meridian_reloads_total{result="failure"}')).toBe(1)
  expect(samples.get('meridian_reloads_total{result="success"}')).toBe(0)
  expect(samples.get('meridian_admin_refused_requests_total{reason="head"}')).toBe(1)
  expect(samples.get('meridian_admin_refused_requests_total{reason="body"}')).toBe(0)
})

test('the doubt of our own network is told', async () => {
  const { exporter, change } = createSample()
  expect((await scrape(exporter)).get('meridian_frozen')).toBe(0)
  const beacons = [
    { name: '9.9.9.9', answers: false },
    { name: '192.0.2.53', answers: true },
  ]
  change({ doubt: { state: 'frozen', beacons } })
  exporter.countFreeze()
  const samples = await scrape(exporter)
  expect(samples.get('meridian_frozen')).toBe(1)
  expect(samples.get('meridian_failure_storm')).toBe(1)
  expect(samples.get('meridian_freezes_total')).toBe(1)
  expect(samples.get('meridian_beacon_up{beacon="9.9.9.9"}')).toBe(0)
  expect(samples.get('meridian_beacon_up{beacon="192.0.2.53"}')).toBe(1)
})

test('the facts are read once a scrape', async () => {
  const { exporter, reads } = createSample()
  await scrape(exporter)
  await scrape(exporter)
  expect(reads()).toBe(2)
})

test('build and process are told', async () => {
  const samples = await scrape(createSample().exporter)
  expect(samples.get(`meridian_build_info{version="0.1.0",node="${process.versions.node}"}`)).toBe(1)
  expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(0)
})

test('the probe worker tells its load and lateness', async () => {
  const { exporter } = createSample()
  const samples = await scrape(exporter)
  expect(samples.get('meridian_probes_total{outcome="none"}')).toBe(3)
  expect(samples.get('meridian_probe_cpu_seconds_total')).toBe(1.5)
  expect(samples.get('meridian_probes_skipped_total')).toBe(4)
  expect(samples.get('meridian_probes_in_flight')).toBe(2)
  expect(samples.get('meridian_probe_lateness_p99_seconds')).toBe(0.005)
  expect(samples.get('meridian_probe_lateness_max_seconds')).toBe(0.02)
})

test('answers are told by service and region, NODATA apart', async () => {
  const { exporter, change } = createSample()
  const shares = [
    { region: 'us', planned: 0.75, answered: 7 },
    { region: 'eu', planned: 0.25 },
  ]
  change({ services: [{ name: 'web', fallbackEngaged: false, shares, noData: 2 }] })
  const samples = await scrape(exporter)
  expect(samples.get('meridian_answers_total{service="web",region="us"}')).toBe(7)
  expect(samples.get('meridian_answers_total{service="web",region="eu"}')).toBe(0)
  expect(samples.get('meridian_planned_share{service="web",region="us"}')).toBe(0.75)
  expect(samples.get('meridian_nodata_answers_total{service="web"}')).toBe(2)
})

test('what a region reports is told; what it leaves out is absent', async () => {
  const { exporter, change } = createSample()
  const report = { availability: 0.4, requestRate: 120, errorRate: 0.02, responseTimeMs: 30, healthyServers: 2 }
  const regions = SAMPLE_STATUS.regions.map((region, i) => (i === 0 ? { ...region, report } : region))
  change({ regions })
  const samples = await scrape(exporter)
  const told = [...samples].filter(([name]) => /^meridian_region_(?!up)/.test(name))
  expect(Object.fromEntries(told)).toEqual({
    'meridian_region_availability_ratio{region="us-east"}': 0.4,
    'meridian_region_request_rate{region="us-east"}': 120,
    'meridian_region_error_ratio{region="us-east"}': 0.02,
    'meridian_region_response_time_seconds{region="us-east"}': 0.03,
    'meridian_region_healthy_servers{region="us-east"}': 2,
  })
})

test('serials are told of zones that answer, a thousand at most', async () => {
  const { exporter, change } = createSample()
  expect((await scrape(exporter)).get('meridian_zone_serial{zone="example.com."}')).toBe(5)
  expect((await scrape(exporter)).has('meridian_zone_serial{zone="example.org."}')).toBe(false)
  const zones = Array.from({ length: 1200 }, (_, i) => ({ origin: `z${9999 - i}.`, serial: 1, state: 'current' }))
  change({ zones })
  const told = [...(await scrape(exporter)).keys()].filter((name) => name.startsWith('meridian_zone_serial'))
  expect(told).toHaveLength(1000)
  expect(told[0]).toBe('meridian_zone_serial{zone="z8800."}')
})

test.skipIf(!isInstalled('promtool') && process.env['CI'] === undefined)('promtool has no complaint', async () => {
  const { exporter, change } = createSample()
  const figures = { requestRate: 1, errorRate: 0, activeConnections: 1, responseTimeMs: 1, utilisation: 0 }
  const report = { availability: 1, ...figures, healthyServers: 1, totalServers: 1 }
  change({ regions: SAMPLE_STATUS.regions.map((region) => ({ ...region, report })) })
  change({ doubt: { state: 'calm', beacons: [{ name: '9.9.9.9', answers: true }] } })
  exporter.countTransition('eu-west', 'down')
  const text = await exporter.metrics()
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
  expect(checked).toMatchObject({ status: 0, stderr: '' })
})

test('documents name metrics that there are, and those alone', () => {
  const known = allMetrics().map(({ name }) => name)
  const readme = readFileSync(README, 'utf8')
  expect(known.filter((name) => !readme.includes(`\`${name}\``))).toEqual([])
  expect(unknownMetrics(readme)).toEqual([])
})

test('the latency histogram is cumulated over buckets and workers', async () => {
  const { blocks, exporter } = createSample()
  blocks[0]![counter.latency] = 5
  blocks[1]![counter.latency + 2] = 3
  blocks[1]![counter.latency + LATENCY_BOUNDS_MS.length] = 1
  blocks[0]![counter.latencySum] = 1500
  const samples = await scrape(exporter)
  const bucket = (le: string) => samples.get(`meridian_query_duration_seconds_bucket{le="${le}"}`)
  expect(['0.00001', '0.000025', '0.00005', '0.25', '+Inf'].map(bucket)).toEqual([5, 5, 8, 8, 9])
  expect(samples.get('meridian_query_duration_seconds_sum')).toBe(1.5)
  expect(samples.get('meridian_query_duration_seconds_count')).toBe(9)
  expect(await exporter.metrics()).toContain('# TYPE meridian_query_duration_seconds histogram')
})

test('overrides are counted, and shown by when they were made: the oldest, of very many', async () => {
  const { change, exporter } = createSample()
  const made = (target: string, second: number, state = 'in-force') => {
    return { kind: 'drain', target, state, createdAt: new Date(second * 1000).toISOString() }
  }
  change({ overrides: [made('eu-west', 50), made('us-east', 20, 'suspended')] })
  const few = await scrape(exporter)
  expect(few.get('meridian_overrides{kind="drain",state="suspended"}')).toBe(1)
  expect(few.get('meridian_override_created_timestamp_seconds{kind="drain",target="eu-west"}')).toBe(50)
  change({ overrides: Array.from({ length: 500 }, (_, i) => made(`r${i}`, 1000 - i)) })
  const many = [...(await scrape(exporter)).keys()].filter((name) => name.startsWith('meridian_override_created'))
  expect(many).toHaveLength(100)
  expect(many).toContain('meridian_override_created_timestamp_seconds{kind="drain",target="r499"}')
  change({ overrides: [] })
  expect([...(await scrape(exporter)).keys()].filter((name) => name.includes('_override'))).toEqual([])
})
