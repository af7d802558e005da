// A query as read from the wire: header, question and EDNS, checked and nothing more (RFC 1035 §4.1, RFC 6891,
// RFC 7871). Filled in place, reused for every query; no name beyond the question is read.
import { RCODE, TYPE } from '../dns/types.ts'
import { createNameCursor, readName, type NameCursor } from './name-cursor.ts'

/** Returned for what must not be answered: responses, and runts without a header. */
export const SILENCE = -1

export const HEADER_BYTES = 12

const FLAG_RESPONSE = 0x80
const FLAG_RECURSION_DESIRED = 0x01
const OPCODE_MASK = 0x78
const EDNS_DNSSEC_OK = 0x8000
const OPTION_CLIENT_SUBNET = 8
const FAMILY_IPV4 = 1
const FAMILY_IPV6 = 2

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
  hasSubnet: boolean
  /** Bits of its address that the client gave. */
  subnetSource: number
  /** The source prefix, padded with zeros, as AddressWords. */
  readonly subnet: Int32Array
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
    hasSubnet: false,
    subnetSource: 0,
    subnet: new Int32Array(5),
  }
}

/** Reads a message. Returns the RCODE that it deserves before any lookup (0: go on), or SILENCE. */
export function readQuery(query: Query, input: Uint8Array, at: number, length: number): number {
  query.questionLength = 0
  query.hasEdns = false
  query.hasSubnet = false
  query.subnetSource = 0
  query.dnssecOk = false
  if (length < HEADER_BYTES || (input[at + 2]! & FLAG_RESPONSE) !== 0) return SILENCE
  const flags = input[at + 2]!
  query.echoedFlags = flags & (OPCODE_MASK | FLAG_RECURSION_DESIRED)
  if ((flags & OPCODE_MASK) !== 0) return RCODE.NOTIMP
  // One question; queries carry no answers, and nothing we serve carries authority (RFC 9619, RFC 1035 §4.1).
  if (read16(input, at + 4) !== 1 || read16(input, at + 6) !== 0 || read16(input, at + 8) !== 0) return RCODE.FORMERR
  const end = at + length
  const questionEnd = readQuestion(query, input, at + HEADER_BYTES, end)
  if (questionEnd < 0) return RCODE.FORMERR
  query.questionLength = questionEnd - at - HEADER_BYTES
  return readAdditional(query, input, questionEnd, end, read16(input, at + 10))
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
      const rcode = query.version === 0 ? readOptions(query, input, dataAt, dataEnd) : RCODE.BADVERS
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

function readOptions(query: Query, input: Uint8Array, at: number, end: number): number {
  while (at < end) {
    if (at + 4 > end) return RCODE.FORMERR
    const dataAt = at + 4
    const dataEnd = dataAt + read16(input, at + 2)
    if (dataEnd > end) return RCODE.FORMERR
    if (read16(input, at) === OPTION_CLIENT_SUBNET && !readClientSubnet(query, input, dataAt, dataEnd)) {
      return RCODE.FORMERR
    }
    at = dataEnd
  }
  return RCODE.NOERROR
}

/** RFC 7871 §6 and §7.2.1: the scope is zero in queries, and no bit is set beyond the source prefix. */
function readClientSubnet(query: Query, input: Uint8Array, at: number, end: number): boolean {
  if (end - at < 4 || query.hasSubnet) return false
  const family = read16(input, at)
  const source = input[at + 2]!
  const bytes = (source + 7) >> 3
  if (family !== FAMILY_IPV4 && family !== FAMILY_IPV6) return false
  if (source > (family === FAMILY_IPV4 ? 32 : 128) || input[at + 3] !== 0 || end - at - 4 !== bytes) return false
  if ((source & 7) !== 0 && (input[end - 1]! & (0xff >> (source & 7))) !== 0) return false
  const { subnet } = query
  subnet[0] = family === FAMILY_IPV4 ? 4 : 6
  subnet[1] = subnet[2] = subnet[3] = subnet[4] = 0
  for (let i = 0; i < bytes; i++) subnet[1 + (i >> 2)]! |= input[at + 4 + i]! << (24 - (i & 3) * 8)
  query.subnetSource = source
  query.hasSubnet = true
  return true
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

function read16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}
