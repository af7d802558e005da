// Cloud load balancers end to end: a little authoritative server is the cloud, HTTP servers are its load balancers, and dig,
// kdig and unbound are the users.
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { createLog } from '../../src/base/log.ts'
import { startRunning, type Running } from '../../src/wiring/running.ts'
import { askWith, isInstalled } from '../support/client-output.ts'
import { dig, digIsMissing } from '../support/dig.ts'
import { startFakeResolver, type FakeResolver } from '../support/fake-resolver.ts'
import { portFreeOn } from '../support/loopback-port.ts'
import { createSite, type Site } from '../support/site.ts'
import { startUnbound, unboundIsMissing } from '../support/unbound.ts'

let site: Site
let cloud: FakeResolver
let running: Running | undefined
let stopping: (() => unknown)[] = []

afterEach(async () => {
  await running?.stop()
  running = undefined
  await Promise.all(stopping.map((stop) => stop()))
  stopping = []
  cloud.stop()
  site.remove()
})

/** Load balancers on these addresses, all on one port; and the Host headers that they saw. */
class Balancers {
  readonly hosts = new Set<string>()
  readonly #servers = new Map<string, Server>()
  port = 0

  async open(...addresses: readonly string[]): Promise<void> {
    this.port ||= await portFreeOn(addresses[0]!)
    for (const address of addresses) {
      const server = createServer((request, response) => {
        this.hosts.add(request.headers.host ?? '')
        response.end('ok')
      })
      server.listen(this.port, address)
      await once(server, 'listening')
      this.#servers.set(address, server)
    }
  }

  close(...addresses: readonly string[]): void {
    for (const address of addresses) {
      this.#servers.get(address)?.closeAllConnections()
      this.#servers.get(address)?.close()
      this.#servers.delete(address)
    }
  }

  closeAll(): void {
    this.close(...this.#servers.keys())
  }
}

async function start(service: object, records: string, port: number, aliases: object = {}): Promise<Running> {
  const monitor = { type: 'http', port, interval: '200ms', fastInterval: '100ms', timeout: '150ms' }
  site = await createSite(
    {
      workers: 1,
      aliases: { resolvers: [cloud.endpoint], ...aliases },
      monitors: { l7: { ...monitor, healthyThreshold: 1, unhealthyThreshold: 2 } },
      regions: {
        eu: { monitor: 'l7', balancers: ['lb.eu.cloud.example'] },
        us: { monitor: 'l7', balancers: ['lb.us.cloud.example'] },
      },
      services: { web: { regions: ['eu', 'us'], steer: ['failover'], ...service } },
    },
    { 'example.com': records },
  )
  const started = await startRunning({ configFile: site.configFile, version: '0', log: () => createLog('silent') })
  if (!('server' in started)) throw new Error(JSON.stringify(started))
  running = started
  return started
}

async function until(what: () => Promise<unknown>, expected: unknown): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (JSON.stringify(await what()) === JSON.stringify(expected)) break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  expect(await what()).toEqual(expected)
}

/** Status, and the data of the answer. */
async function ask(endpoint: { host: string; port: number }, ...words: string[]): Promise<string> {
  const [{ status, answer }] = (await dig(endpoint, words)) as [Awaited<ReturnType<typeof dig>>[number]]
  return [status, ...answer.map(({ type, data }) => `${type} ${data}`).sort()].join(' | ')
}

async function createCloud(): Promise<Balancers> {
  cloud = await startFakeResolver({
    'lb.eu.cloud.example A': { addresses: ['127.31.0.1', '127.31.0.2'], ttl: 5 },
    'lb.eu.cloud.example AAAA': 'nodata',
    'lb.us.cloud.example A': { addresses: ['127.32.0.1'], ttl: 60 },
    'lb.us.cloud.example AAAA': { addresses: ['::1'], ttl: 60 },
  })
  const balancers = new Balancers()
  await balancers.open('127.31.0.1', '127.31.0.2', '127.32.0.1', '::1')
  stopping.push(() => balancers.closeAll())
  return balancers
}

const missing = digIsMissing || unboundIsMissing

test.skipIf(missing)(
  'a CNAME to the cloud that is up, followed by a resolver; every type, and none at the apex',
  async () => {
    const balancers = await createCloud()
    const director = await start({ answers: 'cname' }, 'www LB web\nshop CNAME www', balancers.port)
    const unbound = await startUnbound({
      'example.com': site,
      'cloud.example': { host: '127.0.0.1', port: cloud.port },
    })
    stopping.push(unbound.stop)
    for (const type of ['A', 'AAAA', 'TXT', 'HTTPS', 'CNAME']) {
      expect(await ask(site, 'www.example.com', type)).toBe('NOERROR | CNAME lb.eu.cloud.example.')
    }
    expect(await ask(unbound.endpoint, 'shop.example.com', 'A', '+recurse')).toBe(
      'NOERROR | A 127.31.0.1 | A 127.31.0.2 | CNAME lb.eu.cloud.example. | CNAME www.example.com.',
    )
    expect([...balancers.hosts].sort()).toEqual([
      `lb.eu.cloud.example:${balancers.port}`,
      `lb.us.cloud.example:${balancers.port}`,
    ])
    balancers.close('127.31.0.1')
    await until(
      async () => director.status().regions[0]!.balancers.map(({ address, host, state }) => [address, host, state]),
      [
        ['lb.eu.cloud.example', null, 'up'],
        ['127.31.0.1', 'lb.eu.cloud.example', 'down'],
        ['127.31.0.2', 'lb.eu.cloud.example', 'up'],
      ].map(([address, host, state]) => [address, host ?? undefined, state]),
    )
    expect(await ask(site, 'www.example.com', 'A')).toBe('NOERROR | CNAME lb.eu.cloud.example.')
    balancers.close('127.31.0.2')
    await until(() => ask(site, 'www.example.com', 'A'), 'NOERROR | CNAME lb.us.cloud.example.')
    expect(await director.explain({ name: 'www.example.com', type: 'CNAME' })).toMatchObject({
      explanation: { carries: 'cname', answers: [{ addresses: ['lb.us.cloud.example'] }] },
    })
    site.write('zones/example.com.zone', '@ 60 SOA ns1 h 2 2 3 4 5\n@ 60 NS ns1\nns1 60 A 127.0.0.1\n@ LB web\n')
    await director.reload()
    expect(director.status().lastReload?.faults.map(({ code }) => code)).toEqual(['lb-cname-at-apex'])
  },
  20_000,
)

test.skipIf(digIsMissing)(
  'flattened at an apex: addresses come and go, the last ones stand in, and what is new is in before it is probed',
  async () => {
    const balancers = await createCloud()
    const director = await start({ answers: 'flatten' }, '@ LB web', balancers.port, { maxStale: '2s' })
    const apex = () => ask(site, 'example.com', 'A', '+tcp')
    expect(new Set([await apex(), await apex()])).toEqual(new Set(['NOERROR | A 127.31.0.1', 'NOERROR | A 127.31.0.2']))
    expect(await ask(site, 'example.com', 'AAAA')).toBe('NOERROR')
    const [{ answer }] = (await dig(site, ['example.com', 'A'])) as [Awaited<ReturnType<typeof dig>>[number]]
    expect(answer[0]!.ttl).toBe(5)
    await balancers.open('127.31.0.3')
    cloud.answers.set('lb.eu.cloud.example A', { addresses: ['127.31.0.3'], ttl: 5 })
    await until(apex, 'NOERROR | A 127.31.0.3')
    expect(director.status().events.filter(({ text }) => text.startsWith('region eu down'))).toEqual([])
    cloud.answers.set('lb.eu.cloud.example A', 'servfail')
    cloud.answers.set('lb.eu.cloud.example AAAA', 'servfail')
    await until(
      async () => director.status().events.some(({ text }) => text.includes('its last answer stands in')),
      true,
    )
    expect(await apex()).toBe('NOERROR | A 127.31.0.3')
    await until(apex, 'NOERROR | A 127.32.0.1')
    const told = await director.explain({ name: 'example.com', type: 'A' })
    expect(told).toMatchObject({
      explanation: {
        answers: [{ addresses: ['127.32.0.1'] }],
        regions: [{ isUp: false, reason: 'its addresses are not known' }, { isUp: true }],
      },
    })
  },
  30_000,
)

test.skipIf(digIsMissing || !isInstalled('kdig'))(
  'hints of HTTPS, as dig and kdig print them',
  async () => {
    const balancers = await createCloud()
    const records = 'www LB web\nwww HTTPS 1 . alpn=h2\nalt HTTPS 1 www alpn=h3 port=8443'
    const director = await start({ answers: 'flatten', regions: ['us', 'eu'] }, records, balancers.port)
    for (const program of ['dig', 'kdig'] as const) {
      const asked = async (name: string) => {
        const { answer, complaints } = await askWith(program, site.port, [name, 'HTTPS'])
        expect(complaints).toEqual([])
        return answer.map((line) => line.replaceAll('"', '').replace(/^.*HTTPS\s+/, ''))
      }
      expect(await asked('www.example.com')).toEqual(['1 . alpn=h2 ipv4hint=127.32.0.1 ipv6hint=::1'])
      expect(await asked('alt.example.com')).toEqual([
        '1 www.example.com. alpn=h3 port=8443 ipv4hint=127.32.0.1 ipv6hint=::1',
      ])
    }
    expect(await director.explain({ name: 'alt.example.com', type: 'HTTPS' })).toMatchObject({
      explanation: { carries: 'hints', service: 'web', answers: [{ addresses: ['127.32.0.1', '::1'] }] },
    })
    expect(await director.explain({ name: 'www.example.com', type: 'SVCB' })).toMatchObject({
      problem: { status: 404 },
    })
  },
  20_000,
)
