// A resolver of a few lines: what it answers is a table that tests change as they go. It passes for a recursive one, and for
// the authoritative server of a cloud. UDP on loopback.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { parseAddress } from '../../src/base/address.ts'

/** What is answered to one question: addresses with a TTL in seconds, or the lack of them. */
export type FakeAnswer =
  { readonly addresses: readonly string[]; readonly ttl: number } | 'nodata' | 'nxdomain' | 'servfail' | 'silence'

export interface FakeResolver {
  /** `127.0.0.1:5353`. */
  readonly endpoint: string
  readonly port: number
  /** By `name type`, lower-cased, without the final dot; NXDOMAIN for what is not there. */
  readonly answers: Map<string, FakeAnswer>
  /** Every question, in order, as `name type`. */
  readonly asked: string[]
  readonly stop: () => void
}

const RCODES: Readonly<Record<string, number>> = { nodata: 0, nxdomain: 3, servfail: 2 }

export async function startFakeResolver(answers: Readonly<Record<string, FakeAnswer>>): Promise<FakeResolver> {
  const table = new Map(Object.entries(answers))
  const asked: string[] = []
  const socket = createSocket('udp4')
  socket.on('message', (query, { port, address }) => {
    const { question, end } = readQuestion(query)
    asked.push(question)
    const answer = table.get(question) ?? 'nxdomain'
    if (answer !== 'silence') socket.send(compose(query.subarray(0, end), answer), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  return { endpoint: `127.0.0.1:${port}`, port, answers: table, asked, stop: () => socket.close() }
}

function readQuestion(query: Buffer): { question: string; end: number } {
  const labels: string[] = []
  let at = 12
  for (; query[at] !== 0; at += query[at]! + 1) labels.push(query.toString('latin1', at + 1, at + 1 + query[at]!))
  const type = query.readUInt16BE(at + 1) === 28 ? 'AAAA' : 'A'
  return { question: `${labels.join('.').toLowerCase()} ${type}`, end: at + 5 }
}

/** Header and question come back; records point at the question's name. */
function compose(question: Buffer, answer: Exclude<FakeAnswer, 'silence'>): Buffer {
  const records = typeof answer === 'string' ? [] : answer.addresses.map((text) => record(text, answer.ttl))
  const message = Buffer.concat([question, ...records])
  message.writeUInt16BE(0x8580 | (typeof answer === 'string' ? RCODES[answer]! : 0), 2)
  message.writeUInt16BE(records.length, 6)
  message.fill(0, 8, 12)
  return message
}

function record(text: string, ttl: number): Buffer {
  const { family, bytes } = parseAddress(text)!
  const head = Buffer.from([0xc0, 12, 0, family === 4 ? 1 : 28, 0, 1, 0, 0, 0, 0, 0, bytes.length])
  head.writeUInt32BE(ttl, 6)
  return Buffer.concat([head, bytes])
}
