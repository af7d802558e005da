// What strangers may take of the sockets and of a worker's memory. All but the size of UDP answers are rows of the
// configuration; who holds to a limit counts when it is met (metrics/counters.ts).

export interface Limits {
  /** The longest UDP answer, bytes (1232 fits every path: DNS flag day 2020). */
  readonly udpPayloadBytes: number
  /** Client prefixes that the rate limit of one worker tells apart; by default as many as the query path likes. */
  readonly rateLimitBuckets?: number
  readonly tcp: TcpLimits
}

export interface TcpLimits {
  /** When there are so many, the one longest idle makes room for the next (RFC 9210 §4.2). */
  readonly maxConnections: number
  /** Of one IPv4 address or IPv6 /64; beyond, connections are refused. */
  readonly maxConnectionsPerClient: number
  /** From one answered query to the next, whatever trickles in between (RFC 7766 §6.2.3). */
  readonly idleTimeoutMs: number
  /** A longer length prefix ends the connection. */
  readonly maxQueryBytes: number
  /** Messages read from one connection before we end it (RFC 9210 §4.2). */
  readonly maxQueries: number
  /** How long one connection may be used (RFC 9210 §4.2). */
  readonly maxAgeMs: number
}
