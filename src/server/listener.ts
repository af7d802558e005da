// What a listener is: a function that takes over its sockets, answers what comes in, beats, and returns when the lifeline
// says so. `udp-batched.ts`, `udp.ts` and `tcp.ts` are listeners; the first two pass the same tests.
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

/**
 * The longest query that is read over UDP, bytes; longer ones get silence. EDNS tells clients to send at most what we
 * would (RFC 6891 §6.2.4), which is less.
 */
export const MAX_QUERY_BYTES = 4096

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
