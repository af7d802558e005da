// The sections of an answer that are more than one RRset: referrals with their glue, DNAMEs with the CNAME made from
// them, and the SOA of negative answers.
import { RCODE, TYPE } from '../dns/types.ts'
import {
  namesOfType,
  ownLengthOf,
  recordCountOf,
  wireOf,
  RECORD_HEADER_BYTES,
  writeRecordHeader,
  zoneRecord,
} from '../snapshot/zone-image.ts'
import { findNode, findRrset, type ZoneViews } from './lookup.ts'
import {
  addTargets,
  QUESTION_NAME_AT,
  writeBytes,
  writeName,
  writePointer,
  writeRecords,
  writeRrset,
} from './message.ts'
import { readName, replaceSuffix, suffixIs, type NameCursor } from './name-cursor.ts'
import { write16 } from './wire.ts'
import type { QueryWorker } from './worker.ts'

const SOA_NUMBERS_BYTES = 20
/** Of CNAME records that are made for an answer. */
export const CNAME_NAMES = namesOfType(TYPE.CNAME)

/**
 * The SOA that a negative answer carries (RFC 2308 §3), its TTL no longer than `leastTtl` where that is not negative.
 * Returns the RCODE given. Its names mostly end in the origin, as the question does: then they are written as their own
 * labels and a pointer, without a search (NXDOMAIN 895 → 500 ns, test/bench/respond.ts).
 */
export function writeSoa(worker: QueryWorker, leastTtl: number, rcode: number): number {
  const { query, message, snapshot, lookup } = worker
  const { zoneWords, zoneBytes } = snapshot
  const { zone } = lookup
  const isQuestion = message.answers === 0
  const originAt = isQuestion ? QUESTION_NAME_AT + query.name.label[lookup.zoneLabel]! : writeOrigin(worker)
  const soa = wireOf(zoneWords[zone + zoneRecord.negativeSoa]!)
  const mname = soa + RECORD_HEADER_BYTES
  const rname = mname + zoneWords[zone + zoneRecord.mname]!
  const numbers = rname + zoneWords[zone + zoneRecord.rname]!
  const recordAt = message.at + (isQuestion ? 2 : 0)
  const fits =
    originAt >= 0 &&
    (!isQuestion || writePointer(message, originAt)) &&
    writeBytes(message, zoneBytes, soa, RECORD_HEADER_BYTES) &&
    writeOwnLabels(worker, zone + zoneRecord.mname, mname, originAt) &&
    writeOwnLabels(worker, zone + zoneRecord.rname, rname, originAt) &&
    writeBytes(message, zoneBytes, numbers, SOA_NUMBERS_BYTES)
  message.authorities++
  if (!fits) {
    message.truncated = true
    return rcode
  }
  const { output } = message
  if (leastTtl >= 0 && leastTtl < readTtl(output, recordAt)) writeTtl(output, recordAt, leastTtl)
  write16(output, recordAt + 8, message.at - recordAt - RECORD_HEADER_BYTES)
  return rcode
}

/** Behind a CNAME the zone may be another: its origin is written as the owner. Returns where it stands, or −1. */
function writeOrigin({ message, snapshot: { zoneBytes }, lookup, owner }: QueryWorker): number {
  readName(owner, zoneBytes, (lookup.zone + zoneRecord.name) * 4, zoneBytes.length)
  const at = message.at - message.begin
  return writeName(message, owner, owner.bytes, 0) ? at : -1
}

/** A name of the SOA: the labels that are its own, then the origin, or the whole where it does not end in that. */
function writeOwnLabels({ message, snapshot }: QueryWorker, field: number, from: number, originAt: number): boolean {
  const { zoneWords, zoneBytes } = snapshot
  const length = zoneWords[field]!
  const own = zoneWords[field + 1]!
  return writeBytes(message, zoneBytes, from, own) && (own === length || writePointer(message, originAt))
}

/**
 * The NS records of the delegation that the lookup found, and the addresses that the zone has for them. Addresses that
 * a resolver cannot get but from us must fit, or the answer is truncated (RFC 9471); the others come as room allows.
 */
export function writeReferral(worker: QueryWorker): number {
  const { query, message, snapshot, lookup, owner } = worker
  const { zoneWords, zoneBytes } = snapshot
  const cut = lookup.node
  const ns = findRrset(zoneWords, zoneBytes, cut, TYPE.NS)
  readName(owner, query.name.bytes, cutBegin(worker, cut), query.name.length)
  if (!writeRrset(message, owner, -1, zoneWords, zoneBytes, ns)) message.truncated = true
  message.authorities += recordCountOf(zoneBytes, ns)
  writeGlue(worker, cut, ns, true, true)
  writeGlue(worker, cut, ns, false, false)
  return RCODE.NOERROR
}

/** Addresses of the servers whose names lie below the node, or of those that do not. */
function writeGlue(worker: QueryWorker, cut: number, ns: number, below: boolean, needed: boolean): void {
  const { message, snapshot, lookup, owner } = worker
  const { zoneWords, zoneBytes } = snapshot
  let at = wireOf(ns)
  for (let left = recordCountOf(zoneBytes, ns); left > 0 && !message.truncated; left--) {
    const length = (zoneBytes[at + 8]! << 8) | zoneBytes[at + 9]!
    readName(owner, zoneBytes, at + RECORD_HEADER_BYTES, zoneBytes.length)
    at += RECORD_HEADER_BYTES + length
    if (isBelow(worker, cut) !== below) continue
    const zoneLabel = originLabel(worker, lookup.zone)
    const node = zoneLabel < 0 ? 0 : findNode(zoneWords, zoneBytes, owner, 0, zoneLabel, lookup.zone)
    if (node === 0) continue
    writeAddresses(worker, node, TYPE.A, needed)
    writeAddresses(worker, node, TYPE.AAAA, needed)
  }
}

function writeAddresses(worker: QueryWorker, node: number, type: number, needed: boolean): void {
  const { message, snapshot, owner } = worker
  const { zoneWords, zoneBytes } = snapshot
  const rrset = findRrset(zoneWords, zoneBytes, node, type)
  if (rrset === 0) return
  if (writeRrset(message, owner, -1, zoneWords, zoneBytes, rrset)) {
    message.additionals += recordCountOf(zoneBytes, rrset)
  } else if (needed) {
    message.truncated = true
  }
}

/** Where the name of a node that the query's name ends in begins within that. */
function cutBegin({ query: { name }, snapshot, lookup }: QueryWorker, node: number): number {
  return name.label[lookup.zoneLabel]! - ownLengthOf(snapshot.zoneWords, node)
}

/** Whether the owner lies at or below a node that the query's name ends in. */
function isBelow(worker: QueryWorker, node: number): boolean {
  const { name } = worker.query
  const begin = cutBegin(worker, node)
  return suffixLabel(worker.owner, name.bytes, begin, name.length - begin) >= 0
}

/** The label of the owner where the zone's origin begins; −1: it lies outside. */
export function originLabel({ snapshot, owner }: OwnerInZones, zone: number): number {
  const length = snapshot.zoneWords[zone + zoneRecord.nameLength]!
  return suffixLabel(owner, snapshot.zoneBytes, (zone + zoneRecord.name) * 4, length)
}

/** A name, and zones that may hold it. */
interface OwnerInZones {
  readonly owner: NameCursor
  readonly snapshot: ZoneViews
}

/** The label from which on the name is the one of that length at `at`; −1 for none. */
function suffixLabel(name: QueryWorker['owner'], other: Uint8Array, at: number, length: number): number {
  for (let label = 0; label <= name.labels; label++) {
    if (name.length - name.label[label]! === length) return suffixIs(name, label, other, at, length) ? label : -1
  }
  return -1
}

/**
 * The DNAME that the lookup found and the CNAME that follows from it; the query's name becomes that CNAME's target
 * (RFC 6672 §3.1). YXDOMAIN when the new name would be too long.
 */
export function writeDname(worker: QueryWorker, hop: number): number {
  const { query, message, snapshot, lookup, owner, scratch } = worker
  const { zoneWords, zoneBytes } = snapshot
  const dname = findRrset(zoneWords, zoneBytes, lookup.node, TYPE.DNAME)
  const from = wireOf(dname)
  if (!wasRenamedBy(worker, hop, lookup.node)) {
    readName(owner, query.name.bytes, query.name.label[lookup.label]!, query.name.length)
    if (!writeRrset(message, owner, -1, zoneWords, zoneBytes, dname)) {
      message.truncated = true
      return RCODE.NOERROR
    }
    message.answers++
    addRdataTarget(worker, from)
  }
  readName(owner, query.name.bytes, 0, query.name.length)
  if (!replaceSuffix(query.name, lookup.label, zoneBytes, from + RECORD_HEADER_BYTES)) return RCODE.YXDOMAIN
  const dataAt = writeRecordHeader(scratch, 0, TYPE.CNAME, readTtl(zoneBytes, from), query.name.length)
  for (let i = 0; i < query.name.length; i++) scratch[dataAt + i] = query.name.bytes[i]!
  if (!writeRecords(message, owner, hop === 0 ? QUESTION_NAME_AT : -1, CNAME_NAMES, 1, scratch, 0)) {
    message.truncated = true
  }
  message.answers++
  return RCODE.NOERROR
}

/** Whether this chain has the DNAME already: it may rename twice, but its record stands once. */
function wasRenamedBy({ renamedBy }: QueryWorker, hop: number, dname: number): boolean {
  renamedBy[hop] = dname
  return renamedBy.indexOf(dname) < hop
}

/** The target of a DNAME is never compressed itself (RFC 3597 §4), but later names may point at it. */
function addRdataTarget({ message, snapshot: { zoneBytes }, owner }: QueryWorker, from: number): void {
  readName(owner, zoneBytes, from + RECORD_HEADER_BYTES, zoneBytes.length)
  addTargets(message, owner, owner.labels, message.at - message.begin - owner.length)
}

/**
 * Addresses of the servers that an NS answer names, as far as there is room: not needed (RFC 9471 is about referrals),
 * but they save resolvers a question each (RFC 1035 §3.3.11).
 */
export function writeServerAddresses(worker: QueryWorker, ns: number): void {
  writeGlue(worker, worker.lookup.node, ns, true, false)
  writeGlue(worker, worker.lookup.node, ns, false, false)
}

/** The TTL of the record in wire form (without its owner) at `at`. */
export function readTtl(bytes: Uint8Array, at: number): number {
  return ((bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!) >>> 0
}

export function writeTtl(bytes: Uint8Array, at: number, ttl: number): void {
  bytes[at + 4] = ttl >>> 24
  bytes[at + 5] = ttl >>> 16
  bytes[at + 6] = ttl >>> 8
  bytes[at + 7] = ttl
}
