// What a listener is: a function that takes over its sockets, answers what comes in, beats, and returns when the lifeline
// says so. `udp-batched.ts`, `udp.ts` and `tcp.ts` are listeners; the first two pass the same tests.
import type { Counters } from '../metrics/counters.ts'
import type { Loan } from './descriptors.ts'
import type { Lifeline } from './lifeline.ts'
import type { Limits } from './limits.ts'
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
 * The longest query that is read over UDP, bytes; longer ones get silence. We tell clients to send less: the size in our
 * OPT records is what a responder takes (RFC 6891 §6.2.4).
 */
export const MAX_QUERY_BYTES = 4096
