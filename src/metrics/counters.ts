// Counters of the data plane: one block of shared memory for each worker slot, written by that worker alone and read by
// the main thread when metrics are asked for. A replaced worker goes on counting in its predecessor's block.
// Doubles, since integers wrap within an hour at full speed; an aligned double has one writer here and is never torn.

/** Where each count stands in a block. */
export const counter = {
  udpQueries: 0,
  tcpQueries: 1,
  udpAnswers: 2,
  tcpAnswers: 3,
  /** Queries that carried a client subnet. */
  subnets: 4,
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
  /** Answers charged to a prefix that shares its place in the rate limit's table, for the table is full there. */
  sharedBuckets: 13,
  /** Answers that end in the midst of a chain of CNAMEs, for it is too long. */
  cutChains: 14,
  /** TCP connections open now: not a count. */
  tcpOpen: 15,
  /** 16 counts, by RCODE (0–15) of the answer. */
  rcode: 16,
  /** 6 counts: A, AAAA, HTTPS, TXT, MX, other. */
  type: 32,
  /** Sampled queries by the time from their receive to the sending of their answer: a count for each of LATENCY_BOUNDS_MS, and one above. */
  latency: 40,
  /** The sum of those times, ms. */
  latencySum: 55,
  /** Times that a connection was not read, for its peer had not read our answers. */
  tcpPaused: 38,
  /** TCP connections that we ended, by reason: TCP_ENDS. */
  tcpEnded: 56,
  /** Packets that got silence, by reason: DROPS. */
  dropped: 64,
} as const

export const COUNTERS = 72

/** The query types counted by name, in the order of their counters; every other type goes to the one behind them. */
export const COUNTED_TYPES = [1, 28, 65, 16, 15] as const

/** Upper bounds, each included. */
export const LATENCY_BOUNDS_MS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250] as const

/**
 * Why we end a TCP connection: idle for too long, with a part of a message, or with answers unread; the one longest idle
 * when there is no room for another; a length prefix beyond the limit; enough messages, or enough time, on one connection.
 */
export const TCP_ENDS = ['idle', 'trickle', 'unread', 'crowded', 'oversize', 'queries', 'age'] as const

export type TcpEnd = (typeof TCP_ENDS)[number]

/** Why a packet gets silence: it is a response, has no header, or is longer than we read. */
export const DROPS = ['response', 'runt', 'oversize'] as const

export type Drop = (typeof DROPS)[number]

/** Where a reason is counted. */
export function endCounter(reason: TcpEnd): number {
  return counter.tcpEnded + TCP_ENDS.indexOf(reason)
}

export function dropCounter(reason: Drop): number {
  return counter.dropped + DROPS.indexOf(reason)
}

export type Counters = Float64Array

export function createCounters(): Counters {
  return new Float64Array(new SharedArrayBuffer(COUNTERS * Float64Array.BYTES_PER_ELEMENT))
}
