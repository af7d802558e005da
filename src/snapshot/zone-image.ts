// The zones of a snapshot as one flat image that every worker reads in place. A name is found by one probe of an
// open-addressing hash; its node, name and RRsets stand side by side, the RRsets in wire form but for their owner.
// Names are kept without the origin they end in, and links only where there are any: a million names take 56 MB (84 MB
// with both, test/bench/size.ts).
//
//   header · zones, each with its nodes · zone table · node table
//
// Offsets are in 32-bit words from the start of the image; 0 is "none". Names are lower-cased wire bytes.
// How it is written is zone-image-writer.ts, and how a query uses it is query/lookup.ts.
import type { Name } from '../dns/name.ts'
import { compressibleNames } from '../dns/rdata/rdata.ts'

export const header = {
  zoneCount: 0,
  /** Bit d is set when some zone's origin has d labels (bit 31: 31 or more). */
  depths: 1,
  zoneTable: 2,
  zoneMask: 3,
  nodeTable: 4,
  nodeMask: 5,
  words: 8,
} as const

export const zoneRecord = {
  hash: 0,
  /** Mixed into the hashes of the zone's names. */
  seed: 1,
  /** 0: the zone was never loaded, and answers SERVFAIL. */
  apex: 2,
  /** An RRset: the SOA with the TTL of negative answers (RFC 2308 §3). */
  negativeSoa: 3,
  /** Of MNAME, then of RNAME: its bytes, and those before the origin that it ends in (all where it does not). */
  mname: 4,
  rname: 6,
  nameLength: 8,
  name: 9,
} as const

/** Behind it stand its links, where it is linked; its own labels, those before the origin; and its RRsets. */
export const nodeRecord = {
  /** Of the whole name. */
  hash: 0,
  zone: 1,
  /** RRsets in the low 16 bits, bytes of its own labels in the next 8, flags above. */
  shape: 2,
  words: 3,
} as const

/** Flag in `nodeRecord.shape`: the node owns a DNAME (RFC 6672). */
export const HAS_DNAME = 1 << 24
/** Flag in `nodeRecord.shape`: the node has the words of `nodeLink`. */
export const IS_LINKED = 1 << 25

/** Links of a node, by their place behind its record. */
export const nodeLink = {
  /** The node `*` below this one (RFC 4592). */
  wildcard: nodeRecord.words,
  /** The delegation at or above this node, nearest to the apex (RFC 1034 §4.2.1). */
  cut: nodeRecord.words + 1,
  /** 1 + the LB binding of this name. */
  binding: nodeRecord.words + 2,
} as const

export const LINK_WORDS = 3

/** A link of a node; 0 for none. */
export function linkOf(words: Int32Array, node: number, link: number): number {
  return (words[node + nodeRecord.shape]! & IS_LINKED) !== 0 ? words[node + link]! : 0
}

export function rrsetCountOf(words: Int32Array, node: number): number {
  return words[node + nodeRecord.shape]! & 0xffff
}

/** Bytes of the labels of a node before the origin. */
export function ownLengthOf(words: Int32Array, node: number): number {
  return (words[node + nodeRecord.shape]! >>> 16) & 0xff
}

/** The word where the own labels of a node begin. */
export function ownLabelsOf(words: Int32Array, node: number): number {
  return node + nodeRecord.words + ((words[node + nodeRecord.shape]! & IS_LINKED) !== 0 ? LINK_WORDS : 0)
}

export const rrsetRecord = {
  /** The type in the low 16 bits, the number of records above. */
  typeAndCount: 0,
  /** In the low 24 bits; above, where its rdata has names that may be compressed: see `namesOf`. */
  wireLength: 1,
  /** For each record: type, class, TTL, RDLENGTH, RDATA. */
  wire: 2,
} as const

const WIRE_LENGTH_MASK = 0xffffff

export function wireLengthOf(words: Int32Array, rrset: number): number {
  return words[rrset + rrsetRecord.wireLength]! & WIRE_LENGTH_MASK
}

/** Names in each record's rdata that may be compressed: how many in the low 2 bits, at which byte above; 0: none. */
export function namesOf(words: Int32Array, rrset: number): number {
  return words[rrset + rrsetRecord.wireLength]! >>> 24
}

/** The same for a record that is made for an answer. */
export function namesOfType(type: number): number {
  const names = compressibleNames(type)
  return names ? (names.offset << 2) | names.count : 0
}

/** Type, class, TTL and RDLENGTH: what stands before the RDATA of each record. */
export const RECORD_HEADER_BYTES = 10

/** A name that a service answers. Its index is its binding, in the image and in the plan. */
export interface Binding {
  readonly owner: Name
  readonly service: string
}

/** Writes what stands before RDATA (RFC 1035 §3.2.1, class IN) and returns where the RDATA begins. */
export function writeRecordHeader(bytes: Uint8Array, at: number, type: number, ttl: number, length: number): number {
  bytes[at] = type >>> 8
  bytes[at + 1] = type
  bytes[at + 2] = 0
  bytes[at + 3] = 1
  bytes[at + 4] = ttl >>> 24
  bytes[at + 5] = ttl >>> 16
  bytes[at + 6] = ttl >>> 8
  bytes[at + 7] = ttl
  bytes[at + 8] = length >>> 8
  bytes[at + 9] = length
  return at + RECORD_HEADER_BYTES
}
