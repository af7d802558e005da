// One MaxMind-format file (https://maxmind.github.io/MaxMind-DB/): a binary search tree over address bits, data records, and
// metadata at the end. Here it is opened and checked; the package mmdb-lib, by way of maxmind, reads metadata and records.
// The tree is walked in mmdb-tree.ts: the package can only be asked for one address at a time.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { createRequire } from 'node:module'
import type * as Maxmind from 'maxmind'
import type { Fault } from '../../base/fault.ts'

/** The tree, of which the records are `recordSize` bits; node 0 is the root. */
export interface MmdbTree {
  readonly bytes: Uint8Array
  readonly nodeCount: number
  readonly recordSize: number
  readonly ipVersion: number
  /** Bytes of the data section: what records above `nodeCount` point into. */
  readonly dataBytes: number
}

export interface MmdbFile {
  readonly file: string
  readonly tree: MmdbTree
  /** `GeoLite2-City of 2026-11-01 (city.mmdb)`. */
  readonly description: string
  readonly type: string
  /** The record that holds an address, and the length of its network. Throws on data that makes no sense. */
  readonly look: (address: string) => readonly [record: unknown, length: number]
}

export type MmdbOpened = { readonly opened: MmdbFile } | { readonly fault: Fault }

/** Loaded with the first file: whoever has none starts without its 15 ms. */
const load = createRequire(import.meta.url)

const METADATA_MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')

/** Metadata stands within so many bytes of the end, as the format says. */
const METADATA_BYTES = 128 * 1024

const SEPARATOR_BYTES = 16

/** Parts that records share (a country's names in eight languages) are decoded once; dropped when there are so many. */
const MAX_DECODED = 10_000

/** Reads the whole file. */
export function openMmdbFile(file: string): MmdbOpened {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    const message = `the geo data cannot be read: ${(error as Error).message}`
    return { fault: { code: 'file-unreadable', severity: 'error', place: { file }, message } }
  }
  const marker = bytes.lastIndexOf(METADATA_MARKER)
  if (marker < 0 || marker < bytes.length - METADATA_BYTES) return { fault: noDatabase(file, bytes) }
  try {
    return readMetadata(file, bytes, marker)
  } catch (error) {
    return { fault: unusable(file, `its metadata makes no sense: ${(error as Error).message}`) }
  }
}

/** What is wrong with a file whose bytes contradict each other. */
export function unusable(file: string, why: string): Fault {
  const hint = 'download it again: what served before goes on'
  return {
    code: 'geo-data-unusable',
    severity: 'error',
    place: { file },
    message: `the geo data is spoilt: ${why}`,
    hint,
  }
}

function noDatabase(file: string, bytes: Uint8Array): Fault {
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b
  const message = isPacked
    ? 'the geo data is packed'
    : 'no MaxMind database, or one that is cut off: it has no metadata'
  const hint = isPacked ? 'unpack it: gunzip, or tar -xzf' : 'download it again, as geoipupdate does'
  return { code: 'geo-data-unusable', severity: 'error', place: { file }, message, hint }
}

function readMetadata(file: string, bytes: Buffer, marker: number): MmdbOpened {
  const { Reader } = load('maxmind') as typeof Maxmind
  const reader = new Reader(bytes, { cache: boundedCache() })
  const { metadata } = reader
  const treeBytes = metadata.searchTreeSize
  const dataBytes = marker - treeBytes - SEPARATOR_BYTES
  const problem = judge(metadata, dataBytes)
  if (problem !== undefined) return { fault: unusable(file, problem) }
  if (bytes.subarray(treeBytes, treeBytes + SEPARATOR_BYTES).some((byte) => byte !== 0)) {
    return { fault: unusable(file, 'its tree does not end where its metadata says') }
  }
  const { nodeCount, recordSize, ipVersion, databaseType, buildEpoch } = metadata
  const built = Number.isNaN(buildEpoch.getTime()) ? 'no date' : buildEpoch.toISOString().slice(0, 10)
  return {
    opened: {
      file,
      tree: { bytes, nodeCount, recordSize, ipVersion, dataBytes },
      description: `${databaseType} of ${built} (${basename(file)})`,
      type: databaseType,
      look: (address) => reader.getWithPrefixLength(address),
    },
  }
}

/** Undefined when all is well. */
function judge(metadata: Maxmind.Reader<never>['metadata'], dataBytes: number): string | undefined {
  const { binaryFormatMajorVersion: version, ipVersion, nodeCount, databaseType } = metadata
  if (version !== 2) return `its format has version ${version}, and 2 is known`
  if (ipVersion !== 4 && ipVersion !== 6) return `its IP version is ${ipVersion}`
  if (!Number.isSafeInteger(nodeCount) || nodeCount < 1) return `its tree has ${nodeCount} nodes`
  if (typeof databaseType !== 'string') return 'it does not say what it is'
  return dataBytes < 0 ? `a tree of ${nodeCount} nodes does not fit into it` : undefined
}

function boundedCache() {
  const decoded = new Map<string | number, never>()
  return {
    get: (key: string | number) => decoded.get(key),
    set: (key: string | number, value: unknown) => {
      if (decoded.size >= MAX_DECODED) decoded.clear()
      decoded.set(key, value as never)
    },
  }
}
