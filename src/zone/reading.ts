// What is known while a master file is read: the columns that fill up, and where the reading stands.
import type { Name } from '../dns/name.ts'
import type { Tokens } from '../dns/tokens.ts'
import type { Writer } from '../dns/writer.ts'
import type { RecordColumns } from './columns.ts'
import type { Faults } from './faults.ts'
import type { NameTable } from './name-table.ts'
import type { Sources } from './sources.ts'

/** Gives the bytes of a file, or throws what the file system says. */
export type ReadFile = (path: string) => Uint8Array

/** What one zone may be made of: beyond, it is refused, and others go on. */
export interface ZoneLimits {
  /** Of all its files together. */
  readonly textBytes: number
  readonly records: number
  readonly files: number
  readonly includeDepth: number
}

/** The most that can be allowed: positions in text are 32-bit integers, with room to spare. */
export const WIDEST_LIMITS: ZoneLimits = { textBytes: 1 << 30, records: 100_000_000, files: 100_000, includeDepth: 64 }

/** What a master file and its inclusions hold, in the order of reading. */
export interface MasterFile {
  readonly names: NameTable
  /** All that have a wire form. */
  readonly records: RecordColumns
  /** LB and ALIAS records; their rdata is the service's name as a character-string, and the target. */
  readonly services: RecordColumns
  readonly faults: Faults
  /** The origin that the file's name says; undefined when it is no domain name. */
  readonly fileOrigin: Name | undefined
  /** Every file read, absolute. */
  readonly files: string[]
}

/** What is true of all files of one zone while it is read. */
export interface Reading extends MasterFile {
  readonly sources: Sources
  readonly readFile: ReadFile
  readonly limits: ZoneLimits
  readonly scratch: Writer
  /** A limit is met: nothing more is read. */
  isFull: boolean
  textBytes: number
  /** Of the last $TTL (RFC 2308 §4) and of the last record that had one (RFC 1035 §5.1); −1 before there is any. */
  defaultTtl: number
  lastTtl: number
}

/** What is true of the file being read. */
export interface OpenFile {
  readonly path: string
  readonly tokens: Tokens
  /** The position of its first byte. */
  readonly base: number
  /** The paths of the files that include this one. */
  readonly includedBy: readonly string[]
  /** Wire form, case kept. */
  origin: Uint8Array
  /** The id of the last owner, or NO_OWNER, or FAULTY_OWNER (record.ts). */
  owner: number
}
