// A query, packet in to packet out: RFC 1034 §4.3.2 on one page, one named step a line.
// Synchronous, deterministic given its worker, and free of allocation; the same function serves UDP, TCP, tests and
// fuzzing. It reads the worker's snapshot and nothing else: what a service answers was decided when the plan was made.
import type { AddressWords } from '../base/address.ts'
import { CLASS, RCODE, TYPE } from '../dns/types.ts'
import { COUNTED_TYPES, counter, dropCounter } from '../metrics/counters.ts'
import { answerRecord, CNAME, COUNT_MASK, SERVFAIL, STALE } from '../snapshot/plan-body.ts'
import { planHeader } from '../snapshot/plan-image.ts'
import { isHinted, linkOf, nodeLink, recordCountOf, wireOf, RECORD_HEADER_BYTES } from '../snapshot/zone-image.ts'
import { answerChaos } from './chaos.ts'
import { CLIENT_COOKIE_BYTES, settleCookie } from './cookie.ts'
import { EXTENDED_ERROR, EXTENDED_ERROR_BYTES } from './edns.ts'
import { answerHinted } from './hints.ts'
import { findRrset, FOUND, lookUp } from './lookup.ts'
import {
  beginMessage,
  finishMessage,
  NO_NAMES,
  QUESTION_NAME_AT,
  STREAM_LIMIT,
  writeRecords,
  writeRrset,
  type Message,
} from './message.ts'
import { readName } from './name-cursor.ts'
import { HEADER_BYTES, readQuery, SILENCE } from './query.ts'
import { limitRate, VERDICT } from './rate-limit.ts'
import { isSampled, logQuery } from './sampler.ts'
import { CNAME_NAMES, writeDname, writeReferral, writeServerAddresses, writeSoa } from './sections.ts'
import { chooseClient, leastTtl, pickOf, settleScope, steer } from './steered.ts'
import { MAX_CHAIN, type QueryWorker } from './worker.ts'

const RUNT = dropCounter('runt')
const RESPONSE = dropCounter('response')

/** In the place of an RCODE. */
const CHAIN_GOES_ON = -1

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
  const { query, message, snapshot, counters, sampler } = worker
  counters[limit === STREAM_LIMIT ? counter.tcpQueries : counter.udpQueries]!++
  let rcode = readQuery(query, input, at, length)
  if (rcode === SILENCE) {
    counters[length < HEADER_BYTES ? RUNT : RESPONSE]!++
    return 0
  }
  worker.tally = 0
  beginMessage(message, query, snapshot, input, at, output, outAt, limit)
  checkCookie(worker, client)
  if (rcode === RCODE.NOERROR) rcode = query.questionLength > 0 ? answer(worker, client) : judgeCookie(worker)
  settleScope(worker)
  if (!admit(worker, client, rcode)) return 0
  count(worker, rcode)
  if (isSampled(sampler)) logQuery(sampler, query, message, input, at, client, rcode, worker.tally, snapshot.number)
  return finishMessage(message, query, snapshot, rcode)
}

/** Fills the sections and returns the RCODE. */
function answer(worker: QueryWorker, client: AddressWords): number {
  const { query, lookup, message, snapshot } = worker
  if (query.class === CLASS.CH) return answerChaos(worker)
  if (query.class !== CLASS.IN) return refuse(message, EXTENDED_ERROR.notSupported)
  if (isTransferOrMeta(query.type)) return refuseType(worker)
  chooseClient(worker, client)
  for (let hop = 0; hop <= MAX_CHAIN && !message.truncated; hop++) {
    const found = lookUp(lookup, snapshot, query.name, query.type)
    if (hop === 0 && found > FOUND.failedZone) message.authoritative = found !== FOUND.delegation
    switch (found) {
      case FOUND.nothing:
        return hop === 0 ? refuse(message, EXTENDED_ERROR.notAuthoritative) : RCODE.NOERROR
      case FOUND.failedZone:
        return hop === 0 ? fail(message) : RCODE.NOERROR
      case FOUND.delegation:
        return writeReferral(worker)
      case FOUND.noName:
        return writeSoa(worker, -1, RCODE.NXDOMAIN)
      case FOUND.dname: {
        if (comesRound(worker, hop)) return RCODE.NOERROR
        const rcode = writeDname(worker, hop)
        if (rcode !== RCODE.NOERROR || isAnsweredByCname(query.type)) return rcode
        break
      }
      default: {
        const rcode = comesRound(worker, hop) ? RCODE.NOERROR : answerNode(worker, hop)
        if (rcode !== CHAIN_GOES_ON) return rcode
      }
    }
  }
  if (!message.truncated) worker.counters[counter.cutChains]!++
  return RCODE.NOERROR
}

/**
 * Whether a chain has come back to a name that it has been through: no record stands twice in an answer. Names are told
 * apart by their hashes; two of one chain that collide cut it short, and the resolver asks on.
 */
function comesRound({ query, visited, renamedBy }: QueryWorker, hop: number): boolean {
  const name = query.name.hash[0]!
  for (let i = 0; i < hop; i++) if (visited[i] === name) return true
  visited[hop] = name
  renamedBy[hop] = 0
  return false
}

/** A CNAME that is made for a name answers these by itself (RFC 1034 §3.6.2). */
function isAnsweredByCname(type: number): boolean {
  return type === TYPE.CNAME || type === TYPE.ANY
}

/** Transfers are not served; asked for a name that is no zone of ours, we are not the ones to ask (RFC 5936 §2.2.1). */
function refuseType({ query, lookup, message, snapshot }: QueryWorker): number {
  const rcode = refuse(message, EXTENDED_ERROR.notSupported)
  if (query.type !== TYPE.AXFR && query.type !== TYPE.IXFR) return rcode
  const isOurs = lookUp(lookup, snapshot, query.name, query.type) !== FOUND.nothing && lookup.zoneLabel === 0
  return isOurs ? rcode : RCODE.NOTAUTH
}

function refuse(message: Message, extendedError: number): number {
  message.extendedError = extendedError
  return RCODE.REFUSED
}

function fail(message: Message): number {
  message.extendedError = EXTENDED_ERROR.notReady
  return RCODE.SERVFAIL
}

/** The name exists: its data, its service's, its CNAME, or the SOA that says there is none. The RCODE, or CHAIN_GOES_ON. */
function answerNode(worker: QueryWorker, hop: number): number {
  const { query, lookup, message, snapshot } = worker
  const { zoneWords, zoneBytes } = snapshot
  const binding = linkOf(zoneWords, lookup.node, nodeLink.binding)
  if (binding !== 0) {
    const pick = pickOf(worker, binding, query.type)
    if (pick >= 0) return answerSteered(worker, binding, pick, hop)
  }
  const ownerAt = hop === 0 ? QUESTION_NAME_AT : -1
  const rrset = findRrset(zoneWords, zoneBytes, lookup.node, query.type)
  if (rrset !== 0) {
    if (query.type >= TYPE.SVCB && isHinted(zoneWords, rrset)) return answerHinted(worker, rrset, ownerAt)
    if (!writeRrset(message, query.name, ownerAt, zoneWords, zoneBytes, rrset)) message.truncated = true
    message.answers += recordCountOf(zoneBytes, rrset)
    if (query.type === TYPE.NS) writeServerAddresses(worker, rrset)
    return RCODE.NOERROR
  }
  const cname = findRrset(zoneWords, zoneBytes, lookup.node, TYPE.CNAME)
  if (cname === 0) {
    return writeSoa(worker, binding === 0 ? -1 : leastTtl(worker, binding), RCODE.NOERROR)
  }
  if (!writeRrset(message, query.name, ownerAt, zoneWords, zoneBytes, cname)) message.truncated = true
  message.answers++
  readName(query.name, zoneBytes, wireOf(cname) + RECORD_HEADER_BYTES, zoneBytes.length)
  return CHAIN_GOES_ON
}

/** A name with a service: its A or AAAA (ANY gets A, RFC 8482 §4.1), its CNAME, or NODATA; never NXDOMAIN. */
function answerSteered(worker: QueryWorker, binding: number, pick: number, hop: number): number {
  const { query, message, snapshot, counters } = worker
  const { planWords, planBytes } = snapshot
  const chosen = steer(worker, binding, pick)
  const known = planWords[chosen + answerRecord.count]!
  counters[counter.steered]!++
  if (known === SERVFAIL) return hop === 0 ? failUnresolved(message) : RCODE.NOERROR
  if (known === CNAME) return writeSteeredCname(worker, chosen, hop)
  const count = known & COUNT_MASK
  const ownerAt = hop === 0 ? QUESTION_NAME_AT : -1
  const from = (chosen + answerRecord.wire) * 4
  if (count === 0) writeSoa(worker, leastTtl(worker, binding), RCODE.NOERROR)
  else if (!writeRecords(message, query.name, ownerAt, NO_NAMES, count, planBytes, from)) message.truncated = true
  message.answers += count
  if ((known & STALE) !== 0) tellStale(message)
  return RCODE.NOERROR
}

/** What stands behind a name cannot be resolved, and its last answer stands in. Told where there is room: it truncates nothing. */
function tellStale(message: Message): void {
  if (message.at + EXTENDED_ERROR_BYTES <= message.limit) message.extendedError = EXTENDED_ERROR.staleAnswer
}

/** The answer of a service of CNAMEs; unless that is what was asked for, the chain goes on at the region's host name. */
function writeSteeredCname(
  { query, message, snapshot: { planBytes } }: QueryWorker,
  chosen: number,
  hop: number,
): number {
  const from = (chosen + answerRecord.wire) * 4
  const ownerAt = hop === 0 ? QUESTION_NAME_AT : -1
  if (!writeRecords(message, query.name, ownerAt, CNAME_NAMES, 1, planBytes, from)) message.truncated = true
  message.answers++
  if (isAnsweredByCname(query.type)) return RCODE.NOERROR
  readName(query.name, planBytes, from + RECORD_HEADER_BYTES, planBytes.length)
  return CHAIN_GOES_ON
}

/** What stands behind a name could not be resolved, and what was known of it is too old (RFC 8914 §4.23). */
function failUnresolved(message: Message): number {
  message.authoritative = false
  message.extendedError = EXTENDED_ERROR.noReachableAuthority
  return RCODE.SERVFAIL
}

/** OPT is no question, and transfers and the types of RFC 6895 §3.1 that act on messages are not served. */
function isTransferOrMeta(type: number): boolean {
  return type === TYPE.OPT || (type >= 249 && type < TYPE.ANY)
}

function checkCookie({ query, snapshot: { planWords }, nowS }: QueryWorker, client: AddressWords): void {
  const { hasCookie, cookie } = query.options
  if (hasCookie) settleCookie(cookie, planWords, planWords[planHeader.settings]!, client, nowS)
}

/** Asked for a cookie alone: one of ours that is not valid is said to be bad (RFC 7873 §5.4). */
function judgeCookie({ query }: QueryWorker): number {
  const { length, isValid } = query.options.cookie
  return length > CLIENT_COOKIE_BYTES && !isValid ? RCODE.BADCOOKIE : RCODE.NOERROR
}

/** Whether the answer may go out; one that may not is dropped, or sent truncated in its place. */
function admit(worker: QueryWorker, client: AddressWords, rcode: number): boolean {
  const { query, message, limiter, snapshot, counters } = worker
  if (message.isStream || query.options.cookie.isValid) return true
  const { planWords } = snapshot
  const verdict = limitRate(limiter, counters, planWords, planWords[planHeader.settings]!, client, rcode)
  if (verdict === VERDICT.send) return true
  counters[counter.limited]!++
  message.truncated = true
  return verdict === VERDICT.truncate
}

function count({ query, message, counters }: QueryWorker, rcode: number): void {
  counters[message.isStream ? counter.tcpAnswers : counter.udpAnswers]!++
  counters[counter.rcode + (rcode & 0x0f)]!++
  if (message.truncated) counters[counter.truncated]!++
  if (query.options.hasSubnet) counters[counter.subnets]!++
  if (message.scope > 0) counters[counter.clientSubnet]!++
  let kind = 0
  while (kind < COUNTED_TYPES.length && COUNTED_TYPES[kind] !== query.type) kind++
  counters[counter.type + kind]!++
}
