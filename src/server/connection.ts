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
import { Turns } from './turns.ts'

const PREFIX_BYTES = 2

/** A turn ends with the message that reaches one of these: queries answered, bytes of answers. */
const TURN_MESSAGES = 64
const TURN_BYTES = 4 * 1024

/** How a turn ended: all that is whole is answered, more is there, the peer does not read, or the connection is to end. */
type Outcome = 'all' | 'more' | 'unread' | TcpEnd

/** Shared by all connections of a listener: they are served one after the other. */
export interface Desk {
  readonly responder: Responder
  readonly limits: TcpLimits
  readonly counters: Counters
  readonly input: Uint8Array
  readonly output: Uint8Array
  readonly turns: Turns
  readonly now: () => number
  /** A query was answered: the connection is young again. */
  readonly touched: (connection: Connection) => void
  readonly closed: (connection: Connection) => void
}

export function createDesk(parts: Omit<Desk, 'input' | 'output' | 'turns'>): Desk {
  return {
    ...parts,
    turns: new Turns(parts.now),
    input: new Uint8Array(STREAM_LIMIT),
    output: new Uint8Array(TURN_BYTES + PREFIX_BYTES + STREAM_LIMIT),
  }
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
  #isBlocked = false
  /** For its next turn. */
  #isWaiting = false
  #isFinishing = false
  /** The peer has ended its half. */
  #hasEnded = false
  /** We end it, which is counted. */
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
    if (this.#isBlocked) return 'unread'
    return this.#frames.held > 0 ? 'trickle' : 'idle'
  }

  /** At once, unsent answers included. */
  destroy(): void {
    this.#socket.destroy()
  }

  /** As soon as what was answered has gone out; may be called more than once. */
  finish(): void {
    if (this.#isFinishing) return
    this.#isFinishing = true
    this.#socket.destroySoon()
  }

  /** What arrives when we have ended our half is read, or the peer's end would never be seen, but not looked at. */
  #receive(chunk: Uint8Array): void {
    if (!this.#socket.writable) return
    this.#frames.push(chunk)
    this.#work()
  }

  #unblock(): void {
    this.#isBlocked = false
    this.#work()
  }

  #endOfPeer(): void {
    this.#hasEnded = true
    this.#work()
  }

  #work(): void {
    if (this.#isBlocked || this.#isWaiting || this.#isFinishing || !this.#socket.writable) return
    const outcome = this.#takeTurn()
    this.#frames.settle()
    this.#goOn(outcome)
  }

  /**
   * Answers some of what has arrived, all in one write. A turn is bounded, so that who asks a thousand things at once keeps
   * nobody waiting who asks one (40 such connections: 227 → 6 ms for a new one, test/hostile/run.ts).
   */
  #takeTurn(): Outcome {
    const { responder, output } = this.#desk
    let outcome: Outcome = 'more'
    let bytes = 0
    responder.enter()
    for (let left = TURN_MESSAGES; left > 0 && outcome === 'more' && bytes < TURN_BYTES; left--) {
      const length = this.#frames.take(this.#desk.input, this.#desk.limits.maxQueryBytes)
      if (length >= 0) {
        bytes += this.#answer(length, bytes)
        outcome = this.#judge()
      } else outcome = length === TOO_LONG ? 'oversize' : 'all'
    }
    responder.leave()
    const wasTaken = bytes === 0 || this.#socket.write(output.slice(0, bytes)) || this.#socket.writableLength === 0
    responder.sent()
    return !wasTaken && (outcome === 'more' || outcome === 'all') ? 'unread' : outcome
  }

  /** Writes an answer at `at` of the output and returns its length with its prefix; 0 is silence. */
  #answer(length: number, at: number): number {
    const { responder, input, output, now } = this.#desk
    const bytes = responder.answer(input, 0, length, this.#client, output, at + PREFIX_BYTES, STREAM_LIMIT)
    if (bytes === 0) return 0
    output[at] = bytes >> 8
    output[at + 1] = bytes
    this.touchedAt = now()
    this.#desk.touched(this)
    return PREFIX_BYTES + bytes
  }

  /** Whether the connection has had its share. */
  #judge(): Outcome {
    const { maxQueries, maxAgeMs } = this.#desk.limits
    if (++this.#messages >= maxQueries) return 'queries'
    return this.touchedAt - this.#openedAt >= maxAgeMs ? 'age' : 'more'
  }

  #goOn(outcome: Outcome): void {
    if (outcome === 'unread') this.#block()
    else if (outcome === 'more') this.#waitForTurn()
    else if (outcome !== 'all') this.#leave(outcome)
    else if (this.#hasEnded) this.#socket.end()
    else this.#socket.resume()
  }

  /** Until the peer has read. */
  #block(): void {
    this.#isBlocked = true
    this.#socket.pause()
    this.#desk.counters[counter.tcpPaused]!++
  }

  /** Until the others have had theirs. Nothing more is read meanwhile: a peer cannot fill our memory by asking faster. */
  #waitForTurn(): void {
    this.#isWaiting = true
    this.#socket.pause()
    this.#desk.turns.wait(() => {
      this.#isWaiting = false
      this.#work()
    })
  }

  /**
   * Our end, behind the answers. The peer's is still waited for, since a reset would overtake what it has not yet read; but
   * not that of one who breaks the framing, for what it sends next is no message.
   */
  #leave(reason: TcpEnd): void {
    this.#desk.counters[endCounter(reason)]!++
    this.#isLeaving = true
    this.#frames.clear()
    if (reason === 'oversize') this.finish()
    else this.#socket.end()
    this.#socket.resume()
  }
}
