// Arbitrary rdata in wire form, by type: the parts that stand behind each other.
import fc from 'fast-check'
import { arbitraryName } from '../support/arbitrary-name.ts'

type Part = fc.Arbitrary<number[]>

const name: Part = arbitraryName().map((wire) => [...wire])
const u8 = fc.nat(0xff).map((value) => [value])
const u16 = fc.nat(0xffff).map((value) => [value >> 8, value & 0xff])
const bytes = (minLength: number, maxLength: number): Part =>
  fc.uint8Array({ minLength, maxLength }).map((raw) => [...raw])
const counted = (minLength: number): Part => bytes(minLength, 255).map((raw) => [raw.length, ...raw])
const string = counted(0)
const tag = fc.stringMatching(/^[A-Za-z0-9]{1,15}$/).map((text) => [text.length, ...Buffer.from(text)])
const params = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 7, max: 65534 }), bytes(0, 20)), { selector: ([key]) => key, maxLength: 4 })
  .map((list) => list.toSorted(([a], [b]) => a - b))
  .map((list) => list.flatMap(([key, value]) => [key >> 8, key & 0xff, 0, value.length, ...value]))
const alpn = fc
  .array(bytes(1, 20), { minLength: 1, maxLength: 3 })
  .map((items) => items.flatMap((item) => [item.length, ...item]))
  .map((list) => [0, 1, 0, list.length, ...list])
const window = fc.tuple(bytes(0, 31), fc.integer({ min: 1, max: 255 })).map(([bits, last]) => [...bits, last])
const types: Part = fc
  .uniqueArray(fc.tuple(fc.nat(255), window), { selector: ([number]) => number, maxLength: 3 })
  .map((list) => list.toSorted(([a], [b]) => a - b))
  .map((list) => list.flatMap(([number, bits]) => [number, bits.length, ...bits]))
const size = fc.oneof(
  fc.constant<number[]>([0]),
  fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat(9)).map(([digit, power]) => [(digit << 4) | power]),
)
const angle = (degrees: number): Part =>
  fc.integer({ min: -degrees * 3_600_000, max: degrees * 3_600_000 }).map((thousandths) => {
    const wire = 2 ** 31 + thousandths
    return [wire >>> 24, (wire >>> 16) & 0xff, (wire >>> 8) & 0xff, wire & 0xff]
  })
const prefix = (family: 1 | 2, size: number): Part =>
  fc
    .tuple(fc.boolean(), fc.nat(size * 8), bytes(0, size - 1), fc.integer({ min: 1, max: 255 }))
    .map(([isNegated, bits, head, last]) => [
      0,
      family,
      bits,
      (isNegated ? 0x80 : 0) | (head.length + 1),
      ...head,
      last,
    ])
const gateway = fc.oneof(
  u8.map((algorithm) => [0, ...algorithm]),
  fc.tuple(u8, bytes(4, 4)).map(([algorithm, address]) => [1, ...algorithm, ...address]),
  fc.tuple(u8, bytes(16, 16)).map(([algorithm, address]) => [2, ...algorithm, ...address]),
  fc.tuple(u8, name).map(([algorithm, host]) => [3, ...algorithm, ...host]),
)

const delegationSigner = [u16, u8, u8, bytes(1, 64)]
const key = [u16, u8, u8, bytes(1, 64)]
const association = [u8, u8, u8, bytes(1, 64)]
const texts = [string, fc.array(string, { maxLength: 3 }).map((list) => list.flat())]

export const ARBITRARY: Readonly<Record<string, readonly Part[]>> = {
  A: [bytes(4, 4)],
  AAAA: [bytes(16, 16)],
  AFSDB: [u16, name],
  APL: [fc.array(fc.oneof(prefix(1, 4), prefix(2, 16)), { maxLength: 4 }).map((list) => list.flat())],
  CAA: [u8, tag, bytes(0, 300)],
  CDNSKEY: key,
  CDS: delegationSigner,
  CERT: [u16, u16, u8, bytes(1, 64)],
  CNAME: [name],
  CSYNC: [bytes(4, 4), u16, types],
  DHCID: [bytes(1, 64)],
  DNAME: [name],
  DNSKEY: key,
  DS: delegationSigner,
  EUI48: [bytes(6, 6)],
  EUI64: [bytes(8, 8)],
  HINFO: [string, string],
  HTTPS: [u16, name, params],
  IPSECKEY: [u8, gateway, bytes(0, 64)],
  KEY: key,
  KX: [u16, name],
  L32: [u16, bytes(4, 4)],
  L64: [u16, bytes(8, 8)],
  LOC: [fc.constant([0]), size, size, size, angle(90), angle(180), bytes(4, 4)],
  LP: [u16, name],
  MINFO: [name, name],
  MX: [u16, name],
  NAPTR: [u16, u16, string, string, string, name],
  NID: [u16, bytes(8, 8)],
  NS: [name],
  NSEC: [name, types],
  NSEC3: [u8, u8, u16, string, counted(1), types],
  NSEC3PARAM: [u8, u8, u16, string],
  OPENPGPKEY: [bytes(1, 300)],
  PTR: [name],
  RP: [name, name],
  RRSIG: [u16, u8, u8, bytes(4, 4), bytes(4, 4), bytes(4, 4), u16, name, bytes(1, 64)],
  RT: [u16, name],
  SMIMEA: association,
  SOA: [name, name, bytes(20, 20)],
  SPF: texts,
  SRV: [u16, u16, u16, name],
  SSHFP: [u8, u8, bytes(1, 64)],
  SVCB: [u16, name, alpn, params],
  TLSA: association,
  TXT: texts,
  TYPE65280: [bytes(0, 100)],
  URI: [u16, u16, bytes(0, 300)],
  ZONEMD: [bytes(4, 4), u8, u8, bytes(1, 64)],
}
