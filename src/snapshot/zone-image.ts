// The zones of a snapshot as one flat image that every worker reads in place. A name is found by one probe of an
// open-addressing hash of its zone; node, name and RRsets stand side by side, the RRsets in wire form but for their owner.
// Names are kept without the origin they end in, links only where there are any, and nothing that a table or a wire form
// tells already: a million names with an address each take 44 MB (test/bench/size.ts).
//
//   header · zones, each with its nodes and their table · zone table
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
  words: 4,
} as const

export const zoneRecord = {
  hash: 0,
  /** Its nodes, by the hashes of their names; 0: the zone was never loaded, and answers SERVFAIL. */
  nodeTable: 1,
  nodeMask: 2,
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
  /** RRsets in the low 16 bits, bytes of its own labels in the next 8, flags above. */
  shape: 0,
  words: 1,
} as const

/** Flag in `nodeRecord.shape`: the node owns a DNAME (RFC 6672). */
export const HAS_DNAME = 1 << 24
/** Flag in `nodeRecord.shape`: the node has the words of `nodeLink`. */
export const IS_LINKED = 1 << 25

/** Links of a node, by their place behind its record. */
export const nodeLink = {
  /** The node `*` below this one (RFC 4592). */
  wildcard: nodeRecord.words,
  /** The delegation at or above this node, nearest to the apex (RFC 1034 §4.3.2 step 3b). */
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

/** An RRset, by bytes from its first: they need no padding between the count and the records. */
const rrsetByte = {
  /** A word: bytes of the records in the low 24 bits; above, where their rdata has names: see `namesOf`. */
  length: 0,
  /** Records, two bytes. */
  count: 4,
  /** For each record: type, class, TTL, RDLENGTH, RDATA. */
  wire: 6,
} as const

const WIRE_LENGTH_MASK = 0xffffff

/** The byte where the records of an RRset begin. */
export function wireOf(rrset: number): number {
  return rrset * 4 + rrsetByte.wire
}

export function recordCountOf(bytes: Uint8Array, rrset: number): number {
  const at = rrset * 4 + rrsetByte.count
  return (bytes[at]! << 8) | bytes[at + 1]!
}

/** The type of its records. */
export function typeOf(bytes: Uint8Array, rrset: number): number {
  const at = rrset * 4 + rrsetByte.wire
  return (bytes[at]! << 8) | bytes[at + 1]!
}

/** Words of an RRset with so many bytes of records. */
export function rrsetWords(wireLength: number): number {
  return (rrsetByte.wire + wireLength + 3) >> 2
}

/** The RRset that stands behind this one, where there is one more. */
export function rrsetBehind(words: Int32Array, rrset: number): number {
  return rrset + rrsetWords(words[rrset]! & WIRE_LENGTH_MASK)
}

/** Names in each record's rdata that may be compressed: how many in the low 2 bits, at which byte above; 0: none. */
export function namesOf(words: Int32Array, rrset: number): number {
  return words[rrset]! >>> 24
}

/** The same for a record that is made for an answer. */
export function namesOfType(type: number): number {
  const names = compressibleNames(type)
  return names ? (names.offset << 2) | names.count : 0
}

/** Writes what stands before the records of an RRset, and returns the byte where they begin. */
export function writeRrsetHead(
  words: Int32Array,
  bytes: Uint8Array,
  rrset: number,
  type: number,
  count: number,
  wireLength: number,
): number {
  words[rrset] = wireLength | (namesOfType(type) << 24)
  bytes[rrset * 4 + rrsetByte.count] = count >>> 8
  bytes[rrset * 4 + rrsetByte.count + 1] = count
  return wireOf(rrset)
}

/** In the place of `namesOf`: HTTPS or SVCB records of which some take the addresses of an LB name for their hints. */
const HINTED = 0xfc

/** Records of such an RRset: the query path remembers where each begins. */
export const MAX_HINTED_RECORDS = 64

/** To be done to an RRset whose rdata has no names that may be compressed. */
export function markHinted(words: Int32Array, rrset: number): void {
  words[rrset]! |= HINTED << 24
}

/** True for an RRset that is composed by query/hints.ts, and by nobody else. */
export function isHinted(words: Int32Array, rrset: number): boolean {
  return namesOf(words, rrset) === HINTED
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
