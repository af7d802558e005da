// Numbers and mnemonics of the DNS registry: types, classes and response codes. What a type's rdata looks like is
// rdata/rdata.ts; types that are only named here print as generic rdata (RFC 3597).

/** Type numbers (IANA "Resource Record (RR) TYPEs"). */
export const TYPE = {
  A: 1,
  NS: 2,
  MD: 3,
  MF: 4,
  CNAME: 5,
  SOA: 6,
  MB: 7,
  MG: 8,
  MR: 9,
  NULL: 10,
  WKS: 11,
  PTR: 12,
  HINFO: 13,
  MINFO: 14,
  MX: 15,
  TXT: 16,
  RP: 17,
  AFSDB: 18,
  X25: 19,
  ISDN: 20,
  RT: 21,
  NSAP: 22,
  'NSAP-PTR': 23,
  SIG: 24,
  KEY: 25,
  PX: 26,
  GPOS: 27,
  AAAA: 28,
  LOC: 29,
  NXT: 30,
  EID: 31,
  NIMLOC: 32,
  SRV: 33,
  ATMA: 34,
  NAPTR: 35,
  KX: 36,
  CERT: 37,
  A6: 38,
  DNAME: 39,
  SINK: 40,
  OPT: 41,
  APL: 42,
  DS: 43,
  SSHFP: 44,
  IPSECKEY: 45,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  DHCID: 49,
  NSEC3: 50,
  NSEC3PARAM: 51,
  TLSA: 52,
  SMIMEA: 53,
  HIP: 55,
  NINFO: 56,
  RKEY: 57,
  TALINK: 58,
  CDS: 59,
  CDNSKEY: 60,
  OPENPGPKEY: 61,
  CSYNC: 62,
  ZONEMD: 63,
  SVCB: 64,
  HTTPS: 65,
  DSYNC: 66,
  SPF: 99,
  NID: 104,
  L32: 105,
  L64: 106,
  LP: 107,
  EUI48: 108,
  EUI64: 109,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
  URI: 256,
  CAA: 257,
  AVC: 258,
  DOA: 259,
  AMTRELAY: 260,
  TA: 32768,
  DLV: 32769,
  /** Types that only zone files know, outside the 16 bits of the wire. */
  LB: 0x10000,
  ALIAS: 0x10001,
} as const

/** The last type that has a wire form. */
export const MAX_WIRE_TYPE = 0xffff

export const CLASS = { IN: 1, CH: 3, HS: 4, NONE: 254, ANY: 255 } as const

/** Response codes (RFC 1035 §4.1.1, RFC 6895 §2.3). */
export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  /** RFC 2136 §2.2; given when a DNAME makes a name too long (RFC 6672 §2.2). */
  YXDOMAIN: 6,
  NOTAUTH: 9,
  BADVERS: 16,
  BADCOOKIE: 23,
} as const

const typeNames = mnemonics(TYPE)
const classNames = mnemonics(CLASS)
const rcodeNames = mnemonics(RCODE)
/** Every mnemonic of a type. */
export const TYPE_NAMES: readonly string[] = Object.keys(TYPE)

const typeNumbers: ReadonlyMap<string, number> = new Map(Object.entries(TYPE))
const classNumbers: ReadonlyMap<string, number> = new Map(Object.entries(CLASS))

/** `MX`, or `TYPE65280` for a number without a mnemonic (RFC 3597 §5). */
export function formatType(type: number): string {
  return typeNames.get(type) ?? `TYPE${type}`
}

/** Reads a mnemonic or TYPEnnn, in any case. */
export function parseType(text: string): number | undefined {
  return typeNumbers.get(text.toUpperCase()) ?? parseNumbered('TYPE', text)
}

/** `IN`, or `CLASS32` (RFC 3597 §5). */
export function formatClass(value: number): string {
  return classNames.get(value) ?? `CLASS${value}`
}

/** Reads a mnemonic or CLASSnnn, in any case. */
export function parseClass(text: string): number | undefined {
  return classNumbers.get(text.toUpperCase()) ?? parseNumbered('CLASS', text)
}

/** `NXDOMAIN`, or `RCODE11`. */
export function formatRcode(rcode: number): string {
  return rcodeNames.get(rcode) ?? `RCODE${rcode}`
}

function mnemonics(numbers: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(numbers).map(([name, number]) => [number, name]))
}

function parseNumbered(word: string, text: string): number | undefined {
  const digits = text.slice(word.length)
  if (text.slice(0, word.length).toUpperCase() !== word || !/^\d{1,5}$/.test(digits)) return undefined
  return Number(digits) <= 0xffff ? Number(digits) : undefined
}
