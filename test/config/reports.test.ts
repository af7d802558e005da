// The rows of monitors and reports that need more than one of them, and what they come to.
import { expect, test } from 'vitest'
import { formatFault } from '../../src/base/fault.ts'
import { parseConfig } from '../../src/config/load.ts'

function load(monitors: string, region = 'monitor: m, balancers: [192.0.2.10]') {
  const text = [
    'listen: ["127.0.0.1:5300"]',
    'zones: zones',
    `monitors: { ${monitors} }`,
    `regions: { r: { ${region} } }`,
    'services: { s: { regions: [r], steer: [round-robin] } }',
  ]
  return parseConfig(text.join('\n'), '/etc/meridian/f.yaml')
}

const HTTP = 'm: { type: http, port: 80 }'

function faultOf(...parts: Parameters<typeof load>): string[] {
  return load(...parts).faults.map((fault) => formatFault(fault).replace(/^\S+ /, ''))
}

test.each([
  [
    'https',
    'type: https, port: 443, host: "www.example.com:443", minDaysValid: 14, ca: ca.pem, headers: { X-A: b }',
    {
      host: 'www.example.com:443',
      headers: { 'X-A': 'b' },
      tls: { verify: true, minDaysValid: 14, serverName: 'www.example.com', ca: '/etc/meridian/ca.pem' },
    },
  ],
  ['https to an address', 'type: https, port: 443, host: "[2001:db8::1]"', { tls: { verify: true, minDaysValid: 0 } }],
  ['tcp', 'type: tcp, port: 25, send: "QUIT\\r\\n", expect: "220 "', { send: 'QUIT\r\n', expect: '220 ' }],
  [
    'tls',
    'type: tls, port: 443, serverName: a.example, verify: false',
    { tls: { serverName: 'a.example', verify: false } },
  ],
  [
    'dns',
    'type: dns, port: 53, query: www.example.com, queryType: AAAA, expectedRcodes: [NOERROR, NXDOMAIN]',
    { query: 'www.example.com', queryType: 28, expectedRcodes: [0, 3], transport: 'udp' },
  ],
  ['grpc', 'type: grpc, port: 50051, service: shop.Cart', { service: 'shop.Cart' }],
  ['exec', 'type: exec, command: [/bin/check, "{address}"]', { command: ['/bin/check', '{address}'] }],
  [
    'rules of failback',
    'type: tcp, port: 80, holdDown: 1m, failback: manual, damping: {}',
    { failback: { mode: 'manual', holdDownMs: 60_000, damping: { suppressAt: 3, reuseAt: 1, halfLifeMs: 300_000 } } },
  ],
  ['another address', 'type: tcp, port: 80, address: "2001:db8::9"', { address: { family: 6 } }],
])('a monitor: %s', (_what, monitor, expected) => {
  const { config, faults } = load(`m: { ${monitor} }`)
  expect(faults).toEqual([])
  expect(config!.monitors.get('m')).toMatchObject(expected)
})

test('a calculated monitor holds its children, which count as used', () => {
  const { config, faults } = load(
    'a: { type: tcp, port: 1 }, b: { type: tcp, port: 2 }, m: { type: calculated, of: [a, b], need: any }',
  )
  expect(faults).toEqual([])
  expect(config!.regions.get('r')!.monitor).toMatchObject({
    need: 'any',
    children: [{ name: 'a' }, { name: 'b', port: 2 }],
  })
})

test('a balancer is probed elsewhere', () => {
  const { config } = load(
    HTTP,
    'monitor: m, balancers: [{ address: 192.0.2.1, probeAddress: "2001:db8::1", probePort: 81 }]',
  )
  expect(config!.regions.get('r')!.balancers).toMatchObject([{ weight: 1, probeAddress: { family: 6 }, probePort: 81 }])
})

test.each([
  [
    'm: { type: https, port: 1, key: k }',
    'error: `monitors.m` lacks `certificate` (a client certificate needs both certificate and key) [wrong-value]',
  ],
  [
    'm: { type: grpc, port: 1, ca: c }',
    'error: `monitors.m.ca` is of no use without TLS (add `tls: true`) [wrong-value]',
  ],
  [
    'm: { type: exec, command: [check] }',
    'error: `monitors.m.command[0]` must be an absolute path (such as /usr/lib/nagios/plugins/check_http) [wrong-value]',
  ],
  [
    'm: { type: http, port: 1, headers: { "a b": c } }',
    'error: `monitors.m.headers.a b` is not the name of a header (letters, digits and dashes) [wrong-value]',
  ],
  [
    'm: { type: http, port: 1, headers: { a: "b\\r\\nc: d" } }',
    'error: `monitors.m.headers.a` must be printable ASCII (without line breaks) [wrong-value]',
  ],
  [
    'm: { type: http, port: 1, headers: { Host: c } }',
    'error: `monitors.m.headers.Host` is set by the probe itself (for Host there is `host`) [wrong-value]',
  ],
  [
    'm: { type: dns, port: 53, query: a..b }',
    'error: `monitors.m.query` must be a domain name, not `a..b` (such as www.example.com) [wrong-value]',
  ],
  [
    'm: { type: dns, port: 53, query: a, queryType: LB }',
    'error: `monitors.m.queryType` must be a record type, not `LB` (such as A) [wrong-value]',
  ],
  [
    'm: { type: tcp, port: 1, damping: { suppressAt: 1 } }',
    'error: `monitors.m.damping.reuseAt` must be below `suppressAt` (else it would suppress nothing) [wrong-value]',
  ],
  [
    'm: { type: calculated, of: [m] }',
    'error: `monitors.m.of[0]` leads back to `m` (a monitor cannot rest on itself) [circle]',
  ],
  [
    `${HTTP.replace('m:', 'a:')}, m: { type: calculated, of: [a], need: 2 }`,
    'error: `monitors.m.need` must be at most 1, the number of monitors in `of` (else it is never up) [wrong-value]',
  ],
  [
    'm: { type: calculated, of: [nothing] }',
    'error: `monitors.m.of[0]` names `nothing`, which is not in `monitors` (known are m) [unknown-name]',
  ],
])('%s', (monitor, fault) => expect(faultOf(monitor)).toContain(fault))

test('a circle over several monitors is told where it closes', () => {
  const circle = 'a: { type: calculated, of: [b] }, b: { type: calculated, of: [m] }, m: { type: calculated, of: [a] }'
  expect(faultOf(circle).filter((line) => line.includes('[circle]'))).toHaveLength(3)
})

const withReport = (report: string): string => `monitor: m, balancers: [192.0.2.10], report: { ${report} }`

test.each([
  [
    'type: haproxy, socket: run/h.sock, proxies: [app]',
    { format: 'haproxy', from: { socket: '/etc/meridian/run/h.sock' }, proxies: ['app'] },
  ],
  [
    'type: envoy, url: "http://10.0.0.1:9901/stats/prometheus"',
    { format: 'prometheus', mapping: { totalServers: 'envoy_cluster_membership_total' } },
  ],
  [
    'type: json, url: "https://l7.example/load", mapping: { errors: a.b }, tolerated: 2%',
    { format: 'json', tolerated: 0.02, intervalMs: 10_000 },
  ],
  ['type: json, url: "http://10.0.0.1/load"', { format: 'figures', from: { url: 'http://10.0.0.1/load' } }],
  ['type: push, interval: 5s', { format: 'figures', from: 'push', intervalMs: 5000 }],
])('a report: %s', (report, expected) => {
  const { config, faults } = load(HTTP, withReport(report))
  expect(faults).toEqual([])
  expect(config!.regions.get('r')!.report).toMatchObject(expected)
})

test.each([
  ['type: haproxy', 'error: `regions.r.report` needs `url` or `socket`, one of them (add `url: …`) [wrong-value]'],
  [
    'type: haproxy, url: "ftp://x"',
    'error: `regions.r.report.url` must be an http or https URL (such as http://127.0.0.1:8404/;csv) [wrong-value]',
  ],
  [
    'type: push, url: "http://x"',
    'error: `regions.r.report.url` is not for `push` (leave it out: the region posts to /v1/regions/NAME/report) [wrong-value]',
  ],
  [
    'type: push, mapping: { errors: e }',
    'error: `regions.r.report.mapping` is built in for `push` (leave it out) [wrong-value]',
  ],
  ['type: envoy, socket: s', 'error: `regions.r.report.socket` is for `haproxy` only (give a `url`) [wrong-value]'],
  [
    'type: envoy, url: "http://x", mapping: { errors: e }',
    'error: `regions.r.report.mapping` is built in for `envoy` (leave it out) [wrong-value]',
  ],
  [
    'type: prometheus, url: "http://x", mapping: { errors: "e{" }',
    'error: `regions.r.report.mapping.errors` is no selector of series (such as sum(http_requests_total{code=~"5.."})) [wrong-value]',
  ],
])('a fault of %s', (report, fault) => expect(faultOf(HTTP, withReport(report))).toContain(fault))
