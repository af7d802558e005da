// Every type of probe before every kind of server: what it sees, and the words in which an event tells it. A cell that is
// missing cannot be (a plain TCP port has no certificate). Single kinds go deeper in the files of their names.
import { createServer as createHttp, type RequestListener } from 'node:http'
import { createServer as createHttp2, createSecureServer, type ServerHttp2Stream } from 'node:http2'
import { createServer as createHttps } from 'node:https'
import { createServer as createTcp, type Socket } from 'node:net'
import { createServer as createTls } from 'node:tls'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { parseAddress } from '../../../src/base/address.ts'
import { systemClock } from '../../../src/base/clock.ts'
import type { ProbeMonitor } from '../../../src/health/monitor.ts'
import { createProbers } from '../../../src/health/prober/probers.ts'
import { answerDns, answerGrpc } from './answers.ts'
import { dnsMonitor, execMonitor, grpcMonitor, httpMonitor, tcpMonitor, tlsMonitor } from './monitors.ts'
import { Authority, closeAll, listen, serve, serveUdp, type Pair, type Served } from './servers.ts'

const TIMEOUT_MS = 250
const PATIENT_MS = 5000
const LATE_MS = 400
const SOON_MS = 60

type Kind = 'good' | 'unhurried' | 'bad' | 'slow' | 'silent' | 'half-open' | 'lying' | 'endless' | 'expired'
type Cell = readonly [serve: () => Promise<Served> | undefined, reason: RegExp]
interface Row {
  readonly monitor: ProbeMonitor
  readonly cells: Partial<Record<Kind, Cell>>
}

const probe = createProbers()
const authority = new Authority()
let pair: Pair
let expired: Pair
beforeAll(() => {
  pair = authority.issue('server', 'IP:127.1.0.1', 30)
  expired = authority.issue('expired', 'IP:127.1.0.1', -1)
})
afterAll(() => authority.remove())
afterEach(async () => {
  for (const timer of timers.splice(0)) clearTimeout(timer)
  await closeAll()
})

const timers: NodeJS.Timeout[] = []
const after = (ms: number, act: () => void): void => void timers.push(setTimeout(act, ms))
const timeout = (stage: string): RegExp => new RegExp(`^timeout after ${TIMEOUT_MS} ms: ${stage}$`)
const CLOSED = /^closed before answering$/
const EXPIRED = /^certificate expired$/

/** Accepts, says that it will send no more, and listens on. */
const halfOpen = () =>
  listen(
    createTcp({ allowHalfOpen: true }, (socket) => {
      socket.end()
      socket.resume()
    }),
  )
const silent = () => serve((socket) => socket.resume())

/** Writes without end, as fast as it is read. */
function pour(stream: { readonly destroyed: boolean; write: (chunk: Buffer) => boolean; on: Socket['on'] }): void {
  const more = (): void => {
    while (!stream.destroyed && stream.write(Buffer.alloc(1 << 14, 'x')));
  }
  stream.on('drain', more)
  more()
}

const HTTP_ANSWERS: Partial<Record<Kind, readonly [RequestListener, RegExp]>> = {
  good: [(_, response) => response.end('status: fine'), /^200 in \d+ ms$/],
  unhurried: [(_, response) => after(SOON_MS, () => response.end('status: fine')), /^200 in \d{2,} ms$/],
  bad: [(_, response) => response.writeHead(503).end(), /^503$/],
  slow: [(_, response) => after(LATE_MS, () => response.end('status: fine')), timeout('connected, no answer')],
  lying: [(_, response) => response.end('maintenance'), /^200, but the body without "status: fine"$/],
  endless: [(_, response) => pour(response as never), /^200, but its first 64 KiB without "status: fine"$/],
}

function httpCells(make: (answer: RequestListener) => Promise<Served>): Partial<Record<Kind, Cell>> {
  return Object.fromEntries(
    Object.entries(HTTP_ANSWERS).map(([kind, [answer, reason]]) => [kind, [() => make(answer), reason]]),
  )
}

const GRPC_ANSWERS: Partial<Record<Kind, readonly [(stream: ServerHttp2Stream) => void, RegExp]>> = {
  good: [(stream) => answerGrpc(stream), /^SERVING in \d+ ms$/],
  unhurried: [(stream) => after(SOON_MS, () => answerGrpc(stream)), /^SERVING in \d{2,} ms$/],
  bad: [(stream) => answerGrpc(stream, { status: 2 }), /^NOT_SERVING$/],
  slow: [(stream) => after(LATE_MS, () => answerGrpc(stream)), timeout('connected, no answer')],
  lying: [(stream) => answerGrpc(stream, { message: Buffer.from('all is well') }), /^not a health answer$/],
  endless: [
    (stream) => {
      stream.respond({ ':status': 200 })
      pour(stream as never)
    },
    /^more than 64 KiB$/,
  ],
}

type Http2Server = ReturnType<typeof createHttp2> | ReturnType<typeof createSecureServer>

function grpcCells(make: () => Http2Server): Partial<Record<Kind, Cell>> {
  const serveGrpc = (answer: (stream: ServerHttp2Stream) => void): Promise<Served> => {
    const server = make()
    server.on('stream', (stream: ServerHttp2Stream) => {
      stream.on('error', () => undefined)
      answer(stream)
    })
    return listen(server)
  }
  return Object.fromEntries(
    Object.entries(GRPC_ANSWERS).map(([kind, [answer, reason]]) => [kind, [() => serveGrpc(answer), reason]]),
  )
}

type DnsReply = (query: Buffer, reply: (answer: Uint8Array) => void) => void

const DNS_ANSWERS: Partial<Record<Kind, readonly [DnsReply, RegExp]>> = {
  good: [(query, reply) => reply(answerDns(query, ['192.0.2.1'])), /^NOERROR in \d+ ms$/],
  unhurried: [(query, reply) => after(SOON_MS, () => reply(answerDns(query, ['192.0.2.1']))), /^NOERROR in \d{2,} ms$/],
  bad: [(query, reply) => reply(answerDns(query, [], 2)), /^SERVFAIL$/],
  lying: [(query, reply) => reply(answerDns(query, ['192.0.2.66'])), /^NOERROR, but 192.0.2.66$/],
}

const dnsTcp = (answer: DnsReply) =>
  serve((socket) => {
    socket.on('data', (said: Buffer) => {
      answer(said.subarray(2), (message) => {
        socket.write(Uint8Array.of(message.length >> 8, message.length & 0xff, ...message))
      })
    })
  })

function dnsCells(make: (answer: DnsReply) => Promise<Served>, stage: string): Partial<Record<Kind, Cell>> {
  const late: DnsReply = (query, reply) => after(LATE_MS, () => reply(answerDns(query, ['192.0.2.1'])))
  return {
    ...Object.fromEntries(
      Object.entries(DNS_ANSWERS).map(([kind, [answer, reason]]) => [kind, [() => make(answer), reason]]),
    ),
    slow: [() => make(late), timeout(stage)],
    silent: [() => make(() => undefined), timeout(stage)],
  }
}

const tcpTalks = (talk: (socket: Socket) => void) => () => serve((socket) => talk(socket.resume()))

const tls = { verify: true, minDaysValid: 0, ca: authority.caFile }
const expectBody = { expectedBody: 'status: fine' }
const shell = (script: string): ProbeMonitor => ({ ...execMonitor, command: ['/bin/sh', '-c', script] })
const NO_SERVER = () => undefined

const ROWS: Readonly<Record<string, Row>> = {
  http: {
    monitor: { ...httpMonitor, ...expectBody },
    cells: {
      ...httpCells((answer) => listen(createHttp(answer))),
      silent: [silent, timeout('connected, no answer')],
      'half-open': [halfOpen, CLOSED],
    },
  },
  https: {
    monitor: { ...httpMonitor, type: 'https', tls, ...expectBody },
    cells: {
      ...httpCells((answer) => listen(createHttps(pair, answer))),
      silent: [silent, timeout('connected, no TLS')],
      'half-open': [halfOpen, CLOSED],
      expired: [() => listen(createHttps(expired, (_, response) => response.end('status: fine'))), EXPIRED],
    },
  },
  tcp: {
    monitor: { ...tcpMonitor, send: 'PING\r\n', expect: 'PONG' },
    cells: {
      good: [tcpTalks((socket) => socket.write('PONG\r\n')), /^answered as expected in \d+ ms$/],
      unhurried: [
        tcpTalks((socket) => after(SOON_MS, () => void socket.write('PONG\r\n'))),
        /^answered as expected in \d{2,} ms$/,
      ],
      bad: [tcpTalks((socket) => socket.end('ERR loading\r\n')), /^not the expected text: "ERR loading"$/],
      slow: [tcpTalks((socket) => after(LATE_MS, () => void socket.write('PONG\r\n'))), timeout('connected, silent')],
      silent: [silent, timeout('connected, silent')],
      'half-open': [halfOpen, CLOSED],
      lying: [tcpTalks((socket) => socket.write('HELLO\r\n')), timeout('not the expected text: "HELLO"')],
      endless: [() => serve(pour), /^64 KiB without the expected text$/],
    },
  },
  tls: {
    monitor: { ...tlsMonitor, tls },
    cells: {
      good: [() => listen(createTls(pair)), /^TLSv1.3 in \d+ ms$/],
      bad: [() => listen(createTls(authority.issue('other', 'IP:127.9.9.9', 9))), /^certificate for another name$/],
      slow: [() => serve((socket) => after(LATE_MS, () => socket.destroy())), timeout('connected, no TLS')],
      silent: [silent, timeout('connected, no TLS')],
      'half-open': [halfOpen, CLOSED],
      lying: [() => serve((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n')), /^no TLS$/],
      endless: [() => serve(pour), /^no TLS$/],
      expired: [() => listen(createTls(expired)), EXPIRED],
    },
  },
  'dns by udp': {
    monitor: { ...dnsMonitor, expectedAnswer: '192.0.2.1' },
    cells: {
      ...dnsCells(serveUdp, 'no answer'),
      endless: [
        () => serveUdp((_, reply) => Array.from({ length: 50 }, () => reply(Buffer.alloc(1200)))),
        timeout('only messages that do not answer the query'),
      ],
    },
  },
  'dns by tcp': {
    monitor: { ...dnsMonitor, transport: 'tcp', expectedAnswer: '192.0.2.1' },
    cells: {
      ...dnsCells(dnsTcp, 'connected, no answer'),
      'half-open': [halfOpen, CLOSED],
      endless: [() => serve(pour), /^the message does not answer the query$/],
    },
  },
  grpc: {
    monitor: grpcMonitor,
    cells: {
      ...grpcCells(createHttp2),
      silent: [silent, timeout('connected, no answer')],
      'half-open': [halfOpen, CLOSED],
    },
  },
  'grpc over tls': {
    monitor: { ...grpcMonitor, tls },
    cells: {
      ...grpcCells(() => createSecureServer(pair)),
      silent: [silent, timeout('connected, no TLS')],
      'half-open': [halfOpen, CLOSED],
      expired: [() => listen(createSecureServer(expired)), EXPIRED],
    },
  },
}

/** Programs are no servers: what they do is the monitor's own. */
const PROGRAMS: Readonly<Record<string, readonly [ProbeMonitor, RegExp]>> = {
  good: [shell('exit 0'), /^exit 0 in \d+ ms$/],
  bad: [shell('echo no database; exit 2'), /^exit 2: "no database"$/],
  slow: [shell('sleep 1'), timeout('the program runs yet')],
  silent: [shell('exec sleep 9'), timeout('the program runs yet')],
  'half-open': [shell('exec >&- 2>&-; sleep 9'), timeout('the program runs yet')],
  lying: [shell('echo OK; exit 1'), /^exit 1: "OK"$/],
  endless: [shell('cat /dev/zero'), /^more than 64 KiB of output$/],
}

const CELLS = [
  ...Object.entries(ROWS).flatMap(([type, { monitor, cells }]) =>
    Object.entries(cells).map(([kind, cell]) => ({ type, kind, monitor, cell })),
  ),
  ...Object.entries(PROGRAMS).map(([kind, [monitor, reason]]) => {
    return { type: 'exec', kind, monitor, cell: [NO_SERVER, reason] as Cell }
  }),
]

test.each(CELLS)('$type: $kind', async ({ kind, monitor, cell: [begin, reason] }) => {
  const served = await begin()
  const isWell = kind === 'good' || kind === 'unhurried'
  // Only those whose time is to run out are hurried: the machine may be busy.
  const timeoutMs = isWell || !reason.source.startsWith('^timeout') ? PATIENT_MS : TIMEOUT_MS
  const whole = { ...monitor, timeoutMs, ...(served && { port: served.port }) } as ProbeMonitor
  const target = { id: 'test', address: parseAddress('127.1.0.1')!, monitor: whole }
  const seen = await probe(target, new AbortController().signal, systemClock)
  expect(seen.reason).toMatch(reason)
  expect(seen.outcome).toBe(isWell ? 'success' : 'failure')
})
