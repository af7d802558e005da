// Counters of the data plane: one block of shared memory for each worker slot, written by that worker alone and read by
// the main thread when metrics are asked for. A replaced worker goes on counting in its predecessor's block.
// Doubles, since integers wrap within an hour at full speed; an aligned double has one writer here and is never torn.

/** Where each count stands in a block. */
export const counter = {
  udpQueries: 0,
  tcpQueries: 1,
  udpAnswers: 2,
  tcpAnswers: 3,
  /** Packets that got silence: responses, runts. */
  dropped: 4,
  truncated: 5,
  /** Queries that carried a client subnet which steered the answer. */
  clientSubnet: 6,
  /** Answers that an LB name gave. */
  steered: 7,
  /** Exceptions caught at the socket's edge and answered SERVFAIL. */
  internalErrors: 8,
  /** sends that failed. */
  sendErrors: 9,
  tcpConnections: 10,
  tcpRefused: 11,
  /** UDP answers that the rate limit dropped or truncated. */
  limited: 12,
  /** 16 counts, by RCODE (0–15) of the answer. */
  rcode: 16,
  /** 6 counts: A, AAAA, HTTPS, TXT, MX, other. */
  type: 32,
  /** Sampled queries by the time from their receive to the sending of their answer: a count for each of LATENCY_BOUNDS_MS, and one above. */
  latency: 40,
  /** The sum of those times, ms. */
  latencySum: 55,
} as const

export const COUNTERS = 64

/** The query types counted by name, in the order of their counters; every other type goes to the one behind them. */
export const COUNTED_TYPES = [1, 28, 65, 16, 15] as const

/** Upper bounds, each included. */
export const LATENCY_BOUNDS_MS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250] as const

export type Counters = Float64Array

export function createCounters(): Counters {
  return new Float64Array(new SharedArrayBuffer(COUNTERS * Float64Array.BYTES_PER_ELEMENT))
}
