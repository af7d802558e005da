// A response being composed in place: sections are appended in their order, a name is compressed against the names
// before it (RFC 1035 §4.1.4), and what does not fit rolls back. Nothing is allocated.
import type { Snapshot } from '../snapshot/publication.ts'
import { namesOf, RECORD_HEADER_BYTES, recordCountOf, wireOf } from '../snapshot/zone-image.ts'
import { NO_EXTENDED_ERROR, optLength, writeOpt } from './edns.ts'
import { createNameCursor, lowerCase, readName, type NameCursor } from './name-cursor.ts'
import { HEADER_BYTES, type Query } from './query.ts'
import { write16 } from './wire.ts'

/** A limit of this size is a stream's: no truncation by the client's EDNS size. */
export const STREAM_LIMIT = 65535

const UDP_PAYLOAD_WITHOUT_EDNS = 512
export const MAX_POINTER = 0x3fff
/** Label beginnings that may be pointed at. Beyond this names are merely written longer. */
const MAX_TARGETS = 96

export interface Message {
  output: Uint8Array
  begin: number
  /** The next byte. */
  at: number
  /** Where records must end: room for the OPT record is kept behind. */
  limit: number
  answers: number
  authorities: number
  additionals: number
  authoritative: boolean
  truncated: boolean
  isStream: boolean
  /** INFO-CODE (RFC 8914), or NO_EXTENDED_ERROR. */
  extendedError: number
  /** The ECS scope of what was answered so far: the longest of its parts. */
  scope: number
  /** The query's name, while it is still the question's. */
  question: NameCursor
  /** Names that later ones may end in: none until a name is written, since most answers write none. */
  targets: number
  readonly targetAt: Int32Array
  readonly targetHash: Int32Array
  readonly scratch: NameCursor
}

export function createMessage(): Message {
  return {
    output: new Uint8Array(0),
    begin: 0,
    at: 0,
    limit: 0,
    answers: 0,
    authorities: 0,
    additionals: 0,
    authoritative: false,
    truncated: false,
    isStream: false,
    extendedError: NO_EXTENDED_ERROR,
    scope: 0,
    question: createNameCursor(),
    targets: 0,
    targetAt: new Int32Array(MAX_TARGETS),
    targetHash: new Int32Array(MAX_TARGETS),
    scratch: createNameCursor(),
  }
}

/** Starts the answer to a query: its header is left for `finishMessage`, its question is repeated as it came. */
export function beginMessage(
  message: Message,
  query: Query,
  snapshot: Snapshot,
  input: Uint8Array,
  at: number,
  output: Uint8Array,
  outAt: number,
  limit: number,
): void {
  message.output = output
  message.begin = outAt
  message.answers = message.authorities = message.additionals = 0
  message.authoritative = message.truncated = false
  message.isStream = limit === STREAM_LIMIT
  message.extendedError = NO_EXTENDED_ERROR
  message.scope = 0
  message.targets = 0
  output[outAt] = input[at]!
  output[outAt + 1] = input[at + 1]!
  const question = HEADER_BYTES + query.questionLength
  for (let i = HEADER_BYTES; i < question; i++) output[outAt + i] = input[at + i]!
  message.at = outAt + question
  message.question = query.name
  message.limit = outAt + payloadLimit(query, limit) - optLength(query, snapshot, message.isStream)
}

function payloadLimit(query: Query, limit: number): number {
  if (limit === STREAM_LIMIT) return limit
  const payload = query.hasEdns && query.payload > UDP_PAYLOAD_WITHOUT_EDNS ? query.payload : UDP_PAYLOAD_WITHOUT_EDNS
  return payload < limit ? payload : limit
}

/** Of records whose rdata has no name that may be compressed (RFC 3597 §4). */
export const NO_NAMES = 0

/** Where the question's name stands in every message: its owner is a pointer of two bytes. */
export const QUESTION_NAME_AT = HEADER_BYTES

/**
 * Appends an RRset of the zone image. `owner` holds its name, and `ownerAt` where that name stands in the message
 * already, or −1. False when it does not fit: then nothing of it stands in the message. The caller counts its records.
 */
export function writeRrset(
  message: Message,
  owner: NameCursor,
  ownerAt: number,
  words: Int32Array,
  bytes: Uint8Array,
  rrset: number,
): boolean {
  const count = recordCountOf(bytes, rrset)
  return writeRecords(message, owner, ownerAt, namesOf(words, rrset), count, bytes, wireOf(rrset))
}

/**
 * As `writeRrset`, for `count` records in wire form that stand at `from`; `names` tells of their rdata what `namesOf`
 * tells of an RRset's.
 */
export function writeRecords(
  message: Message,
  owner: NameCursor,
  ownerAt: number,
  names: number,
  count: number,
  bytes: Uint8Array,
  from: number,
): boolean {
  const mark = message.at
  const { targets } = message
  for (; count > 0; count--) {
    const at = message.at - message.begin
    const length = (bytes[from + 8]! << 8) | bytes[from + 9]!
    if (!writeOwner(message, owner, ownerAt) || !writeRecord(message, names, bytes, from, length)) {
      message.at = mark
      message.targets = targets
      return false
    }
    if (ownerAt < 0 && at <= MAX_POINTER) ownerAt = at
    from += RECORD_HEADER_BYTES + length
  }
  return true
}

/** Appends an owner that stands at that offset of the message already, or, with −1, nowhere. */
export function writeOwner(message: Message, owner: NameCursor, ownerAt: number): boolean {
  if (ownerAt < 0 || owner.labels === 0) return writeName(message, owner, owner.bytes, 0)
  return writePointer(message, ownerAt)
}

/** Appends a pointer to the name at that offset of the message. */
export function writePointer(message: Message, target: number): boolean {
  const { output, at } = message
  if (at + 2 > message.limit) return false
  output[at] = 0xc0 | (target >>> 8)
  output[at + 1] = target
  message.at = at + 2
  return true
}

/** One record behind its owner. */
function writeRecord(message: Message, names: number, bytes: Uint8Array, from: number, length: number): boolean {
  if (names === NO_NAMES) return writeBytes(message, bytes, from, RECORD_HEADER_BYTES + length)
  const recordAt = message.at
  const end = from + RECORD_HEADER_BYTES + length
  let at = from + RECORD_HEADER_BYTES + (names >>> 2)
  if (!writeBytes(message, bytes, from, at - from)) return false
  for (let left = names & 3; left > 0; left--) {
    const nameAt = at
    at = readName(message.scratch, bytes, at, end)
    if (!writeName(message, message.scratch, bytes, nameAt)) return false
  }
  if (!writeBytes(message, bytes, at, end - at)) return false
  write16(message.output, recordAt + 8, message.at - recordAt - RECORD_HEADER_BYTES)
  return true
}

export function writeBytes(message: Message, bytes: Uint8Array, from: number, length: number): boolean {
  const { output, at } = message
  if (at + length > message.limit) return false
  for (let i = 0; i < length; i++) output[at + i] = bytes[from + i]!
  message.at = at + length
  return true
}

/** Appends a name, with the case it has at `from`, its end replaced by a pointer to a name before it that ends alike. */
export function writeName(message: Message, name: NameCursor, source: Uint8Array, from: number): boolean {
  // A chain writes a name before it moves the question's cursor on, so this is in time.
  if (message.targets === 0) addTargets(message, message.question, message.question.labels, QUESTION_NAME_AT)
  let label = 0
  let target = -1
  for (; label < name.labels; label++) {
    target = findTarget(message, name, label)
    if (target >= 0) break
  }
  const own = name.label[label]!
  if (message.at + own + (target < 0 ? 1 : 2) > message.limit) return false
  addTargets(message, name, label, message.at - message.begin)
  writeBytes(message, source, from, own)
  if (target < 0) {
    message.output[message.at++] = 0
  } else {
    message.output[message.at++] = 0xc0 | (target >>> 8)
    message.output[message.at++] = target
  }
  return true
}

/** Lets later names point at the first labels of a name that stands at `at` in the message. */
export function addTargets(message: Message, name: NameCursor, labels: number, at: number): void {
  for (let label = 0; label < labels && message.targets < MAX_TARGETS; label++) {
    const offset = at + name.label[label]!
    if (offset > MAX_POINTER) return
    message.targetAt[message.targets] = offset
    message.targetHash[message.targets++] = name.hash[label]!
  }
}

/** The offset of a name in the message equal to the suffix from that label on, or −1. */
function findTarget(message: Message, name: NameCursor, label: number): number {
  const hash = name.hash[label]!
  for (let i = 0; i < message.targets; i++) {
    if (message.targetHash[i] === hash && sameName(message, message.targetAt[i]!, name, label)) {
      return message.targetAt[i]!
    }
  }
  return -1
}

/** Follows the pointers that we wrote ourselves, which point backwards; case does not matter (RFC 4343). */
function sameName(
  { output, begin }: Message,
  offset: number,
  { bytes, label, labels }: NameCursor,
  from: number,
): boolean {
  let at = begin + offset
  for (let i = from; i <= labels; i++) {
    while (output[at]! >= 0xc0) {
      const to = begin + (((output[at]! & 0x3f) << 8) | output[at + 1]!)
      if (to >= at) return false
      at = to
    }
    const own = label[i]!
    const length = output[at]!
    if (length !== bytes[own]) return false
    for (let j = 1; j <= length; j++) if (lowerCase(output[at + j]!) !== bytes[own + j]) return false
    at += length + 1
  }
  return true
}

/**
 * Writes the header and the OPT record and returns the message's length. A truncated message keeps its question and
 * its OPT and nothing else (RFC 2181 §9, RFC 6891 §7).
 */
export function finishMessage(message: Message, query: Query, snapshot: Snapshot, rcode: number): number {
  const { output, begin, isStream, scope, extendedError } = message
  if (message.truncated) {
    message.at = begin + HEADER_BYTES + query.questionLength
    message.answers = message.authorities = message.additionals = 0
  }
  if (query.hasEdns) {
    message.at = writeOpt(output, message.at, query, snapshot, isStream, rcode, scope, extendedError)
    message.additionals++
  }
  output[begin + 2] = 0x80 | query.echoedFlags | (message.authoritative ? 0x04 : 0) | (message.truncated ? 0x02 : 0)
  output[begin + 3] = rcode & 0x0f
  write16(output, begin + 4, query.questionLength > 0 ? 1 : 0)
  write16(output, begin + 6, message.answers)
  write16(output, begin + 8, message.authorities)
  write16(output, begin + 10, message.additionals)
  return message.at - begin
}
