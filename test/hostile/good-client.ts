// An honest client beside the hostile ones. It asks on a schedule, whether or not answers come (an open loop): by UDP, on a
// TCP connection that it keeps, and on new ones. What is never answered counts as lost.
import { connect, type Socket } from 'node:net'
import { askTcp, Poller, type Endpoint } from '../support/dns-client.ts'
import { buildQuery } from '../support/message.ts'
import { monotonicMs, sleep } from '../support/monotonic.ts'
import { framed } from './packets.ts'

const NAME = 'www.example.com'
const UDP_EVERY_MS = 5
const KEPT_EVERY_MS = 10
const NEW_EVERY_MS = 50
/** After the last question, for late answers. */
const LATE_MS = 1000

export const WAYS = ['UDP', 'TCP', 'TCP, new'] as const

export type Way = (typeof WAYS)[number]

/** Of each question, ms to its answer; Infinity when none came. In no order. */
export type Delays = Readonly<Record<Way, readonly number[]>>

/** Asks for so long. */
export async function askHonestly(endpoint: Endpoint, forMs: number): Promise<Delays> {
  const poller = await Poller.start(endpoint, [NAME], UDP_EVERY_MS)
  const kept = new KeptLine(endpoint)
  const timer = setInterval(() => kept.ask(), KEPT_EVERY_MS)
  const fresh = askOnNewLines(endpoint, forMs)
  await sleep(forMs)
  clearInterval(timer)
  const [samples, onNew] = await Promise.all([poller.stop(LATE_MS), fresh, kept.stop()])
  return {
    UDP: samples.map(({ sentAt, receivedAt = Infinity }) => receivedAt - sentAt),
    TCP: kept.delays,
    'TCP, new': onNew,
  }
}

async function askOnNewLines(endpoint: Endpoint, forMs: number): Promise<number[]> {
  const delays: Promise<number>[] = []
  const until = monotonicMs() + forMs
  while (monotonicMs() < until) {
    const from = monotonicMs()
    const asked = askTcp(endpoint, { name: NAME, type: 'A' })
    delays.push(
      asked.then(
        () => monotonicMs() - from,
        () => Infinity,
      ),
    )
    await sleep(NEW_EVERY_MS)
  }
  return Promise.all(delays)
}

/** One connection for many questions, made anew when the server ends it. */
class KeptLine {
  readonly delays: number[] = []
  readonly #endpoint: Endpoint
  readonly #outstanding = new Map<number, number>()
  #socket: Socket
  #received = Buffer.alloc(0)
  #sent = 0
  #isStopped = false

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint
    this.#socket = this.#open()
  }

  ask(): void {
    const id = this.#sent++ & 0xffff
    this.#outstanding.set(id, monotonicMs())
    this.#socket.write(framed(buildQuery({ id, name: NAME, type: 'A' })))
  }

  async stop(): Promise<void> {
    for (let waited = 0; this.#outstanding.size > 0 && waited < LATE_MS; waited += 10) await sleep(10)
    this.#isStopped = true
    this.#socket.destroy()
    this.#giveUp()
  }

  #open(): Socket {
    const { host, port } = this.#endpoint
    const socket = connect({ host, port, noDelay: true })
    socket.on('data', (chunk: Buffer) => this.#hear(chunk))
    socket.on('error', () => undefined)
    socket.once('close', () => {
      if (this.#isStopped) return
      this.#giveUp()
      this.#received = Buffer.alloc(0)
      this.#socket = this.#open()
    })
    return socket
  }

  #hear(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    while (this.#received.length >= 2 && this.#received.length >= 2 + this.#received.readUInt16BE(0)) {
      const id = this.#received.readUInt16BE(2)
      this.delays.push(monotonicMs() - this.#outstanding.get(id)!)
      this.#outstanding.delete(id)
      this.#received = this.#received.subarray(2 + this.#received.readUInt16BE(0))
    }
  }

  #giveUp(): void {
    for (const id of this.#outstanding.keys()) {
      this.#outstanding.delete(id)
      this.delays.push(Infinity)
    }
  }
}
