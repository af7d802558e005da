import { createServer } from 'node:http'
import { createServer as createHttp2, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { afterEach, expect, it } from 'vitest'
import { parseAddress } from '../../../src/base/address.ts'
import { systemClock } from '../../../src/base/clock.ts'
import type { GrpcMonitor } from '../../../src/health/monitor.ts'
import { createGrpcProbe } from '../../../src/health/prober/grpc.ts'
import { MAX_ANSWER_BYTES } from '../../../src/health/prober/prober.ts'
import { createTlsSettings } from '../../../src/health/prober/tls-rules.ts'
import { answerGrpc } from './answers.ts'
import { grpcMonitor } from './monitors.ts'
import { closeAll, listen } from './servers.ts'

const probeGrpc = createGrpcProbe(createTlsSettings())
afterEach(closeAll)

type OnStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void

async function probe(onStream: OnStream, monitor: Partial<GrpcMonitor> = {}) {
  const server = createHttp2()
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => undefined)
    onStream(stream, headers)
  })
  const { port } = await listen(server)
  return aim({ ...monitor, port })
}

function aim(monitor: Partial<GrpcMonitor>) {
  const target = {
    id: 'test',
    address: parseAddress('127.1.0.1')!,
    monitor: { ...grpcMonitor, timeoutMs: 300, ...monitor },
  }
  return probeGrpc(target, new AbortController().signal, systemClock)
}

it('asks for the service by the protocol of grpc.health.v1', async () => {
  let asked: IncomingHttpHeaders = {}
  const said: Buffer[] = []
  const seen = await probe(
    (stream, headers) => {
      asked = headers
      stream.on('data', (chunk: Buffer) => said.push(chunk))
      stream.on('end', () => answerGrpc(stream))
    },
    { service: 'shop.Cart', host: 'cart.example.com' },
  )
  expect(seen.outcome).toBe('success')
  expect(asked).toMatchObject({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    ':authority': 'cart.example.com',
    'content-type': 'application/grpc',
    te: 'trailers',
  })
  expect(Buffer.concat(said)).toEqual(Buffer.from('\0\0\0\0\x0b\x0a\x09shop.Cart'))
})

it.each([
  [{ status: 2 }, 'NOT_SERVING'],
  [{ status: 3 }, 'SERVICE_UNKNOWN'],
  [{ status: 9 }, 'status 9'],
  [{ message: Buffer.from([0, 0, 0, 0, 0]) }, 'UNKNOWN'],
  [{ grpcStatus: '5' }, 'gRPC status 5'],
  [{ message: Buffer.from('nonsense') }, 'not a health answer'],
  [{ message: Buffer.alloc(2 * MAX_ANSWER_BYTES) }, 'more than 64 KiB'],
])('fails an answer of %j', async (answer, reason) => {
  expect(await probe((stream) => answerGrpc(stream, answer))).toMatchObject({ outcome: 'failure', reason })
})

it('tells a status without a message, as an unknown method has it', async () => {
  const seen = await probe((stream) => {
    stream.respond({ ':status': 200, 'grpc-status': '12', 'grpc-message': 'no%20such method' }, { endStream: true })
  })
  expect(seen).toMatchObject({ outcome: 'failure', reason: 'gRPC status 12 no such method' })
})

it('tells a server of something else', async () => {
  const web: OnStream = (stream) => {
    stream.respond({ ':status': 404 })
    stream.end('nothing here')
  }
  expect(await probe(web)).toMatchObject({ outcome: 'failure', reason: 'HTTP status 404' })
  const { port } = await listen(createServer((_, response) => response.end('ok')))
  expect(await aim({ port })).toMatchObject({ outcome: 'failure', reason: 'not HTTP/2' })
})

it('fails a stream that is reset, and one that stays open', async () => {
  const reset = await probe((stream) => stream.close(2))
  expect(reset).toMatchObject({ outcome: 'failure' })
  const halfOpen = await probe((stream) => stream.respond({ ':status': 200 }))
  expect(halfOpen).toMatchObject({ outcome: 'failure', reason: 'timeout after 300 ms: connected, no answer' })
})
