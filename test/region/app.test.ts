// The sample application: sessions that survive a change of server, in both ways of keeping them (one suite for both), and
// /health as balancers see it. Then the whole behind real HAProxy.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createApp, type App } from '../../deploy/region/app/app.ts'
import { judgeHealth } from '../../deploy/region/app/health.ts'
import { Redis } from '../../deploy/region/app/redis.ts'
import { Revocations } from '../../deploy/region/app/revocations.ts'
import { USUAL_LIVES, type Sessions } from '../../deploy/region/app/sessions.ts'
import { signedSessions } from '../../deploy/region/app/signed-sessions.ts'
import { storedSessions } from '../../deploy/region/app/stored-sessions.ts'
import { haproxyIsMissing, L7Tier } from '../support/l7-tier.ts'
import { sleep, until } from '../support/monotonic.ts'
import { RedisServer, redisIsMissing } from '../support/redis-server.ts'

const PASSWORD = 'open sesame'
const KEYS = ['a secret of at least thirty-two bytes'] as const
const LIVES = { accessMs: 700, refreshMs: 3000 }

interface Running {
  readonly app: App
  readonly url: string
  readonly revocations: Revocations
}

interface Answered {
  readonly status: number
  readonly body: Readonly<Record<string, string>>
}

const running: Running[] = []
const clients: Redis[] = []
let redis: RedisServer | undefined

afterEach(async () => {
  for (const { app } of running.splice(0)) {
    app.server.close()
    app.server.closeAllConnections()
  }
  for (const client of clients.splice(0)) client.close()
  await redis?.stop()
  redis = undefined
})

async function run(sessions: (revocations: Revocations) => Sessions, name = 'app'): Promise<Running> {
  const revocations = new Revocations(Date.now)
  const app = createApp({ name, sessions: sessions(revocations), password: PASSWORD, revocations })
  app.server.listen(0, '127.0.0.1')
  await once(app.server, 'listening')
  const started = { app, revocations, url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}` }
  running.push(started)
  return started
}

const signed = (revocations: Revocations) => signedSessions({ keys: KEYS, lives: LIVES, revocations, now: Date.now })

function stored(): Sessions {
  const client = new Redis('127.0.0.1', redis!.port)
  clients.push(client)
  return storedSessions(client, LIVES)
}

async function ask(url: string, path: string, body?: object, access = ''): Promise<Answered> {
  const response = await fetch(url + path, {
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
    headers: { authorization: `Bearer ${access}` },
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Answered['body']) }
}

const login = (url: string, user = 'ada') => ask(url, '/api/login', { user, password: PASSWORD })
const me = (url: string, access = '') => ask(url, '/api/me', undefined, access)

describe.each([
  { way: 'signed', missing: false },
  { way: 'stored', missing: redisIsMissing },
])('$way sessions', ({ way, missing }) => {
  const two = async (): Promise<[Running, Running]> => {
    if (way === 'stored') redis = await RedisServer.start()
    const sessions = way === 'stored' ? stored : signed
    return [await run(sessions, 'one'), await run(sessions, 'two')]
  }
  /** What happens by itself every two seconds. */
  const tellPeers = async (from: Running, to: Running) => expect(await to.revocations.pull([from.url])).toEqual([])

  it.skipIf(missing)('made by one server are known to the other', async () => {
    const [one, two_] = await two()
    const { body } = await login(one.url)
    expect(await me(one.url, body['access'])).toEqual({ status: 200, body: { user: 'ada', server: 'one' } })
    expect(await me(two_.url, body['access'])).toEqual({ status: 200, body: { user: 'ada', server: 'two' } })
  })

  it.skipIf(missing)('want the password, and a pass of their own', async () => {
    const [one] = await two()
    expect((await ask(one.url, '/api/login', { user: 'ada', password: 'guess' })).status).toBe(401)
    expect((await ask(one.url, '/api/login', { user: 'ada' })).status).toBe(401)
    expect((await me(one.url)).status).toBe(401)
    expect((await me(one.url, 'forged')).status).toBe(401)
  })

  it.skipIf(missing)('live shortly, and are renewed at any server', async () => {
    const [one, two_] = await two()
    const { body } = await login(one.url)
    await until('the access to be over', async () => (await me(one.url, body['access'])).status === 401)
    const renewed = await ask(two_.url, '/api/refresh', { refresh: body['refresh'] })
    expect(renewed.status).toBe(200)
    expect((await me(one.url, renewed.body['access'])).body).toEqual({ user: 'ada', server: 'one' })
  })

  it.skipIf(missing)('are renewed one time, not twice', async () => {
    const [one, two_] = await two()
    const { body } = await login(one.url)
    expect((await ask(one.url, '/api/refresh', { refresh: body['refresh'] })).status).toBe(200)
    await tellPeers(one, two_)
    expect((await ask(two_.url, '/api/refresh', { refresh: body['refresh'] })).status).toBe(401)
  })

  it.skipIf(missing)('end everywhere with a logout, and so do renewals', async () => {
    const [one, two_] = await two()
    const { body } = await login(one.url)
    const other = await login(one.url, 'deputy')
    expect((await ask(one.url, '/api/logout', {}, body['access'])).status).toBe(204)
    await tellPeers(one, two_)
    expect((await me(two_.url, body['access'])).status).toBe(401)
    expect((await ask(two_.url, '/api/refresh', { refresh: body['refresh'] })).status).toBe(401)
    expect((await me(two_.url, other.body['access'])).status).toBe(200)
  })

  it.skipIf(missing)('answer rubbish with what is wrong', async () => {
    const [one] = await two()
    const response = await fetch(`${one.url}/api/login`, { method: 'POST', body: '{' })
    expect(response.status).toBe(400)
    expect((await ask(one.url, '/api/login', { user: 'x'.repeat(5000) })).status).toBe(400)
    expect((await ask(one.url, '/elsewhere')).status).toBe(404)
  })
})

describe('revocations', () => {
  it('are forgotten when what they name is over', () => {
    let now = 1000
    const list = new Revocations(() => now)
    list.add('a', 2000)
    expect([list.has('a'), list.list()]).toEqual([true, [['a', 2000]]])
    now = 2000
    expect([list.has('a'), list.list()]).toEqual([false, []])
  })

  it('a used refresh token that comes again ends the login: one of the two who sent it is a thief', async () => {
    const one = await run(signed)
    const { body } = await login(one.url)
    const renewed = await ask(one.url, '/api/refresh', { refresh: body['refresh'] })
    await ask(one.url, '/api/refresh', { refresh: body['refresh'] })
    expect((await me(one.url, renewed.body['access'])).status).toBe(401)
  })

  it('of a peer that is away are told of, and cost nothing', async () => {
    const one = await run(signed)
    const lines = await one.revocations.pull(['http://127.0.0.1:1'])
    expect(lines).toHaveLength(1)
    expect((await me(one.url, (await login(one.url)).body['access'])).status).toBe(200)
  })
})

describe('/health', () => {
  it('is 200 without dependencies, and 503 when told to stop', async () => {
    const one = await run(signed)
    expect(await ask(one.url, '/health')).toEqual({ status: 200, body: { healthy: true, dependencies: {} } })
    one.app.announceStop()
    expect(await ask(one.url, '/health')).toMatchObject({ status: 503, body: { healthy: false, reason: 'stopping' } })
  })

  it.skipIf(redisIsMissing)('says why when Redis is gone, and is well again when it is back', async () => {
    redis = await RedisServer.start()
    const one = await run(stored)
    expect(await ask(one.url, '/health')).toMatchObject({ status: 200, body: { dependencies: { redis: 'ok' } } })
    await redis.stop()
    expect(await ask(one.url, '/health')).toMatchObject({
      status: 503,
      body: { reason: expect.stringContaining('redis: ') as string },
    })
    expect((await login(one.url)).status).toBe(503)
    await redis.startAgain()
    expect((await ask(one.url, '/health')).status).toBe(200)
  })

  it.skipIf(redisIsMissing)('does not wait for a Redis that hangs', async () => {
    redis = await RedisServer.start()
    const one = await run(stored)
    await ask(one.url, '/health')
    redis.signal('SIGSTOP')
    const { status, body } = await ask(one.url, '/health')
    redis.signal('SIGCONT')
    expect([status, body['reason']]).toEqual([503, 'redis: silent for 1000 ms'])
  })

  it('does not wait for a dependency that never answers', async () => {
    const health = await judgeHealth([{ name: 'void', check: () => new Promise(() => undefined) }], false)
    expect(health).toMatchObject({ status: 503, body: { reason: 'void: silent for 2000 ms' } })
  })
})

describe.skipIf(haproxyIsMissing || redisIsMissing)('behind HAProxy', () => {
  let tier: L7Tier
  let store: RedisServer
  const members: Running[] = []
  beforeAll(async () => {
    store = await RedisServer.start()
    const connectTo = () => storedSessions(new Redis('127.0.0.1', store.port), USUAL_LIVES)
    for (const name of ['api-1', 'api-2']) members.push(await run(connectTo, name))
    running.length = 0
    const [one, two] = members.map(({ url }) => url.slice('http://'.length))
    tier = await L7Tier.start({ API_1: one!, API_2: two!, CHECK_INTERVAL: '100ms', SLOW_START: '0s' })
  })
  afterAll(async () => {
    await tier.stop()
    await store.stop()
    for (const { app } of members) {
      app.server.close()
      app.server.closeAllConnections()
    }
  })

  it('a session meets every server, and lives on when one of them stops', async () => {
    const { access } = (await login(members[0]!.url)).body
    const headers = { authorization: `Bearer ${access!}` }
    const met = new Set<unknown>()
    for (let i = 0; i < 6; i++) met.add((await tier.ask('/api/me', { headers })).headers['x-server'])
    expect(met).toEqual(new Set(['api-1', 'api-2']))
    members[0]!.app.announceStop()
    await tier.status('api/api-1', 'DOWN')
    const answer = await tier.ask('/api/me', { headers })
    expect([answer.status, answer.headers['x-server']]).toEqual([200, 'api-2'])
  })

  it('servers leave when the store goes, and return with it', async () => {
    await store.stop()
    await tier.status('api/api-2', 'DOWN')
    expect((await tier.ask('/api/me')).status).toBe(503)
    await store.startAgain()
    await tier.status('api/api-2', 'UP')
    await sleep(100)
    expect((await tier.ask('/api/me')).status).toBe(401)
  })
})
