// A director's status in the middle of a failover, for the tests of everything that shows one.
import type { Status } from '../../src/admin/status.ts'

export const SAMPLE_STATUS: Status = {
  version: '0.1.0',
  at: '2026-11-24T10:00:30.000Z',
  uptimeMs: 90_000,
  snapshot: { number: 7, ageMs: 3_000 },
  listen: [{ host: '127.0.0.1', port: 5300 }],
  workers: [
    { slot: 0, role: 'udp', replaced: 2 },
    { slot: 1, role: 'tcp', replaced: 0 },
  ],
  probing: {
    probes: { success: 90, failure: 7, none: 3 },
    cpuMs: 1500,
    inFlight: 2,
    skipped: 4,
    lateP99Ms: 5,
    lateMaxMs: 20,
  },
  geo: { describe: 'geoip-lite 2.0.3 (data of 2019)', attribution: 'This product includes GeoLite2 data' },
  zones: [
    { origin: 'example.com.', file: '/etc/meridian/zones/example.com.zone', serial: 5, state: 'current', faults: 0 },
    { origin: 'example.net.', file: '/etc/meridian/zones/example.net.zone', serial: 9, state: 'last-good', faults: 3 },
    { origin: 'example.org.', file: '/etc/meridian/zones/example.org.zone', state: 'failed', faults: 1 },
  ],
  regions: [
    region('us-east', '127.1.0.1', 'up', '200 in 3 ms', 3),
    region('eu-west', '127.2.0.1', 'down', 'refused', 1),
    region('ap-south', '127.3.0.1', 'unknown', 'not probed yet'),
  ],
  services: [
    {
      name: 'web',
      owners: ['www.example.com.'],
      ttlSeconds: 30,
      fallbackEngaged: false,
      shares: [
        { region: 'us-east', planned: 0.75 },
        { region: 'eu-west', planned: 0 },
        { region: 'ap-south', planned: 0.25 },
      ],
    },
  ],
  aliases: [
    {
      target: 'cdn.example.net.',
      state: 'stale',
      ipv4: { state: 'stale', addresses: ['192.0.2.1', '192.0.2.2'], ageMs: 95_000, reason: 'no answer in time' },
      ipv6: { state: 'fresh', addresses: [], ageMs: 5_000 },
    },
    {
      target: 'gone.example.net.',
      state: 'failed',
      ipv4: { state: 'failed', addresses: [], reason: 'NXDOMAIN' },
      ipv6: { state: 'failed', addresses: [], reason: 'NXDOMAIN' },
    },
  ],
  events: [
    { at: '2026-11-24T10:00:00.000Z', text: 'started' },
    { at: '2026-11-24T10:00:27.000Z', text: 'eu-west is down: refused' },
  ],
  lastReload: {
    at: '2026-11-24T10:00:10.000Z',
    ok: false,
    faults: [
      { code: 'unknown-key', severity: 'error', place: { file: 'a.yaml', line: 3, column: 1 }, message: 'unknown key' },
    ],
  },
}

function region(
  name: string,
  address: string,
  state: 'up' | 'down' | 'unknown',
  reason: string,
  lastLatencyMs?: number,
): Status['regions'][number] {
  const health = { state, reason, since: '2026-11-24T10:00:27.000Z' }
  const latency = lastLatencyMs === undefined ? {} : { lastLatencyMs }
  return { name, ...health, balancers: [{ address, ...health, ...latency }] }
}

/** For tests that report none. */
export const NO_ROUND_TRIPS = {
  list: () => ({ regions: [] }),
  take: ({ region }: { readonly region: string }) => ({ region, known: 0, knownOfAll: 0, appliedWithinMs: 0 }),
}
