// Asks one server many questions at once, over UDP and over TCP, and keeps the raw answers in the order of the questions.
import type { Socket } from 'node:dgram'
import { connect, type Socket as Stream } from 'node:net'
import { openFlow, type Endpoint } from '../support/dns-client.ts'
import { monotonicMs } from '../support/monotonic.ts'
import { encodeProbe, type Probe } from './probe.ts'

/** Undefined: nothing came, however often we asked. */
export type Reply = Uint8Array | undefined

/** Datagrams in flight for one server: fewer than any of them drops. */
const WINDOW = 48
const STREAMS = 8
/** A lost packet must not look like silence. */
const ATTEMPTS = 2
const ATTEMPT_MS = 600

export async function askAll(endpoint: Endpoint, probes: readonly Probe[]): Promise<Reply[]> {
  const replies = new Array<Reply>(probes.length)
  const indexes = [...probes.keys()]
  const [streamed, sent] = [indexes.filter((i) => probes[i]!.stream), indexes.filter((i) => !probes[i]!.stream)]
  await Promise.all([
    askByDatagrams(endpoint, probes, sent, replies),
    ...Array.from({ length: STREAMS }, (_, lane) =>
      askByStream(
        endpoint,
        probes,
        streamed.filter((_, i) => i % STREAMS === lane),
        replies,
      ),
    ),
  ])
  return replies
}

interface Flight {
  readonly index: number
  attempts: number
  sentAt: number
}

async function askByDatagrams(
  endpoint: Endpoint,
  probes: readonly Probe[],
  indexes: readonly number[],
  replies: Reply[],
): Promise<void> {
  if (indexes.length === 0) return
  const socket = await openFlow(endpoint)
  await new Promise<void>((resolve) => new DatagramRound(socket, probes, indexes, replies, resolve).start())
  socket.close()
}

/** One socket's questions: a window of them is under way, and the oldest are asked again. */
class DatagramRound {
  readonly #socket: Socket
  readonly #probes: readonly Probe[]
  readonly #indexes: readonly number[]
  readonly #replies: Reply[]
  readonly #done: () => void
  readonly #flights = new Map<number, Flight>()
  #next = 0
  #timer: NodeJS.Timeout | undefined

  constructor(
    socket: Socket,
    probes: readonly Probe[],
    indexes: readonly number[],
    replies: Reply[],
    done: () => void,
  ) {
    this.#socket = socket
    this.#probes = probes
    this.#indexes = indexes
    this.#replies = replies
    this.#done = done
  }

  start(): void {
    this.#socket.on('message', (packet) => this.#hear(packet))
    this.#timer = setInterval(() => this.#retry(), 50)
    this.#fill()
  }

  #fill(): void {
    while (this.#flights.size < WINDOW && this.#next < this.#indexes.length) {
      const id = this.#next & 0xffff
      const flight = { index: this.#indexes[this.#next++]!, attempts: 0, sentAt: 0 }
      this.#flights.set(id, flight)
      this.#send(id, flight)
    }
    if (this.#flights.size > 0) return
    clearInterval(this.#timer)
    this.#done()
  }

  #send(id: number, flight: Flight): void {
    flight.attempts++
    flight.sentAt = monotonicMs()
    this.#socket.send(encodeProbe(this.#probes[flight.index]!, id))
  }

  #hear(packet: Uint8Array): void {
    const id = (packet[0]! << 8) | packet[1]!
    const flight = this.#flights.get(id)
    if (!flight) return
    this.#flights.delete(id)
    this.#replies[flight.index] = packet
    this.#fill()
  }

  #retry(): void {
    const now = monotonicMs()
    for (const [id, flight] of this.#flights) {
      if (now - flight.sentAt < ATTEMPT_MS) continue
      if (flight.attempts < ATTEMPTS) this.#send(id, flight)
      else this.#flights.delete(id)
    }
    this.#fill()
  }
}

/** One question after the other on a connection, which is made anew when the server closes it. */
async function askByStream(
  endpoint: Endpoint,
  probes: readonly Probe[],
  indexes: readonly number[],
  replies: Reply[],
): Promise<void> {
  let line: Line | undefined
  for (const index of indexes) {
    for (let attempt = 0; attempt < 2 && !replies[index]; attempt++) {
      line ??= new Line(endpoint)
      replies[index] = await line.ask(encodeProbe(probes[index]!, index & 0xffff))
      if (replies[index]) continue
      line.close()
      line = undefined
    }
  }
  line?.close()
}

class Line {
  readonly #stream: Stream
  #received = Buffer.alloc(0)
  #answer: PromiseWithResolvers<Reply> | undefined

  constructor({ host, port }: Endpoint) {
    this.#stream = connect(port, host)
    this.#stream.setNoDelay(true)
    this.#stream.on('data', (chunk: Buffer) => this.#hear(chunk))
    this.#stream.on('error', () => undefined)
    this.#stream.on('close', () => this.#answer?.resolve(undefined))
  }

  /** Undefined when the server closes, or says nothing. */
  async ask(packet: Uint8Array): Promise<Reply> {
    this.#answer = Promise.withResolvers<Reply>()
    const timer = setTimeout(() => this.#answer?.resolve(undefined), ATTEMPT_MS)
    this.#stream.write(Uint8Array.of(packet.length >> 8, packet.length & 0xff, ...packet))
    const reply = await this.#answer.promise
    clearTimeout(timer)
    return reply
  }

  close(): void {
    this.#stream.destroy()
  }

  #hear(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    if (this.#received.length < 2) return
    const end = 2 + this.#received.readUInt16BE(0)
    if (this.#received.length < end) return
    this.#answer?.resolve(this.#received.subarray(2, end))
    this.#received = this.#received.subarray(end)
  }
}
