import fc from 'fast-check'
import * as packet from '@leichtgewicht/dns-packet'
import { describe, expect, test } from 'vitest'
import { additionalHost, compressibleNames, formatRdata, parseRdata, readRdata } from '../../src/dns/rdata/rdata.ts'
import { Reader } from '../../src/dns/reader.ts'
import { Tokens } from '../../src/dns/tokens.ts'
import { formatType, parseType, TYPE } from '../../src/dns/types.ts'
import { Writer } from '../../src/dns/writer.ts'
import { ARBITRARY } from './arbitrary-rdata.ts'
import { parse, wireOf, ORIGIN } from './rdata-text.ts'

function hexOf(wire: Uint8Array): string {
  return Buffer.from(wire).toString('hex')
}

/** Type, text, canonical text when it differs. */
const EXAMPLES: readonly (readonly [string, string, string?])[] = [
  ['A', '192.0.2.1'],
  ['AAAA', '2001:db8::1'],
  ['AAAA', '::ffff:192.0.2.1', '::ffff:c000:201'],
  ['NS', 'ns1', 'ns1.example.com.'],
  ['NS', 'NS1.Example.NET.'],
  [
    'SOA',
    'ns1 host\\.master 1 2h 30m 2w 1h30m',
    'ns1.example.com. host\\.master.example.com. 1 7200 1800 1209600 5400',
  ],
  ['CNAME', '@', 'example.com.'],
  ['DNAME', 'example.net.'],
  ['PTR', 'host.'],
  ['MX', '10 mail', '10 mail.example.com.'],
  ['MX', '0 .'],
  ['TXT', 'plain', '"plain"'],
  ['TXT', '"a b" c "d\\"e\\\\\\007"', '"a b" "c" "d\\"e\\\\\\007"'],
  ['TXT', '""'],
  ['SRV', '1 2 443 www', '1 2 443 www.example.com.'],
  ['CAA', '0 issue "ca.example.net; policy=ev"'],
  ['CAA', '128 iodef mailto:x@example.com', '128 iodef "mailto:x@example.com"'],
  ['NAPTR', '100 50 "s" "SIP+D2U" "" _sip._udp', '100 50 "s" "SIP+D2U" "" _sip._udp.example.com.'],
  ['NAPTR', '100 10 "u" "E2U+sip" "!^.*$!sip:a@b!i" .'],
  [
    'DS',
    '60485 5 1 ( 2BB183AF5F22588179A53B0A 98631FAD1A292118 )',
    '60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118',
  ],
  ['DS', '1 ECDSAP256SHA256 2 ab', '1 13 2 AB'],
  ['TLSA', '3 1 1 abcdef', '3 1 1 ABCDEF'],
  ['SSHFP', '4 2 0123', '4 2 0123'],
  ['SVCB', '0 foo.example.net.'],
  ['HTTPS', '1 . alpn=h2,h3 port=8443', '1 . alpn="h2,h3" port="8443"'],
  [
    'HTTPS',
    '1 . ipv6hint="2001:db8::1,2001:db8::53:1" ipv4hint=192.0.2.1',
    '1 . ipv4hint="192.0.2.1" ipv6hint="2001:db8::1,2001:db8::53:1"',
  ],
  [
    'SVCB',
    '16 foo mandatory=ipv4hint,alpn alpn=h2 ipv4hint=192.0.2.1',
    '16 foo.example.com. mandatory="alpn,ipv4hint" alpn="h2" ipv4hint="192.0.2.1"',
  ],
  ['SVCB', '1 . alpn=h2 no-default-alpn ech=AEj+', '1 . alpn="h2" no-default-alpn ech="AEj+"'],
  ['SVCB', '1 . key667 key668="a b\\210"', '1 . key667 key668="a b\\210"'],
  ['TYPE65280', '\\# 3 ab cd ef', '\\# 3 ABCDEF'],
  ['TYPE65280', '\\# 0'],
  ['A', '\\# 4 C0000201', '192.0.2.1'],
]

describe('each type', () => {
  test.each(EXAMPLES.map(([type, text, canonical = text]) => ({ type, text, canonical })))(
    '$type $text',
    ({ type, text, canonical }) => {
      const wire = wireOf(type, text)
      expect(formatRdata(parseType(type)!, wire)).toBe(canonical)
      expect(wireOf(type, canonical)).toEqual(wire)
      const again = new Writer()
      expect(readRdata(parseType(type)!, new Reader(wire), again)).toBe(true)
      expect(again.slice()).toEqual(wire)
    },
  )

  test.each([
    ['A', '192.0.2', 'bad-ipv4-address'],
    ['A', '192.0.2.256', 'bad-ipv4-address'],
    ['A', '192.0.2.01', 'bad-ipv4-address'],
    ['A', '192.0.2.1.', 'bad-ipv4-address'],
    ['A', '2001:db8::1', 'bad-ipv4-address'],
    ['A', '', 'missing-field'],
    ['A', '192.0.2.1 192.0.2.2', 'extra-field'],
    ['A', '\\# 4 C00002', 'bad-rdata-length'],
    ['A', '\\# 3 C00002', 'bad-rdata'],
    ['A', '\\# 2 C0 0', 'bad-rdata'],
    ['AAAA', '192.0.2.1', 'bad-ipv6-address'],
    ['AAAA', 'fe80::1%eth0', 'bad-ipv6-address'],
    ['MX', 'mail 10', 'bad-preference'],
    ['MX', '65536 mail', 'bad-preference'],
    ['MX', '10', 'missing-field'],
    ['NS', 'a..b', 'empty-label'],
    ['TXT', '', 'missing-field'],
    ['TXT', `"${'x'.repeat(256)}"`, 'string-too-long'],
    ['TXT', '"\\300"', 'bad-escape'],
    ['SOA', 'a b 1 2x 3 4 5', 'bad-refresh'],
    ['CAA', '0 is-sue "x"', 'bad-tag'],
    ['DS', '1 8 2 abc', 'bad-digest'],
    ['DS', '1 8 2 xy', 'bad-digest'],
    ['DS', '1 8 2', 'missing-field'],
    ['AVC', 'x', 'unknown-rdata'],
    ['ALIAS', '\\# 0', 'bad-rdata'],
    ['ALIAS', 'a..b', 'empty-label'],
    ['LB', '\\# 0', 'bad-rdata'],
    ['SVCB', '1 . port=1 port=2', 'bad-parameter'],
    ['SVCB', '1 . port=65536', 'bad-parameter'],
    ['SVCB', '1 . port', 'bad-parameter'],
    ['SVCB', '1 . alpn=', 'bad-parameter'],
    ['SVCB', '1 . alpn=h2,', 'bad-parameter'],
    ['SVCB', '1 . no-default-alpn', 'bad-parameter'],
    ['SVCB', '1 . alpn=h2 no-default-alpn=x', 'bad-parameter'],
    ['SVCB', '1 . mandatory=port', 'bad-parameter'],
    ['SVCB', '1 . mandatory=mandatory', 'bad-parameter'],
    ['SVCB', '1 . mandatory=port,port port=1', 'bad-parameter'],
    ['SVCB', '1 . ipv4hint=::1', 'bad-parameter'],
    ['SVCB', '1 . ipv6hint=192.0.2.1', 'bad-parameter'],
    ['SVCB', '1 . ech=AEj', 'bad-parameter'],
    ['SVCB', '1 . key65535=x', 'bad-parameter'],
    ['SVCB', '1 . key03=x', 'bad-parameter'],
    ['SVCB', '1 . constructor=x', 'bad-parameter'],
    ['SVCB', '1 . key3=x', 'bad-parameter'],
  ])('%s %s is refused: %s', (type, text, code) => {
    expect(parse(type, text)).toBe(code)
  })
})

// RFC 9460 appendix D: presentation text and wire form.
test.each([
  ['0 foo.example.com.', '000003666f6f076578616d706c6503636f6d00'],
  ['1 .', '000100'],
  ['16 foo.example.com. port=53', '001003666f6f076578616d706c6503636f6d00000300020035'],
  ['1 foo.example.com. key667=hello', '000103666f6f076578616d706c6503636f6d00029b000568656c6c6f'],
  ['1 foo.example.com. key667="hello\\210qoo"', '000103666f6f076578616d706c6503636f6d00029b000968656c6c6fd2716f6f'],
  [
    '1 foo.example.com. ipv6hint="2001:db8::1,2001:db8::53:1"',
    '000103666f6f076578616d706c6503636f6d0000060020' +
      '20010db8000000000000000000000001' +
      '20010db8000000000000000000530001',
  ],
  [
    '16 foo.example.org. ( alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1 )',
    '001003666f6f076578616d706c65036f7267000000000400010004000100090268320568332d3139000400' + '04c0000201',
  ],
  [
    '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
    '001003666f6f076578616d706c65036f726700000100' + '0c08665c6f6f2c626172026832',
  ],
  [
    '16 foo.example.org. alpn=f\\\\\\092oo\\092,bar,h2',
    '001003666f6f076578616d706c65036f726700000100' + '0c08665c6f6f2c626172026832',
  ],
])('SVCB %s is as in RFC 9460', (text, hex) => {
  expect(hexOf(wireOf('SVCB', text))).toBe(hex)
})

test.each([
  ['A', 'c00002'],
  ['AAAA', '20010db8'],
  ['MX', '000a'],
  ['MX', '000a016100ff'],
  ['SOA', '0000000000010000000200000003000000'],
  ['TXT', ''],
  ['TXT', '026100ff'],
  ['TXT', '0261'],
  ['CAA', '0000'],
  ['CAA', '00012d'],
  ['DS', '00010802'],
  ['SRV', '00010002000301'],
  ['SVCB', '000100 0003000200350003000200 35'],
  ['SVCB', '000100 000300020035 0001000201 61'],
  ['SVCB', '000100 000000030003ff 000300020035'],
  ['SVCB', '000100 0000000400030003 000300020035'],
  ['SVCB', '000100 00000000'],
  ['SVCB', '000100 00020000'],
  ['SVCB', '000100 00010000'],
  ['SVCB', '000100 000100020261'],
  ['SVCB', '000100 0004000301020 3'],
  ['SVCB', '000100 ffff0000'],
  ['SVCB', '000100 029b0005 aa'],
  ['SVCB', '000100 029b'],
])('%s %s is refused on the wire', (type, hex) => {
  const out = new Writer()
  expect(readRdata(parseType(type)!, new Reader(Buffer.from(hex.replaceAll(' ', ''), 'hex')), out)).toBe(false)
  expect(out.length).toBe(0)
})

test('a generic form of a known type is checked and printed as text', () => {
  expect(formatRdata(TYPE.MX, wireOf('MX', '\\# 5 000A 01 61 00'))).toBe('10 a.')
})

describe('wire to text to wire', () => {
  test.each(Object.entries(ARBITRARY))('%s', (mnemonic, parts) => {
    const type = parseType(mnemonic)!
    fc.assert(
      fc.property(fc.tuple(...parts), (fields) => {
        const wire = Uint8Array.from(fields.flat())
        const text = formatRdata(type, wire)
        expect(text).toMatch(/^[\x20-\x7e]*$/)
        expect(wireOf(mnemonic, text)).toEqual(wire)
        const read = new Writer()
        expect(readRdata(type, new Reader(wire), read)).toBe(true)
        expect(read.slice()).toEqual(wire)
      }),
      { numRuns: 50 },
    )
  })

  test('whatever random bytes are read as, they print and come back', () => {
    const types = fc.constantFrom(...Object.keys(ARBITRARY))
    fc.assert(
      fc.property(types, fc.uint8Array({ maxLength: 60 }), (mnemonic, raw) => {
        const out = new Writer()
        if (!readRdata(parseType(mnemonic)!, new Reader(raw), out)) {
          expect(out.length).toBe(0)
          return
        }
        expect(wireOf(mnemonic, formatRdata(parseType(mnemonic)!, out.slice()))).toEqual(out.slice())
      }),
      { numRuns: 2000 },
    )
  })

  test('random text is rdata or a problem, never an exception', () => {
    const types = fc.constantFrom(...Object.keys(ARBITRARY), 'LB')
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[0-9a-z =,"\\().;#:]{0,40}$/))
    fc.assert(
      fc.property(types, text, (mnemonic, random) => {
        const out = new Writer()
        const problem = parseRdata(parseType(mnemonic)!, Tokens.of(random), out, ORIGIN)
        if (problem) expect(problem.code).toMatch(/^[a-z][a-z0-9-]*$/)
      }),
      { numRuns: 3000 },
    )
  })
})

describe('an independent implementation reads the same', () => {
  const oracle = (type: string, text: string): unknown => {
    const wire = wireOf(type, text)
    const message = new Writer()
    for (const word of [0, 0x8400, 0, 1, 0, 0]) message.u16(word)
    message.u8(0)
    for (const word of [parseType(type)!, 1, 0, 60, wire.length]) message.u16(word)
    message.copy(wire)
    const [answer] = packet.decode(Buffer.from(message.slice())).answers as unknown as { data: unknown }[]
    return answer!.data
  }

  test.each<[string, string, unknown]>([
    ['A', '192.0.2.1', '192.0.2.1'],
    ['AAAA', '2001:db8::1', '2001:db8::1'],
    ['NS', 'ns1', 'ns1.example.com'],
    ['CNAME', 'www', 'www.example.com'],
    ['DNAME', 'www', 'www.example.com'],
    ['PTR', 'www', 'www.example.com'],
    ['MX', '10 mail', { preference: 10, exchange: 'mail.example.com' }],
    ['SRV', '1 2 3 host', { priority: 1, weight: 2, port: 3, target: 'host.example.com' }],
    ['CAA', '128 issue "ca"', { flags: 128, tag: 'issue', value: 'ca', issuerCritical: true }],
    [
      'SOA',
      'a b 1 2 3 4 5',
      { mname: 'a.example.com', rname: 'b.example.com', serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 },
    ],
  ])('%s', (type, text, data) => {
    expect(oracle(type, text)).toMatchObject(data as object)
  })

  test('TXT and DS', () => {
    expect((oracle('TXT', 'a "b c"') as Uint8Array[]).map((part) => Buffer.from(part).toString())).toEqual(['a', 'b c'])
    const ds = oracle('DS', '60485 5 1 ABCD') as { keyTag: number; digest: Uint8Array }
    expect([ds.keyTag, hexOf(ds.digest)]).toEqual([60485, 'abcd'])
  })
})

test('says where names stand that may be compressed (RFC 3597 §4), and which hosts have their addresses added', () => {
  const table = ['A', 'NS', 'CNAME', 'SOA', 'PTR', 'MX', 'SRV', 'DNAME', 'NAPTR', 'SVCB', 'HTTPS', 'TYPE65280'].map(
    (type) => {
      const names = compressibleNames(parseType(type)!)
      return `${type} ${names ? `${names.offset}+${names.count}` : '-'} ${additionalHost(parseType(type)!) ?? '-'}`
    },
  )
  expect(table).toEqual([
    'A - -',
    'NS 0+1 0',
    'CNAME 0+1 -',
    'SOA 0+2 -',
    'PTR 0+1 -',
    'MX 2+1 2',
    'SRV - 6',
    'DNAME - -',
    'NAPTR - -',
    'SVCB - 2',
    'HTTPS - 2',
    'TYPE65280 - -',
  ])
})

test('mnemonics and numbers of types', () => {
  expect([
    parseType('mx'),
    parseType('TYPE15'),
    parseType('type65280'),
    parseType('TYPE65536'),
    parseType('MXX'),
  ]).toEqual([15, 15, 65280, undefined, undefined])
  expect([formatType(15), formatType(65280)]).toEqual(['MX', 'TYPE65280'])
})
