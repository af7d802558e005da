// An answer in normal form: records of a section sorted, names in lower case and uncompressed, and all that the letter of
// the RFCs forbids in a message listed as a flaw. Written without the server's own decoder, for the reason of probe.ts.
import { HEADER_BYTES, walkName } from './walk-name.ts'

export interface AnswerRecord {
  /** Lower-cased wire form in hex. */
  readonly owner: string
  readonly type: number
  readonly class: number
  readonly ttl: number
  /** Hex, its names lower-cased and expanded. */
  readonly rdata: string
}

export interface AnswerEdns {
  readonly size: number
  readonly version: number
  readonly flags: number
  readonly options: readonly { readonly code: number; readonly data: string }[]
}

export interface Answer {
  /** Without the RCODE's four bits. */
  readonly flags: number
  /** With the upper bits from EDNS. */
  readonly rcode: number
  /** The section's bytes in hex, case as it came. */
  readonly question: string
  readonly answer: readonly AnswerRecord[]
  readonly authority: readonly AnswerRecord[]
  readonly additional: readonly AnswerRecord[]
  readonly edns?: AnswerEdns
  readonly length: number
  readonly flaws: readonly string[]
}

const TYPE_OPT = 41

/** Where names stand in rdata: bytes before them, and how many follow each other. Only those of RFC 1035 and before. */
const COMPRESSIBLE: Readonly<Record<number, readonly [number, number]>> = {
  2: [0, 1], // NS
  3: [0, 1], // MD
  4: [0, 1], // MF
  5: [0, 1], // CNAME
  6: [0, 2], // SOA
  7: [0, 1], // MB
  8: [0, 1], // MG
  9: [0, 1], // MR
  12: [0, 1], // PTR
  14: [0, 2], // MINFO
  15: [2, 1], // MX
}

/** Later types with names, which must not be compressed (RFC 3597 §4) but which receivers should expand. */
const EXPANDABLE: Readonly<Record<number, readonly [number, number]>> = {
  17: [0, 2], // RP
  18: [2, 1], // AFSDB
  21: [2, 1], // RT
  26: [2, 2], // PX
  33: [6, 1], // SRV
  36: [2, 1], // KX
  39: [0, 1], // DNAME
}

interface Reading {
  readonly bytes: Uint8Array
  at: number
  readonly flaws: string[]
}

/** Throws when the message ends before its counts say. */
export function readAnswer(bytes: Uint8Array): Answer {
  const reading: Reading = { bytes, at: HEADER_BYTES, flaws: [] }
  const flags = read16(bytes, 2)
  const [questions, ...counts] = [4, 6, 8, 10].map((at) => read16(bytes, at)) as [number, number, number, number]
  const question = readQuestions(reading, questions)
  const [answer, authority, last] = counts.map((count) => readSection(reading, count)) as [
    AnswerRecord[],
    AnswerRecord[],
    AnswerRecord[],
  ]
  if (reading.at !== bytes.length) reading.flaws.push(`${bytes.length - reading.at} bytes follow the message`)
  if ([...answer, ...authority].some(isOpt)) reading.flaws.push('OPT outside the additional section')
  const opts = last.filter(isOpt)
  if (opts.length > 1) reading.flaws.push('more than one OPT')
  const edns = opts[0] && readEdns(opts[0])
  return {
    flags: flags & 0xfff0,
    rcode: (flags & 0x0f) | (opts[0] ? (opts[0].ttl >>> 24) << 4 : 0),
    ...{ question, answer, authority },
    additional: last.filter((record) => !isOpt(record)),
    ...(edns && { edns }),
    length: bytes.length,
    flaws: reading.flaws,
  }
}

function readQuestions(reading: Reading, count: number): string {
  const from = reading.at
  for (; count > 0; count--) {
    readName(reading, true)
    reading.at += 4
  }
  return hex(reading.bytes.subarray(from, reading.at))
}

function readSection(reading: Reading, count: number): AnswerRecord[] {
  const records = Array.from({ length: count }, () => readRecord(reading))
  return records.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))
}

export function sortKey({ owner, type, class: recordClass, ttl, rdata }: AnswerRecord): string {
  return [owner, type, recordClass, ttl, rdata].join(' ')
}

function readRecord(reading: Reading): AnswerRecord {
  const { bytes } = reading
  const owner = hex(readName(reading, true))
  const { at } = reading
  const end = at + 10 + read16(bytes, at + 8)
  if (end > bytes.length) throw new Error('a record is cut short')
  const type = read16(bytes, at)
  reading.at = at + 10
  const rdata = readRdata(reading, type, end)
  if (reading.at !== end) reading.flaws.push(`rdata of type ${type} has a wrong length`)
  reading.at = end
  return {
    owner,
    type,
    class: read16(bytes, at + 2),
    ttl: read16(bytes, at + 4) * 65536 + read16(bytes, at + 6),
    rdata,
  }
}

function readRdata(reading: Reading, type: number, end: number): string {
  const compressible = COMPRESSIBLE[type]
  const [before, names] = compressible ?? EXPANDABLE[type] ?? [0, 0]
  const parts = [take(reading, before)]
  for (let i = 0; i < names; i++) parts.push(readName(reading, compressible !== undefined))
  parts.push(take(reading, end - reading.at))
  return parts.map(hex).join('')
}

function take(reading: Reading, length: number): Uint8Array {
  const part = reading.bytes.subarray(reading.at, reading.at + length)
  reading.at += length
  return part
}

/** The name expanded and in lower case. */
function readName(reading: Reading, mayCompress: boolean): Uint8Array {
  const { name, end, pointers } = walkName(reading.bytes, reading.at)
  if (pointers > 0 && !mayCompress) reading.flaws.push('a name is compressed where RFC 3597 section 4 forbids it')
  reading.at = end
  return name
}

function readEdns({ class: size, ttl, rdata }: AnswerRecord): AnswerEdns {
  const data = Buffer.from(rdata, 'hex')
  const options: { code: number; data: string }[] = []
  for (let at = 0; at < data.length; at += 4 + data.readUInt16BE(at + 2)) {
    const from = at + 4
    options.push({ code: data.readUInt16BE(at), data: hex(data.subarray(from, from + data.readUInt16BE(at + 2))) })
  }
  return { size, version: (ttl >>> 16) & 0xff, flags: ttl & 0xffff, options: options.sort((a, b) => a.code - b.code) }
}

function isOpt({ type }: AnswerRecord): boolean {
  return type === TYPE_OPT
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function read16(bytes: Uint8Array, at: number): number {
  if (at + 2 > bytes.length) throw new Error('the message is cut short')
  return (bytes[at]! << 8) | bytes[at + 1]!
}
