// What a good config becomes: defaults, units, paths, names resolved; and files that cannot be read.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { textOf } from '../../src/director/address-text.ts'
import { formatFault } from '../../src/base/fault.ts'
import type { Config } from '../../src/config/config.ts'
import { loadConfig, parseConfig } from '../../src/config/load.ts'

const EXAMPLE = join(import.meta.dirname, '../../deploy/meridian.yaml')

function configOf(text: string): Config {
  const { config, faults } = parseConfig(text, '/etc/meridian/meridian.yaml')
  expect(faults).toEqual([])
  return config!
}

const HEAD = 'listen: ["192.0.2.1:53"]\nzones: zones\n'

describe('deploy/meridian.yaml', () => {
  const { config, faults, text } = loadConfig(EXAMPLE)
  test('has no faults', () => expect(faults.map(formatFault)).toEqual([]))
  test('is the example of the design', () => {
    expect(config!.listen).toEqual([{ host: '127.0.0.1', port: 5300 }])
    expect(config!.zones).toBe(join(EXAMPLE, '../../zones'))
    expect([...config!.regions.values()].map(({ name, weight }) => `${name} ${weight}`)).toEqual([
      'us-east 5',
      'eu-west 3',
      'ap-south 2',
    ])
    expect(config!.regions.get('us-east')!.balancers.map(({ address }) => textOf(address))).toEqual([
      '198.51.100.10',
      '2001:db8:1::10',
    ])
    expect(config!.services.get('canary')!.steer).toEqual([
      { step: 'weighted', weights: { 'us-east': 99, 'eu-west': 1 } },
      { step: 'consistent-hash', seed: '', ipv4Bits: 24, ipv6Bits: 48 },
    ])
  })
  test('what was read comes along, and reads the same again', () => {
    expect(parseConfig(text, EXAMPLE).config).toEqual(config)
  })
})

describe('defaults', () => {
  test('only listen and zones must be there', () => {
    const config = configOf(HEAD)
    expect(config).toMatchObject({
      file: '/etc/meridian/meridian.yaml',
      zones: '/etc/meridian/zones',
      state: '/etc/meridian/state',
      log: { level: 'info' },
      startup: { deadlineMs: 1500 },
      tcp: { idleTimeoutMs: 10_000 },
    })
    expect(config.geo).toBeUndefined()
    expect(config.admin).toBeUndefined()
    expect(config.workers).toBeGreaterThanOrEqual(1)
    expect(config.services.size).toBe(0)
  })
  test('of monitors, regions and services', () => {
    const config = configOf(`${HEAD}
monitors: { web: { type: http, port: 80 } }
regions: { here: { monitor: web, balancers: [192.0.2.10, { address: 192.0.2.11, weight: 3 }] } }
services: { app: { regions: [here], steer: [round-robin] } }
`)
    const monitor = {
      name: 'web',
      type: 'http',
      port: 80,
      method: 'GET',
      path: '/health',
      headers: {},
      redirects: 0,
      expectedStatus: [[200, 299]],
      expectedHeaders: {},
      expectedJson: {},
      keepAlive: false,
      intervalMs: 10_000,
      timeoutMs: 5000,
      fastIntervalMs: 1000,
      healthyThreshold: 2,
      unhealthyThreshold: 3,
    }
    expect(config.monitors.get('web')).toEqual(monitor)
    expect(config.regions.get('here')).toMatchObject({ weight: 1, minHealthy: 1, monitor })
    expect(config.regions.get('here')!.balancers.map(({ weight }) => weight)).toEqual([1, 3])
    expect(config.services.get('app')).toEqual({
      name: 'app',
      regions: ['here'],
      steer: [{ step: 'round-robin' }],
      ttl: 30,
      leastTtl: 5,
      fallback: 'all',
      panic: 0,
      families: 'coherent',
      ignoreEcs: false,
      answers: 'addresses',
      hints: true,
    })
  })
  test('the fast interval is never above the interval', () => {
    const config = configOf(`${HEAD}
monitors: { m: { type: tcp, port: 80, interval: 200ms } }
regions: { r: { monitor: m, balancers: [192.0.2.10] } }
services: { s: { regions: [r], steer: [round-robin] } }
`)
    expect(config.monitors.get('m')).toMatchObject({ fastIntervalMs: 200 })
  })
})

describe('values', () => {
  const withSteer = (steer: string) =>
    configOf(`${HEAD}
geo: { source: table, file: geo/networks.csv }
regions:
  a: { location: { latitude: 1, longitude: 2, country: DE }, balancers: [192.0.2.1] }
  b: { location: { latitude: 3, longitude: 4 }, balancers: ["2001:DB8::1"] }
services: { s: { regions: [a, b], steer: ${steer}, ttl: 5m, fallback: b, panic: 40%, families: independent } }
`)
  test('MaxMind-format files, and where private clients count as being', () => {
    const { geo } = configOf(`${HEAD}
geo: { source: mmdb, city: geo/city.mmdb, asn: /asn.mmdb, private: { country: DE } }`)
    const files = { city: '/etc/meridian/geo/city.mmdb', asn: '/asn.mmdb' }
    expect(geo).toEqual({ source: 'mmdb', ...files, private: { country: 'DE', continent: 'EU' } })
  })
  test('units, fractions, paths, addresses', () => {
    const config = withSteer('[nearest]')
    expect(config.services.get('s')).toMatchObject({ ttl: 300, panic: 0.4, fallback: 'b', families: 'independent' })
    expect(config.geo).toEqual({ source: 'table', file: '/etc/meridian/geo/networks.csv' })
    expect(config.regions.get('a')).toMatchObject({ latitude: 1, longitude: 2, country: 'DE' })
    expect(textOf(config.regions.get('b')!.balancers[0]!.address)).toBe('2001:db8::1')
  })
  test.each([
    ['nearest', { step: 'nearest', within: 0, depth: 3, bias: {} }],
    [
      '{ nearest: { within: 20%, depth: 2, bias: { a: 1.2 } } }',
      { step: 'nearest', within: 0.2, depth: 2, bias: { a: 1.2 } },
    ],
    ['failover', { step: 'failover', order: [] }],
    ['{ failover: [b, a] }', { step: 'failover', order: ['b', 'a'] }],
    ['weighted', { step: 'weighted', weights: {} }],
    ['{ weighted: { a: 9, b: 1 } }', { step: 'weighted', weights: { a: 9, b: 1 } }],
    ['round-robin', { step: 'round-robin' }],
    [
      '{ consistent-hash: { seed: x, ipv4Bits: 20 } }',
      { step: 'consistent-hash', seed: 'x', ipv4Bits: 20, ipv6Bits: 48 },
    ],
    ['{ take: 2 }', { step: 'take', count: 2 }],
  ])('step %s', (step, expected) => {
    expect(withSteer(`[${step}]`).services.get('s')!.steer).toEqual([expected])
  })
  test.each([
    [
      '[200-299, 304]',
      [
        [200, 299],
        [304, 304],
      ],
    ],
    ['["204"]', [[204, 204]]],
  ])('status codes %s', (written, expected) => {
    const config = configOf(`${HEAD}
monitors: { m: { type: http, port: 80, host: www.example.com, expectedStatus: ${written} } }
regions: { r: { monitor: m, balancers: [192.0.2.10] } }
services: { s: { regions: [r], steer: [round-robin] } }
`)
    expect(config.monitors.get('m')).toMatchObject({ host: 'www.example.com', expectedStatus: expected })
  })
  test('anchors and merge keys', () => {
    const config = configOf(`${HEAD}
monitors:
  slow: &slow { type: http, port: 80, interval: 1m }
  fast: { <<: *slow, interval: 1s }
regions:
  a: { monitor: slow, balancers: &both [192.0.2.1] }
  b: { monitor: fast, balancers: [192.0.2.2] }
services: { s: { regions: [a, b], steer: [round-robin] } }
`)
    expect(config.monitors.get('fast')).toMatchObject({ port: 80, intervalMs: 1000 })
  })
})

describe('files', () => {
  let folder = ''
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'meridian-config-'))))
  afterAll(() => rmSync(folder, { recursive: true }))

  const codesOf = (file: string) => loadConfig(file).faults.map(({ code, place }) => `${place.line ?? '-'} ${code}`)
  const write = (text: string | Uint8Array) => {
    const file = join(folder, 'meridian.yaml')
    writeFileSync(file, text)
    return file
  }

  test('missing', () => expect(codesOf(join(folder, 'none.yaml'))).toEqual(['- no-file']))
  test('a folder', () => expect(codesOf(folder)).toEqual(['- no-file']))
  test('empty', () => expect(codesOf(write(''))).toEqual(['1 empty-file']))
  test('only comments', () => expect(codesOf(write('# nothing\n\n  # here\n'))).toEqual(['1 empty-file']))
  test('not a mapping', () => expect(codesOf(write('\n- listen\n'))).toEqual(['2 not-a-mapping']))
  test('not UTF-8', () => expect(codesOf(write(Uint8Array.of(0x61, 0x0a, 0xff)))).toEqual(['2 not-utf8']))
  test('a byte order mark is no fault', () => {
    mkdirSync(join(folder, 'zones'))
    expect(codesOf(write(`\uFEFF${HEAD}`))).toEqual([])
  })
  test('folders and files that it names must be there', () => {
    const text = 'listen: ["127.0.0.1:53"]\nzones: nowhere\ngeo: { source: table, file: nothing.csv }\n'
    expect(codesOf(write(text))).toEqual(['2 no-folder', '3 no-file'])
    expect(parseConfig(text, 'f').faults).toEqual([])
    const databases = 'geo: { source: mmdb, city: a.mmdb, asn: b.mmdb }\n'
    expect(codesOf(write(`listen: ["127.0.0.1:53"]\nzones: .\n${databases}`))).toEqual(['3 no-file', '3 no-file'])
  })
})
