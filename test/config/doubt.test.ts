// Beacons as they are written, and what cannot be meant.
import { expect, it, test } from 'vitest'
import { formatFault } from '../../src/base/fault.ts'
import { parseConfig } from '../../src/config/load.ts'
import type { DnsMonitor } from '../../src/health/monitor.ts'
import { buildQuery } from '../../src/health/prober/dns-message.ts'

const BASE = `listen: ["127.0.0.1:5300"]
zones: zones
monitors:
  l7: { type: http, port: 8080 }
  sun: { type: tcp, port: 443, interval: 3s, timeout: 1s }
  both: { type: calculated, of: [l7, sun] }
regions:
  us: { monitor: both, balancers: [198.51.100.10] }
services:
  web: { regions: [us], steer: [failover] }
`

function read(doubt: string) {
  const { config, faults } = parseConfig(`${BASE}doubt: ${doubt}\n`, 'f')
  return { doubt: config?.doubt, faults: faults.map((fault) => formatFault(fault).replace(/^f:/, '')) }
}

test('without the section nothing is ever frozen', () => {
  expect(parseConfig(BASE, 'f').config!.doubt).toEqual({
    rules: { fraction: 0.6, leastTargets: 2, windowMs: 30_000, longestMs: 300_000 },
    beacons: [],
  })
})

test('a bare address is asked for the name servers of the root', () => {
  const { doubt, faults } = read('{ beacons: [9.9.9.9, "2620:fe::fe"] }')
  expect(faults).toEqual([])
  expect(doubt!.beacons.map(({ id }) => id)).toEqual(['9.9.9.9', '2620:fe::fe'])
  expect(doubt!.beacons[0]!.monitor).toMatchObject({
    type: 'dns',
    port: 53,
    query: '.',
    queryType: 2,
    intervalMs: 2000,
  })
})

test('that question is a message', () => {
  const monitor = read('{ beacons: [9.9.9.9] }').doubt!.beacons[0]!.monitor as DnsMonitor
  expect([...buildQuery(monitor, 7)]).toEqual([0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1])
})

test('a beacon is probed by its own monitor, else by that of all', () => {
  const { doubt, faults } = read(
    '{ monitor: sun, beacons: [9.9.9.9, { address: 192.0.2.1, monitor: l7 }], fraction: 75%, targets: 3, window: 1m, longest: 10m }',
  )
  expect(faults).toEqual([])
  expect(doubt!.beacons.map(({ monitor }) => monitor.name)).toEqual(['sun', 'l7'])
  expect(doubt!.rules).toEqual({ fraction: 0.75, leastTargets: 3, windowMs: 60_000, longestMs: 600_000 })
})

it.each([
  ['{ beacons: [example.com] }', /`doubt.beacons\[0\]` must be an address/],
  ['{ beacons: [9.9.9.9, 9.9.9.9] }', /`doubt.beacons\[1\]` stands here twice/],
  [
    '{ beacons: [9.9.9.9], monitor: son }',
    /`doubt.monitor` names `son`, which is not in `monitors` \(did you mean `?sun/,
  ],
  ['{ beacons: [{ address: 9.9.9.9, monitor: moon }] }', /`doubt.beacons\[0\].monitor` names `moon`/],
  ['{ beacons: [9.9.9.9], monitor: both }', /the beacon 9.9.9.9 cannot be probed by `both`, which calculates/],
  ['{ beacons: [9.9.9.9], fraction: 20% }', /`doubt.fraction` must be at least 50%/],
  ['{ beacons: [9.9.9.9], targets: 1 }', /`doubt.targets` must be a whole number from 2/],
  ['{ beacon: [9.9.9.9] }', /unknown|did you mean `?beacons/],
])('refuses %s', (written, fault) => {
  const { doubt, faults } = read(written)
  expect(doubt).toBeUndefined()
  expect(faults).toEqual([expect.stringMatching(fault)])
})

it.each([
  ['{ beacons: [198.51.100.10] }', /warning: the beacon 198.51.100.10 is a balancer of `regions.us`/],
  ['{ beacons: [9.9.9.9], window: 5s }', /warning: `monitors.both` may take 15 s to see a failure/],
])('warns of %s', (written, warning) => {
  const { doubt, faults } = read(written)
  expect(doubt).toBeDefined()
  expect(faults).toEqual([expect.stringMatching(warning)])
})
