// The two messages of a dns probe: the query as bytes, and what an answer says. No EDNS: every server must understand this.
import { readName } from '../../dns/compression.ts'
import { foldCase, parseName } from '../../dns/name.ts'
import { formatRdata, readRdata } from '../../dns/rdata/rdata.ts'
import { Reader } from '../../dns/reader.ts'
import { CLASS } from '../../dns/types.ts'
import { Writer } from '../../dns/writer.ts'
import type { DnsMonitor } from '../monitor.ts'

const HEADER_BYTES = 12
const RECURSION_DESIRED = 0x0100
const RESPONSE = 0x8000
const TRUNCATED = 0x0200

export interface DnsAnswer {
  readonly rcode: number
  readonly truncated: boolean
  /** Rdata in presentation form of the answers that have the type asked for; undefined when the message is malformed. */
  readonly answers: readonly string[] | undefined
}

/** A query message (RFC 1035 §4.1). Throws when the name is none: the configuration must refuse it. */
export function buildQuery({ query, queryType, recursionDesired }: DnsMonitor, id: number): Uint8Array {
  const name = parseName(query)
  if (typeof name === 'string') throw new Error(`${query} is not a name: ${name}`)
  const out = new Writer()
  for (const word of [id, recursionDesired ? RECURSION_DESIRED : 0, 1, 0, 0, 0]) out.u16(word)
  out.copy(name)
  out.u16(queryType)
  out.u16(CLASS.IN)
  return out.slice()
}

/** What the message says; undefined when it does not answer this query (another id, another question, no answer). */
export function readAnswer(message: Uint8Array, query: Uint8Array): DnsAnswer | undefined {
  if (message.length < HEADER_BYTES || message[0] !== query[0] || message[1] !== query[1]) return undefined
  const reader = new Reader(message, 2)
  const [flags, questions, answers] = [reader.u16(), reader.u16(), reader.u16()]
  if ((flags & RESPONSE) === 0) return undefined
  const rcode = flags & 0xf
  // An error may come without the question.
  const question = message.slice(HEADER_BYTES, query.length)
  const repeats = questions === 1 && Buffer.compare(foldCase(question), query.subarray(HEADER_BYTES)) === 0
  if (!repeats && (questions !== 0 || rcode === 0)) return undefined
  reader.at = repeats ? query.length : HEADER_BYTES
  const type = (query[query.length - 4]! << 8) | query[query.length - 3]!
  return { rcode, truncated: (flags & TRUNCATED) !== 0, answers: readRecords(reader, answers, type) }
}

function readRecords(reader: Reader, count: number, type: number): readonly string[] | undefined {
  const texts: string[] = []
  for (let i = 0; i < count; i++) {
    if (!readName(reader, new Writer()) || !reader.has(10)) return undefined
    const found = reader.u16()
    reader.at += 6
    const length = reader.u16()
    if (!reader.has(length)) return undefined
    const out = new Writer()
    if (!readRdata(found, new Reader(reader.bytes, reader.at, reader.at + length), out)) return undefined
    if (found === type) texts.push(formatRdata(type, out.slice()))
    reader.at += length
  }
  return texts
}
