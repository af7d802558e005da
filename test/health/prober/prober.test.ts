import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { parseAddress } from '../../../src/base/address.ts'
import { systemClock } from '../../../src/base/clock.ts'
import type { Observation } from '../../../src/health/health.ts'
import { createHttpProbe, MAX_BODY_BYTES } from '../../../src/health/prober/http.ts'
import { createProbe, judgeError, success } from '../../../src/health/prober/prober.ts'
import { createTcpProbe } from '../../../src/health/prober/tcp.ts'
import type { HttpMonitor } from '../../../src/health/health.ts'
import { targetOf } from '../support.ts'

type OnConnection = (socket: Socket) => void
interface Options {
  readonly host?: string
  readonly port?: number
  readonly timeoutMs?: number
  readonly monitor?: Partial<HttpMonitor>
  readonly signal?: AbortSignal
}

const open: { server: Server; sockets: Set<Socket> }[] = []
afterEach(async () => {
  for (const { server, sockets } of open.splice(0)) {
    server.close()
    for (const socket of sockets) socket.destroy()
    if (server.listening) await once(server, 'close')
  }
})

/** A server that does this to each connection; gives its port, and the sockets that are open. */
async function serve(onConnection: OnConnection, host = '127.1.0.1'): Promise<{ port: number; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    onConnection(socket)
  })
  open.push({ server, sockets })
  server.listen(0, host)
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, sockets }
}

const probeHttp = createHttpProbe()
const probeTcp = createTcpProbe()

function http({ host = '127.1.0.1', port = 9, timeoutMs = 500, monitor, signal }: Options): Promise<Observation> {
  const address = parseAddress(host)!
  const target = { ...targetOf(1, { port, timeoutMs, ...monitor }), address }
  return probeHttp(target, signal ?? new AbortController().signal, systemClock)
}

function tcp({ host = '127.1.0.1', port = 9, timeoutMs = 500, signal }: Options): Promise<Observation> {
  const { monitor, id } = targetOf(1, { port, timeoutMs })
  const target = { id, address: parseAddress(host)!, monitor: { ...monitor, type: 'tcp' as const } }
  return probeTcp(target, signal ?? new AbortController().signal, systemClock)
}

function answer(text: string): OnConnection {
  return (socket) => socket.on('data', () => socket.write(text))
}

async function settled(sockets: Set<Socket>): Promise<void> {
  for (let i = 0; i < 100 && sockets.size > 0; i++) await new Promise((resolve) => setTimeout(resolve, 5))
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

describe.each([
  { name: 'http', probe: http, healthy: answer(OK), reason: /^200 in \d+ ms$/ },
  { name: 'tcp', probe: tcp, healthy: (): void => undefined, reason: /^connected in \d+ ms$/ },
])('every prober: $name', ({ probe, healthy, reason }) => {
  it.each(['127.1.0.1', '::1'])('sees a live target at %s, and leaves no connection open', async (host) => {
    const { port, sockets } = await serve(healthy, host)
    const before = performance.now()
    const seen = await probe({ host, port })
    expect(seen).toMatchObject({ outcome: 'success', reason: expect.stringMatching(reason) as string })
    expect(seen.startedAt).toBeGreaterThanOrEqual(before)
    expect(seen.startedAt + seen.tookMs).toBeLessThanOrEqual(performance.now())
    await settled(sockets)
    expect(sockets.size).toBe(0)
  })

  it('opens a new connection each time', async () => {
    let connections = 0
    const { port } = await serve((socket) => {
      connections++
      healthy(socket)
    })
    for (let i = 0; i < 3; i++) await probe({ port })
    expect(connections).toBe(3)
  })

  it('sees a dead listener', async () => {
    const { port } = await serve(healthy)
    open.at(-1)!.server.close()
    expect(await probe({ port })).toMatchObject({ outcome: 'failure', reason: 'refused' })
  })

  it('takes a missing local route or address as trouble of our own', async () => {
    // A multicast address cannot be connected to: the kernel refuses before a packet leaves.
    expect(await probe({ host: '224.0.0.1', port: 80 })).toMatchObject({
      outcome: 'none',
      reason: 'our own trouble: ENETUNREACH',
    })
  })

  it('gives up when the signal says so, and closes what it opened', async () => {
    const { port, sockets } = await serve((socket) => socket.pause())
    const aborter = new AbortController()
    const seen = probe({ port, signal: aborter.signal })
    aborter.abort()
    expect(await seen).toMatchObject({ outcome: 'none', reason: 'given up' })
    await settled(sockets)
    expect(sockets.size).toBe(0)
  })
})

describe('the http prober', () => {
  const failures: readonly (readonly [string, OnConnection, string])[] = [
    ['answers 503', answer('HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n'), '503'],
    ['redirects', answer('HTTP/1.1 302 Found\r\nlocation: /ok\r\ncontent-length: 0\r\n\r\n'), '302'],
    ['accepts and hangs', (socket) => socket.resume(), 'timeout after 200 ms'],
    ['hangs in its headers', answer('HTTP/1.1 200 OK\r\n'), 'timeout after 200 ms'],
    ['hangs in its body', answer('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok'), 'timeout after 200 ms'],
    ['closes before answering', (socket) => socket.destroy(), 'closed before answering'],
    ['resets', (socket) => socket.on('data', () => socket.resetAndDestroy()), 'closed before answering'],
    ['speaks something else', answer('SSH-2.0-OpenSSH_9.2\r\n'), 'not an HTTP answer'],
    [
      'closes within its body',
      (socket) => socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok')),
      '200, then closed before the end',
    ],
  ]
  it.each(failures)('fails a server that %s', async (_what, onConnection, reason) => {
    const { port, sockets } = await serve(onConnection)
    const seen = await http({ port, timeoutMs: 200 })
    expect(seen).toMatchObject({ outcome: 'failure', reason })
    expect(seen.waited).toBe(/timeout|closed/.test(reason) || undefined)
    expect(seen.tookMs).toBeLessThan(300)
    await settled(sockets)
    expect(sockets.size).toBe(0)
  })

  it('covers a server that drips with its timeout', async () => {
    const { port } = await serve((socket) => {
      const timer = setInterval(() => socket.write('x'), 20)
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffff\r\n')
      socket.on('close', () => clearInterval(timer))
    })
    expect(await http({ port, timeoutMs: 200 })).toMatchObject({ outcome: 'failure', reason: 'timeout after 200 ms' })
  })

  it('takes the statuses that are configured', async () => {
    const { port } = await serve(answer('HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n'))
    const monitor = {
      expectedStatus: [
        [200, 299],
        [404, 404],
      ] as const,
    }
    expect((await http({ port, monitor })).outcome).toBe('success')
  })

  it('reads no more of an endless body than its bound', async () => {
    let sent = 0
    const { port } = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      const more = (): void => {
        while (!socket.destroyed && sent < 100 * MAX_BODY_BYTES && socket.write(Buffer.alloc(4096))) sent += 4096
      }
      socket.on('drain', more)
      more()
    })
    expect((await http({ port })).outcome).toBe('success')
    expect(sent).toBeLessThan(100 * MAX_BODY_BYTES)
  })

  it('asks with the configured path and Host, and says that it closes', async () => {
    let request = ''
    const { port } = await serve((socket) => {
      socket.on('data', (chunk) => {
        request += chunk.toString()
        socket.write(OK)
      })
    })
    await http({ port, monitor: { path: '/up?deep=1', host: 'www.example.com' } })
    expect(request).toMatch(/^GET \/up\?deep=1 HTTP\/1\.1\r\n/)
    expect(request.toLowerCase()).toContain('\r\nhost: www.example.com\r\n')
    expect(request.toLowerCase()).toContain('\r\nconnection: close\r\n')
    request = ''
    await http({ port })
    expect(request.toLowerCase()).toContain(`\r\nhost: 127.1.0.1:${port}\r\n`)
  })

  it('takes a request that cannot be made as trouble of our own', async () => {
    expect((await http({ monitor: { path: '/a b' } })).outcome).toBe('none')
  })
})

it('takes only the first word of an attempt, and closes once', async () => {
  let closed = 0
  const probe = createProbe((_target, done) => {
    done(success('first'))
    done(success('second'))
    return () => closed++
  })
  const seen = await probe(targetOf(1), new AbortController().signal, systemClock)
  expect(seen.reason).toMatch(/^first in \d+ ms$/)
  expect(closed).toBe(1)
})

it.each([
  ['EMFILE', 'none'],
  ['ENFILE', 'none'],
  ['ENOBUFS', 'none'],
  ['EADDRNOTAVAIL', 'none'],
  ['ENETUNREACH', 'none'],
  ['EHOSTUNREACH', 'failure'],
  ['ECONNREFUSED', 'failure'],
  ['ECONNRESET', 'failure'],
  ['ESOMETHING', 'failure'],
])('judges %s as %s', (code, outcome) => {
  expect(judgeError(Object.assign(new Error(code), { code })).outcome).toBe(outcome)
})

it('takes a lack of descriptors as trouble of our own', () => {
  const program = join(import.meta.dirname, 'starved.ts')
  const output = execFileSync('sh', ['-c', 'ulimit -n 64; exec "$0" "$1" 9', process.execPath, program], {
    encoding: 'utf8',
  })
  const none = { outcome: 'none', reason: 'our own trouble: EMFILE' }
  expect(JSON.parse(output)).toEqual([none, none])
})
