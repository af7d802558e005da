// How the tier spreads requests over the servers of a pool: weights, affinity, least connections, and the two hashes, in
// HTTP and, with TLS passed through, in TCP.
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { request } from 'node:https'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { haproxyIsMissing, L7Tier, type TierAnswer } from '../support/l7-tier.ts'
import { until } from '../support/monotonic.ts'

const CLIENTS = Array.from({ length: 60 }, (_, i) => `127.0.9.${i + 1}`)

describe.skipIf(haproxyIsMissing)('spreading', () => {
  let tier: L7Tier
  beforeAll(async () => {
    const weights = { WEB_1_WEIGHT: '40', WEB_2_WEIGHT: '30', WEB_3_WEIGHT: '20', WEB_4_WEIGHT: '10' }
    tier = await L7Tier.start({ CHECK_INTERVAL: '100ms', CHECK_TIMEOUT: '1s', SLOW_START: '0s', ...weights })
  })
  afterAll(() => tier.stop())
  afterEach(() => {
    for (const server of tier.servers.values()) server.behaviour = undefined
  })

  it('weighs: 40, 30, 20 and 10 of each hundred', async () => {
    const answers = await times(100, () => tier.ask('/'))
    expect(countByServer(answers)).toEqual({ 'web-1': 40, 'web-2': 30, 'web-3': 20, 'web-4': 10 })
  })

  it('takes servers in turn', async () => {
    const answers = await times(10, () => tier.ask('/', { headers: { 'sec-ch-ua-mobile': '?1' } }))
    const names = answers.map(({ echo }) => echo!.server)
    expect(countByServer(answers)).toEqual({ 'mobile-1': 5, 'mobile-2': 5 })
    expect(names.every((name, i) => i === 0 || name !== names[i - 1])).toBe(true)
  })

  it('keeps a user with a server by SERVERID, which servers never see', async () => {
    const first = await tier.ask('/')
    const [cookie = ''] = first.headers['set-cookie']!
    expect(cookie).toMatch(/^SERVERID=web-[1234]; path=\/; HttpOnly; Secure; SameSite=Lax$/)
    const headers = { cookie: `mine=1; ${cookie.split(';')[0]!}` }
    const later = await times(12, () => tier.ask('/', { headers }))
    expect(countByServer(later)).toEqual({ [first.echo!.server]: 12 })
    expect(later.every((answer) => answer.headers['set-cookie'] === undefined)).toBe(true)
    expect(later[0]!.echo!.headers.cookie).toBe('mine=1')
  })

  it('gives a request to the server with the fewest connections', async () => {
    const held: ServerResponse[] = []
    tier.server('api-1').behaviour = (_, response) => held.push(response)
    const both = [tier.ask('/api/slow'), tier.ask('/api/slow')]
    await until('one of them to be held', () => held.length === 1)
    await Promise.race(both)
    const answers = await times(8, () => tier.ask('/api/fast'))
    expect(countByServer(answers)).toEqual({ 'api-2': 8 })
    for (const response of held) response.end()
    await Promise.all(both)
  })

  it('picks by the address of the client, always alike', async () => {
    const first = await byClient()
    expect(await byClient()).toEqual(first)
    expect(new Set(first.values())).toEqual(new Set(['admin-1', 'admin-2']))
  })

  it('picks by path, always alike, and each server caches its part alone', async () => {
    const paths = Array.from({ length: 40 }, (_, i) => `/static/file-${i}`)
    const picks = async () => {
      const answers = await Promise.all(paths.map((path) => tier.ask(path, { method: 'POST' })))
      return answers.map(({ echo }) => echo!.server)
    }
    const first = await picks()
    expect(await picks()).toEqual(first)
    expect(new Set(first)).toEqual(new Set(['static-1', 'static-2']))
  })

  it('passes TLS through unopened, and moves only the clients of a server that went', async () => {
    const before = await vaultByClient()
    expect(new Set(before.values())).toEqual(new Set(['vault-1', 'vault-2', 'vault-3']))
    await tier.server('vault-2').stop()
    await tier.status('vault/vault-2', 'DOWN')
    const after = await vaultByClient()
    const moved = CLIENTS.filter((client) => before.get(client) !== after.get(client))
    expect(moved).toEqual(CLIENTS.filter((client) => before.get(client) === 'vault-2'))
    await tier.server('vault-2').reopen()
    await tier.status('vault/vault-2', 'UP')
    expect(await vaultByClient()).toEqual(before)
  })

  it('lets nobody through who names no host that it knows', async () => {
    await expect(askVault('127.0.0.1', 'elsewhere.example.net')).rejects.toThrow(/ECONNRESET|disconnected|hang up/)
  })

  async function byClient(): Promise<Map<string, string>> {
    const answers = await Promise.all(CLIENTS.map((from) => tier.ask('/admin/', { from })))
    return new Map(CLIENTS.map((client, i) => [client, answers[i]!.echo!.server]))
  }

  async function vaultByClient(): Promise<Map<string, string>> {
    const names = await Promise.all(CLIENTS.map((client) => askVault(client, 'vault.example.com')))
    return new Map(CLIENTS.map((client, i) => [client, names[i]!]))
  }

  /** The servers' own certificate must verify: nobody stood between. */
  async function askVault(from: string, servername: string): Promise<string> {
    const where = { host: '127.0.0.1', port: tier.ports.tls, localAddress: from, agent: false }
    const exchange = request({ ...where, ca: tier.ca, servername, path: '/secret' }).end()
    const [response] = (await once(exchange, 'response')) as [IncomingMessage]
    response.resume()
    await once(response, 'end')
    return (JSON.parse(response.headers['x-echo'] as string) as { server: string }).server
  }
})

/** One after the other. */
async function times(count: number, ask: () => Promise<TierAnswer>): Promise<TierAnswer[]> {
  const answers: TierAnswer[] = []
  for (let i = 0; i < count; i++) answers.push(await ask())
  return answers
}

function countByServer(answers: readonly TierAnswer[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { echo } of answers) {
    const name = echo?.server ?? 'nobody'
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}
