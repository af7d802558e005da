import { fork } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { parseAddress } from '../../../src/base/address.ts'
import { systemClock } from '../../../src/base/clock.ts'
import type { Observation } from '../../../src/health/health.ts'
import type { HttpMonitor } from '../../../src/health/monitor.ts'
import { createHttpProbe } from '../../../src/health/prober/http.ts'
import { MAX_ANSWER_BYTES } from '../../../src/health/prober/prober.ts'
import { createTlsSettings } from '../../../src/health/prober/tls-rules.ts'
import { httpMonitor } from './monitors.ts'
import { Authority, closeAll, listen, serve, settled, type OnConnection, type Pair } from './servers.ts'

afterEach(closeAll)

const FARM = join(import.meta.dirname, '../../bench/probe-farm.ts')

const probeHttp = createHttpProbe(createTlsSettings())

function probe(monitor: Partial<HttpMonitor> & { port: number }): Promise<Observation> {
  const target = { id: 'test', address: parseAddress('127.1.0.1')!, monitor: { ...httpMonitor, ...monitor } }
  return probeHttp(target, new AbortController().signal, systemClock)
}

function answer(text: string): OnConnection {
  return (socket) => socket.on('data', () => socket.write(text))
}

type Handle = (request: IncomingMessage, response: ServerResponse) => void
const http = (handle: Handle) => listen(createServer(handle))

describe('an answer', () => {
  const failures: readonly (readonly [string, OnConnection, string])[] = [
    ['answers 503', answer('HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n'), '503'],
    ['redirects', answer('HTTP/1.1 302 Found\r\nlocation: /ok\r\ncontent-length: 0\r\n\r\n'), '302'],
    ['accepts and hangs', (socket) => socket.resume(), 'timeout after 200 ms: connected, no answer'],
    ['hangs in its headers', answer('HTTP/1.1 200 OK\r\n'), 'timeout after 200 ms: connected, no answer'],
    [
      'hangs in its body',
      answer('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok'),
      'timeout after 200 ms: 200, body without end',
    ],
    [
      'closes within its body',
      (socket) => socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok')),
      '200, then closed before the end',
    ],
    [
      'has endless headers',
      (socket) => socket.on('data', () => socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`)),
      'not an HTTP answer',
    ],
  ]
  it.each(failures)('fails a server that %s', async (_what, onConnection, reason) => {
    const served = await serve(onConnection)
    const seen = await probe({ port: served.port, timeoutMs: 200 })
    expect(seen).toMatchObject({ outcome: 'failure', reason })
    expect(seen.waited).toBe(/timeout|closed/.test(reason) || undefined)
    expect(seen.tookMs).toBeLessThan(400)
    await settled(served)
    expect(served.sockets.size).toBe(0)
  })

  it('may drip, but not longer than the timeout', async () => {
    const { port } = await serve((socket) => {
      const timer = setInterval(() => socket.write('x'), 20)
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffff\r\n')
      socket.on('close', () => clearInterval(timer))
    })
    const reason = 'timeout after 200 ms: 200, body without end'
    expect(await probe({ port, timeoutMs: 200 })).toMatchObject({ outcome: 'failure', reason })
  })

  it('may have any status that is configured', async () => {
    const { port } = await serve(answer('HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n'))
    const expectedStatus = [
      [200, 299],
      [404, 404],
    ] as const
    expect((await probe({ port, expectedStatus })).outcome).toBe('success')
  })

  it('must have the headers that are expected', async () => {
    const { port } = await http((_, response) => response.setHeader('X-Role', 'primary; rw').end())
    const expecting = (name: string, value: string) => probe({ port, expectedHeaders: { [name]: value } })
    expect((await expecting('x-role', 'primary')).outcome).toBe('success')
    expect(await expecting('x-role', 'replica')).toMatchObject({ reason: '200, but x-role is "primary; rw"' })
    expect(await expecting('x-zone', 'a')).toMatchObject({ outcome: 'failure', reason: '200, but no header x-zone' })
  })

  it('may lie: 200 with the wrong body', async () => {
    const { port } = await http((_, response) => response.end('Maintenance, be back soon'))
    expect((await probe({ port, expectedBody: 'Maintenance' })).outcome).toBe('success')
    const seen = await probe({ port, expectedBody: '"status":"ok"' })
    expect(seen).toMatchObject({ outcome: 'failure', reason: '200, but the body without "\\"status\\":\\"ok\\""' })
  })

  it.each([
    [{ status: 'ok' }, undefined],
    [{ 'db.state': 'up', '/db/lag': 3, '/parts/1': null, ready: true }, undefined],
    [{ status: 'down' }, '200, but status is "ok"'],
    [{ 'db.lag': '3' }, '200, but db.lag is 3'],
    [{ 'db.size': 1 }, '200, but db.size is missing'],
    [{ toString: 'x' }, '200, but toString is missing'],
  ] as const)('must hold the JSON that is expected: %j', async (expectedJson, reason) => {
    const body = { status: 'ok', ready: true, db: { state: 'up', lag: 3 }, parts: [1, null] }
    const { port } = await http((_, response) => response.end(JSON.stringify(body)))
    const seen = await probe({ port, expectedJson })
    expect(seen.outcome).toBe(reason === undefined ? 'success' : 'failure')
    if (reason !== undefined) expect(seen.reason).toBe(reason)
  })

  it('must be JSON if JSON is expected', async () => {
    const { port } = await http((_, response) => response.end('<html>'))
    expect(await probe({ port, expectedJson: { a: 1 } })).toMatchObject({ reason: '200, but the body is not JSON' })
  })

  describe('with an endless body', () => {
    let sent = 0
    const endless: OnConnection = (socket) => {
      sent = 0
      socket.write('HTTP/1.1 200 OK\r\n\r\nhello ')
      const more = (): void => {
        while (!socket.destroyed && sent < 100 * MAX_ANSWER_BYTES && socket.write(Buffer.alloc(4096))) sent += 4096
      }
      socket.on('drain', more)
      more()
    }
    it.each([
      [{}, 'success', /^200 in/],
      [{ expectedBody: 'hello' }, 'success', /^200 in/],
      [{ expectedBody: 'never' }, 'failure', /^200, but its first 64 KiB without "never"$/],
      [{ expectedJson: { a: 1 } }, 'failure', /^200, but more than 64 KiB of JSON$/],
    ] as const)('is read no further than the bound: %j', async (expected, outcome, reason) => {
      const { port } = await serve(endless)
      const seen = await probe({ port, ...expected })
      expect(seen).toMatchObject({ outcome, reason: expect.stringMatching(reason) as string })
      expect(sent).toBeLessThan(100 * MAX_ANSWER_BYTES)
    })
  })
})

describe('a request', () => {
  it('has the method, path, Host and headers that are configured, and says that it closes', async () => {
    const asked: IncomingMessage[] = []
    const { port } = await http((request, response) => {
      asked.push(request)
      response.end()
    })
    await probe({ port, method: 'HEAD', path: '/up?deep=1', host: 'www.example.com', headers: { 'X-Probe': 'yes' } })
    await probe({ port })
    expect(asked.map(({ method, url }) => `${method!} ${url!}`)).toEqual(['HEAD /up?deep=1', 'GET /health'])
    expect(asked[0]!.headers).toMatchObject({
      host: 'www.example.com',
      'x-probe': 'yes',
      'user-agent': 'meridian',
      connection: 'close',
    })
    expect(asked[1]!.headers.host).toBe(`127.1.0.1:${port}`)
  })

  it('that cannot be made is trouble of our own', async () => {
    expect((await probe({ port: 9, path: '/a b' })).outcome).toBe('none')
  })

  it('shares a connection if asked to, and survives its end', async () => {
    const server = createServer((_, response) => response.end('ok'))
    const served = await listen(server)
    for (let i = 0; i < 5; i++) {
      expect((await probe({ port: served.port, keepAlive: true })).outcome).toBe('success')
      if (i === 2) server.closeAllConnections()
    }
    expect(served.connections()).toBe(2)
  })
})

describe('redirects', () => {
  const redirecting: Handle = (request, response) => {
    const next = /^\/(\d)$/.exec(request.url!)?.[1] ?? '0'
    if (next === '0') response.end(`at ${request.headers.host!}`)
    else
      response.writeHead(302, { location: next === '1' ? 'http://other.example.net/0' : `/${Number(next) - 1}` }).end()
  }

  it('are followed as far as asked, at the probed address, with the name of the redirect', async () => {
    const { port } = await http(redirecting)
    const expectedBody = 'at other.example.net'
    expect((await probe({ port, path: '/3', redirects: 3, expectedBody })).outcome).toBe('success')
    expect(await probe({ port, path: '/3', redirects: 2 })).toMatchObject({ outcome: 'failure', reason: '302' })
    expect(await probe({ port, path: '/1' })).toMatchObject({ outcome: 'failure', reason: '302' })
  })

  it('to something else than HTTP are not followed', async () => {
    const { port } = await http((_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end())
    expect(await probe({ port, redirects: 5 })).toMatchObject({ outcome: 'failure', reason: '302' })
  })

  it('share the one timeout', async () => {
    const { port } = await http((_, response) => {
      setTimeout(() => response.writeHead(302, { location: '/again' }).end(), 80)
    })
    const seen = await probe({ port, redirects: 9, timeoutMs: 200 })
    expect(seen).toMatchObject({ outcome: 'failure', reason: expect.stringMatching(/^timeout after 200 ms/) as string })
  })
})

describe('https', () => {
  let authority: Authority
  let pair: Pair
  beforeAll(() => {
    authority = new Authority()
    pair = authority.issue('www', 'DNS:www.example.com', 30)
  })
  afterAll(() => authority.remove())

  const rules = (serverName?: string, minDaysValid = 0) => ({
    verify: true,
    minDaysValid,
    ca: authority.caFile,
    ...(serverName !== undefined && { serverName }),
  })

  it('shows the name, asks for it, and checks the certificate against it', async () => {
    const names: unknown[] = []
    const server = createHttps(pair, (request, response) => response.end(request.headers.host))
    server.on('secureConnection', (socket) => names.push(socket.servername))
    const { port } = await listen(server)
    const monitor = { port, type: 'https', host: 'www.example.com', expectedBody: 'www.example.com' } as const
    expect((await probe({ ...monitor, tls: rules('www.example.com') })).outcome).toBe('success')
    expect(names).toEqual(['www.example.com'])
    expect(await probe({ ...monitor, tls: rules('api.example.com') })).toMatchObject({
      outcome: 'failure',
      reason: 'certificate for another name',
    })
    expect(await probe({ ...monitor, tls: rules() })).toMatchObject({ reason: 'certificate for another name' })
    expect(await probe({ ...monitor, tls: rules('www.example.com', 31) })).toMatchObject({
      outcome: 'failure',
      reason: 'certificate expires in 29 days',
    })
  })

  it('follows a redirect from http', async () => {
    const { port: secure } = await listen(createHttps(pair, (_, response) => response.end('secure')))
    const location = `https://www.example.com:${secure}/`
    const { port } = await http((_, response) => response.writeHead(301, { location }).end())
    const tls = rules('www.example.com')
    expect(await probe({ port, redirects: 1, tls, expectedBody: 'secure' })).toMatchObject({ outcome: 'success' })
  })

  it('can share a connection', async () => {
    const served = await listen(createHttps(pair, (_, response) => response.end('ok')))
    const tls = rules('www.example.com', 1)
    for (let i = 0; i < 3; i++) {
      expect((await probe({ port: served.port, type: 'https', keepAlive: true, tls })).outcome).toBe('success')
    }
    expect(served.connections()).toBe(1)
  })

  // By a server in another process the answer often ends before the request counts as written.
  it('keeps connections whose answers are quick', async () => {
    const farm = fork(FARM, [pair.certFile, pair.keyFile], { execArgv: [] })
    const [port] = (await once(farm, 'message')) as [number]
    const tls = rules('www.example.com', 1)
    let connections = 0
    const count = (): number => connections++
    subscribe('net.client.socket', count)
    for (let i = 0; i < 20; i++) {
      await probe({ port, type: 'https', keepAlive: true, tls })
      await sleep(20)
    }
    unsubscribe('net.client.socket', count)
    farm.kill('SIGKILL')
    expect(connections).toBe(1)
  })
})
