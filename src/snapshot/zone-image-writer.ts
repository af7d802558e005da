// Writes a zone image (zone-image.ts) zone after zone, so that a zone can be let go as soon as it is written: ten thousand
// of them must not be in memory at once. The tables come last, when it is known how many names there are.
import { foldCase, isSubdomain, nameLength, type Name } from '../dns/name.ts'
import { TYPE } from '../dns/types.ts'
import type { Zone } from '../zone/zone.ts'
import { MAX_ARENA_BYTES, roomFor } from './arena.ts'
import { firstSlot } from './hash.ts'
import {
  HAS_DNAME,
  header,
  IS_LINKED,
  LINK_WORDS,
  namesOfType,
  nodeLink,
  nodeRecord,
  ownLabelsOf,
  RECORD_HEADER_BYTES,
  rrsetRecord,
  writeRecordHeader,
  zoneRecord,
  type Binding,
} from './zone-image.ts'
import { hashName, placeNodes, type Placement } from './zone-placement.ts'
import { fillTable, tableSize } from './zone-tables.ts'

const WORD = Int32Array.BYTES_PER_ELEMENT

/** Appends zones to a block of memory, and moves to a larger one when it is outgrown. */
export class ZoneImageWriter {
  readonly #bindings: Binding[] = []
  /** Offsets of zone records. */
  readonly #zones: number[] = []
  /** Offsets of node records, as many as `#nodeCount`. */
  #nodes = new Int32Array(64)
  #nodeCount = 0
  /** Bit d: some origin has d labels. */
  #depths = 0
  #words: Int32Array
  #bytes: Uint8Array
  /** The next free word. */
  #at: number = header.words

  /** `buffer` is an idle arena's memory. */
  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer)
    this.#bytes = new Uint8Array(buffer)
  }

  add(zone: Zone): void {
    const placement = placeNodes(zone)
    this.#makeRoom(zoneWords(zone, placement), placement.kept)
    const record = this.#addZoneRecord(zone.origin)
    const placed = new Int32Array(zone.nodes.count)
    for (let node = 0; node < zone.nodes.count; node++) {
      if (placement.occluded[node] === 0) placed[node] = this.#addNode(zone, placement, node, record)
    }
    this.#link(placement, placed)
    this.#words.set(measureSoaNames(zone), record + zoneRecord.mname)
    this.#words[record + zoneRecord.apex] = placed[0]!
    this.#words[record + zoneRecord.negativeSoa] = this.#addNegativeSoa(zone)
  }

  /** A zone that never loaded: its names answer SERVFAIL. */
  addFailed(origin: Name): void {
    this.#makeRoom(zoneRecord.name + wordsFor(origin.length), 0)
    this.#addZoneRecord(origin)
  }

  /** Completes the image. It stands at the start of the buffer, which is the one that was given if it was large enough. */
  finish(): { readonly buffer: SharedArrayBuffer; readonly bindings: readonly Binding[] } {
    this.#makeRoom(0, 0)
    const words = this.#words
    const nodes = this.#nodes.subarray(0, this.#nodeCount)
    const zoneTable = this.#takeTable(this.#zones.length)
    const nodeTable = this.#takeTable(nodes.length)
    fillTable(zoneTable.slots, this.#zones, (zone) => firstSlot(words[zone + zoneRecord.hash]!, 0, zoneTable.mask))
    fillTable(nodeTable.slots, nodes, (node) => {
      const seed = words[words[node + nodeRecord.zone]! + zoneRecord.seed]!
      return firstSlot(words[node + nodeRecord.hash]!, seed, nodeTable.mask)
    })
    words[header.zoneCount] = this.#zones.length
    words[header.depths] = this.#depths
    words[header.zoneTable] = zoneTable.at
    words[header.zoneMask] = zoneTable.mask
    words[header.nodeTable] = nodeTable.at
    words[header.nodeMask] = nodeTable.mask
    return { buffer: words.buffer as SharedArrayBuffer, bindings: this.#bindings }
  }

  #takeTable(entries: number): { readonly at: number; readonly slots: Int32Array; readonly mask: number } {
    const at = this.#at
    this.#at += tableSize(entries)
    return { at, slots: this.#words.subarray(at, this.#at).fill(0), mask: tableSize(entries) - 1 }
  }

  /** Room for a zone of so many words, and for the tables as they will then be. Pages that stay unused cost nothing. */
  #makeRoom(words: number, nodes: number): void {
    const tables = tableSize(this.#zones.length + 1) + tableSize(this.#nodeCount + nodes)
    const bytes = (this.#at + words + tables) * WORD
    const { buffer } = this.#words
    if (bytes <= buffer.byteLength) return
    const larger = new SharedArrayBuffer(roomFor(Math.max(bytes, Math.min(buffer.byteLength * 2, MAX_ARENA_BYTES / 2))))
    new Int32Array(larger).set(this.#words.subarray(0, this.#at))
    this.#words = new Int32Array(larger)
    this.#bytes = new Uint8Array(larger)
  }

  /** Without an apex, until `add` says otherwise, the zone answers SERVFAIL. */
  #addZoneRecord(origin: Name): number {
    const words = this.#words
    const record = this.#at
    this.#zones.push(record)
    words[record + zoneRecord.hash] = hashName(origin)
    words[record + zoneRecord.seed] = Math.imul(this.#zones.length, 0x9e3779b1)
    words.fill(0, record + zoneRecord.apex, record + zoneRecord.nameLength)
    words[record + zoneRecord.nameLength] = origin.length
    this.#bytes.set(origin, (record + zoneRecord.name) * WORD)
    this.#at += zoneRecord.name + wordsFor(origin.length)
    this.#depths |= 1 << Math.min(countLabels(origin), 31)
    return record
  }

  #addNode(
    { origin, nodes, rrsets, records, services }: Zone,
    placement: Placement,
    node: number,
    zone: number,
  ): number {
    const words = this.#words
    const record = this.#at
    const at = nodes.name[node]!
    const length = nameLength(nodes.names, at)
    const ownLength = length - origin.length
    const [first, end] = [nodes.firstRrset[node]!, nodes.firstRrset[node + 1]!]
    const service = nodes.service[node]!
    if (service >= 0) {
      this.#bindings.push({ owner: nodes.names.slice(at, at + length), service: services[service]! })
    }
    words[record + nodeRecord.hash] = placement.hash[node]!
    words[record + nodeRecord.zone] = zone
    const flags = (placement.hasDname[node] === 1 ? HAS_DNAME : 0) | (placement.linked[node] === 1 ? IS_LINKED : 0)
    words[record + nodeRecord.shape] = (end - first) | (ownLength << 16) | flags
    if (placement.linked[node] === 1) {
      words[record + nodeLink.wildcard] = 0
      words[record + nodeLink.cut] = 0
      words[record + nodeLink.binding] = service >= 0 ? this.#bindings.length : 0
    }
    const labels = ownLabelsOf(words, record)
    copyBytes(nodes.names, at, this.#bytes, labels * WORD, ownLength)
    this.#at = labels + wordsFor(ownLength)
    for (let rrset = first; rrset < end; rrset++) {
      const [firstRecord, endRecord] = [rrsets.firstRecord[rrset]!, rrsets.firstRecord[rrset + 1]!]
      this.#addRrset(rrsets.type[rrset]!, rrsets.ttl[rrset]!, records, firstRecord, endRecord)
    }
    this.#rememberNode(record)
    return record
  }

  #rememberNode(record: number): void {
    if (this.#nodeCount === this.#nodes.length) {
      const larger = new Int32Array(this.#nodes.length * 2)
      larger.set(this.#nodes)
      this.#nodes = larger
    }
    this.#nodes[this.#nodeCount++] = record
  }

  /** A wildcard stands behind its parent, so links are made once all nodes have their places. */
  #link({ wildcard, cut }: Placement, placed: Int32Array): void {
    for (let node = 0; node < placed.length; node++) {
      const at = placed[node]!
      if (at === 0) continue
      if (wildcard[node]! >= 0) this.#words[at + nodeLink.wildcard] = placed[wildcard[node]!]!
      if (cut[node]! >= 0) this.#words[at + nodeLink.cut] = placed[cut[node]!]!
    }
  }

  /** The SOA whose TTL is the lesser of its own and its MINIMUM field (RFC 2308 §3). */
  #addNegativeSoa({ nodes, rrsets, records }: Zone): number {
    const rrset = soaRrset(nodes, rrsets)
    const record = rrsets.firstRecord[rrset]!
    const end = records.offset[record + 1]!
    const minimum = new DataView(records.data.buffer, records.data.byteOffset + end - 4).getUint32(0)
    return this.#addRrset(TYPE.SOA, Math.min(rrsets.ttl[rrset]!, minimum), records, record, record + 1)
  }

  #addRrset(type: number, ttl: number, records: Zone['records'], first: number, end: number): number {
    const rrset = this.#at
    this.#words[rrset + rrsetRecord.typeAndCount] = type | ((end - first) << 16)
    this.#words[rrset + rrsetRecord.wireLength] = wireLength(records.offset, first, end) | (namesOfType(type) << 24)
    let to = (rrset + rrsetRecord.wire) * WORD
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
}

function zoneWords({ origin, nodes, rrsets, records }: Zone, { occluded, linked }: Placement): number {
  const soa = rrsets.firstRecord[soaRrset(nodes, rrsets)]!
  let words = zoneRecord.name + wordsFor(origin.length)
  words += rrsetRecord.wire + wordsFor(wireLength(records.offset, soa, soa + 1))
  for (let node = 0; node < nodes.count; node++) {
    if (occluded[node] !== 0) continue
    words += nodeRecord.words + (linked[node] === 1 ? LINK_WORDS : 0)
    words += wordsFor(nameLength(nodes.names, nodes.name[node]) - origin.length)
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

/** For MNAME and RNAME their bytes, and those of them that stand before the origin. */
function measureSoaNames({ origin, nodes, rrsets, records }: Zone): number[] {
  const mname = records.offset[rrsets.firstRecord[soaRrset(nodes, rrsets)]!]!
  const rname = mname + nameLength(records.data, mname)
  return [mname, rname].flatMap((at) => {
    const length = nameLength(records.data, at)
    const name = foldCase(records.data.slice(at, at + length))
    return [length, isSubdomain(name, origin) ? length - origin.length : length]
  })
}

function countLabels(name: Name): number {
  let labels = 0
  for (let at = 0; name[at] !== 0; at += name[at]! + 1) labels++
  return labels
}

function wordsFor(bytes: number): number {
  return (bytes + 3) >> 2
}

/** A loop, since names and rdata are short: `set(subarray)` makes a view for each. */
function copyBytes(from: Uint8Array, at: number, to: Uint8Array, toAt: number, length: number): void {
  for (let i = 0; i < length; i++) to[toAt + i] = from[at + i]!
}
