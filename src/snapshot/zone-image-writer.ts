// Writes a zone image (zone-image.ts) zone after zone, so that a zone can be let go as soon as it is written: ten thousand
// of them must not be in memory at once. The tables come last, when it is known how many names there are.
import { foldCase, isSubdomain, nameLength, type Name } from '../dns/name.ts'
import { TYPE } from '../dns/types.ts'
import type { Zone } from '../zone/zone.ts'
import { MAX_ARENA_BYTES, roomFor } from './arena.ts'
import {
  HAS_DNAME,
  header,
  IS_LINKED,
  LINK_WORDS,
  markHinted,
  MAX_HINTED_RECORDS,
  nodeLink,
  nodeRecord,
  ownLabelsOf,
  RECORD_HEADER_BYTES,
  rrsetWords,
  writeRecordHeader,
  writeRrsetHead,
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
    this.#makeRoom(zoneWords(zone, placement) + tableSize(placement.kept))
    const record = this.#addZoneRecord(zone.origin)
    const placed = new Int32Array(zone.nodes.count)
    for (let node = 0; node < zone.nodes.count; node++) {
      if (placement.occluded[node] === 0) placed[node] = this.#addNode(zone, placement, node)
    }
    this.#link(placement, placed)
    const { at, slots, mask } = this.#takeTable(placement.kept)
    fillTable(slots, placed, placement.hash)
    this.#words[record + zoneRecord.nodeTable] = at
    this.#words[record + zoneRecord.nodeMask] = mask
    this.#words.set(measureSoaNames(zone), record + zoneRecord.mname)
    this.#words[record + zoneRecord.negativeSoa] = this.#addNegativeSoa(zone)
  }

  /** A zone that never loaded: its names answer SERVFAIL. */
  addFailed(origin: Name): void {
    this.#makeRoom(zoneRecord.name + wordsFor(origin.length))
    this.#addZoneRecord(origin)
  }

  /** Completes the image. It stands at the start of the buffer, which is the one that was given if it was large enough. */
  finish(): {
    readonly buffer: SharedArrayBuffer
    /** Of it, what is used. */
    readonly byteLength: number
    readonly bindings: readonly Binding[]
  } {
    this.#makeRoom(0)
    const words = this.#words
    const { at, slots, mask } = this.#takeTable(this.#zones.length)
    fillTable(
      slots,
      this.#zones,
      this.#zones.map((zone) => words[zone + zoneRecord.hash]!),
    )
    words[header.zoneCount] = this.#zones.length
    words[header.depths] = this.#depths
    words[header.zoneTable] = at
    words[header.zoneMask] = mask
    const buffer = words.buffer as SharedArrayBuffer
    return { buffer, byteLength: this.#at * WORD, bindings: this.#bindings }
  }

  #takeTable(entries: number): { readonly at: number; readonly slots: Int32Array; readonly mask: number } {
    const at = this.#at
    this.#at += tableSize(entries)
    return { at, slots: this.#words.subarray(at, this.#at).fill(0), mask: tableSize(entries) - 1 }
  }

  /** Room for a zone of so many words, and for the table of zones as it will then be. Pages that stay unused cost nothing. */
  #makeRoom(words: number): void {
    const bytes = (this.#at + words + tableSize(this.#zones.length + 1)) * WORD
    const { buffer } = this.#words
    if (bytes <= buffer.byteLength) return
    const larger = new SharedArrayBuffer(roomFor(Math.max(bytes, Math.min(buffer.byteLength * 2, MAX_ARENA_BYTES / 2))))
    new Int32Array(larger).set(this.#words.subarray(0, this.#at))
    this.#words = new Int32Array(larger)
    this.#bytes = new Uint8Array(larger)
  }

  /** Without a table of nodes, until `add` gives it one, the zone answers SERVFAIL. */
  #addZoneRecord(origin: Name): number {
    const words = this.#words
    const record = this.#at
    this.#zones.push(record)
    words[record + zoneRecord.hash] = hashName(origin)
    words.fill(0, record + zoneRecord.nodeTable, record + zoneRecord.nameLength)
    words[record + zoneRecord.nameLength] = origin.length
    this.#bytes.set(origin, (record + zoneRecord.name) * WORD)
    this.#at += zoneRecord.name + wordsFor(origin.length)
    this.#depths |= 1 << Math.min(countLabels(origin), 31)
    return record
  }

  #addNode({ origin, nodes, rrsets, records, services, hinted }: Zone, placement: Placement, node: number): number {
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
      const added = this.#addRrset(rrsets.type[rrset]!, rrsets.ttl[rrset]!, records, firstRecord, endRecord)
      const takesHints = hinted.has(rrset) && endRecord - firstRecord <= MAX_HINTED_RECORDS
      if (takesHints) markHinted(words, added)
    }
    return record
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
    const length = wireLength(records.offset, first, end)
    let to = writeRrsetHead(this.#words, this.#bytes, rrset, type, end - first, length)
    for (let record = first; record < end; record++) {
      const from = records.offset[record]!
      const rdlength = records.offset[record + 1]! - from
      to = writeRecordHeader(this.#bytes, to, type, ttl, rdlength)
      copyBytes(records.data, from, this.#bytes, to, rdlength)
      to += rdlength
    }
    this.#at = rrset + rrsetWords(length)
    return rrset
  }
}

function zoneWords({ origin, nodes, rrsets, records }: Zone, { occluded, linked }: Placement): number {
  const soa = rrsets.firstRecord[soaRrset(nodes, rrsets)]!
  let words = zoneRecord.name + wordsFor(origin.length)
  words += rrsetWords(wireLength(records.offset, soa, soa + 1))
  for (let node = 0; node < nodes.count; node++) {
    if (occluded[node] !== 0) continue
    words += nodeRecord.words + (linked[node] === 1 ? LINK_WORDS : 0)
    words += wordsFor(nameLength(nodes.names, nodes.name[node]) - origin.length)
    for (let rrset = nodes.firstRrset[node]!; rrset < nodes.firstRrset[node + 1]!; rrset++) {
      words += rrsetWords(wireLength(records.offset, rrsets.firstRecord[rrset]!, rrsets.firstRecord[rrset + 1]!))
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
