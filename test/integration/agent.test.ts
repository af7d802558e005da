// One place tells both: a weight of 0 for a balancer, set at the director, takes it out of the answers, and out of the
// Layer 4 tier of its region, which asks by agent-check. Real HAProxy, a real director, and users who lose nothing.
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startDirector, type DirectorProcess } from '../support/director-process.ts'
import { haproxyIsMissing, L7Tier } from '../support/l7-tier.ts'
import { portFreeOn } from '../support/loopback-port.ts'
import { sleep, until } from '../support/monotonic.ts'
import { operate } from '../support/operate-site.ts'
import { createSite, type Site } from '../support/site.ts'

const [FIRST, SECOND, THIRD] = ['127.0.77.1', '127.0.77.2', '127.0.77.3'] as const

describe.skipIf(haproxyIsMissing)('agent-check', () => {
  let tier: L7Tier
  let site: Site
  let director: DirectorProcess
  let agentPort: number
  const configure = (weights: readonly [number, number, number]) => {
    const balancers = [FIRST, SECOND, THIRD].map((address, i) => ({ address, weight: weights[i]! }))
    return {
      workers: 1,
      agent: { listen: `127.0.0.1:${agentPort}` },
      regions: { 'us-east': { balancers } },
      services: { web: { regions: ['us-east'], steer: ['round-robin'] } },
    }
  }
  const reload = async (weights: readonly [number, number, number]) => {
    site.configure(configure(weights))
    director.signal('SIGHUP')
    await director.logged(/^reloaded/)
  }

  beforeAll(async () => {
    agentPort = await portFreeOn('127.0.0.1')
    site = await createSite(configure([100, 100, 100]), { 'example.com': 'www IN LB web' })
    director = await startDirector(site)
    tier = await L7Tier.start(
      { AGENT_PORT: String(agentPort), AGENT_INTERVAL: '100ms', CHECK_INTERVAL: '200ms', SLOW_START: '0s' },
      { 'vault-1': FIRST, 'vault-2': SECOND, 'vault-3': THIRD },
    )
  })
  afterAll(async () => {
    await tier.stop()
    await director.stop()
    site.remove()
  })

  it('carries weights and drains, and no user loses a request', async () => {
    const load = startLoad()
    await sleep(200)
    expect(new Set(load.servers)).toEqual(new Set(['vault-1', 'vault-2', 'vault-3']))
    await reload([100, 50, 0])
    await tier.status('vault/vault-3', 'DRAIN (agent)')
    await until('the weight', async () => (await tier.row('vault/vault-2'))['weight'] === '50')
    expect((await tier.row('vault/vault-1'))['weight']).toBe('100')
    load.servers.length = 0
    await sleep(300)
    expect(new Set(load.servers)).toEqual(new Set(['vault-1', 'vault-2']))
    await reload([100, 100, 100])
    await tier.status('vault/vault-3', 'UP')
    const { lost, asked } = await load.stop()
    expect(asked).toBeGreaterThan(20)
    expect(lost).toEqual([])
  })

  it('drains a server when an operator drains it, and none when its whole region is drained; no user loses a request', async () => {
    const load = startLoad()
    const asked = (...words: readonly string[]) => operate(site, [...words, '-r', 'new disks'])
    expect(await asked('drain', `us-east/${THIRD}`)).toMatchObject({ code: 0 })
    await tier.status('vault/vault-3', 'DRAIN (agent)')
    load.servers.length = 0
    await sleep(300)
    expect(new Set(load.servers)).toEqual(new Set(['vault-1', 'vault-2']))
    expect(await asked('undrain', `us-east/${THIRD}`)).toMatchObject({ code: 0 })
    await tier.status('vault/vault-3', 'UP')
    expect(await asked('drain', 'us-east', '--overrule', 'it is the only one')).toMatchObject({ code: 0 })
    await sleep(500)
    const rows = await Promise.all([1, 2, 3].map((i) => tier.row(`vault/vault-${i}`)))
    expect(rows.map(({ status }) => status)).toEqual(['UP', 'UP', 'UP'])
    expect(await asked('undrain', 'us-east')).toMatchObject({ code: 0 })
    expect((await load.stop()).lost).toEqual([])
  })

  it('changes nothing when the director is gone', async () => {
    await reload([100, 100, 0])
    await tier.status('vault/vault-3', 'DRAIN (agent)')
    await director.stop()
    await sleep(500)
    const rows = await Promise.all([1, 2, 3].map((i) => tier.row(`vault/vault-${i}`)))
    expect(rows.map(({ status }) => status)).toEqual(['UP', 'UP', 'DRAIN (agent)'])
  })

  /** Users from many addresses, four at a time, each on a connection of its own. */
  function startLoad() {
    const servers: string[] = []
    const lost: string[] = []
    let asked = 0
    let over = false
    const user = async (): Promise<void> => {
      while (!over) {
        const from = `127.0.9.${(asked++ % 100) + 1}`
        await askVault(from).then(
          (server) => servers.push(server),
          (error: unknown) => lost.push(String(error)),
        )
      }
    }
    const users = Promise.all([user(), user(), user(), user()])
    return {
      servers,
      stop: async () => {
        over = true
        await users
        return { asked, lost }
      },
    }
  }

  async function askVault(localAddress: string): Promise<string> {
    const where = { host: '127.0.0.1', port: tier.ports.tls, localAddress, agent: false }
    const exchange = request({ ...where, ca: tier.ca, servername: 'vault.example.com', path: '/' }).end()
    const [response] = (await once(exchange, 'response')) as [IncomingMessage]
    await once(response.resume(), 'end')
    return (JSON.parse(response.headers['x-echo'] as string) as { server: string }).server
  }
})
