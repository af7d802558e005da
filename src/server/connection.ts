// One TCP connection's life (RFC 7766):
//
//   data → frames → answer, answer, … → (peer reads too slowly: stop reading and answering until it has caught up)
//   peer's end → answers to all that came before → our end
//
// It never closes by itself for want of time: the listener sweeps, by `touchedAt`.
import type { Socket } from 'node:net'
import type { AddressWords } from '../base/address.ts'
import { Frames } from './frames.ts'
import { STREAM_LIMIT, type Responder } from './responder.ts'

const PREFIX_BYTES = 2

/** Shared by all connections of a listener: they are served one after the other. */
export interface Desk {
  readonly responder: Responder
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
  /** The client's address as text, for limits by client. */
  readonly address: string
  /** When the connection was made or last answered a query; silence, trickles and a reader who stalls do not count. */
  touchedAt: number
  readonly #socket: Socket
  readonly #client: AddressWords
  readonly #desk: Desk
  readonly #frames = new Frames()
  /** The peer has not read what we sent. */
  #blocked = false
  #finishing = false
  /** The peer has ended its half. */
  #ended = false

  constructor(socket: Socket, address: string, client: AddressWords, desk: Desk) {
    this.address = address
    this.touchedAt = desk.now()
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

  /** At once, unsent answers included. */
  destroy(): void {
    this.#socket.destroy()
  }

  /** As soon as what was answered has gone out; may be called more than once. */
  finish(): void {
    if (this.#finishing) return
    this.#finishing = true
    this.#socket.destroySoon()
  }

  #receive(chunk: Uint8Array): void {
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
    if (this.#blocked || this.#finishing || this.#socket.destroyed) return
    this.#blocked = !this.#answerAll()
    this.#frames.settle()
    if (this.#blocked) this.#socket.pause()
    else if (this.#ended) this.#socket.end()
  }

  /**
   * Until no whole message is left or the peer has too much to read (then false). Answers to one receive leave in one
   * write.
   */
  #answerAll(): boolean {
    const { responder, input } = this.#desk
    let keepsUp = true
    let length
    this.#socket.cork()
    responder.enter()
    while (keepsUp && (length = this.#frames.take(input)) >= 0) keepsUp = this.#answer(length)
    responder.leave()
    this.#socket.uncork()
    responder.sent()
    return keepsUp
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
