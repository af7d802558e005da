// HTTPS and SVCB records with the addresses that this client gets for hints (RFC 9460 §7.3). The zone holds the records without
// hints (zone/hints.ts marks them); one pick of the service gives both hints of an answer, so that they are of one region.
import { RCODE } from '../dns/types.ts'
import { counter } from '../metrics/counters.ts'
import { addressCountOf, answerRecord, rowTable } from '../snapshot/plan-body.ts'
import { ANSWERS, serviceRecord } from '../snapshot/plan-image.ts'
import { linkOf, nodeLink, RECORD_HEADER_BYTES, recordCountOf, wireOf } from '../snapshot/zone-image.ts'
import { findNode, type ZoneViews } from './lookup.ts'
import { MAX_POINTER, writeBytes, writeOwner } from './message.ts'
import { readName } from './name-cursor.ts'
import { originLabel, readTtl, writeTtl } from './sections.ts'
import { leastTtl, PICK, serviceOf, steer, steerBeside, tallyAnew } from './steered.ts'
import { read16, write16 } from './wire.ts'
import type { QueryWorker } from './worker.ts'

const KEY_IPV4_HINT = 4
const KEY_IPV6_HINT = 6
const PRIORITY_BYTES = 2
const PARAM_HEADER_BYTES = 4

/** What it takes to find out where a record leads. */
interface Looking extends Pick<QueryWorker, 'lookup' | 'owner'> {
  readonly snapshot: ZoneViews
}

/**
 * Answers with an RRset of which some records take hints; the others go out as they are written. All have one TTL, that of
 * the addresses where it is less (RFC 2181 §5.2). Returns the RCODE.
 */
export function answerHinted(worker: QueryWorker, rrset: number, ownerAt: number): number {
  const { query, message, snapshot, recordAt } = worker
  const { zoneBytes } = snapshot
  const count = recordCountOf(zoneBytes, rrset)
  let from = wireOf(rrset)
  let ttl = readTtl(zoneBytes, from)
  let drawnFor = 0
  for (let i = 0; i < count; i++) {
    const length = read16(zoneBytes, from + 8)
    const binding = bindingBehind(worker, from, from + RECORD_HEADER_BYTES + length)
    if (binding !== 0 && binding !== drawnFor) {
      const goodFor = drawHints(worker, binding)
      if (goodFor < ttl) ttl = goodFor
      drawnFor = binding
    }
    const at = message.at - message.begin
    if (!writeOwner(message, query.name, ownerAt)) return truncate(worker)
    if (ownerAt < 0 && at <= MAX_POINTER) ownerAt = at
    recordAt[i] = message.at
    if (!writeRecord(worker, from, length, binding !== 0)) return truncate(worker)
    from += RECORD_HEADER_BYTES + length
  }
  for (let i = 0; i < count; i++) writeTtl(message.output, recordAt[i]!, ttl)
  message.answers += count
  return RCODE.NOERROR
}

function truncate({ message }: QueryWorker): number {
  message.truncated = true
  return RCODE.NOERROR
}

/** The LB binding that a record (header and rdata, up to `end`) takes its hints from; 0 when it takes none. */
function bindingBehind(worker: QueryWorker, from: number, end: number): number {
  const { planWords } = worker.snapshot
  const binding = targetBinding(worker, from, end)
  if (binding === 0) return 0
  const givesHints = planWords[serviceOf(planWords, binding) + serviceRecord.answers] === ANSWERS.hinted
  return givesHints ? binding : 0
}

/**
 * The binding of the name that a record sends clients to, if it has an LB and the record no hints of its own; 0 for others,
 * and for aliases (RFC 9460 §2.4.2). Whether the service gives hints is another question.
 */
export function targetBinding(looking: Looking, from: number, end: number): number {
  const { zoneWords, zoneBytes } = looking.snapshot
  const priorityAt = from + RECORD_HEADER_BYTES
  if (read16(zoneBytes, priorityAt) === 0) return 0
  const node = targetNode(looking, priorityAt + PRIORITY_BYTES, end)
  const binding = node === 0 ? 0 : linkOf(zoneWords, node, nodeLink.binding)
  if (binding === 0) return 0
  const first = paramFrom(zoneBytes, paramsOf(zoneBytes, from), end, KEY_IPV4_HINT)
  const second = paramFrom(zoneBytes, first, end, KEY_IPV6_HINT)
  const hasOwn = keyAt(zoneBytes, first, end) === KEY_IPV4_HINT || keyAt(zoneBytes, second, end) === KEY_IPV6_HINT
  return hasOwn ? 0 : binding
}

/** The node of a TargetName: that of the owner for `.` (RFC 9460 §2.5), else one of the same zone; 0 for none. */
function targetNode(looking: Looking, at: number, end: number): number {
  const { lookup, owner, snapshot } = looking
  const { zoneWords, zoneBytes } = snapshot
  if (zoneBytes[at] === 0) return lookup.node
  readName(owner, zoneBytes, at, end)
  const zoneLabel = originLabel(looking, lookup.zone)
  return zoneLabel < 0 ? 0 : findNode(zoneWords, zoneBytes, owner, 0, zoneLabel, lookup.zone)
}

/** Where a record's parameters begin. */
function paramsOf(bytes: Uint8Array, from: number): number {
  let at = from + RECORD_HEADER_BYTES + PRIORITY_BYTES
  while (bytes[at] !== 0) at += bytes[at]! + 1
  return at + 1
}

/** The first parameter from there on with that key or a greater one (they are sorted, RFC 9460 §2.2), or the end. */
function paramFrom(bytes: Uint8Array, at: number, end: number, key: number): number {
  while (at < end && read16(bytes, at) < key) at += PARAM_HEADER_BYTES + read16(bytes, at + 2)
  return at
}

/** The key of the parameter there; −1 at the end. */
function keyAt(bytes: Uint8Array, at: number, end: number): number {
  return at < end ? read16(bytes, at) : -1
}

/** Picks a slot for both hints. Raises the ECS scope: what is answered depends on the client. Returns the TTL, seconds. */
function drawHints(worker: QueryWorker, binding: number): number {
  const { place, message, counters, snapshot } = worker
  const { planWords, planBytes } = snapshot
  place.hint4 = steer(worker, binding, PICK.other)
  place.hint6 = steerBeside(worker, rowTable.hints6)
  const told = addressCountOf(planWords, place.hint4) > 0 ? place.hint4 : place.hint6
  if (told !== place.hint4) tallyAnew(worker, told)
  counters[counter.steered]!++
  if (place.scope > message.scope) message.scope = place.scope
  const isEmpty = addressCountOf(planWords, told) === 0
  return isEmpty ? leastTtl(worker, binding) : readTtl(planBytes, (told + answerRecord.wire) * 4)
}

/** Header and rdata at `from`, the drawn hints in their places among the parameters. */
function writeRecord(worker: QueryWorker, from: number, length: number, isFilled: boolean): boolean {
  const { message, place, snapshot } = worker
  const { zoneBytes } = snapshot
  const end = from + RECORD_HEADER_BYTES + length
  if (!isFilled) return writeBytes(message, zoneBytes, from, end - from)
  const recordAt = message.at
  const first = paramFrom(zoneBytes, paramsOf(zoneBytes, from), end, KEY_IPV4_HINT)
  const second = paramFrom(zoneBytes, first, end, KEY_IPV6_HINT)
  const fits =
    writeBytes(message, zoneBytes, from, first - from) &&
    writeHint(worker, KEY_IPV4_HINT, 4, place.hint4) &&
    writeBytes(message, zoneBytes, first, second - first) &&
    writeHint(worker, KEY_IPV6_HINT, 16, place.hint6) &&
    writeBytes(message, zoneBytes, second, end - second)
  if (fits) write16(message.output, recordAt + 8, message.at - recordAt - RECORD_HEADER_BYTES)
  return fits
}

/** One parameter with the addresses of an answer record; nothing where there are none, or none are known. */
function writeHint({ message, snapshot }: QueryWorker, key: number, size: number, answer: number): boolean {
  const { planWords, planBytes } = snapshot
  const count = addressCountOf(planWords, answer)
  if (count === 0) return true
  const { output, at } = message
  if (at + PARAM_HEADER_BYTES + count * size > message.limit) return false
  write16(output, at, key)
  write16(output, at + 2, count * size)
  message.at = at + PARAM_HEADER_BYTES
  let from = (answer + answerRecord.wire) * 4
  for (let i = 0; i < count; i++) {
    writeBytes(message, planBytes, from + RECORD_HEADER_BYTES, size)
    from += RECORD_HEADER_BYTES + size
  }
  return true
}
