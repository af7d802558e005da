// Every kind of mistake: its code, the very place, and words for people.
import { describe, expect, test } from 'vitest'
import { formatFault, isError } from '../../src/base/fault.ts'
import { parseConfig } from '../../src/config/load.ts'

const BASE = `listen: ["127.0.0.1:5300"]
zones: zones
geo: { source: geoip-lite }
admin: { listen: "127.0.0.1:8053" }
monitors:
  l7: { type: http, port: 8080 }
regions:
  us-east: { location: { latitude: 38.9, longitude: -77.4 }, monitor: l7, balancers: [198.51.100.10] }
  eu-west: { location: { latitude: 53.3, longitude: -6.3 }, monitor: l7, balancers: [198.51.100.20] }
services:
  web: { regions: [us-east, eu-west], steer: [nearest] }
`

/** The faults of a text, one line each, without the file's name. */
function faultsOf(text: string | Uint8Array): string[] {
  return parseConfig(text, 'f').faults.map((fault) => formatFault(fault).replace(/^f:/, ''))
}

/** The faults after one change to a config that has none. */
function faultsAfter(from: string, to: string): string[] {
  expect(BASE).toContain(from)
  return faultsOf(BASE.replace(from, to))
}

test('the base has no faults', () => {
  expect(faultsOf(BASE)).toEqual([])
})

describe('one mistake is one fault, at its very place', () => {
  const cases: [string, string, string][] = [
    // scalars
    [
      'listen: ["127.0.0.1:5300"]',
      'listen: [localhost:5300]',
      '1:10: error: `listen[0]` must be an address and port, not `localhost:5300` (an address, never a name: "127.0.0.1:5300") [wrong-value]',
    ],
    [
      '"127.0.0.1:5300"',
      '"::1:5300"',
      '1:10: error: `listen[0]` must be an address and port, not `::1:5300` (put brackets round IPv6: "[::1]:5300") [wrong-value]',
    ],
    [
      '"127.0.0.1:5300"',
      '127.0.0.1',
      '1:10: error: `listen[0]` must be an address and port, not `127.0.0.1` (add a port: "127.0.0.1:53") [wrong-value]',
    ],
    [
      '"127.0.0.1:5300"',
      '"127.0.0.1:70000"',
      '1:10: error: `listen[0]` must be an address and port, not `127.0.0.1:70000` (such as "127.0.0.1:5300") [wrong-value]',
    ],
    [
      '"127.0.0.1:5300"',
      '":53"',
      '1:10: error: `listen[0]` must be an address and port, not `:53` (for all addresses write "0.0.0.0:53") [wrong-value]',
    ],
    [
      '"127.0.0.1:5300"',
      '[::1]:5300',
      '1:10: error: this cannot be a key (keys are plain words; text with brackets needs quotes: "[::1]:5300") [bad-key]',
    ],
    [
      '["127.0.0.1:5300"]',
      '127.0.0.1:5300',
      '1:9: error: `listen` must be a list, not `127.0.0.1:5300` (write [127.0.0.1:5300]) [wrong-type]',
    ],
    [
      '["127.0.0.1:5300"]',
      '[]',
      '1:9: error: `listen` must not be empty (such as ["127.0.0.1:5300", "[::1]:5300"]) [out-of-range]',
    ],
    [
      '["127.0.0.1:5300"]',
      '["127.0.0.1:53", "127.0.0.1:53"]',
      '1:26: error: `listen[1]` stands here twice (keep one) [wrong-value]',
    ],
    [
      'port: 8080',
      'port: 70000',
      '6:27: error: `monitors.l7.port` must be a whole number from 1 to 65535, not `70000` (such as 8080) [out-of-range]',
    ],
    [
      'port: 8080',
      'port: 8080, timeout: 10',
      '6:42: error: `monitors.l7.timeout` must be a duration from 10ms to 1h, not `10` (write 10s) [wrong-type]',
    ],
    [
      'port: 8080',
      'port: 8080, timeout: 2d',
      '6:42: error: `monitors.l7.timeout` must be a duration from 10ms to 1h, not `2d` (such as 10s) [wrong-value]',
    ],
    [
      'port: 8080',
      'port: 8080, timeout: 2h',
      '6:42: error: `monitors.l7.timeout` must be a duration from 10ms to 1h, not `2h` (such as 10s) [wrong-value]',
    ],
    [
      'port: 8080',
      'port: 8080, unhealthyThreshold: "3"',
      '6:53: error: `monitors.l7.unhealthyThreshold` must be a whole number from 1 to 100, not `3` (write 3 without quotes) [wrong-type]',
    ],
    [
      'port: 8080',
      'port: 8080, path: health',
      '6:39: error: `monitors.l7.path` must be a path that begins with /, not `health` (such as /health) [wrong-value]',
    ],
    [
      'port: 8080',
      'port: 8080, expectedStatus: 200-299',
      '6:49: error: `monitors.l7.expectedStatus` must be a list, not `200-299` (write [200-299]) [wrong-type]',
    ],
    [
      'port: 8080',
      'port: 8080, expectedStatus: [299-200]',
      '6:50: error: `monitors.l7.expectedStatus[0]` must be a status code or range, not `299-200` (such as 200-299) [wrong-value]',
    ],
    [
      'port: 8080',
      'port: 8080, fastInterval: 11s',
      '6:47: error: `monitors.l7.fastInterval` must not be above `interval` (lower it, or leave it out) [wrong-value]',
    ],
    [
      'monitor: l7, balancers: [198.51.100.10]',
      'weight: five, monitor: l7, balancers: [198.51.100.10]',
      '8:70: error: `regions.us-east.weight` must be a whole number from 0 to 1000000, not `five` [wrong-type]',
    ],
    [
      'latitude: 38.9,',
      'latitude: 138.9,',
      '8:36: error: `regions.us-east.location.latitude` must be a number from -90 to 90, not `138.9` [out-of-range]',
    ],
    [
      'longitude: -77.4',
      'longitude: -77.4, country: us',
      '8:69: error: `regions.us-east.location.country` must be a country code of two capital letters, not `us` (write US) [wrong-value]',
    ],
    [
      'latitude: 38.9, ',
      '',
      '8:24: error: `regions.us-east.location` lacks latitude (give both latitude and longitude, or neither) [wrong-value]',
    ],
    [
      'steer: [nearest]',
      'steer: [nearest], ttl: 0',
      '11:62: error: `services.web.ttl` must be a duration of whole seconds from 0s to 24h, not `0` (such as 30s) [wrong-type]',
    ],
    [
      'steer: [nearest]',
      'steer: [nearest], ttl: 1500ms',
      '11:62: error: `services.web.ttl` must be a duration of whole seconds from 0s to 24h, not `1500ms` (such as 30s) [wrong-value]',
    ],
    [
      'steer: [nearest]',
      'steer: [nearest], ttl: 0s',
      '11:62: error: `services.web.ttl` must be at least 1s (or set `allowZeroTtl: true`: each query of each user is ours then) [wrong-value]',
    ],
    [
      'steer: [nearest]',
      'steer: [nearest], ttl: 4s, leastTtl: 5s',
      '11:76: error: `services.web.leastTtl` must not be above `ttl` (lower it, or leave it out) [wrong-value]',
    ],
    [
      'steer: [nearest]',
      'steer: [nearest], panic: 30',
      '11:64: error: `services.web.panic` must be a fraction from 0 to 1 or percentage, not `30` (write 30%) [out-of-range]',
    ],
    [
      'steer: [nearest]',
      'steer: [nearest], families: coherant',
      '11:67: error: `services.web.families` must be one of coherent, independent, not `coherant` (did you mean `coherent`?) [wrong-value]',
    ],
    ['zones: zones', 'zones:', '2:1: error: `zones` has no value (give it one, or leave the key out) [no-value]'],
    [
      'geo: { source: geoip-lite }',
      'geo: { source: table }',
      '3:1: error: `geo.file` is missing (add `file: networks.csv`) [missing-key]',
    ],
    [
      '"127.0.0.1:8053"',
      '"127.0.0.1:5300"',
      '4:18: error: `admin.listen` is where DNS listens too (choose another port) [listen-twice]',
    ],
    [
      'admin: {',
      'agent: { listen: "127.0.0.1:8053" }\nadmin: {',
      '4:18: error: `agent.listen` is where `admin` listens too (choose another port) [listen-twice]',
    ],
    // keys
    ['geo:', 'geoo:', '3:1: error: unknown key `geoo` (did you mean `geo`?) [unknown-key]'],
    ['regions:\n', 'reigons:\n', '7:1: error: unknown key `reigons` (did you mean `regions`?) [unknown-key]'],
    ['zones: zones\n', '', '1:1: error: `zones` is missing (add `zones: zones`) [missing-key]'],
    ['zones: zones', 'zone: zones', '2:1: error: unknown key `zone` (did you mean `zones`?) [unknown-key]'],
    [
      'port: 8080',
      'port: 8080, intervall: 5s',
      '6:33: error: unknown key `intervall` in `monitors.l7` (did you mean `interval`?) [unknown-key]',
    ],
    ['type: http', 'typ: http', '6:9: error: unknown key `typ` in `monitors.l7` (did you mean `type`?) [unknown-key]'],
    ['type: http, ', '', '6:3: error: `monitors.l7.type` is missing (add `type: http`) [missing-key]'],
    [
      'type: http',
      'type: htp',
      '6:15: error: `monitors.l7.type` must be one of http, https, tcp, tls, dns, grpc, exec, calculated, not `htp` (did you mean `http`?) [wrong-value]',
    ],
    [
      'location: { latitude: 38.9',
      'locaton: { latitude: 38.9',
      '8:14: error: unknown key `locaton` in `regions.us-east` (did you mean `location`?) [unknown-key]',
    ],
    [
      'zones: zones',
      'zones: zones\nzones: z',
      '3:1: error: the key `zones` is written twice (keep one) [duplicate-key]',
    ],
    [
      'zones: zones',
      'zones: zones\n__proto__: z',
      '3:1: error: this cannot be a key (keys are plain words; text with brackets needs quotes: "[::1]:5300") [bad-key]',
    ],
    [', steer: [nearest]', '', '11:3: error: `services.web.steer` is missing (add `steer: [nearest]`) [missing-key]'],
    [
      'steer: [nearest]',
      'steer: []',
      '11:46: error: `services.web.steer` must not be empty (such as [nearest]) [out-of-range]',
    ],
    // geo data
    [
      'source: geoip-lite',
      'source: geoip-lite, private: {}',
      '3:37: error: `geo.private` says nothing of where they are (give a country, or latitude and longitude) [wrong-value]',
    ],
    [
      'source: geoip-lite',
      'source: geoip-lite, private: { latitude: 1 }',
      '3:37: error: `geo.private` lacks longitude (give both latitude and longitude, or neither) [wrong-value]',
    ],
    [
      'zones: zones',
      'zones: zones\necs: { trusted: [192.0.2.1/24] }',
      '3:18: error: `ecs.trusted[0]` must be a CIDR prefix, not `192.0.2.1/24` (no bit may be set beyond the length) [wrong-value]',
    ],
    [
      'source: geoip-lite',
      'source: mmdb',
      '3:6: error: `geo` names no database (add `city: GeoLite2-City.mmdb`, or `country` or `asn`) [wrong-value]',
    ],
    // balancers
    [
      '[198.51.100.10]',
      '[www.example.com]',
      '11:3: error: `services.web` answers addresses, and www.example.com of `regions.us-east` is a host name (add `answers: flatten` to answer what it resolves to, or `answers: cname`) [answers-mixed]',
    ],
    [
      '[198.51.100.10]',
      '[lb]',
      '8:87: error: `regions.us-east.balancers[0]` must be an address, host name, or mapping with address and weight, not `lb` (write the whole host name, such as lb-1.cloud.example) [wrong-value]',
    ],
    [
      '[198.51.100.10]',
      '[198.51.100.300]',
      '8:87: error: `regions.us-east.balancers[0]` must be an address, host name, or mapping with address and weight, not `198.51.100.300` (such as 198.51.100.10) [wrong-value]',
    ],
    [
      '[198.51.100.10]',
      '["lb-1.cloud.example:443"]',
      '8:87: error: `regions.us-east.balancers[0]` must be an address, host name, or mapping with address and weight, not `lb-1.cloud.example:443` (leave the port out: clients choose it, and the monitor has its own) [wrong-value]',
    ],
    [
      '[198.51.100.10]',
      '[{ address: 198.51.100.10, probe: host }]',
      '8:120: error: `regions.us-east.balancers[0].probe` is of use to a host name only (leave it out) [wrong-value]',
    ],
    [
      'steer: [nearest]',
      'steer: [nearest], answers: cname',
      '11:3: error: `services.web` answers a CNAME, and 198.51.100.10 of `regions.us-east` is an address (give all of its regions host names, or answer addresses: `answers: flatten`) [answers-mixed]',
    ],
    [
      'steer: [nearest]',
      'steer: [nearest], answers: cnames',
      '11:66: error: `services.web.answers` must be one of addresses, flatten, cname, not `cnames` (did you mean `cname`?) [wrong-value]',
    ],
    [
      '[198.51.100.10]',
      '["198.51.100.10:80"]',
      '8:87: error: `regions.us-east.balancers[0]` must be an address, host name, or mapping with address and weight, not `198.51.100.10:80` (leave the port out: clients choose it, and the monitor has its own) [wrong-value]',
    ],
    [
      '[198.51.100.10]',
      '[{ adress: 198.51.100.10 }]',
      '8:89: error: unknown key `adress` in `regions.us-east.balancers[0]` (did you mean `address`?) [unknown-key]',
    ],
    [
      '[198.51.100.10]',
      '[198.51.100.10, { address: 198.51.100.10, weight: 2 }]',
      '8:102: error: `regions.us-east.balancers[1]` is one that this region has already (keep one) [wrong-value]',
    ],
    [
      '[198.51.100.10]',
      '[{ address: 198.51.100.10, weight: 0 }]',
      '8:86: error: `regions.us-east.balancers` have weight 0 all, so that none would answer (give at least one a weight above 0) [wrong-value]',
    ],
    [
      '[198.51.100.10]',
      '[198.51.100.10], minHealthy: 2',
      '8:115: error: `regions.us-east.minHealthy` must be at most 1, the number of balancers (else it is never up) [wrong-value]',
    ],
    // names
    [
      'monitor: l7, balancers: [198.51.100.10]',
      'monitor: l8, balancers: [198.51.100.10]',
      '8:71: error: `regions.us-east.monitor` names `l8`, which is not in `monitors` (did you mean `l7`?) [unknown-name]',
    ],
    [
      '[us-east, eu-west]',
      '[us-east, eu-wset]',
      '11:29: error: `services.web.regions[1]` names `eu-wset`, which is not in `regions` or `services` (did you mean `eu-west`?) [unknown-name]',
    ],
    [
      '[us-east, eu-west]',
      '[us-east, us-east]',
      '11:29: error: `services.web.regions[1]` names `us-east` again (name each region once) [wrong-value]',
    ],
    [
      'steer: [nearest]',
      'steer: [nearest], fallback: eu',
      '11:67: error: `services.web.fallback` names `eu`, which is not in `regions` (known are all, none, us-east, eu-west) [unknown-name]',
    ],
    [
      '  l7:',
      '  x y: { type: tcp, port: 80 }\n  l7:',
      '6:3: error: `x y` cannot be a name (letters, digits, dots, dashes and underscores, at most 63, a letter or digit first) [bad-name]',
    ],
    [
      '  l7:',
      '  toString: { type: tcp, port: 80 }\n  l7:',
      '6:3: error: `toString` cannot be a name (letters, digits, dots, dashes and underscores, at most 63, a letter or digit first) [bad-name]',
    ],
    // steps
    [
      'steer: [nearest]',
      'steer: nearest',
      '11:46: error: `services.web.steer` must be a list, not `nearest` (write [nearest]) [wrong-type]',
    ],
    [
      'steer: [nearest]',
      'steer: [neerest]',
      '11:47: error: `services.web.steer[0]` must be a step, not `neerest` (did you mean `nearest`?) [wrong-value]',
    ],
    [
      'steer: [nearest]',
      'steer: [{ nearest: { dept: 2 } }]',
      '11:60: error: unknown key `dept` in `services.web.steer[0].nearest` (did you mean `depth`?) [unknown-key]',
    ],
    [
      'steer: [nearest]',
      'steer: [{ nearest: {}, take: 2 }]',
      '11:47: error: `services.web.steer[0]` must be a name, or one key with its options (make each step an item of its own) [wrong-value]',
    ],
    [
      'steer: [nearest]',
      'steer: [{ round-robin: {} }]',
      '11:62: error: `services.web.steer[0].round-robin` must be a bare name, not a mapping (such as - round-robin) [wrong-type]',
    ],
    [
      'steer: [nearest]',
      'steer: [{ fence: { NA: [eu-west] } }]',
      '11:58: error: `services.web.steer[0].fence.NA` is a country and a continent (write NA(country) or NA(continent)) [wrong-value]',
    ],
    [
      'steer: [nearest]',
      'steer: [{ map: { QQ: [eu-west] } }]',
      '11:56: error: `services.web.steer[0].map.QQ` is no country (ISO 3166-1 alpha-2, such as DE or GB) [wrong-value]',
    ],
    [
      'steer: [nearest]',
      'steer: [{ map: { NA(country): [eu-west], de: [us-east] } }]',
      '11:80: error: `services.web.steer[0].map.de` names no clients (write DE) [wrong-value]',
    ],
    [
      'steer: [nearest]',
      'steer: [{ map: { AS7: [eu-west], AS07: [us-east] } }]',
      '11:72: error: `services.web.steer[0].map.AS07` names the same clients as AS7 (keep one) [wrong-value]',
    ],
    [
      'steer: [nearest]',
      'steer: [{ map: { only: true } }]',
      '11:54: error: `services.web.steer[0].map` names no clients (such as { DE: [eu-west] }) [wrong-value]',
    ],
    [
      'steer: [nearest]',
      'steer: [{ map: { DE: [eu-west], only: yes } }]',
      '11:77: error: `services.web.steer[0].map.only` must be a boolean (true or false), not `yes` [wrong-type]',
    ],
    [
      'steer: [nearest]',
      'steer: [{ least-connections: { lowst: true } }]',
      '11:70: error: unknown key `lowst` in `services.web.steer[0].least-connections` (did you mean `lowest`?) [unknown-key]',
    ],
    [
      'geo: { source: geoip-lite }\n',
      '',
      '10:47: error: `nearest` needs to know where clients are, and there is no `geo` section (add `geo: { source: geoip-lite }`) [no-geo]',
    ],
  ]
  test.each(cases)('%j → %j', (from, to, fault) => {
    expect(faultsAfter(from, to)).toEqual([fault])
  })
})

describe('steer lists, as steering judges them, at their places', () => {
  const cases: [string, string][] = [
    ['[nearest, { weighted: { us-east: 1, eu-wst: 1 } }]', '11:82: region-not-in-service'],
    ['[{ nearest: { bias: { eu-wst: 2 } } }]', '11:68: region-not-in-service'],
    ['[{ failover: [us-east, eu-west, us-east] }]', '11:78: region-twice'],
    ['[round-robin, nearest, round-robin]', '11:69: step-twice'],
    ['[{ weighted: { us-east: 0, eu-west: 0 } }]', '11:47: no-weight'],
    ['[{ map: { DE: [eu-west, us-est] } }]', '11:70: region-not-in-service'],
    ['[{ fence: { DE: [us-east, us-east] } }]', '11:72: region-twice'],
    ['[{ weighted-least-connections: { weights: { mars: 1 } } }]', '11:90: region-not-in-service'],
    ['[consistent-hash, ip-hash]', '11:64: two-pins'],
    ['[weighted, round-robin]', '11:57: spread-without-effect'],
  ]
  test.each(cases)('%s', (steer, expected) => {
    const { faults } = parseConfig(BASE.replace('[nearest]', steer), 'f')
    expect(faults.map(({ place, code }) => `${place.line}:${place.column}: ${code}`)).toEqual([expected])
  })
})

test('a map of providers is told that the geo data knows none', () => {
  expect(faultsAfter('[nearest]', '[{ map: { AS64500: [eu-west], unknown: [us-east] } }]')).toEqual([
    '11:56: warning: nobody is known to be of AS64500: geo data of the source `geoip-lite` does not tell it (name its prefixes) [no-asn]',
  ])
})

test('what steps ask of MaxMind-format files that are not there', () => {
  const told = (files: string, steer: string) =>
    faultsOf(BASE.replace('geoip-lite', `mmdb, ${files}`).replace('[nearest]', steer)).map((fault) =>
      fault.replace(/^\S+ /, ''),
    )
  const map = '[{ map: { AS64500: [eu-west], DE: [us-east] } }]'
  expect(told('city: a', '[nearest]')).toEqual([])
  expect(told('city: a, asn: b', map)).toEqual([])
  expect(told('country: a', '[nearest]')).toEqual([
    'warning: `nearest` finds nobody near: without `geo.city` no coordinates are known (add `geo.city`) [no-coordinates]',
  ])
  expect(told('country: a', map)).toEqual([
    'warning: nobody is known to be of AS64500: geo data of the source `mmdb` does not tell it (add `geo.asn`, or name prefixes) [no-asn]',
  ])
  expect(told('asn: a', map)).toEqual([
    'warning: nobody is known to be of DE: geo data of the source `mmdb` does not tell it (add `geo.city` or `country`, or name prefixes) [no-country]',
  ])
})

test('fastest needs a table of round-trip times', () => {
  expect(faultsAfter('[nearest]', '[fastest]')).toEqual([
    '11:47: error: `fastest` needs to know what regions measured, and there is no `roundTrips` section (add `roundTrips: round-trips.txt`) [no-round-trips]',
  ])
  expect(faultsOf(BASE.replace('[nearest]', '[fastest]').replace('geo:', 'roundTrips: t.txt\ngeo:'))).toEqual([])
})

describe('services in the place of regions', () => {
  const withServices = (...lines: string[]) => faultsOf(`${BASE}${lines.map((line) => `  ${line}\n`).join('')}`)

  test('are fine, in any order', () => {
    expect(
      withServices(
        'outer: { regions: [inner, web], steer: [failover] }',
        'inner: { regions: [us-east], steer: [weighted] }',
      ),
    ).toEqual([])
  })

  test('in a circle are refused, once, where it closes', () => {
    expect(
      withServices('a: { regions: [us-east, b], steer: [failover] }', 'b: { regions: [a], steer: [failover] }'),
    ).toEqual([
      '13:18: error: `services.b.regions[0]` closes a circle of services: a → b → a (a service cannot stand in for a region of its own) [circle]',
    ])
    expect(withServices('a: { regions: [a], steer: [failover] }')).toEqual([
      expect.stringContaining('circle of services: a → a'),
    ])
  })

  test('have no location', () => {
    expect(withServices('outer: { regions: [web, us-east], steer: [nearest] }')).toEqual([
      '12:45: error: nearest cannot place "web", which has no location (it is a service: rank services by map, fastest or failover) [region-without-location]',
    ])
  })

  test('must pin clients alike, unless the outer one pins them', () => {
    const inner = ['a: { regions: [us-east], steer: [consistent-hash] }', 'b: { regions: [eu-west], steer: [ip-hash] }']
    expect(withServices('outer: { regions: [a, b], steer: [failover] }', ...inner)).toEqual([
      '12:29: error: services within `services.outer` pin clients differently, and a client has one slot (give this service a pin of its own, such as consistent-hash) [pins-differ]',
    ])
    expect(withServices('outer: { regions: [a, b], steer: [failover, ip-hash] }', ...inner)).toEqual([])
  })
})

test('a map of own prefixes needs no geo data, one of countries does', () => {
  const text = BASE.replace('geo: { source: geoip-lite }\n', '')
  expect(faultsOf(text.replace('[nearest]', '[{ map: { 192.0.2.0/24: [eu-west], unknown: [us-east] } }]'))).toEqual([])
  expect(faultsOf(text.replace('[nearest]', '[{ fence: { DE: [eu-west] } }]'))).toEqual([
    expect.stringMatching(/^10:47: error: `fence` needs to know where clients are.*\[no-geo\]$/),
  ])
})

test('nearest over a region without a location is told at the region, once, however many services use it', () => {
  const text = BASE.replace('location: { latitude: 53.3, longitude: -6.3 }, ', '')
  expect(faultsOf(`${text}  shop: { regions: [eu-west, us-east], steer: [nearest] }\n`)).toEqual([
    expect.stringMatching(/^9:3: error: .*"eu-west".*\[region-without-location\]$/),
  ])
})

describe('one mistake breeds no follow-up faults', () => {
  test('a broken region is still a region', () => {
    expect(faultsAfter('[198.51.100.20]', '[x]')).toHaveLength(1)
    expect(
      faultsAfter(
        'eu-west: { location: { latitude: 53.3, longitude: -6.3 }, monitor: l7, balancers: [198.51.100.20] }',
        'eu-west: 5',
      ),
    ).toHaveLength(1)
  })
  test('a misspelt region of a service does not make its weights wrong', () => {
    const text = BASE.replace('[us-east, eu-west]', '[us-east, eu-wset]')
    expect(faultsOf(text.replace('[nearest]', '[{ weighted: { us-east: 99, eu-west: 1 } }]'))).toHaveLength(1)
  })
  test('a section that is no mapping does not make every name in it unknown', () => {
    const [head, tail] = [BASE.slice(0, BASE.indexOf('regions:\n')), BASE.slice(BASE.indexOf('services:'))]
    expect(faultsOf(`${head}regions: [us-east]\n${tail}`)).toHaveLength(1)
  })
})

test('sections that services need and that are not there make their names unknown', () => {
  const [head, tail] = [BASE.slice(0, BASE.indexOf('regions:\n')), BASE.slice(BASE.indexOf('services:'))]
  expect(faultsOf(head + tail).filter((line) => line.includes('unknown-name'))).toHaveLength(2)
})

describe('warnings are told, and the config is served', () => {
  const cases: [string, string, string][] = [
    [
      '  l7:',
      '  l4: { type: tcp, port: 80 }\n  l7:',
      '6:3: warning: no region uses `monitors.l4` (use it, or remove it) [unused]',
    ],
    [
      '[us-east, eu-west]',
      '[us-east]',
      '9:3: warning: no service uses `regions.eu-west` (use it, or remove it) [unused]',
    ],
    [
      '[198.51.100.20]',
      '[198.51.100.10]',
      '9:86: warning: 198.51.100.10 is a balancer of `regions.us-east` too (is one of them a slip?) [shared-balancer]',
    ],
  ]
  test.each(cases)('%j → %j', (from, to, warning) => {
    expect(faultsAfter(from, to)).toEqual([warning])
    expect(parseConfig(BASE.replace(from, to), 'f').config).toBeDefined()
  })
  test('a TTL of 0 can be allowed, and the least TTL is never above the TTL', () => {
    const service = (more: string) => {
      const { config } = parseConfig(BASE.replace('steer: [nearest]', `steer: [nearest], ${more}`), 'f')
      const { ttl, leastTtl } = config!.services.get('web')!
      return [ttl, leastTtl]
    }
    expect(service('ttl: 0s, allowZeroTtl: true')).toEqual([0, 0])
    expect(service('ttl: 3s')).toEqual([3, 3])
    expect(service('ttl: 1m')).toEqual([60, 5])
    expect(service('ttl: 1m, leastTtl: 20s')).toEqual([60, 20])
  })
  test('a region of last resort is used', () => {
    expect(
      faultsAfter('[us-east, eu-west], steer: [nearest]', '[us-east], steer: [nearest], fallback: eu-west'),
    ).toEqual([])
  })
})

test('ten different mistakes are exactly ten faults, in the order of reading, and no config', () => {
  const { config, faults } = parseConfig(
    `listen: ["127.0.0.1:5300", "::1:5300"]
zone: zones
geo: { source: mmdb }
admin: { listen: "192.0.2.1:port" }
monitors:
  l7: { type: http, port: 70000 }
regions:
  us-east: { location: { latitude: 38.9, longitude: -77.4 }, monitor: l9, balancers: [198.51.100.10] }
  eu-west: { monitor: l7, balancers: [198.51.100.20] }
services:
  web: { regions: [us-east, eu-west], steer: [nearest], ttl: 0 }
  canary: { regions: [us-east, eu-west] }
  shop: { regions: [us-east, ue-west], steer: [{ weighted: { us-east: 99, eu-west: 1 } }] }
`,
    'f',
  )
  expect(config).toBeUndefined()
  expect(faults.every(isError)).toBe(true)
  expect(faults.map(({ place, code }) => `${place.line}:${place.column} ${code}`)).toEqual([
    '1:28 wrong-value',
    '2:1 unknown-key',
    '3:6 wrong-value',
    '4:18 wrong-value',
    '6:27 out-of-range',
    '8:71 unknown-name',
    '9:3 region-without-location',
    '11:62 wrong-type',
    '12:3 missing-key',
    '13:30 unknown-name',
  ])
})
