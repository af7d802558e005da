// What a listener is: a function that takes over its sockets, answers what comes in, beats, and returns when the lifeline
// says so. `udp.ts` and `tcp.ts` are listeners; a faster one takes the place of its file and nothing else changes.
import type { Counters } from '../metrics/counters.ts'
import type { Loan } from './descriptors.ts'
import type { Lifeline } from './lifeline.ts'
import type { Responder } from './responder.ts'

/** Resolves when the listener has ended in good order. Rejects when a socket cannot be had. */
export type Listen = (setup: ListenerSetup) => Promise<void>

export interface ListenerSetup {
  readonly loan: Loan
  /** Guarded: it never throws. */
  readonly responder: Responder
  readonly counters: Counters
  readonly lifeline: Lifeline
  readonly limits: Limits
  /** Monotonic milliseconds. */
  readonly now: () => number
}

export interface Limits {
  /** The longest UDP answer, bytes (1232 fits every path: DNS flag day 2020). */
  readonly udpPayloadBytes: number
  readonly tcp: TcpLimits
}

export interface TcpLimits {
  readonly maxConnections: number
  /** By client address. */
  readonly maxConnectionsPerClient: number
  /** From one answered query to the next, whatever trickles in between (RFC 7766 §6.2.3). */
  readonly idleTimeoutMs: number
}
