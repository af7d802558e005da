// The zones of a snapshot as one flat image that every worker reads in place. A name is found by one probe of an
// open-addressing hash; its node, name and RRsets stand side by side, the RRsets in wire form but for their owner.
//
//   header · zone table · node table · zone records · node records
//
// Offsets are in 32-bit words from the start of the image; 0 is "none". Names are lower-cased wire bytes.
// What a name's place in its zone means for a query is worked out here, once: the zone cut above it, the wildcard
// beside its missing children, the DNAME over them. How a query uses that is query/lookup.ts.
import { foldCase, isSubdomain, nameLength, type Name } from '../dns/name.ts'
import { compressibleNames } from '../dns/rdata/rdata.ts'
import { TYPE } from '../dns/types.ts'
import type { Zone } from '../zone/zone.ts'
import { firstSlot, hashLabel, ROOT_HASH } from './hash.ts'

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

export const nodeRecord = {
  hash: 0,
  zone: 1,
  /** RRsets in the low 16 bits, flags above. */
  rrsets: 2,
  /** The node `*` below this one (RFC 4592). */
  wildcard: 3,
  /** The delegation at or above this node, nearest to the apex (RFC 1034 §4.2.1). */
  cut: 4,
  /** 1 + the LB binding of this name. */
  binding: 5,
  nameLength: 6,
  name: 7,
} as const

/** Flag in `nodeRecord.rrsets`: the node owns a DNAME (RFC 6672). */
export const HAS_DNAME = 1 << 16

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

/** A zone file that never loaded: its names answer SERVFAIL. */
export interface FailedZone {
  readonly origin: Name
}

export interface ZoneImagePlan {
  /** Size of the image in bytes. */
  readonly byteLength: number
  readonly bindings: readonly Binding[]
  /** Writes the image to the start of a block of at least that size. */
  readonly write: (buffer: SharedArrayBuffer) => void
}

/** Lays zones out: first how large and which names are bound, then, once a block is at hand, the image itself. */
export function planZoneImage(zones: readonly Zone[], failed: readonly FailedZone[] = []): ZoneImagePlan {
  const layouts = zones.map(placeNodes)
  const zoneCount = zones.length + failed.length
  const nodeCount = layouts.reduce((sum, { kept }) => sum + kept, 0)
  const zoneSlots = tableSize(zoneCount)
  const nodeSlots = tableSize(nodeCount)
  const origins = [...zones.map(({ origin }) => origin), ...failed.map(({ origin }) => origin)]
  const words =
    header.words +
    zoneSlots +
    nodeSlots +
    origins.reduce((sum, origin) => sum + zoneRecord.name + wordsFor(origin.length), 0) +
    zones.reduce((sum, zone, i) => sum + zoneWords(zone, layouts[i]!), 0)
  return {
    byteLength: words * Int32Array.BYTES_PER_ELEMENT,
    bindings: zones.flatMap((zone, i) => bindingsOf(zone, layouts[i]!)),
    write: (buffer) => {
      const image = new ImageWriter(buffer, words, zoneSlots, nodeSlots)
      zones.forEach((zone, i) => image.addZone(zone, layouts[i]!))
      for (const { origin } of failed) image.addZoneRecord(origin)
    },
  }
}

/** How a zone's nodes stand to each other; by node. */
interface Placement {
  /** Nodes that are written: all but those below a DNAME. */
  readonly kept: number
  readonly occluded: Uint8Array
  readonly hash: Int32Array
  /** The delegation at or above, as a node number; −1 for none. */
  readonly cut: Int32Array
  /** The wildcard child, as a node number; −1 for none. */
  readonly wildcard: Int32Array
  readonly hasDname: Uint8Array
}

function placeNodes({ origin, nodes, rrsets }: Zone): Placement {
  const { count, names, name, parent } = nodes
  const hash = new Int32Array(count)
  const cut = new Int32Array(count).fill(-1)
  const wildcard = new Int32Array(count).fill(-1)
  const hasDname = new Uint8Array(count)
  const occluded = new Uint8Array(count)
  let kept = 0
  for (let node = 0; node < count; node++) {
    const above = parent[node]!
    const at = name[node]!
    hash[node] = above < 0 ? hashName(origin) : hashLabel(hash[above]!, names, at)
    let hasNs = false
    for (let rrset = nodes.firstRrset[node]!; rrset < nodes.firstRrset[node + 1]!; rrset++) {
      hasNs ||= rrsets.type[rrset] === TYPE.NS
      if (rrsets.type[rrset] === TYPE.DNAME) hasDname[node] = 1
    }
    if (above >= 0) {
      occluded[node] = occluded[above]! | hasDname[above]!
      cut[node] = cut[above]! >= 0 ? cut[above]! : hasNs ? node : -1
      if (names[at] === 1 && names[at + 1] === 0x2a && occluded[node] === 0) wildcard[above] = node
    }
    kept += 1 - occluded[node]!
  }
  return { kept, occluded, hash, cut, wildcard, hasDname }
}

export function hashName(name: Name): number {
  const labels: number[] = []
  for (let at = 0; name[at] !== 0; at += name[at]! + 1) labels.push(at)
  return labels.reduceRight((hash, at) => hashLabel(hash, name, at), ROOT_HASH)
}

function countLabels(name: Name): number {
  let labels = 0
  for (let at = 0; name[at] !== 0; at += name[at]! + 1) labels++
  return labels
}

function bindingsOf({ nodes, services }: Zone, { occluded }: Placement): Binding[] {
  const bindings: Binding[] = []
  for (let node = 0; node < nodes.count; node++) {
    const service = nodes.service[node]!
    if (service >= 0 && occluded[node] === 0) {
      bindings.push({
        owner: nameAt(nodes.names, nodes.name[node]!),
        service: services[service]!,
      })
    }
  }
  return bindings
}

function nameAt(names: Uint8Array, at: number): Name {
  return names.slice(at, at + nameLength(names, at))
}

/** Twice as many slots as entries, a power of two: probes stay short. */
function tableSize(entries: number): number {
  let size = 2
  while (size < entries * 2) size *= 2
  return size
}

function wordsFor(bytes: number): number {
  return (bytes + 3) >> 2
}

function zoneWords({ nodes, rrsets, records }: Zone, { occluded }: Placement): number {
  const soa = rrsets.firstRecord[soaRrset(nodes, rrsets)]!
  let words = rrsetRecord.wire + wordsFor(wireLength(records.offset, soa, soa + 1))
  for (let node = 0; node < nodes.count; node++) {
    if (occluded[node] !== 0) continue
    const at = nodes.name[node]!
    words += nodeRecord.name + wordsFor(nameLength(nodes.names, at))
    for (let rrset = nodes.firstRrset[node]!; rrset < nodes.firstRrset[node + 1]!; rrset++) {
      const wire = wireLength(records.offset, rrsets.firstRecord[rrset]!, rrsets.firstRecord[rrset + 1]!)
      words += rrsetRecord.wire + wordsFor(wire)
    }
  }
  return words
}

function wireLength(offset: Int32Array, first: number, end: number): number {
  return (end - first) * RECORD_HEADER_BYTES + offset[end]! - offset[first]!
}

/** The SOA, which a loaded zone always has at its apex. */
function soaRrset(nodes: Zone['nodes'], rrsets: Zone['rrsets']): number {
  for (let rrset = nodes.firstRrset[0]!; rrset < nodes.firstRrset[1]!; rrset++) {
    if (rrsets.type[rrset] === TYPE.SOA) return rrset
  }
  throw new Error('a loaded zone has a SOA record at its apex')
}

/** Appends records to the image and enters them in its tables. */
class ImageWriter {
  readonly #words: Int32Array
  readonly #bytes: Uint8Array
  /** The next free word. */
  #at: number
  #bindings = 0

  constructor(buffer: SharedArrayBuffer, words: number, zoneSlots: number, nodeSlots: number) {
    this.#words = new Int32Array(buffer, 0, words).fill(0)
    this.#bytes = new Uint8Array(buffer, 0, words * 4)
    this.#words[header.zoneTable] = header.words
    this.#words[header.zoneMask] = zoneSlots - 1
    this.#words[header.nodeTable] = header.words + zoneSlots
    this.#words[header.nodeMask] = nodeSlots - 1
    this.#at = header.words + zoneSlots + nodeSlots
  }

  addZone(zone: Zone, placement: Placement): void {
    const { nodes } = zone
    const record = this.addZoneRecord(zone.origin)
    const placed = new Int32Array(nodes.count)
    for (let node = 0; node < nodes.count; node++) {
      if (placement.occluded[node] === 0) placed[node] = this.#addNode(zone, placement, node, record)
    }
    // A wildcard stands behind its parent, so links are made once all nodes have their places.
    for (let node = 0; node < nodes.count; node++) {
      if (placement.occluded[node] !== 0) continue
      const at = placed[node]!
      if (placement.wildcard[node]! >= 0) this.#words[at + nodeRecord.wildcard] = placed[placement.wildcard[node]!]!
      if (placement.cut[node]! >= 0) this.#words[at + nodeRecord.cut] = placed[placement.cut[node]!]!
    }
    this.#words[record + zoneRecord.apex] = placed[0]!
    this.#words[record + zoneRecord.negativeSoa] = this.#addNegativeSoa(zone, record)
  }

  /** Without an apex, until `addZone` says otherwise, the zone answers SERVFAIL. */
  addZoneRecord(origin: Name): number {
    const words = this.#words
    const record = this.#at
    const hash = hashName(origin)
    words[record + zoneRecord.hash] = hash
    words[record + zoneRecord.seed] = Math.imul(++words[header.zoneCount]!, 0x9e3779b1)
    words[record + zoneRecord.nameLength] = origin.length
    this.#bytes.set(origin, (record + zoneRecord.name) * 4)
    this.#at += zoneRecord.name + wordsFor(origin.length)
    words[header.depths]! |= 1 << Math.min(countLabels(origin), 31)
    this.#enter(words[header.zoneTable]!, words[header.zoneMask]!, hash, 0, record)
    return record
  }

  #addNode({ nodes, rrsets, records }: Zone, { hash, hasDname }: Placement, node: number, zone: number): number {
    const words = this.#words
    const record = this.#at
    const at = nodes.name[node]!
    const length = nameLength(nodes.names, at)
    const [first, end] = [nodes.firstRrset[node]!, nodes.firstRrset[node + 1]!]
    words[record + nodeRecord.hash] = hash[node]!
    words[record + nodeRecord.zone] = zone
    words[record + nodeRecord.rrsets] = (end - first) | (hasDname[node] === 1 ? HAS_DNAME : 0)
    words[record + nodeRecord.binding] = nodes.service[node]! >= 0 ? ++this.#bindings : 0
    words[record + nodeRecord.nameLength] = length
    copyBytes(nodes.names, at, this.#bytes, (record + nodeRecord.name) * 4, length)
    this.#at += nodeRecord.name + wordsFor(length)
    for (let rrset = first; rrset < end; rrset++) {
      const [firstRecord, endRecord] = [rrsets.firstRecord[rrset]!, rrsets.firstRecord[rrset + 1]!]
      this.#addRrset(rrsets.type[rrset]!, rrsets.ttl[rrset]!, records, firstRecord, endRecord)
    }
    this.#enter(words[header.nodeTable]!, words[header.nodeMask]!, hash[node]!, words[zone + zoneRecord.seed]!, record)
    return record
  }

  /** The SOA whose TTL is the lesser of its own and its MINIMUM field (RFC 2308 §3). */
  #addNegativeSoa({ origin, nodes, rrsets, records }: Zone, zone: number): number {
    const rrset = soaRrset(nodes, rrsets)
    const record = rrsets.firstRecord[rrset]!
    const end = records.offset[record + 1]!
    const minimum = new DataView(records.data.buffer, records.data.byteOffset + end - 4).getUint32(0)
    let at = records.offset[record]!
    for (const field of [zoneRecord.mname, zoneRecord.rname]) {
      const name = foldCase(nameAt(records.data, at))
      this.#words.set(
        [name.length, isSubdomain(name, origin) ? name.length - origin.length : name.length],
        zone + field,
      )
      at += name.length
    }
    return this.#addRrset(TYPE.SOA, Math.min(rrsets.ttl[rrset]!, minimum), records, record, record + 1)
  }

  #addRrset(type: number, ttl: number, records: Zone['records'], first: number, end: number): number {
    const rrset = this.#at
    this.#words[rrset + rrsetRecord.typeAndCount] = type | ((end - first) << 16)
    this.#words[rrset + rrsetRecord.wireLength] = wireLength(records.offset, first, end) | (namesOfType(type) << 24)
    let to = (rrset + rrsetRecord.wire) * 4
    for (let record = first; record < end; record++) {
      const from = records.offset[record]!
      const length = records.offset[record + 1]! - from
      to = writeRecordHeader(this.#bytes, to, type, ttl, length)
      copyBytes(records.data, from, this.#bytes, to, length)
      to += length
    }
    this.#at = wordsFor(to)
    return rrset
  }

  #enter(table: number, mask: number, hash: number, seed: number, record: number): void {
    let slot = firstSlot(hash, seed, mask)
    while (this.#words[table + slot] !== 0) slot = (slot + 1) & mask
    this.#words[table + slot] = record
  }
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

/** A loop, since names and rdata are short: `set(subarray)` makes a view for each. */
function copyBytes(from: Uint8Array, at: number, to: Uint8Array, toAt: number, length: number): void {
  for (let i = 0; i < length; i++) to[toAt + i] = from[at + i]!
}
