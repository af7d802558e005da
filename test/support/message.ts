// DNS messages for tests: queries built from a few words, and answers decoded by the letter. Strict on purpose: what a
// lenient client would forgive (loose ends, pointers forward, wrong lengths) must fail a test.
import { parseAddress, formatAddress } from '../../src/base/address.ts'
import { readName } from '../../src/dns/compression.ts'
import { formatName, parseName } from '../../src/dns/name.ts'
import { formatRdata, readRdata } from '../../src/dns/rdata/rdata.ts'
import { Reader } from '../../src/dns/reader.ts'
import { formatClass, formatRcode, formatType, parseClass, parseType, TYPE } from '../../src/dns/types.ts'
import { Writer } from '../../src/dns/writer.ts'

const EDNS_CLIENT_SUBNET = 8

export interface ClientSubnet {
  /** `192.0.2.0`; bits beyond `source` are sent as they are, so that a test can send wrong ones. */
  readonly address: string
  readonly source: number
  readonly scope?: number
}

export interface EdnsOption {
  readonly code: number
  readonly data: Uint8Array
}

export interface Query {
  readonly name: string
  /** A mnemonic or TYPEnnn. */
  readonly type: string
  readonly class?: string
  readonly id?: number
  /** The second 16 bits of the header; RD by default. */
  readonly flags?: number
  readonly edns?: {
    readonly size?: number
    readonly version?: number
    readonly dnssecOk?: boolean
    readonly clientSubnet?: ClientSubnet
    readonly options?: readonly EdnsOption[]
  }
}

export interface Question {
  readonly name: string
  readonly type: string
  readonly class: string
}

export interface DecodedRecord {
  readonly name: string
  readonly type: string
  readonly class: string
  readonly ttl: number
  /** Uncompressed. */
  readonly rdata: Uint8Array
  /** Rdata as in a master file. */
  readonly text: string
}

export interface DecodedEdns {
  readonly size: number
  readonly version: number
  readonly dnssecOk: boolean
  readonly options: readonly EdnsOption[]
  readonly clientSubnet?: Required<ClientSubnet>
}

export interface DecodedMessage {
  readonly id: number
  readonly qr: boolean
  readonly opcode: number
  readonly aa: boolean
  readonly tc: boolean
  readonly rd: boolean
  readonly ra: boolean
  readonly z: boolean
  readonly ad: boolean
  readonly cd: boolean
  /** With the upper bits from EDNS: `NOERROR`, `BADVERS`. */
  readonly rcode: string
  readonly question: readonly Question[]
  readonly answer: readonly DecodedRecord[]
  readonly authority: readonly DecodedRecord[]
  /** Without the OPT record, which is `edns`. */
  readonly additional: readonly DecodedRecord[]
  readonly edns?: DecodedEdns
}

export function buildQuery(query: Query): Uint8Array {
  const out = new Writer()
  for (const word of [query.id ?? 0x1234, query.flags ?? 0x0100, 1, 0, 0, query.edns ? 1 : 0]) out.u16(word)
  out.copy(wireName(query.name))
  out.u16(known(parseType(query.type), query.type))
  out.u16(known(parseClass(query.class ?? 'IN'), query.class ?? 'IN'))
  if (query.edns) writeEdns(query.edns, out)
  return out.slice()
}

/** Decodes a whole message. Throws on anything malformed. */
export function decodeMessage(bytes: Uint8Array): DecodedMessage {
  const reader = new Reader(bytes)
  expect(reader.has(12), 'the header is cut short')
  const id = reader.u16()
  const flags = reader.u16()
  const [questions, answers, authorities, additionals] = [reader.u16(), reader.u16(), reader.u16(), reader.u16()]
  const question = times(questions, () => readQuestion(reader))
  const answer = times(answers, () => readRecord(reader))
  const authority = times(authorities, () => readRecord(reader))
  const last = times(additionals, () => readRecord(reader))
  expect(reader.left === 0, `${reader.left} bytes follow the message`)
  expect(![...answer, ...authority].some(isOpt), 'OPT stands outside the additional section')
  expect(last.filter(isOpt).length <= 1, 'there are two OPT records')
  const opt = last.find(isOpt)
  const edns = opt && readEdns(opt)
  return {
    id,
    ...readFlags(flags),
    rcode: formatRcode((flags & 0xf) | (edns ? edns.extendedRcode << 4 : 0)),
    question,
    answer: answer.map(describe),
    authority: authority.map(describe),
    additional: last.filter((record) => !isOpt(record)).map(describe),
    ...(edns ? { edns: edns.edns } : {}),
  }
}

/** A record as the wire has it. */
interface RawRecord {
  readonly name: string
  readonly type: number
  readonly class: number
  readonly ttl: number
  readonly rdata: Uint8Array
}

function readFlags(
  flags: number,
): Pick<DecodedMessage, 'qr' | 'opcode' | 'aa' | 'tc' | 'rd' | 'ra' | 'z' | 'ad' | 'cd'> {
  const bit = (mask: number): boolean => (flags & mask) !== 0
  return {
    qr: bit(0x8000),
    opcode: (flags >> 11) & 0xf,
    aa: bit(0x0400),
    tc: bit(0x0200),
    rd: bit(0x0100),
    ra: bit(0x0080),
    z: bit(0x0040),
    ad: bit(0x0020),
    cd: bit(0x0010),
  }
}

function readQuestion(reader: Reader): Question {
  const name = takeName(reader)
  expect(reader.has(4), 'a question is cut short')
  return { name, type: formatType(reader.u16()), class: formatClass(reader.u16()) }
}

function readRecord(reader: Reader): RawRecord {
  const name = takeName(reader)
  expect(reader.has(10), `the record ${name} is cut short`)
  const type = reader.u16()
  const recordClass = reader.u16()
  const ttl = reader.u32()
  const length = reader.u16()
  expect(reader.has(length), `the rdata of ${name} is cut short`)
  const out = new Writer()
  const rdata = new Reader(reader.bytes, reader.at, reader.at + length)
  expect(readRdata(type, rdata, out), `the rdata of ${name} ${formatType(type)} is malformed`)
  reader.at += length
  return { name, type, class: recordClass, ttl, rdata: out.slice() }
}

function describe({ name, type, class: recordClass, ttl, rdata }: RawRecord): DecodedRecord {
  expect(ttl <= 0x7fff_ffff, `the TTL of ${name} has its top bit set (RFC 2181 §8)`)
  return { name, type: formatType(type), class: formatClass(recordClass), ttl, rdata, text: formatRdata(type, rdata) }
}

function readEdns(opt: RawRecord): { edns: DecodedEdns; extendedRcode: number } {
  expect(opt.name === '.', 'the OPT record is not at the root')
  const reader = new Reader(opt.rdata)
  const options: EdnsOption[] = []
  while (reader.left > 0) {
    expect(reader.has(4), 'an EDNS option is cut short')
    const code = reader.u16()
    const length = reader.u16()
    expect(reader.has(length), `the EDNS option ${code} is cut short`)
    options.push({ code, data: reader.take(length).slice() })
  }
  const subnets = options.filter(({ code }) => code === EDNS_CLIENT_SUBNET)
  expect(subnets.length <= 1, 'there are two client subnets')
  expect((opt.ttl & 0x7fff) === 0, 'a reserved EDNS flag is set')
  return {
    extendedRcode: opt.ttl >>> 24,
    edns: {
      size: opt.class,
      version: (opt.ttl >>> 16) & 0xff,
      dnssecOk: (opt.ttl & 0x8000) !== 0,
      options,
      ...(subnets[0] ? { clientSubnet: readClientSubnet(subnets[0].data) } : {}),
    },
  }
}

/** RFC 7871 §6, with its rules: as many bytes as the source needs, and zeros behind its bits. */
function readClientSubnet(data: Uint8Array): Required<ClientSubnet> {
  const reader = new Reader(data)
  expect(reader.has(4), 'the client subnet is cut short')
  const family = reader.u16()
  const source = reader.u8()
  const scope = reader.u8()
  expect(family === 1 || family === 2, `the client subnet has the family ${family}`)
  const size = family === 1 ? 4 : 16
  expect(source <= size * 8 && scope <= size * 8, 'the client subnet is longer than an address')
  expect(reader.left === Math.ceil(source / 8), 'the client subnet has a wrong length')
  const bytes = new Uint8Array(size)
  bytes.set(data.subarray(4))
  const stray = source % 8 === 0 ? 0 : bytes[source >> 3]! & (0xff >> (source % 8))
  expect(stray === 0, 'the client subnet has bits beyond its source')
  return { address: formatAddress({ family: size === 4 ? 4 : 6, bytes }), source, scope }
}

function writeEdns(edns: NonNullable<Query['edns']>, out: Writer): void {
  out.u8(0)
  out.u16(TYPE.OPT)
  out.u16(edns.size ?? 1232)
  out.u32(((edns.version ?? 0) << 16) | (edns.dnssecOk ? 0x8000 : 0))
  const subnet = edns.clientSubnet ? [{ code: EDNS_CLIENT_SUBNET, data: subnetData(edns.clientSubnet) }] : []
  const options = [...subnet, ...(edns.options ?? [])]
  out.u16(options.reduce((length, { data }) => length + 4 + data.length, 0))
  for (const { code, data } of options) {
    out.u16(code)
    out.u16(data.length)
    out.copy(data)
  }
}

function subnetData({ address, source, scope = 0 }: ClientSubnet): Uint8Array {
  const { family, bytes } = known(parseAddress(address), address)
  return Uint8Array.of(0, family === 4 ? 1 : 2, source, scope, ...bytes.subarray(0, Math.ceil(source / 8)))
}

/** The name in wire form with its case kept, so that tests can ask in any case. */
function wireName(name: string): Uint8Array {
  const folded = parseName(name)
  if (typeof folded === 'string') throw new Error(`${name}: ${folded}`)
  return name.includes('\\') || name === '.' ? folded : keepCase(name, folded)
}

function keepCase(name: string, folded: Uint8Array): Uint8Array {
  const wire = folded.slice()
  new TextEncoder().encode(name).forEach((byte, i) => byte !== 0x2e && (wire[i + 1] = byte))
  return wire
}

function takeName(reader: Reader): string {
  const out = new Writer()
  expect(readName(reader, out), `the name at ${reader.at} is malformed`)
  return formatName(out.bytes)
}

function isOpt({ type }: RawRecord): boolean {
  return type === TYPE.OPT
}

function times<T>(count: number, read: () => T): T[] {
  return Array.from({ length: count }, read)
}

function known<T>(value: T | undefined, text: string): T {
  if (value === undefined) throw new Error(`unknown: ${text}`)
  return value
}

function expect(holds: boolean, complaint: string): asserts holds {
  if (!holds) throw new Error(complaint)
}
