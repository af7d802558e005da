// Limits of TCP that no test meets by chance.
import type { TcpLimits } from '../../src/server/limits.ts'

export const WIDE_TCP_LIMITS: TcpLimits = {
  maxConnections: 100,
  maxConnectionsPerClient: 50,
  idleTimeoutMs: 5000,
  maxQueryBytes: 65_535,
  maxQueries: 100_000,
  maxAgeMs: 3_600_000,
}
