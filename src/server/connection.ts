// One TCP connection's life (RFC 7766):
//
//   data → frames → answer, answer, … → (peer reads too slowly: stop reading and answering until it has caught up)
//   peer's end → answers to all that came before → our end
//   a limit of one connection is met → answers to all that came before → our end
//
// It never closes by itself for want of time: the listener sweeps, by `touchedAt`.
import type { Socket } from 'node:net'
import type { AddressWords } from '../base/address.ts'
import { counter, endCounter, type Counters, type TcpEnd } from '../metrics/counters.ts'
import { Frames, TOO_LONG } from './frames.ts'
import type { TcpLimits } from './limits.ts'
import { STREAM_LIMIT, type Responder } from './responder.ts'

const PREFIX_BYTES = 2

/** Shared by all connections of a listener: they are served one after the other. */
export interface Desk {
  readonly responder: Responder
  readonly limits: TcpLimits
  readonly counters: Counters
  readonly input: Uint8Array
  readonly output: Uint8Array
  readonly now: () => number
  /** A query was answered: the connection is young again. */
  readonly touched: (connection: Connection) => void
  readonly closed: (connection: Connection) => void
}

export function createDesk(parts: Omit<Desk, 'input' | 'output'>): Desk {
  return { ...parts, input: new Uint8Array(STREAM_LIMIT), output: new Uint8Array(PREFIX_BYTES + STREAM_LIMIT) }
}

export class Connection {
  /** Whom it counts for, in limits by client. */
  readonly owner: string
  /** When the connection was made or last answered a query; silence, trickles and a reader who stalls do not count. */
  touchedAt: number
  readonly #socket: Socket
  readonly #client: AddressWords
  readonly #desk: Desk
  readonly #frames = new Frames()
  readonly #openedAt: number
  #messages = 0
  /** The peer has not read what we sent. */
  #blocked = false
  /** The peer has ended its half. */
  #ended = false
  /** We have ended our half, and take nothing more. */
  #isLeaving = false

  constructor(socket: Socket, owner: string, client: AddressWords, desk: Desk) {
    this.owner = owner
    this.touchedAt = this.#openedAt = desk.now()
    this.#socket = socket
    this.#client = client
    this.#desk = desk
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('drain', () => this.#unblock())
    socket.on('end', () => this.#endOfPeer())
    // A reset ends the connection, which 'close' sees to; there is nobody left to tell.
    socket.on('error', () => undefined)
    socket.on('close', () => desk.closed(this))
  }

  /** Why it may be ended while it waits; undefined when it is ending, and that is counted. */
  get waitsAs(): TcpEnd | undefined {
    if (this.#isLeaving) return undefined
    if (this.#blocked) return 'unread'
    return this.#frames.held > 0 ? 'trickle' : 'idle'
  }

  /** At once, unsent answers included. */
  destroy(): void {
    this.#socket.destroy()
  }

  /** As soon as what was answered has gone out. */
  finish(): void {
    this.#socket.destroySoon()
  }

  #receive(chunk: Uint8Array): void {
    if (this.#isLeaving) return
    this.#frames.push(chunk)
    this.#work()
  }

  #unblock(): void {
    this.#blocked = false
    this.#socket.resume()
    this.#work()
  }

  #endOfPeer(): void {
    this.#ended = true
    this.#work()
  }

  #work(): void {
    if (this.#blocked || !this.#isServed()) return
    this.#blocked = !this.#answerAll()
    this.#frames.settle()
    if (!this.#isServed()) return
    if (this.#blocked) this.#pause()
    else if (this.#ended) this.#socket.end()
  }

  #isServed(): boolean {
    return !this.#isLeaving && !this.#socket.destroyed
  }

  #pause(): void {
    this.#socket.pause()
    this.#desk.counters[counter.tcpPaused]!++
  }

  /**
   * Until no whole message is left or the peer has too much to read (then false). Answers to one receive leave in one
   * write.
   */
  #answerAll(): boolean {
    const { responder, input, limits } = this.#desk
    let keepsUp = true
    let length = 0
    this.#socket.cork()
    responder.enter()
    while (keepsUp && !this.#isLeaving && (length = this.#frames.take(input, limits.maxQueryBytes)) >= 0) {
      keepsUp = this.#answer(length)
      this.#leaveIfSpent()
    }
    responder.leave()
    this.#socket.uncork()
    responder.sent()
    if (length === TOO_LONG) this.#refuseToRead()
    return keepsUp
  }

  /** What such a peer sends next is no message. */
  #refuseToRead(): void {
    this.#leave('oversize')
    this.finish()
  }

  #leaveIfSpent(): void {
    const { maxQueries, maxAgeMs } = this.#desk.limits
    if (++this.#messages >= maxQueries) this.#leave('queries')
    else if (this.touchedAt - this.#openedAt >= maxAgeMs) this.#leave('age')
  }

  /** Our end, behind the answers. The peer's is still waited for, since a reset would overtake what it has not yet read. */
  #leave(reason: TcpEnd): void {
    this.#desk.counters[endCounter(reason)]!++
    this.#isLeaving = true
    this.#frames.clear()
    this.#socket.end()
    this.#socket.resume()
  }

  /** False when the peer must read before it gets more. */
  #answer(length: number): boolean {
    const { responder, input, output } = this.#desk
    const bytes = responder.answer(input, 0, length, this.#client, output, PREFIX_BYTES, STREAM_LIMIT)
    if (bytes === 0) return true
    output[0] = bytes >> 8
    output[1] = bytes
    this.touchedAt = this.#desk.now()
    this.#desk.touched(this)
    return this.#socket.write(output.slice(0, PREFIX_BYTES + bytes))
  }
}
