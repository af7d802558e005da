// A DNS client for tests that ask often and look at when answers come: no name server's cache, no retries of its own
// unless asked for, every answer decoded strictly.
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { loadLinuxSockets } from '../../src/server/linux-sockets.ts'
import { buildQuery, decodeMessage, type DecodedMessage, type Query } from './message.ts'
import { monotonicMs, sleep } from './monotonic.ts'

export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** A query sent on a schedule, and what came of it. Moments are monotonic ms. */
export interface Sample {
  readonly name: string
  readonly sentAt: number
  /** Missing: no answer. */
  receivedAt?: number
  /** The address of the last record; undefined for an answer without records. */
  address?: string
}

const HEADER_BYTES = 12

/** A bound socket, of a port of its own: one flow for the server. */
export async function openFlow({ host, port }: Endpoint): Promise<Socket> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  socket.on('error', () => undefined)
  socket.connect(port, host)
  await once(socket, 'connect')
  return socket
}

/**
 * The same, with room for all that a server answers at once after it stood still: 4 MiB, where the user may have that
 * (root), and what the system allows elsewhere.
 */
export async function openRoomyFlow({ host, port }: Endpoint): Promise<Socket> {
  const system = await loadLinuxSockets()
  if (typeof system === 'string') return openFlow({ host, port })
  const socket = createSocket('udp4')
  socket.on('error', () => undefined)
  // Done at once, so nothing has to be waited for.
  socket.bind({ fd: system.openUdp({ host: '127.0.0.1', port: 0 }), exclusive: true })
  socket.connect(port, host)
  await once(socket, 'connect')
  return socket
}

/** Asks once; undefined when no answer comes in time. */
export async function askOn(socket: Socket, query: Query, timeoutMs = 1000): Promise<DecodedMessage | undefined> {
  const answered = Promise.withResolvers<DecodedMessage | undefined>()
  const hear = (packet: Uint8Array): void => {
    const message = decodeMessage(packet)
    if (message.id === (query.id ?? 0x1234)) answered.resolve(message)
  }
  const timer = setTimeout(() => answered.resolve(undefined), timeoutMs)
  socket.on('message', hear)
  socket.send(buildQuery(query))
  try {
    return await answered.promise
  } finally {
    clearTimeout(timer)
    socket.off('message', hear)
  }
}

/** Asks over UDP from a port of its own; throws when no answer comes within a second. */
export async function askUdp(endpoint: Endpoint, query: Query): Promise<DecodedMessage> {
  const socket = await openFlow(endpoint)
  const answer = await askOn(socket, query)
  socket.close()
  if (!answer) throw new Error(`no answer to ${query.name} ${query.type} by UDP`)
  return answer
}

/** Asks over a TCP connection of its own; throws when it ends, or too much time passes, without a whole answer. */
export async function askTcp({ host, port }: Endpoint, query: Query, timeoutMs = 1000): Promise<DecodedMessage> {
  const socket = connect(port, host)
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)))
  const message = buildQuery(query)
  socket.write(Uint8Array.of(message.length >> 8, message.length & 0xff, ...message))
  let stream = Buffer.alloc(0)
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    stream = Buffer.concat([stream, chunk])
    if (stream.length >= 2 && stream.length >= 2 + stream.readUInt16BE(0)) return decodeMessage(stream.subarray(2))
  }
  throw new Error(`the connection ended after ${stream.length} bytes`)
}

/** Addresses of an answer, in its order. */
export function addressesIn({ answer }: DecodedMessage): string[] {
  return answer.filter(({ type }) => type === 'A' || type === 'AAAA').map(({ text }) => text)
}

/** Ms of its schedule that a poller which woke up late makes up for; the rest is left out, or it would come as a flood. */
const MADE_UP_MS = 5

/**
 * Asks A of each of these names every `everyMs` until told to stop, whether or not answers come (an open loop: a server
 * that stands still is asked on). Names are spread over the period.
 */
export class Poller {
  readonly samples: Sample[] = []
  readonly #socket: Socket
  readonly #queries: readonly { readonly name: string; readonly packet: Uint8Array }[]
  readonly #outstanding = new Map<number, Sample>()
  readonly #everyMs: number
  #sent = 0
  #scheduledAt = 0
  #timer: NodeJS.Timeout | undefined

  private constructor(socket: Socket, names: readonly string[], everyMs: number) {
    this.#socket = socket
    this.#everyMs = everyMs
    this.#queries = names.map((name) => ({ name, packet: buildQuery({ name, type: 'A' }) }))
    socket.on('message', (packet) => this.#hear(packet))
  }

  static async start(endpoint: Endpoint, names: readonly string[], everyMs: number): Promise<Poller> {
    const poller = new Poller(await openRoomyFlow(endpoint), names, everyMs)
    poller.#scheduledAt = monotonicMs()
    poller.#timer = setInterval(() => poller.#sendDue(), 1)
    return poller
  }

  /** Waits for late answers, `lateMs` at most, and gives every sample in the order of sending. */
  async stop(lateMs = 500): Promise<readonly Sample[]> {
    clearInterval(this.#timer)
    for (let waited = 0; this.#outstanding.size > 0 && waited < lateMs; waited += 10) await sleep(10)
    this.#socket.close()
    return this.samples
  }

  #sendDue(): void {
    const now = monotonicMs()
    this.#scheduledAt = Math.max(this.#scheduledAt, now - MADE_UP_MS)
    for (; this.#scheduledAt <= now; this.#scheduledAt += this.#everyMs / this.#queries.length) {
      this.#send(this.#queries[this.#sent % this.#queries.length]!)
    }
  }

  #send({ name, packet }: { readonly name: string; readonly packet: Uint8Array }): void {
    const id = this.#sent++ & 0xffff
    const query = packet.slice()
    query[0] = id >> 8
    query[1] = id & 0xff
    const sample: Sample = { name, sentAt: monotonicMs() }
    this.samples.push(sample)
    this.#outstanding.set(id, sample)
    this.#socket.send(query)
  }

  #hear(packet: Buffer): void {
    const id = packet.readUInt16BE(0)
    const sample = this.#outstanding.get(id)
    if (!sample) return
    this.#outstanding.delete(id)
    sample.receivedAt = monotonicMs()
    const answers = packet.length < HEADER_BYTES ? 0 : packet.readUInt16BE(6)
    if (answers > 0) sample.address = packet.subarray(-4).join('.')
  }
}
