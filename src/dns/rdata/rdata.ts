// Record types: one entry each, from which text, wire form, compression and additional names all follow. What is not
// here is generic rdata (RFC 3597). `LB` and `ALIAS` have no wire form: their rdata is the service's name as a
// character-string, and the target's name.
import { formatType, MAX_WIRE_TYPE, TYPE } from '../types.ts'
import { Reader } from '../reader.ts'
import { Tokens } from '../tokens.ts'
import { Writer } from '../writer.ts'
import { ipv4, ipv6 } from './addresses.ts'
import { base64, hash, hex, salt } from './binary.ts'
import type { Field, RdataProblem } from './field.ts'
import { gateway } from './gateway.ts'
import { formatGeneric, isGenericMark, parseGeneric } from './generic.ts'
import { eui, ilnp } from './identifiers.ts'
import { location } from './location.ts'
import { oldHost, oldName, plainHost, plainName } from './names.ts'
import { moment, time, u16, u32, u8 } from './numbers.ts'
import { prefixList } from './prefix-list.ts'
import { serviceParams } from './service-params.ts'
import { rest, tag, text, texts } from './texts.ts'
import { coveredType, typeSet } from './type-lists.ts'

export type { RdataProblem }

/** Rdata is as long as 16 bits can say (RFC 1035 §3.2.1). */
const MAX_RDATA_BYTES = 0xffff

/** Mnemonics of DNSSEC algorithms (RFC 4034 §A.1 and its registry). */
const ALGORITHMS = {
  RSAMD5: 1,
  DH: 2,
  DSA: 3,
  RSASHA1: 5,
  'DSA-NSEC3-SHA1': 6,
  'RSASHA1-NSEC3-SHA1': 7,
  NSEC3DSA: 6,
  NSEC3RSASHA1: 7,
  RSASHA256: 8,
  RSASHA512: 10,
  ECCGOST: 12,
  ECDSAP256SHA256: 13,
  ECDSAP384SHA384: 14,
  ED25519: 15,
  ED448: 16,
  INDIRECT: 252,
  PRIVATEDNS: 253,
  PRIVATEOID: 254,
}

/** RFC 4398 §2.1. */
const CERTIFICATE_TYPES = {
  PKIX: 1,
  SPKI: 2,
  PGP: 3,
  IPKIX: 4,
  ISPKI: 5,
  IPGP: 6,
  ACPKIX: 7,
  IACPKIX: 8,
  URI: 253,
  OID: 254,
}

const algorithm = u8('algorithm', ALGORITHMS)
const delegationSigner = [u16('key tag'), algorithm, u8('digest type'), hex('digest')]
const key = [u16('flags'), u8('protocol'), algorithm, base64('public key')]
const association = [u8('usage'), u8('selector'), u8('matching type'), hex('certificate data')]
const serviceBinding = [u16('priority'), plainHost('target'), serviceParams]

const TYPES: ReadonlyMap<number, readonly Field[]> = new Map<number, readonly Field[]>([
  [TYPE.A, [ipv4]],
  [TYPE.NS, [oldHost('name server')]],
  [TYPE.CNAME, [oldName('target')]],
  [
    TYPE.SOA,
    [
      oldName('primary server'),
      oldName('mailbox'),
      u32('serial'),
      time('refresh'),
      time('retry'),
      time('expire'),
      time('minimum'),
    ],
  ],
  [TYPE.PTR, [oldName('target')]],
  [TYPE.HINFO, [text('processor'), text('operating system')]],
  [TYPE.MINFO, [oldName('responsible mailbox'), oldName('error mailbox')]],
  [TYPE.MX, [u16('preference'), oldHost('exchange')]],
  [TYPE.TXT, [texts]],
  [TYPE.RP, [plainName('mailbox'), plainName('text name')]],
  [TYPE.AFSDB, [u16('subtype'), plainHost('server')]],
  [TYPE.RT, [u16('preference'), plainHost('intermediate host')]],
  [TYPE.KEY, key],
  [TYPE.AAAA, [ipv6]],
  [TYPE.LOC, [location]],
  [TYPE.SRV, [u16('priority'), u16('weight'), u16('port'), plainHost('target')]],
  [
    TYPE.NAPTR,
    [u16('order'), u16('preference'), text('flags'), text('services'), text('regexp'), plainName('replacement')],
  ],
  [TYPE.KX, [u16('preference'), plainHost('exchanger')]],
  [TYPE.CERT, [u16('type', CERTIFICATE_TYPES), u16('key tag'), algorithm, base64('certificate')]],
  [TYPE.DNAME, [plainName('target')]],
  [TYPE.APL, [prefixList]],
  [TYPE.DS, delegationSigner],
  [TYPE.SSHFP, [u8('algorithm'), u8('fingerprint type'), hex('fingerprint')]],
  [TYPE.IPSECKEY, [u8('precedence'), gateway, base64('public key', 'optional')]],
  [
    TYPE.RRSIG,
    [
      coveredType,
      algorithm,
      u8('labels'),
      time('original TTL'),
      moment('expiration'),
      moment('inception'),
      u16('key tag'),
      plainName('signer'),
      base64('signature'),
    ],
  ],
  [TYPE.NSEC, [plainName('next name'), typeSet]],
  [TYPE.DNSKEY, key],
  [TYPE.DHCID, [base64('digest')]],
  [TYPE.NSEC3, [u8('hash algorithm'), u8('flags'), u16('iterations'), salt, hash, typeSet]],
  [TYPE.NSEC3PARAM, [u8('hash algorithm'), u8('flags'), u16('iterations'), salt]],
  [TYPE.TLSA, association],
  [TYPE.SMIMEA, association],
  [TYPE.CDS, delegationSigner],
  [TYPE.CDNSKEY, key],
  [TYPE.OPENPGPKEY, [base64('public key')]],
  [TYPE.CSYNC, [u32('serial'), u16('flags'), typeSet]],
  [TYPE.ZONEMD, [u32('serial'), u8('scheme'), u8('hash algorithm'), hex('digest')]],
  [TYPE.SVCB, serviceBinding],
  [TYPE.HTTPS, serviceBinding],
  [TYPE.SPF, [texts]],
  [TYPE.NID, [u16('preference'), ilnp('node identifier')]],
  [TYPE.L32, [u16('preference'), ipv4]],
  [TYPE.L64, [u16('preference'), ilnp('locator')]],
  [TYPE.LP, [u16('preference'), plainName('locator name')]],
  [TYPE.EUI48, [eui(6)]],
  [TYPE.EUI64, [eui(8)]],
  [TYPE.URI, [u16('priority'), u16('weight'), rest('target')]],
  [TYPE.CAA, [u8('flags'), tag, rest('value')]],
  [TYPE.LB, [text('service')]],
  [TYPE.ALIAS, [plainName('target')]],
])

/** Mnemonics of the types whose rdata can be written as text. */
export const TEXT_TYPES: readonly string[] = [...TYPES.keys()].map(formatType)

/** Where names that may be compressed stand in rdata: `count` of them, back to back, after `offset` bytes. */
export interface NamePlacement {
  readonly offset: number
  readonly count: number
}

const placements = new Map([...TYPES].map(([type, fields]) => [type, placeNames(fields, 'compress')]))
const hosts = new Map([...TYPES].map(([type, fields]) => [type, placeNames(fields, 'host')?.offset]))

/** The compressible names of a type (RFC 3597 §4: those of RFC 1035 only); undefined when it has none. */
export function compressibleNames(type: number): NamePlacement | undefined {
  return placements.get(type)
}

/** Where in rdata the host name stands whose addresses go to the additional section; undefined when there is none. */
export function additionalHost(type: number): number | undefined {
  return hosts.get(type)
}

/** Appends the rdata written in the tokens left of a record; nothing when there is a problem, at the current token. */
export function parseRdata(type: number, tokens: Tokens, out: Writer, origin: Uint8Array): RdataProblem | undefined {
  const mark = out.length
  const problem = parseFields(type, tokens, out, origin) ?? endOfRecord(tokens) ?? checkLength(out.length - mark)
  if (problem) out.rollBack(mark)
  return problem
}

/** Valid, uncompressed rdata as text; the generic form when the type is not known. */
export function formatRdata(type: number, rdata: Uint8Array): string {
  const fields = TYPES.get(type)
  if (!fields) return formatGeneric(rdata)
  const reader = new Reader(rdata)
  const words = fields.map((field) => field.print(reader))
  return words.filter((word) => word !== '').join(' ')
}

/** Appends the rdata at the reader with its names expanded, up to the reader's end; false, and nothing, if malformed. */
export function readRdata(type: number, rdata: Reader, out: Writer): boolean {
  const mark = out.length
  const fields = TYPES.get(type)
  if (!fields) {
    out.copy(rdata.take(rdata.left))
    return true
  }
  if (fields.every((field) => field.read(rdata, out)) && rdata.left === 0) return true
  out.rollBack(mark)
  return false
}

function parseFields(type: number, tokens: Tokens, out: Writer, origin: Uint8Array): RdataProblem | undefined {
  const fields = TYPES.get(type)
  if (tokens.next()) {
    if (isGenericMark(tokens)) return parseGenericOf(type, tokens, out)
    tokens.unread()
  }
  if (!fields) {
    return {
      code: 'unknown-rdata',
      message: `the rdata of ${formatType(type)} is not known as text`,
      hint: 'write it as \\# LENGTH HEX (RFC 3597)',
    }
  }
  for (const field of fields) {
    const problem = field.parse(tokens, out, origin)
    if (problem) return problem
  }
  return undefined
}

function parseGenericOf(type: number, tokens: Tokens, out: Writer): RdataProblem | undefined {
  if (type > MAX_WIRE_TYPE) return { code: 'bad-rdata', message: `${formatType(type)} has no wire form` }
  const mark = out.length
  const problem = parseGeneric(tokens, out)
  if (problem) return problem
  const raw = out.slice(mark)
  out.rollBack(mark)
  if (readRdata(type, new Reader(raw), out)) return undefined
  return { code: 'bad-rdata', message: `these bytes are no rdata of ${formatType(type)}` }
}

function endOfRecord(tokens: Tokens): RdataProblem | undefined {
  if (!tokens.next()) return undefined
  return {
    code: 'extra-field',
    message: `"${tokens.text()}" is more than the record can hold`,
    hint: 'text with blanks needs quotes, and a comment begins with ;',
  }
}

function checkLength(length: number): RdataProblem | undefined {
  if (length <= MAX_RDATA_BYTES) return undefined
  return { code: 'rdata-too-long', message: `the rdata has ${length} bytes, more than ${MAX_RDATA_BYTES}` }
}

function placeNames(fields: readonly Field[], property: 'compress' | 'host'): NamePlacement | undefined {
  const first = fields.findIndex((field) => field.name?.[property])
  if (first < 0) return undefined
  const offset = fields.slice(0, first).reduce((sum, field) => sum + field.size!, 0)
  const others = fields.slice(first).findIndex((field) => !field.name?.[property])
  return { offset, count: others < 0 ? fields.length - first : others }
}
