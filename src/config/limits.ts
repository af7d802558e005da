// Limits on what strangers may take, and on what one zone may be made of: rows of the schema (schema.ts). How each is counted
// when it is met stands in the README, beside those that are no rows.
import { z } from 'zod'
import { WIDEST_LIMITS } from '../zone/reading.ts'
import { duration, prefix } from './scalars.ts'

export const tcp = z
  .strictObject({
    maxConnections: z
      .int()
      .min(1)
      .max(100_000)
      .prefault(1000)
      .describe('Open TCP connections in all; for one more, the one longest idle is closed'),
    maxConnectionsPerClient: z
      .int()
      .min(1)
      .max(100_000)
      .prefault(50)
      .describe('Open TCP connections of one IPv4 address or IPv6 /64; more are refused'),
    idleTimeout: duration('100ms', '10m')
      .prefault('10s')
      .describe('A connection is closed so long after its last answer, whatever it sends or does not read meanwhile'),
    maxAge: duration('1s', '24h').prefault('1h').describe('A connection is ended at its first query after this'),
    maxQueries: z
      .int()
      .min(1)
      .max(1_000_000_000)
      .prefault(100_000)
      .describe('Messages read from one connection before it is ended'),
    maxQueryBytes: z
      .int()
      .min(512)
      .max(65_535)
      .prefault(4096)
      .describe('Longest message that is read; a longer length prefix ends the connection'),
  })
  .prefault({})

export const rateLimit = z
  .strictObject({
    responsesPerSecond: z
      .int()
      .min(0)
      .max(1_000_000)
      .prefault(1000)
      .describe('UDP answers of one kind to one client prefix, for each worker; 0: no limit'),
    slip: z.int().min(0).max(100).prefault(2).describe('Each so many-th limited answer comes truncated; 0: none does'),
    ipv4Bits: z.int().min(1).max(32).prefault(24).describe('Length of an IPv4 client prefix'),
    ipv6Bits: z.int().min(1).max(128).prefault(56).describe('Length of an IPv6 client prefix'),
    tableSize: z
      .int()
      .min(1024)
      .max(4_194_304)
      .prefault(65_536)
      .describe(
        'Client prefixes told apart, for each worker (12 bytes each, a power of two); beyond, some share a rate',
      ),
    exempt: z
      .array(prefix())
      .max(64)
      .prefault(['127.0.0.0/8', '::1/128'])
      .describe('Clients that are never limited; those with a valid cookie are not either'),
  })
  .prefault({})

export const zoneLimits = z
  .strictObject({
    textBytes: z
      .int()
      .min(1024)
      .max(WIDEST_LIMITS.textBytes)
      .prefault(WIDEST_LIMITS.textBytes)
      .describe('Text of one zone, its included files together'),
    records: z.int().min(2).max(WIDEST_LIMITS.records).prefault(10_000_000).describe('Records of one zone'),
    files: z.int().min(1).max(WIDEST_LIMITS.files).prefault(10_000).describe('Files that one zone is read from'),
    includeDepth: z
      .int()
      .min(0)
      .max(WIDEST_LIMITS.includeDepth)
      .prefault(16)
      .describe('How deep its files may `$INCLUDE` each other'),
  })
  .prefault({})

/** Of the HTTP API, in its section. */
export const adminLimits = {
  maxConnections: z.int().min(1).max(10_000).prefault(64).describe('Open connections; more are closed at once'),
  requestTimeout: duration('100ms', '10m').prefault('10s').describe('Longest time for a request to arrive whole'),
  maxHeaderBytes: z.int().min(1024).max(65_536).prefault(8192).describe('Longest head of a request'),
}
