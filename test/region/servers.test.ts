// How the tier sees its servers and takes them out and back: active checks, passive checks, slow start, drains, and what it
// tells of itself.
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { drainServer, undrainServer } from '../../deploy/region/drain.ts'
import { readHaproxy } from '../../src/health/report/haproxy.ts'
import { haproxyIsMissing, L7Tier } from '../support/l7-tier.ts'
import { monotonicMs, until } from '../support/monotonic.ts'

const INTERVAL_MS = 100
const MOBILE = { headers: { 'sec-ch-ua-mobile': '?1' } }

describe.skipIf(haproxyIsMissing)('the defaults', () => {
  it('are checks each 10 s, given up after 5 s, 2 to come up and 3 to go down, and drains of 300 s at most', async () => {
    const tier = await L7Tier.start()
    try {
      const settings = ['CHECK_INTERVAL', 'CHECK_TIMEOUT', 'CHECK_RISE', 'CHECK_FALL', 'SLOW_START', 'DRAIN_TIME']
      const shown = await Promise.all(settings.map((name) => tier.order(`show env ${name}`)))
      expect(shown.map((line) => line.split('=')[1])).toEqual(['10s', '5s', '2', '3', '30s', '300s'])
      expect(await tier.row('web/web-1')).toMatchObject({ check_rise: '2', check_fall: '3' })
    } finally {
      await tier.stop()
    }
  })
})

describe.skipIf(haproxyIsMissing)('servers', () => {
  let tier: L7Tier
  beforeAll(async () => {
    tier = await L7Tier.start({
      ...{ CHECK_INTERVAL: `${INTERVAL_MS}ms`, CHECK_TIMEOUT: '1s', SLOW_START: '1s', ERROR_LIMIT: '5' },
    })
  })
  afterAll(() => tier.stop())
  afterEach(async () => {
    for (const server of tier.servers.values()) Object.assign(server, { behaviour: undefined, health: 200 })
    for (const name of ['mobile-1', 'mobile-2']) await tier.status(`mobile/${name}`, 'UP')
  })

  it('go down after three failed checks and come up after two good ones', async () => {
    const server = tier.server('german-1')
    await tier.status('german/german-1', 'UP')
    const failedAt = monotonicMs()
    server.health = 503
    await tier.status('german/german-1', 'DOWN')
    const downAfter = monotonicMs() - failedAt
    expect(downAfter).toBeGreaterThan(2 * INTERVAL_MS - 20)
    expect(downAfter).toBeLessThan(4 * INTERVAL_MS + 200)
    expect((await tier.row('german/german-1'))['check_status']).toBe('L7STS')
    const healedAt = monotonicMs()
    server.health = 200
    await tier.status('german/german-1', 'UP')
    expect(monotonicMs() - healedAt).toBeGreaterThan(INTERVAL_MS - 20)
  })

  it('go down by what users meet, between two checks', async () => {
    const server = tier.server('mobile-1')
    server.behaviour = (_, response) => response.writeHead(500).end()
    const before = await tier.row('mobile/mobile-1')
    // /health stays 200: active checks alone would see nothing.
    while ((await tier.row('mobile/mobile-1'))['status'] === 'UP') {
      await tier.ask('/', MOBILE)
      if (server.asked.length > 50) throw new Error('the passive check saw nothing')
    }
    const after = await tier.row('mobile/mobile-1')
    expect(Number(after['hanafail'])).toBeGreaterThan(Number(before['hanafail']))
  })

  it('start slowly when they return', async () => {
    const server = tier.server('mobile-1')
    server.health = 503
    await tier.status('mobile/mobile-1', 'DOWN')
    server.health = 200
    await tier.status('mobile/mobile-1', 'UP')
    const count = async () => {
      const before = server.asked.length
      for (let i = 0; i < 20; i++) await tier.ask('/', MOBILE)
      return server.asked.length - before
    }
    expect(await count()).toBeLessThan(7)
    await until('the whole weight', async () => {
      const { weight, uweight } = await tier.row('mobile/mobile-1')
      return weight === uweight
    })
    expect(await count()).toBe(10)
  })

  it('in drain keep their users, get nobody new, and finish what is under way', async () => {
    const server = tier.server('web-1')
    const held: ServerResponse[] = []
    server.behaviour = (request, response) => (request.url === '/long' ? held.push(response) : response.end())
    const user = { headers: { cookie: 'SERVERID=web-1' } }
    const long = tier.ask('/long', user)
    await until('the long request to arrive', () => held.length === 1)

    const drained = drainServer({ socket: tier.socket, server: 'web/web-1', forMs: 300 })
    await tier.status('web/web-1', 'DRAIN')
    const newcomers = await Promise.all(Array.from({ length: 12 }, () => tier.ask('/')))
    expect(newcomers.map(({ echo }) => echo!.server)).not.toContain('web-1')
    expect((await tier.ask('/', user)).echo!.server).toBe('web-1')

    expect(await drained).toBe(1)
    expect((await tier.row('web/web-1'))['status']).toBe('MAINT')
    const moved = await tier.ask('/', user)
    expect([moved.status, moved.echo!.server]).not.toContain('web-1')
    expect(moved.headers['set-cookie']![0]).toMatch(/^SERVERID=web-[234]/)
    held[0]!.end('done')
    expect(await long).toMatchObject({ status: 200, body: Buffer.from('done') })

    await undrainServer(tier.socket, 'web/web-1')
    await tier.status('web/web-1', 'UP')
    await until('new users to come', async () => (await tier.ask('/')).echo!.server === 'web-1')
  })

  it('drained by a wrong name are refused with what HAProxy says', async () => {
    const drain = drainServer({ socket: join(tier.socket), server: 'web/web-9', forMs: 0 })
    await expect(drain).rejects.toThrow(/web\/web-9.*No such server/s)
  })

  it('are told of in Prometheus text and in CSV, as the director reads it', async () => {
    await tier.ask('/')
    const metrics = await tier.askPlain(tier.ports.metrics, '/metrics')
    expect(metrics.body.toString()).toMatch(/^haproxy_server_status\{proxy="web",server="web-1",state="UP"\} 1$/m)
    expect(metrics.body.toString()).toMatch(/^haproxy_backend_http_requests_total\{proxy="web"\} [1-9]/m)
    const csv = await tier.askPlain(tier.ports.metrics, '/;csv')
    const reading = readHaproxy(csv.body.toString(), ['door', 'web'])
    expect(reading).toMatchObject({ sample: { healthyServers: 4, totalServers: 4, errors: 0 } })
    expect((await tier.askPlain(tier.ports.metrics, '/alive')).body.toString()).toBe('well\n')
    const page = await tier.askPlain(tier.ports.metrics, '/')
    expect(page.body.toString()).toContain('Statistics Report')
  })
})
