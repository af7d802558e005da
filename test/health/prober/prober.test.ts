// What every prober promises, whatever it speaks; what each kind adds stands in the file of its name.
import { execFileSync } from 'node:child_process'
import { createServer as createHttp } from 'node:http'
import { createServer as createHttp2, createSecureServer, type ServerHttp2Stream } from 'node:http2'
import { createServer as createHttps } from 'node:https'
import { join } from 'node:path'
import { createServer as createTls } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { parseAddress } from '../../../src/base/address.ts'
import { systemClock } from '../../../src/base/clock.ts'
import type { Observation } from '../../../src/health/health.ts'
import type { ProbeMonitor } from '../../../src/health/monitor.ts'
import { createProbe, success } from '../../../src/health/prober/prober.ts'
import { createProbers } from '../../../src/health/prober/probers.ts'
import { judgeError } from '../../../src/health/prober/trouble.ts'
import { targetOf } from '../support.ts'
import { answerDns, answerGrpc } from './answers.ts'
import { dnsMonitor, grpcMonitor, httpMonitor, httpsMonitor, tcpMonitor, tlsMonitor } from './monitors.ts'
import { Authority, closeAll, listen, openBlackHole, serve, settled, type Pair, type Served } from './servers.ts'

const probeAny = createProbers()
let authority: Authority
let pair: Pair
let hole: { readonly port: number; readonly end: () => void }

beforeAll(async () => {
  hole = await openBlackHole()
  authority = new Authority()
  pair = authority.issue('server', 'IP:127.1.0.1,IP:::1', 30)
})
afterAll(() => {
  authority.remove()
  hole.end()
})
afterEach(closeAll)

type Networked = Exclude<ProbeMonitor, { type: 'exec' }>

function probe(monitor: Networked, port: number, host = '127.1.0.1', signal?: AbortSignal): Promise<Observation> {
  const rules = monitor.type !== 'tcp' && monitor.type !== 'dns' && monitor.tls
  const trust = rules ? { tls: { ...rules, ca: authority.caFile } } : {}
  const target = { id: 'test', address: parseAddress(host)!, monitor: { ...monitor, ...trust, port } as Networked }
  return probeAny(target, signal ?? new AbortController().signal, systemClock)
}

interface Kind {
  readonly name: string
  readonly monitor: Networked
  readonly live: (host?: string) => Promise<Served>
  readonly reason: RegExp
}

const onStream = (stream: ServerHttp2Stream): void => answerGrpc(stream)

const kinds: readonly Kind[] = [
  {
    name: 'http',
    monitor: httpMonitor,
    live: (host) =>
      listen(
        createHttp((_, response) => response.end('ok')),
        host,
      ),
    reason: /^200 in \d+ ms$/,
  },
  {
    name: 'https',
    monitor: httpsMonitor,
    live: (host) =>
      listen(
        createHttps(pair, (_, response) => response.end('ok')),
        host,
      ),
    reason: /^200 in \d+ ms$/,
  },
  { name: 'tcp', monitor: tcpMonitor, live: (host) => serve(() => undefined, host), reason: /^connected in \d+ ms$/ },
  {
    name: 'tcp with expect',
    monitor: { ...tcpMonitor, send: 'EHLO\r\n', expect: '250 ' },
    live: (host) => serve((socket) => socket.on('data', () => socket.write('250 hello\r\n')), host),
    reason: /^answered as expected in \d+ ms$/,
  },
  { name: 'tls', monitor: tlsMonitor, live: (host) => listen(createTls(pair), host), reason: /^TLSv1.3 in \d+ ms$/ },
  {
    name: 'dns over tcp',
    monitor: { ...dnsMonitor, transport: 'tcp' },
    live: (host) =>
      serve((socket) => {
        socket.on('data', (query) => {
          const answer = answerDns((query as Buffer).subarray(2), ['192.0.2.1'])
          socket.write(Uint8Array.of(answer.length >> 8, answer.length & 0xff, ...answer))
        })
      }, host),
    reason: /^NOERROR in \d+ ms$/,
  },
  {
    name: 'grpc',
    monitor: grpcMonitor,
    live: (host) => {
      const server = createHttp2()
      server.on('stream', onStream)
      return listen(server, host)
    },
    reason: /^SERVING in \d+ ms$/,
  },
  {
    name: 'grpc over tls',
    monitor: { ...grpcMonitor, tls: tlsMonitor.tls },
    live: (host) => {
      const server = createSecureServer(pair)
      server.on('stream', onStream)
      return listen(server, host)
    },
    reason: /^SERVING in \d+ ms$/,
  },
]

describe.each(kinds)('every prober over TCP: $name', ({ monitor, live, reason }) => {
  it.each(['127.1.0.1', '::1'])('sees a live target at %s, and leaves no connection open', async (host) => {
    const served = await live(host)
    const before = performance.now()
    const seen = await probe(monitor, served.port, host)
    expect(seen).toMatchObject({ outcome: 'success', reason: expect.stringMatching(reason) as string })
    expect(seen.startedAt).toBeGreaterThanOrEqual(before)
    expect(seen.startedAt + seen.tookMs).toBeLessThanOrEqual(performance.now())
    await settled(served)
    expect(served.sockets.size).toBe(0)
  })

  it('opens a new connection each time', async () => {
    const served = await live()
    for (let i = 0; i < 3; i++) expect((await probe(monitor, served.port)).outcome).toBe('success')
    expect(served.connections()).toBe(3)
  })

  it('sees a dead listener', async () => {
    const { port, close } = await live()
    await close()
    expect(await probe(monitor, port)).toMatchObject({ outcome: 'failure', reason: 'refused' })
  })

  it('takes a missing local route or address as trouble of our own', async () => {
    // A multicast address cannot be connected to: the kernel refuses before a packet leaves.
    expect(await probe(monitor, 80, '224.0.0.1')).toMatchObject({
      outcome: 'none',
      reason: 'our own trouble: ENETUNREACH',
    })
  })

  it('gives up when the signal says so, and closes what it opened', async () => {
    const served = await serve((socket) => socket.pause())
    const aborter = new AbortController()
    const seen = probe({ ...monitor, expect: 'never' } as Networked, served.port, '127.1.0.1', aborter.signal)
    aborter.abort()
    expect(await seen).toMatchObject({ outcome: 'none', reason: 'given up' })
    await settled(served)
    expect(served.sockets.size).toBe(0)
  })

  it('sees a silent target, within its timeout, and says how far it came', async () => {
    const served = await serve((socket) => socket.resume())
    const silent = { ...monitor, timeoutMs: 150, ...(monitor.type === 'tcp' && { expect: 'never' }) }
    const seen = await probe(silent, served.port)
    expect(seen).toMatchObject({ outcome: 'failure', waited: true })
    expect(seen.reason).toMatch(/^timeout after 150 ms: (connected, (no answer|no TLS|silent)|no answer)$/)
    await settled(served)
    expect(served.sockets.size).toBe(0)
  })

  it('sees a black hole, which not even connects', async () => {
    const seen = await probe({ ...monitor, timeoutMs: 150 }, hole.port)
    expect(seen).toMatchObject({ outcome: 'failure', waited: true })
    expect(seen.reason).toMatch(/^timeout after 150 ms: (not connected|no answer)$/)
  })

  it.each([
    ['closes at once', (socket) => socket.destroy()],
    ['resets after the first bytes', (socket) => socket.once('data', () => socket.resetAndDestroy())],
  ] satisfies [string, Parameters<typeof serve>[0]][])('fails a target that %s', async (_what, onConnection) => {
    if (monitor.type === 'tcp' && monitor.expect === undefined) return
    const { port } = await serve(onConnection)
    const seen = await probe(monitor, port)
    expect(seen).toMatchObject({ outcome: 'failure', reason: 'closed before answering', waited: true })
  })

  it('fails a target that speaks something else', async () => {
    if (monitor.type === 'tcp' && monitor.expect === undefined) return
    const { port } = await serve((socket) => socket.on('data', () => socket.write('SSH-2.0-OpenSSH_9.2\r\n'.repeat(9))))
    const seen = await probe({ ...monitor, timeoutMs: 300 }, port)
    expect(seen.outcome).toBe('failure')
    expect(seen.reason).toMatch(
      /^(not an HTTP answer|no TLS|not HTTP\/2|timeout after 300 ms: (not the expected text: "SSH-2.0-OpenSSH_9.2"|connected, no answer))$/,
    )
  })
})

it('takes only the first word of an attempt, and closes once', async () => {
  let closed = 0
  const probeOnce = createProbe((_target, { done }) => {
    done(success('first'))
    done(success('second'))
    return () => closed++
  })
  const seen = await probeOnce(targetOf(1), new AbortController().signal, systemClock)
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
  const seen = JSON.parse(output) as { type: string; outcome: string; reason: string }[]
  expect(seen.map(({ type }) => type)).toEqual(['http', 'https', 'tcp', 'tls', 'dns', 'dns', 'grpc', 'exec'])
  for (const { outcome, reason } of seen) {
    expect({ outcome, reason }).toEqual({ outcome: 'none', reason: expect.stringContaining('EMFILE') as string })
  }
})
