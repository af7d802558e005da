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
  const end = at + length
  const questions = read16(input, at + 4)
  const questionEnd = questions === 1 ? readQuestion(query, input, at + HEADER_BYTES, end) : at + HEADER_BYTES
  if (questionEnd > 0) query.questionLength = questionEnd - at - HEADER_BYTES
  if (opcode !== 0) return opcode === OPCODE_NOTIFY || opcode === OPCODE_UPDATE ? RCODE.REFUSED : RCODE.NOTIMP
  // One question; queries carry no answers, and nothing we serve carries authority (RFC 9619, RFC 1035 §4.1).
  if (questions > 1 || questionEnd < 0 || read16(input, at + 6) !== 0 || read16(input, at + 8) !== 0) {
    return RCODE.FORMERR
  }
  const rcode = readAdditional(query, input, questionEnd, end, read16(input, at + 10))
  // Without a question it can only be a cookie that is asked for (RFC 7873 §5.4).
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
    const nameAt = at
    at = skipName(input, at, end)
    if (at < 0 || at + 10 > end) return RCODE.FORMERR
    const dataAt = at + 10
    const dataEnd = dataAt + read16(input, at + 8)
    if (dataEnd > end) return RCODE.FORMERR
    if (read16(input, at) === TYPE.OPT) {
      if (query.hasEdns || input[nameAt] !== 0) return RCODE.FORMERR
      readEdns(query, input, at)
      const rcode = query.version === 0 ? readOptions(query.options, input, dataAt, dataEnd) : RCODE.BADVERS
      if (rcode !== RCODE.NOERROR) return rcode
    }
    at = dataEnd
  }
  return at === end ? RCODE.NOERROR : RCODE.FORMERR
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
