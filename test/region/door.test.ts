// What the tier does with a request, duty by duty, through real HAProxy: TLS, routing, headers, cache, compression, retries
// and WebSocket. How it spreads requests stands in spread.test.ts, how it sees and drains servers in servers.test.ts.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectTls } from 'node:tls'
import { gunzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { haproxyIsMissing, L7Tier } from '../support/l7-tier.ts'
import { sleep } from '../support/monotonic.ts'
import { type Behaviour } from '../support/test-server.ts'
import { WebSocketProbe } from '../support/websocket.ts'

const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148'
const TEXT = 'the same words again and again, '.repeat(200)

describe.skipIf(haproxyIsMissing)('the door', () => {
  let tier: L7Tier
  beforeAll(async () => {
    tier = await L7Tier.start({ CACHE_SECONDS: '1' })
  })
  afterAll(() => tier.stop())
  afterEach(() => {
    for (const server of tier.servers.values()) server.behaviour = undefined
  })

  it('ends TLS with the configured certificate, from TLS 1.2 on, and speaks HTTP/2', async () => {
    const options = { port: tier.ports.https, host: '127.0.0.1', servername: 'www.example.com', ca: tier.ca }
    const socket = connectTls({ ...options, ALPNProtocols: ['h2', 'http/1.1'] })
    await once(socket, 'secureConnect')
    expect(socket.authorized).toBe(true)
    expect(socket.alpnProtocol).toBe('h2')
    expect(socket.getProtocol()).toBe('TLSv1.3')
    socket.destroy()
    const old = connectTls({ ...options, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })
    await expect(once(old, 'secureConnect')).rejects.toThrow()
  })

  it('sends plain HTTP to TLS', async () => {
    const answer = await tier.askPlain(tier.ports.http, '/some/page?x=1')
    expect(answer.status).toBe(308)
    expect(answer.headers.location).toBe('https://www.example.com/some/page?x=1')
  })

  it('says whether a server stands behind it', async () => {
    expect((await tier.askPlain(tier.ports.http, '/health')).status).toBe(200)
    for (const name of ['web-1', 'web-2', 'web-3', 'web-4']) await tier.order(`set server web/${name} state maint`)
    expect((await tier.askPlain(tier.ports.http, '/health')).status).toBe(503)
    for (const name of ['web-1', 'web-2', 'web-3', 'web-4']) await tier.order(`set server web/${name} state ready`)
    expect((await tier.askPlain(tier.ports.http, '/health')).status).toBe(200)
  })

  it.each([
    ['/', {}, 'web'],
    ['/apis', {}, 'web'],
    ['/api/users', {}, 'api'],
    ['/static/app.css', {}, 'static'],
    ['/admin/', {}, 'admin'],
    ['/live/feed', {}, 'live'],
    ['/', { 'user-agent': IPHONE }, 'mobile'],
    ['/', { 'sec-ch-ua-mobile': '?1' }, 'mobile'],
    ['/', { 'sec-ch-ua-mobile': '?0' }, 'web'],
    ['/', { 'accept-language': 'de-AT, en;q=0.7' }, 'german'],
    ['/', { 'accept-language': 'en-GB, de;q=0.3' }, 'web'],
    ['/', { 'accept-language': 'fr' }, 'web'],
    ['/api/users', { 'user-agent': IPHONE, 'accept-language': 'de' }, 'api'],
  ] as const)('takes %s with %j to the pool %s', async (path, headers, pool) => {
    const { status, echo } = await tier.ask(path, { headers })
    expect(status).toBe(200)
    expect(echo?.server).toMatch(new RegExp(`^${pool}-\\d$`))
  })

  it('numbers each request, for servers and clients alike', async () => {
    const [first, second] = [await tier.ask('/'), await tier.ask('/')]
    const id = first.headers['x-request-id']
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    expect(first.echo?.headers['x-request-id']).toBe(id)
    expect(second.headers['x-request-id']).not.toBe(id)
  })

  it('keeps the number of whoever stands before it, but no rubbish', async () => {
    const kept = await tier.ask('/', { headers: { 'x-request-id': 'edge-0123456789' } })
    expect(kept.echo?.headers['x-request-id']).toBe('edge-0123456789')
    expect(kept.headers['x-request-id']).toBe('edge-0123456789')
    const rubbish = await tier.ask('/', { headers: { 'x-request-id': '"><script>' } })
    expect(rubbish.echo?.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('tells servers who asks and how, whatever the client claims', async () => {
    const claims = {
      'x-forwarded-for': '203.0.113.1',
      'x-forwarded-proto': 'http',
      proxy: 'http://evil',
      'x-region': 'mars',
    }
    const { echo } = await tier.ask('/', { from: '127.0.7.7', headers: claims })
    expect(echo?.headers).toMatchObject({ 'x-forwarded-for': '127.0.7.7', 'x-forwarded-proto': 'https' })
    expect(echo?.headers).toMatchObject({ 'x-region': 'us-east' })
    expect(echo?.headers.proxy).toBeUndefined()
  })

  it('adds security headers and hides what runs behind', async () => {
    tier.server('api-1').behaviour = tier.server('api-2').behaviour = (_, response) => {
      response.writeHead(200, { server: 'node', 'x-powered-by': 'coffee', 'x-frame-options': 'SAMEORIGIN' }).end()
    }
    const { headers } = await tier.ask('/api/')
    expect(headers).toMatchObject({
      'strict-transport-security': 'max-age=31536000; includeSubDomains',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'strict-origin-when-cross-origin',
      'x-region': 'us-east',
    })
    expect(headers.server ?? headers['x-powered-by']).toBeUndefined()
  })

  it('answers GET from its cache until the entry is old', async () => {
    const asked = () => tier.server('static-1').asked.length + tier.server('static-2').asked.length
    const before = asked()
    const answers = [await tier.ask('/static/a.css'), await tier.ask('/static/a.css'), await tier.ask('/static/a.css')]
    expect(answers.map(({ headers }) => headers['x-cache'])).toEqual(['MISS', 'HIT', 'HIT'])
    expect(new Set(answers.map(({ body }) => body.toString())).size).toBe(1)
    expect(asked() - before).toBe(1)
    await sleep(2100)
    expect((await tier.ask('/static/a.css')).headers['x-cache']).toBe('MISS')
  })

  it.each([
    ['POST', 'POST', {}],
    ['what servers keep private', 'GET', { 'cache-control': 'private' }],
    ['what must not be stored', 'GET', { 'cache-control': 'no-store' }],
  ])('does not cache %s', async (_, method, headers) => {
    const serve: Behaviour = (_, response) => response.writeHead(200, headers).end('x')
    tier.server('static-1').behaviour = tier.server('static-2').behaviour = serve
    const path = `/static/never-${method}-${Object.values(headers).join()}`
    const answers = [await tier.ask(path, { method }), await tier.ask(path, { method })]
    expect(answers.map(({ headers }) => headers['x-cache'])).toEqual(['MISS', 'MISS'])
  })

  it('compresses text for who accepts it, and asks its servers for plain text', async () => {
    const server = tier.server('german-1')
    server.behaviour = (_, response) => response.setHeader('content-type', 'text/plain').end(TEXT)
    const german = { 'accept-language': 'de' }
    const packed = await tier.ask('/', { headers: { ...german, 'accept-encoding': 'gzip, br' } })
    expect(packed.headers['content-encoding']).toBe('gzip')
    expect(packed.body.length).toBeLessThan(TEXT.length / 10)
    expect(gunzipSync(packed.body).toString()).toBe(TEXT)
    expect(packed.echo?.headers['accept-encoding']).toBeUndefined()
    const plain = await tier.ask('/', { headers: german })
    expect(plain.headers['content-encoding']).toBeUndefined()
    expect(plain.body.toString()).toBe(TEXT)
  })

  it('leaves images as they are', async () => {
    tier.server('german-1').behaviour = (_, response) => response.setHeader('content-type', 'image/png').end(TEXT)
    const { headers } = await tier.ask('/', { headers: { 'accept-language': 'de', 'accept-encoding': 'gzip' } })
    expect(headers['content-encoding']).toBeUndefined()
  })

  it.each<[string, Behaviour]>([
    ['closes without an answer', (_, response) => response.destroy()],
    ['answers 503', (_, response) => response.writeHead(503).end()],
  ])('tries a GET again elsewhere when a server %s', async (_, behaviour) => {
    tier.server('mobile-1').behaviour = behaviour
    const headers = { 'sec-ch-ua-mobile': '?1' }
    const answers = [
      await tier.ask('/', { headers }),
      await tier.ask('/', { headers }),
      await tier.ask('/', { headers }),
    ]
    expect(answers.map(({ status, echo }) => [status, echo?.server])).toEqual(Array(3).fill([200, 'mobile-2']))
  })

  it('does not send a POST twice', async () => {
    const fail: Behaviour = (_, response) => response.writeHead(503).end()
    const servers = [tier.server('mobile-1'), tier.server('mobile-2')]
    for (const server of servers) server.behaviour = fail
    const before = servers.reduce((sum, { asked }) => sum + asked.length, 0)
    const { status } = await tier.ask('/', { method: 'POST', headers: { 'sec-ch-ua-mobile': '?1' } })
    expect(status).toBe(503)
    expect(servers.reduce((sum, { asked }) => sum + asked.length, 0) - before).toBe(1)
  })

  it('carries WebSocket both ways', async () => {
    for (const name of ['live-1', 'live-2']) {
      tier.server(name).onUpgrade((request, socket) => {
        const key = `${request.headers['sec-websocket-key']!}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
        const accept = createHash('sha1').update(key).digest('base64')
        const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
        socket.write([...head, `Sec-WebSocket-Accept: ${accept}`, '', ''].join('\r\n'))
        socket.pipe(socket)
      })
    }
    const probe = await WebSocketProbe.open(tier.ports.https, tier.ca, '/chat')
    expect(await probe.exchange('hello through the tunnel')).toBe('hello through the tunnel')
    await sleep(50)
    expect(await probe.exchange('and again')).toBe('and again')
    probe.close()
  })
})
