import { describe, expect, test } from 'vitest'
import { formatAddress, parseAddress, writeWords } from '../../src/base/address.ts'
import { RCODE, TYPE } from '../../src/dns/types.ts'
import { counter, LATENCY_BOUNDS_MS } from '../../src/metrics/counters.ts'
import { createQueryLog, entryAt, entry, readQueryLog, setSample } from '../../src/query/query-log.ts'
import { respond } from '../../src/query/respond.ts'
import { beginSampling, countLatency, setWallClock } from '../../src/query/sampler.ts'
import { buildQuery, type Query } from '../support/message.ts'
import { buildSnapshot, slots, workerOver } from '../support/query-worker.ts'

const ZONE = '$TTL 60\n@ SOA ns h 1 7200 1800 1209600 300\n@ NS ns\nns A 192.0.2.1\nwww LB web\nalias CNAME www\n'

function logging(keep: number, sample: number) {
  const log = createQueryLog(keep, sample)
  const table = slots('192.0.2.7')
  const rows = [{ ttl: 30, ipv4: table, ipv6: table }]
  const worker = workerOver(
    buildSnapshot({
      zones: { 'example.com': ZONE },
      services: [{ name: 'web', clientMap: -1, pin: { ipv4Bits: 24, ipv6Bits: 48, seed: 1 }, leastTtl: 30, rows }],
    }),
    0,
    log,
  )
  const output = new Uint8Array(65_535)
  const ask = (query: Query, from = '198.51.100.53', stream = false): number => {
    const packet = buildQuery(query)
    return respond(worker, packet, 0, packet.length, writeWords(parseAddress(from)!), output, 0, stream ? 65_535 : 1232)
  }
  setWallClock(worker.sampler, 1_000_000, 1000)
  const receive = (at: number) => beginSampling(worker.sampler, at)
  receive(1000)
  return { log, worker, ask, receive }
}

const QUERY: Query = { name: 'WWW.example.com', type: 'A' }

test('an entry tells who asked what, and how it was answered', () => {
  const { log, ask, receive } = logging(10, 1)
  ask({ ...QUERY, edns: { clientSubnet: { address: '203.0.113.0', source: 24 } } })
  receive(3500)
  ask({ name: 'none.example.com', type: 'AAAA' }, '2001:db8::53', true)
  const [second, first] = readQueryLog(log, 10)
  expect(first).toMatchObject({
    ...{ time: 1_000_000, name: 'www.example.com.', type: TYPE.A, class: 1, rcode: 0, transport: 'udp' },
    ...{ tally: 1, snapshot: 1, truncated: false },
  })
  expect(formatAddress(first!.sender)).toBe('198.51.100.53')
  expect(formatAddress(first!.subnet!.address)).toBe('203.0.113.0')
  expect(first!.subnet).toMatchObject({ source: 24, scope: 24 })
  expect(second).toMatchObject({ time: 1_002_500, rcode: RCODE.NXDOMAIN, transport: 'tcp', tally: 0 })
  expect(formatAddress(second!.sender)).toBe('2001:db8::53')
  expect(second).not.toHaveProperty('subnet')
})

test('a chain is logged by the name that was asked', () => {
  const { log, ask } = logging(10, 1)
  ask({ name: 'alias.example.com', type: 'A' })
  expect(readQueryLog(log, 1)[0]).toMatchObject({ name: 'alias.example.com.', tally: 1 })
})

test('what could not be read has no name', () => {
  const { log, worker } = logging(10, 1)
  const packet = Uint8Array.from([0, 1, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0])
  respond(worker, packet, 0, 12, writeWords(parseAddress('192.0.2.9')!), new Uint8Array(512), 0, 512)
  const [only] = readQueryLog(log, 1)
  expect(only).toMatchObject({ rcode: RCODE.FORMERR })
  expect(only).not.toHaveProperty('name')
})

test('the longest name fits', () => {
  const { log, ask } = logging(2, 1)
  const name = [63, 63, 63, 61].map((length, i) => String(i).repeat(length)).join('.')
  for (let i = 0; i < 3; i++) ask({ name, type: 'A' })
  expect(readQueryLog(log, 9).map((query) => query.name)).toEqual([`${name}.`, `${name}.`])
})

test('the newest are kept, the newest first', () => {
  const { log, ask } = logging(3, 1)
  for (let i = 0; i < 7; i++) ask({ name: `h${i}.example.com`, type: 'A' })
  expect(readQueryLog(log, 10).map(({ name }) => name)).toEqual(['h6', 'h5', 'h4'].map((h) => `${h}.example.com.`))
  expect(readQueryLog(log, 2)).toHaveLength(2)
})

test('an entry that is being written is left out', () => {
  const { log, ask } = logging(3, 1)
  for (let i = 0; i < 3; i++) ask(QUERY)
  log.words[entryAt(log, 2) + entry.number] = 0
  expect(readQueryLog(log, 3)).toHaveLength(2)
})

describe('sampling', () => {
  test('takes one in so many, of A and AAAA that come in turn alike', () => {
    const { log, ask } = logging(100_000, 10)
    for (let i = 0; i < 20_000; i++) {
      ask(QUERY)
      ask({ ...QUERY, type: 'AAAA' })
    }
    const queries = readQueryLog(log, 100_000)
    expect(Math.abs(queries.length - 4000)).toBeLessThan(200)
    const ipv4 = queries.filter(({ type }) => type === TYPE.A).length
    expect(Math.abs(ipv4 / queries.length - 0.5)).toBeLessThan(0.05)
  })

  test('is changed from one receive to the next, on and off', () => {
    const { log, ask, receive } = logging(10, 0)
    ask(QUERY)
    expect(readQueryLog(log, 10)).toHaveLength(0)
    setSample(log, 1)
    receive(1001)
    ask(QUERY)
    setSample(log, 0)
    receive(1002)
    ask(QUERY)
    expect(readQueryLog(log, 10)).toHaveLength(1)
  })

  test('nothing is written where nothing is kept', () => {
    const { log, ask } = logging(0, 1)
    ask(QUERY)
    expect(readQueryLog(log, 10)).toEqual([])
  })
})

test('latency is counted for what was sampled since the receive', () => {
  const { worker, ask, receive } = logging(10, 1)
  const { counters, sampler } = worker
  ask(QUERY)
  ask(QUERY)
  countLatency(sampler, counters, 1000.03)
  receive(2000)
  countLatency(sampler, counters, 9000)
  receive(3000)
  ask(QUERY)
  countLatency(sampler, counters, 4000)
  const counts = [...counters.slice(counter.latency, counter.latency + LATENCY_BOUNDS_MS.length + 1)]
  expect(counts.map((count, i) => [i, count]).filter(([, count]) => count! > 0)).toEqual([
    [2, 2],
    [LATENCY_BOUNDS_MS.length, 1],
  ])
  expect(counters[counter.latencySum]).toBeCloseTo(1000.06, 3)
})

test('an entry that is written again while it is read is left out', () => {
  const { log, ask } = logging(3, 1)
  for (let i = 0; i < 3; i++) ask(QUERY)
  const overtaken = entryAt(log, 2)
  Object.defineProperty(log.words, 'slice', {
    value: (from: number, to: number) => {
      if (from === overtaken) log.words[from + entry.number] = 5
      return Int32Array.prototype.slice.call(log.words, from, to)
    },
  })
  expect(readQueryLog(log, 3)).toHaveLength(2)
})
