// The grpc probe: grpc.health.v1.Health/Check over HTTP/2, and the answer is SERVING. Both messages have one field, so they
// are written and read by hand: HealthCheckRequest { string service = 1 }, HealthCheckResponse { enum status = 1 }.
// A message goes with five bytes before it: a flag for compression and the length (gRPC over HTTP/2).
import { connect, constants, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { formatAddress } from '../../base/address.ts'
import type { GrpcMonitor } from '../monitor.ts'
import {
  createProbe,
  failure,
  MAX_ANSWER_BYTES,
  patienceLost,
  success,
  type Probe,
  type TargetOf,
  type Telling,
  type Verdict,
} from './prober.ts'
import { judgeCertificate, judgeTlsError, type TlsSettings } from './tls-rules.ts'

/** By the number of the enum. */
const STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']
const SERVING = 1

const PREFIX_BYTES = 5
/** Field 1 as bytes, and as a varint. */
const SERVICE_TAG = 0x0a
const STATUS_TAG = 0x08

export function createGrpcProbe(settings: TlsSettings): Probe<GrpcMonitor> {
  return createProbe((target, telling) => {
    const socket = open(target, settings, telling)
    const session = connect(`http://${authorityOf(target)}`, { createConnection: () => socket })
    session.on('error', (error: NodeJS.ErrnoException) => telling.done(judgeSessionError(error)))
    session.on('close', () => telling.done(patienceLost('closed before answering')))
    check(session, target.monitor, telling)
    return () => {
      session.destroy()
      socket.destroy()
    }
  })
}

function open(
  { address, monitor }: TargetOf<GrpcMonitor>,
  settings: TlsSettings,
  { done, reach, wall }: Telling,
): Socket {
  const place = { host: formatAddress(address), port: monitor.port }
  const { tls } = monitor
  if (tls === undefined) return connectTcp(place).once('connect', () => reach('connected, no answer'))
  const socket = connectTls({ ...place, ...settings(tls, wall()), ALPNProtocols: ['h2'] })
  socket.once('connect', () => reach('connected, no TLS'))
  return socket.once('secureConnect', () => {
    reach('connected, no answer')
    const refused = judgeCertificate(socket, tls, wall())
    if (refused !== undefined) done(refused)
  })
}

function authorityOf({ address, monitor }: TargetOf<GrpcMonitor>): string {
  const text = formatAddress(address)
  return `${address.family === 4 ? text : `[${text}]`}:${monitor.port}`
}

function check(session: ClientHttp2Session, { service, host, tls }: GrpcMonitor, { done }: Telling): void {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc',
    'user-agent': 'meridian',
    te: 'trailers',
    ...(host !== undefined && { ':authority': host }),
    ...(tls !== undefined && { ':scheme': 'https' }),
  })
  let said = Buffer.alloc(0)
  let headers: IncomingHttpHeaders = {}
  stream.on('response', (first) => (headers = first))
  stream.on('trailers', (last) => (headers = { ...headers, ...last }))
  stream.on('data', (chunk: Buffer) => {
    said = Buffer.concat([said, chunk])
    if (said.length > MAX_ANSWER_BYTES) done(failure(`more than ${MAX_ANSWER_BYTES / 1024} KiB`))
  })
  // A stream that ends with its session says why by the session's error.
  stream.on('error', (error: Error) => done(judgeSessionError((error.cause ?? error) as NodeJS.ErrnoException)))
  stream.on('end', () => done(judge(headers, said)))
  stream.end(requestFor(service))
}

function requestFor(service: string): Buffer {
  const name = Buffer.from(service)
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([SERVICE_TAG, ...varint(name.length)]), name])
  const prefix = Buffer.alloc(PREFIX_BYTES)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]
}

function judge(headers: IncomingHttpHeaders, said: Buffer): Verdict {
  const status = Number(headers[constants.HTTP2_HEADER_STATUS] ?? 0)
  if (status === 0) return patienceLost('closed before answering')
  if (status !== 200) return failure(`HTTP status ${status}`)
  const code = headers['grpc-status']
  if (code === undefined) return failure('not a gRPC answer')
  if (code !== '0')
    return failure(`gRPC status ${String(code)} ${decodeURIComponentOr(headers['grpc-message'])}`.trim())
  const serving = readStatus(said)
  if (serving === undefined) return failure('not a health answer')
  const name = STATUSES[serving] ?? `status ${serving}`
  return serving === SERVING ? success(name) : failure(name)
}

/** The status of one whole, uncompressed message; 0 when the field is left out, as proto3 does. */
function readStatus(said: Buffer): number | undefined {
  if (said.length < PREFIX_BYTES || said[0] !== 0 || said.readUInt32BE(1) !== said.length - PREFIX_BYTES)
    return undefined
  const message = said.subarray(PREFIX_BYTES)
  if (message.length === 0) return 0
  return message[0] === STATUS_TAG && message.length >= 2 && message[1]! < 0x80 ? message[1] : undefined
}

/** A `grpc-message` is percent-encoded, by who knows whom. */
function decodeURIComponentOr(text: string | string[] | undefined): string {
  const written = String(text ?? '').slice(0, 100)
  try {
    return decodeURIComponent(written)
  } catch {
    return written
  }
}

function judgeSessionError(error: NodeJS.ErrnoException): Verdict {
  return error.code?.startsWith('ERR_HTTP2_') === true ? failure('not HTTP/2') : judgeTlsError(error)
}
