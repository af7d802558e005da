// A query as read from the wire: header, question and EDNS (options.ts), checked and nothing more (RFC 1035 §4.1,
// RFC 6891). Filled in place, reused for every query; no name beyond the question is read.
import { RCODE, TYPE } from '../dns/types.ts'
import { createNameCursor, readName, type NameCursor } from './name-cursor.ts'
import { createOptions, forgetOptions, readOptions, type Options } from './options.ts'
import { read16 } from './wire.ts'

/** Returned for what must not be answered: responses, and runts without a header. */
export const SILENCE = -1

export const HEADER_BYTES = 12

const FLAG_RESPONSE = 0x80
const FLAG_RECURSION_DESIRED = 0x01
const OPCODE_MASK = 0x78
const EDNS_DNSSEC_OK = 0x8000
const OPCODE_QUERY = 0
const OPCODE_NOTIFY = 4 << 3
const OPCODE_UPDATE = 5 << 3

export interface Query {
  /** Opcode and RD as the answer repeats them, in the place of the header's third byte. */
  echoedFlags: number
  /** Length of the question section behind the header; 0 when it could not be read. */
  questionLength: number
  readonly name: NameCursor
  type: number
  class: number
  hasEdns: boolean
  version: number
  /** The client's UDP payload size, as it said it. */
  payload: number
  dnssecOk: boolean
  readonly options: Options
}

export function createQuery(): Query {
  return {
    echoedFlags: 0,
    questionLength: 0,
    name: createNameCursor(),
    type: 0,
    class: 0,
    hasEdns: false,
    version: 0,
    payload: 0,
    dnssecOk: false,
    options: createOptions(),
  }
}

/** Reads a message. Returns the RCODE that it deserves before any lookup (0: go on), or SILENCE. */
export function readQuery(query: Query, input: Uint8Array, at: number, length: number): number {
  forget(query)
  if (length < HEADER_BYTES || (input[at + 2]! & FLAG_RESPONSE) !== 0) return SILENCE
  const opcode = input[at + 2]! & OPCODE_MASK
  query.echoedFlags = input[at + 2]! & (OPCODE_MASK | FLAG_RECURSION_DESIRED)
  const rcode = readSections(query, input, at, at + length, opcode !== OPCODE_QUERY)
  if (opcode === OPCODE_QUERY) return rcode
  return opcode === OPCODE_NOTIFY || opcode === OPCODE_UPDATE ? RCODE.REFUSED : RCODE.NOTIMP
}

/** Queries carry no answers, and nothing we serve carries authority (RFC 1035 §4.1); other opcodes may. */
function readSections(query: Query, input: Uint8Array, at: number, end: number, mayCarry: boolean): number {
  const questions = read16(input, at + 4)
  const carried = read16(input, at + 6) + read16(input, at + 8)
  const begin = at + HEADER_BYTES
  // One question (RFC 9619), or none when it can only be a cookie that is asked for (RFC 7873 §5.4).
  const questionEnd = questions === 1 ? readQuestion(query, input, begin, end) : questions === 0 ? begin : -1
  if (questionEnd < 0) return RCODE.FORMERR
  query.questionLength = questionEnd - begin
  if (carried > 0 && !mayCarry) return RCODE.FORMERR
  const additionalAt = skipRecords(input, questionEnd, end, carried)
  if (additionalAt < 0) return RCODE.FORMERR
  const rcode = readAdditional(query, input, additionalAt, end, read16(input, at + 10))
  return rcode === RCODE.NOERROR && questions === 0 && !query.options.hasCookie ? RCODE.FORMERR : rcode
}

function forget(query: Query): void {
  query.questionLength = 0
  query.hasEdns = false
  query.dnssecOk = false
  forgetOptions(query.options)
}

/** Returns where the question ends, or −1. */
function readQuestion(query: Query, input: Uint8Array, at: number, end: number): number {
  const nameEnd = readName(query.name, input, at, end)
  if (nameEnd < 0 || nameEnd + 4 > end) return -1
  query.type = read16(input, nameEnd)
  query.class = read16(input, nameEnd + 2)
  return nameEnd + 4
}

/** Looks for the one OPT record (RFC 6891 §6.1.1); other records are stepped over, trailing bytes are refused. */
function readAdditional(query: Query, input: Uint8Array, at: number, end: number, count: number): number {
  for (; count > 0; count--) {
    const nameEnd = skipName(input, at, end)
    const recordEnd = skipRecords(input, at, end, 1)
    if (recordEnd < 0) return RCODE.FORMERR
    if (read16(input, nameEnd) === TYPE.OPT) {
      if (query.hasEdns || input[at] !== 0) return RCODE.FORMERR
      readEdns(query, input, nameEnd)
      const dataAt = nameEnd + 10
      const rcode = query.version === 0 ? readOptions(query.options, input, dataAt, recordEnd) : RCODE.BADVERS
      if (rcode !== RCODE.NOERROR) return rcode
    }
    at = recordEnd
  }
  return at === end ? RCODE.NOERROR : RCODE.FORMERR
}

/** Where so many records end, or −1 when they leave the message. */
function skipRecords(input: Uint8Array, at: number, end: number, count: number): number {
  for (; count > 0; count--) {
    const nameEnd = skipName(input, at, end)
    if (nameEnd < 0 || nameEnd + 10 > end) return -1
    at = nameEnd + 10 + read16(input, nameEnd + 8)
    if (at > end) return -1
  }
  return at
}

function readEdns(query: Query, input: Uint8Array, at: number): void {
  query.hasEdns = true
  query.payload = read16(input, at + 2)
  query.version = input[at + 5]!
  query.dnssecOk = (read16(input, at + 6) & EDNS_DNSSEC_OK) !== 0
}

/** Steps over a name that may be compressed; −1 when it leaves the message. */
function skipName(input: Uint8Array, at: number, end: number): number {
  while (at < end) {
    const length = input[at]!
    if (length === 0) return at + 1
    if (length >= 0xc0) return at + 2
    if (length > 63) return -1
    at += length + 1
  }
  return -1
}
