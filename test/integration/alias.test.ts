// ALIAS from zone file to answer, with a resolver that is told what to say: the whole program on a loopback port.
import { afterEach, expect, test, vi } from 'vitest'
import { createLog } from '../../src/base/log.ts'
import { startRunning, type Running } from '../../src/wiring/running.ts'
import { askUdp, addressesIn } from '../support/dns-client.ts'
import { startFakeResolver, type FakeResolver } from '../support/fake-resolver.ts'
import { createSite, zoneText, type Site } from '../support/site.ts'

/** RFC 8914: the option, and the INFO-CODE of §4.4. */
const EXTENDED_ERROR = 15
const STALE_ANSWER = 3

let site: Site
let resolver: FakeResolver
let running: Running | undefined

afterEach(async () => {
  await running?.stop()
  running = undefined
  resolver.stop()
  site.remove()
})

async function start(aliases: object, records: string): Promise<Running> {
  site = await createSite(
    { workers: 1, aliases: { resolvers: [resolver.endpoint], ...aliases } },
    { 'example.com': records },
  )
  const started = await startRunning({ configFile: site.configFile, version: '0', log: () => createLog('silent') })
  if (!('server' in started)) throw new Error(JSON.stringify(started))
  running = started
  return started
}

async function ask(name: string, type = 'A'): Promise<string> {
  const answer = await askUdp(site, { name, type })
  return `${answer.rcode} ${addressesIn(answer).sort().join(' ')} ${answer.answer[0]?.ttl ?? ''}`.trim()
}

async function until(name: string, expected: string): Promise<void> {
  for (let tries = 0; tries < 100 && (await ask(name)) !== expected; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  expect(await ask(name)).toBe(expected)
}

test('the apex answers what its target has, from the first query on, and follows it', async () => {
  resolver = await startFakeResolver({
    'target.example.net A': { addresses: ['192.0.2.1', '192.0.2.2'], ttl: 5 },
    'target.example.net AAAA': 'nodata',
  })
  const director = await start({}, '@ ALIAS target.example.net.\nwww 3 IN ALIAS target.example.net.')
  expect(await ask('example.com')).toBe('NOERROR 192.0.2.1 192.0.2.2 5')
  expect(await ask('www.example.com')).toBe('NOERROR 192.0.2.1 192.0.2.2 3')
  expect(await ask('example.com', 'AAAA')).toBe('NOERROR')
  expect(resolver.asked.sort()).toEqual(['target.example.net A', 'target.example.net AAAA'])
  resolver.answers.set('target.example.net A', { addresses: ['192.0.2.3'], ttl: 60 })
  await until('example.com', 'NOERROR 192.0.2.3 60')
  expect(await director.explain({ name: 'example.com', type: 'A' })).toMatchObject({
    problem: {
      detail: expect.stringContaining('an ALIAS of target.example.net., which answers A 192.0.2.3') as string,
    },
  })
}, 15_000)

test('a target that is gone answers SERVFAIL, never NODATA, once its last answer is too old', async () => {
  resolver = await startFakeResolver({ 'target.example.net A': { addresses: ['192.0.2.1'], ttl: 5 } })
  await start({ maxStale: '0ms' }, '@ ALIAS target.example.net.')
  expect(await ask('example.com')).toBe('NOERROR 192.0.2.1 5')
  expect(await ask('example.com', 'AAAA')).toBe('SERVFAIL')
  resolver.answers.set('target.example.net A', 'nxdomain')
  await until('example.com', 'SERVFAIL')
}, 15_000)

test('a last answer that stands in says so, to askers and to the operator', async () => {
  resolver = await startFakeResolver({
    'target.example.net A': { addresses: ['192.0.2.1'], ttl: 5 },
    'target.example.net AAAA': 'nodata',
  })
  const director = await start({}, '@ ALIAS target.example.net.')
  const extendedErrors = async () =>
    (await askUdp(site, { name: 'example.com', type: 'A', edns: {} }))
      .edns!.options.filter(({ code }) => code === EXTENDED_ERROR)
      .map(({ data }) => Buffer.from(data).readUInt16BE())
  expect(await extendedErrors()).toEqual([])
  expect(director.status().aliases).toMatchObject([{ target: 'target.example.net.', state: 'fresh' }])
  resolver.answers.set('target.example.net A', 'servfail')
  await until('example.com', 'NOERROR 192.0.2.1 5')
  await vi.waitFor(async () => expect(await extendedErrors()).toEqual([STALE_ANSWER]), { timeout: 10_000 })
  expect(director.status().aliases).toMatchObject([
    {
      state: 'stale',
      ipv4: { state: 'stale', addresses: ['192.0.2.1'], reason: 'SERVFAIL' },
      ipv6: { state: 'fresh' },
    },
  ])
}, 15_000)

test('a reload brings new targets, and waits for them', async () => {
  resolver = await startFakeResolver({ 'b.example.net A': { addresses: ['192.0.2.2'], ttl: 60 } })
  const director = await start({}, '@ ALIAS a.example.net.')
  expect(await ask('example.com')).toBe('SERVFAIL')
  site.write('zones/example.com.zone', zoneText('@ ALIAS b.example.net.', 2))
  expect(await director.reload()).toMatchObject({ ok: true })
  expect(await ask('example.com')).toBe('NOERROR 192.0.2.2 60')
})
