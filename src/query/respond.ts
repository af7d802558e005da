// A query, packet in to packet out: RFC 1034 §4.3.2 on one page, one named step a line.
// Synchronous, deterministic given its worker, and free of allocation; the same function serves UDP, TCP, tests and
// fuzzing. It reads the worker's snapshot and nothing else: what a service answers was decided when the plan was made.
import type { AddressWords } from '../base/address.ts'
import { CLASS, RCODE, TYPE } from '../dns/types.ts'
import { COUNTED_TYPES, counter } from '../metrics/counters.ts'
import { answerRecord } from '../snapshot/plan-image.ts'
import { nodeRecord, rrsetRecord, RECORD_HEADER_BYTES } from '../snapshot/zone-image.ts'
import { findRrset, FOUND, lookUp } from './lookup.ts'
import { beginMessage, finishMessage, QUESTION_NAME_AT, STREAM_LIMIT, writeRecords, writeRrset } from './message.ts'
import { readName } from './name-cursor.ts'
import { readQuery, SILENCE } from './query.ts'
import { writeDname, writeReferral, writeSoa } from './sections.ts'
import { chooseClient, leastTtl, settleScope, steer } from './steered.ts'
import type { QueryWorker } from './worker.ts'

/** CNAMEs and DNAMEs followed in one answer; a resolver asks again for the rest. */
const MAX_CHAIN = 16

/**
 * Answers the message of `length` bytes at `input[at]` from `client`. Writes at most `limit` bytes at `output[outAt]`
 * (UDP: what we send at most, of which the client's EDNS size takes its part; TCP: STREAM_LIMIT) and returns how many;
 * 0 is silence.
 */
export function respond(
  worker: QueryWorker,
  input: Uint8Array,
  at: number,
  length: number,
  client: AddressWords,
  output: Uint8Array,
  outAt: number,
  limit: number,
): number {
  const { query, message, counters } = worker
  counters[limit === STREAM_LIMIT ? counter.tcpQueries : counter.udpQueries]!++
  let rcode = readQuery(query, input, at, length)
  if (rcode === SILENCE) {
    counters[counter.dropped]!++
    return 0
  }
  beginMessage(message, query, input, at, output, outAt, limit)
  if (rcode === RCODE.NOERROR) rcode = answer(worker, client)
  settleScope(worker)
  count(worker, rcode, limit)
  return finishMessage(message, query, rcode)
}

/** Fills the sections and returns the RCODE. */
function answer(worker: QueryWorker, client: AddressWords): number {
  const { query, lookup, message, snapshot } = worker
  if (query.class !== CLASS.IN || isTransferOrMeta(query.type)) return RCODE.REFUSED
  chooseClient(worker, client)
  for (let hop = 0; hop <= MAX_CHAIN && !message.truncated; hop++) {
    const found = lookUp(lookup, snapshot, query.name, query.type)
    if (hop === 0 && found > FOUND.failedZone) message.authoritative = found !== FOUND.delegation
    switch (found) {
      case FOUND.nothing:
        return hop === 0 ? RCODE.REFUSED : RCODE.NOERROR
      case FOUND.failedZone:
        return hop === 0 ? RCODE.SERVFAIL : RCODE.NOERROR
      case FOUND.delegation:
        return writeReferral(worker)
      case FOUND.noName:
        return writeSoa(worker, -1, RCODE.NXDOMAIN)
      case FOUND.dname: {
        const rcode = writeDname(worker, hop)
        if (rcode !== RCODE.NOERROR) return rcode
        break
      }
      default:
        if (!answerNode(worker, hop)) return RCODE.NOERROR
    }
  }
  return RCODE.NOERROR
}

/** The name exists: its data, its service's, its CNAME, or the SOA that says there is none. True when a chain goes on. */
function answerNode(worker: QueryWorker, hop: number): boolean {
  const { query, lookup, message, snapshot } = worker
  const { zoneWords, zoneBytes } = snapshot
  const binding = zoneWords[lookup.node + nodeRecord.binding]!
  if (binding !== 0 && (query.type === TYPE.A || query.type === TYPE.AAAA || query.type === TYPE.ANY)) {
    answerSteered(worker, binding, hop)
    return false
  }
  const ownerAt = hop === 0 ? QUESTION_NAME_AT : -1
  const rrset = findRrset(zoneWords, lookup.node, query.type)
  if (rrset !== 0) {
    if (!writeRrset(message, query.name, ownerAt, zoneWords, zoneBytes, rrset)) message.truncated = true
    message.answers += zoneWords[rrset + rrsetRecord.typeAndCount]! >>> 16
    return false
  }
  const cname = findRrset(zoneWords, lookup.node, TYPE.CNAME)
  if (cname === 0) {
    writeSoa(worker, binding === 0 ? -1 : leastTtl(worker, binding), RCODE.NOERROR)
    return false
  }
  if (!writeRrset(message, query.name, ownerAt, zoneWords, zoneBytes, cname)) message.truncated = true
  message.answers++
  readName(query.name, zoneBytes, (cname + rrsetRecord.wire) * 4 + RECORD_HEADER_BYTES, zoneBytes.length)
  return true
}

/** A name with a service: its A or AAAA (ANY gets A, RFC 8482 §4.1), or NODATA; never NXDOMAIN. */
function answerSteered(worker: QueryWorker, binding: number, hop: number): void {
  const { query, message, snapshot, counters } = worker
  const { planWords, planBytes } = snapshot
  const chosen = steer(worker, binding, query.type === TYPE.AAAA ? 1 : 0)
  const count = planWords[chosen + answerRecord.count]!
  counters[counter.steered]!++
  if (count === 0) {
    writeSoa(worker, leastTtl(worker, binding), RCODE.NOERROR)
    return
  }
  const ownerAt = hop === 0 ? QUESTION_NAME_AT : -1
  const from = (chosen + answerRecord.wire) * 4
  // Addresses hold no names: for writing, AAAA is as A.
  if (!writeRecords(message, query.name, ownerAt, TYPE.A, count, planBytes, from)) message.truncated = true
  message.answers += count
}

/** OPT is no question, and transfers and the types of RFC 6895 §3.1 that act on messages are not served. */
function isTransferOrMeta(type: number): boolean {
  return type === TYPE.OPT || (type >= 249 && type < TYPE.ANY)
}

function count({ query, message, counters }: QueryWorker, rcode: number, limit: number): void {
  counters[limit === STREAM_LIMIT ? counter.tcpAnswers : counter.udpAnswers]!++
  counters[counter.rcode + (rcode & 0x0f)]!++
  if (message.truncated) counters[counter.truncated]!++
  if (message.scope > 0 && query.hasSubnet) counters[counter.clientSubnet]!++
  let kind = 0
  while (kind < COUNTED_TYPES.length && COUNTED_TYPES[kind] !== query.type) kind++
  counters[counter.type + kind]!++
}
