// The types beyond those of every zone: text, canonical text and wire form, with examples of the RFCs that define them.
import { describe, expect, test } from 'vitest'
import { formatRdata, readRdata } from '../../src/dns/rdata/rdata.ts'
import { Reader } from '../../src/dns/reader.ts'
import { parseType } from '../../src/dns/types.ts'
import { Writer } from '../../src/dns/writer.ts'
import { parse, wireOf } from './rdata-text.ts'

const KEY64 = 'AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ=='

/** Type, text, canonical text when it differs. */
const EXAMPLES: readonly (readonly [string, string, string?])[] = [
  ['HINFO', 'DEC-2060 TOPS20', '"DEC-2060" "TOPS20"'],
  ['MINFO', 'a b.example.net.', 'a.example.com. b.example.net.'],
  ['RP', 'louie.trantor.umd.edu. .'],
  ['AFSDB', '1 jack', '1 jack.example.com.'],
  ['RT', '10 relay.prime.com.'],
  ['KX', '2 rt1', '2 rt1.example.com.'],
  ['KEY', '256 3 8 AwEAAag='],
  ['LOC', '42 21 54 N 71 06 18 W -24m 30m', '42 21 54.000 N 71 6 18.000 W -24.00m 30m 10000m 10m'],
  ['LOC', '52 14 05 N 00 08 50 E 10m', '52 14 5.000 N 0 8 50.000 E 10.00m 1m 10000m 10m'],
  ['LOC', '32 7 19 S 116 2 25 E 10m', '32 7 19.000 S 116 2 25.000 E 10.00m 1m 10000m 10m'],
  ['LOC', '42 21 28.764 N 71 00 51.617 W -44m 2000m', '42 21 28.764 N 71 0 51.617 W -44.00m 2000m 10000m 10m'],
  ['LOC', '90 S 180 W 42849672.95 90000000m 0.01m 0', '90 0 0.000 S 180 0 0.000 W 42849672.95m 90000000m 0.01m 0m'],
  ['LOC', '0 N 0 E -100000m 12345678m', '0 0 0.000 N 0 0 0.000 E -100000.00m 10000000m 10000m 10m'],
  ['CERT', 'PKIX 12345 RSASHA256 AwEA Aag=', '1 12345 8 AwEAAag='],
  ['APL', ''],
  ['APL', '1:192.168.32.0/21 !1:192.168.38.0/28'],
  [
    'APL',
    '1:224.0.0.0/4 2:FF00::/8 1:0.0.0.0/0 2:::ffff:1.2.3.4/128',
    '1:224.0.0.0/4 2:ff00::/8 1:0.0.0.0/0 2:::ffff:102:304/128',
  ],
  ['IPSECKEY', `10 1 2 192.0.2.38 ${KEY64}`],
  ['IPSECKEY', `10 0 2 . ${KEY64}`],
  ['IPSECKEY', `10 3 2 mygateway ${KEY64}`, `10 3 2 mygateway.example.com. ${KEY64}`],
  ['IPSECKEY', `10 2 2 2001:0DB8:0:8002::2000:1 ${KEY64}`, `10 2 2 2001:db8:0:8002::2000:1 ${KEY64}`],
  ['IPSECKEY', '10 0 0 .'],
  [
    'RRSIG',
    'A 5 3 86400 20030322173103 ( 20030220173103 2642 example.com. oJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip8WTr PYGv07h1 )',
    'A 5 3 86400 20030322173103 20030220173103 2642 example.com. oJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip8WTrPYGv07h1',
  ],
  ['RRSIG', 'TYPE65280 8 1 1h 4294967295 0 1 . AA==', 'TYPE65280 8 1 3600 21060207062815 19700101000000 1 . AA=='],
  ['NSEC', 'host MX A TYPE1234 RRSIG NSEC', 'host.example.com. A MX RRSIG NSEC TYPE1234'],
  ['NSEC', '.'],
  ['DNSKEY', `256 3 RSASHA1 ${KEY64}`, `256 3 5 ${KEY64}`],
  ['DHCID', 'AAIBY2/AuCccgoJbsaxcQc9TUapptP69l OjxfNuVAA2kjEA=', 'AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA='],
  [
    'NSEC3',
    '1 1 12 aabbccdd ( 2t7b4g4vsa5smi47k61mv5bv1a22bojr MX DNSKEY NS SOA NSEC3PARAM RRSIG )',
    '1 1 12 AABBCCDD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR NS SOA MX RRSIG DNSKEY NSEC3PARAM',
  ],
  ['NSEC3', '1 0 0 - 00', '1 0 0 - 00'],
  ['NSEC3PARAM', '1 0 12 aabbccdd', '1 0 12 AABBCCDD'],
  ['NSEC3PARAM', '1 0 0 -'],
  ['SMIMEA', '3 1 1 abcdef', '3 1 1 ABCDEF'],
  ['CDS', '0 0 0 00'],
  ['CDNSKEY', '0 3 0 AA=='],
  ['OPENPGPKEY', 'AwEA Aag=', 'AwEAAag='],
  ['CSYNC', '66 3 A NS AAAA', '66 3 A NS AAAA'],
  ['CSYNC', '1 0'],
  ['ZONEMD', '2018031500 1 1 FEBE3D4C E2EC2FFA', '2018031500 1 1 FEBE3D4CE2EC2FFA'],
  ['SPF', 'v=spf1 -all', '"v=spf1" "-all"'],
  ['NID', '10 0014:4fff:ff20:ee64'],
  ['NID', '20 15:5fff:ff21:ee65', '20 0015:5fff:ff21:ee65'],
  ['L32', '10 10.1.02.0'.replace('02', '2')],
  ['L64', '10 2001:0DB8:1140:1000', '10 2001:0db8:1140:1000'],
  ['LP', '10 l64-subnet1', '10 l64-subnet1.example.com.'],
  ['EUI48', '00-00-5e-00-53-2a'],
  ['EUI64', '00-00-5E-EF-10-00-00-2A', '00-00-5e-ef-10-00-00-2a'],
  ['URI', '10 1 "ftp://ftp1.example.com/public"'],
  ['URI', '10 1 http://x/', '10 1 "http://x/"'],
  ['ALIAS', 'Target', 'Target.example.com.'],
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
    // RFC 4034 §4.3.
    [
      'NSEC',
      'host.example.com. A MX RRSIG NSEC TYPE1234',
      '04686f7374076578616d706c6503636f6d00 0006400100000003 041b' + '00'.repeat(26) + '20',
    ],
    // RFC 7477 §2.1.
    ['CSYNC', '66 3 A NS AAAA', '00000042 0003 0004 60000008'],
    // RFC 1876 §4, by hand: 2³¹ ± thousandths of a second; 1 m is 10² cm, 10,000 m 10⁶.
    ['LOC', '0 0 1 N 0 0 1 W 0m', '00 12 16 13 800003e8 7ffffc18 00989680'],
    // RFC 3123 §4: trailing zeros are left out.
    ['APL', '!1:192.168.38.0/28 2:ff00::/8', '0001 1c 83 c0a826 0002 08 01 ff'],
    ['APL', '1:0.0.0.0/0', '0001 00 00'],
    ['NSEC3PARAM', '1 0 12 aabbccdd', '01 00 000c 04 aabbccdd'],
    ['IPSECKEY', '10 1 2 192.0.2.38 AQ==', '0a 01 02 c0000226 01'],
    ['NID', '10 0014:4fff:ff20:ee64', '000a 00144fffff20ee64'],
    ['EUI48', '00-00-5e-00-53-2a', '00005e00532a'],
    [
      'RRSIG',
      'A 5 3 86400 20030322173103 20030220173103 2642 a. AA==',
      '0001 05 03 00015180 3e7c9dd7 3e5510d7 0a52 016100 00',
    ],
  ])('%s %s on the wire', (type, text, hex) => {
    expect(Buffer.from(wireOf(type, text)).toString('hex')).toBe(hex.replaceAll(' ', ''))
  })
})

test.each([
  ['HINFO', 'a', 'missing-field'],
  ['HINFO', 'a b c', 'extra-field'],
  ['LOC', '', 'bad-location'],
  ['LOC', '91 N 0 E 0m', 'bad-location'],
  ['LOC', '90 0 0.001 N 0 E 0m', 'bad-location'],
  ['LOC', '1 60 N 0 E 0m', 'bad-location'],
  ['LOC', '1 0 60 N 0 E 0m', 'bad-location'],
  ['LOC', '1 0 1.0001 N 0 E 0m', 'bad-location'],
  ['LOC', '1 2 3 4 N 0 E 0m', 'bad-location'],
  ['LOC', '1 E 1 N 0m', 'bad-location'],
  ['LOC', '1 N 1 E', 'bad-altitude'],
  ['LOC', '1 N 1 E -100000.01m', 'bad-altitude'],
  ['LOC', '1 N 1 E 42849672.96m', 'bad-altitude'],
  ['LOC', '1 N 1 E 1.555m', 'bad-altitude'],
  ['LOC', '1 N 1 E 1m 90000000.01m', 'bad-size'],
  ['LOC', '1 N 1 E 1m -1m', 'bad-size'],
  ['LOC', '1 N 1 E 1m 1m 1m 1m 1m', 'extra-field'],
  ['CERT', 'X509 1 1 AA==', 'bad-type'],
  ['CERT', '1 0 0', 'missing-field'],
  ['APL', '3:00/1', 'bad-prefixes'],
  ['APL', '1:192.0.2.0/33', 'bad-prefixes'],
  ['APL', '2:192.0.2.0/24', 'bad-prefixes'],
  ['APL', '1:::1/24', 'bad-prefixes'],
  ['APL', '1:192.0.2.0', 'bad-prefixes'],
  ['IPSECKEY', '10 4 2 . AQ==', 'bad-gateway-type'],
  ['IPSECKEY', '10 0 2 gw AQ==', 'bad-gateway'],
  ['IPSECKEY', '10 1 2 2001:db8::1 AQ==', 'bad-ipv4-address'],
  ['IPSECKEY', '10 1', 'missing-field'],
  ['RRSIG', 'A 5 3 86400 20031322173103 20030220173103 2642 a. AA==', 'bad-expiration'],
  ['RRSIG', 'A 5 3 86400 20030230173103 20030220173103 2642 a. AA==', 'bad-expiration'],
  ['RRSIG', 'A 5 3 86400 21060207062816 20030220173103 2642 a. AA==', 'bad-expiration'],
  ['RRSIG', 'LB 5 3 86400 20030322173103 20030220173103 2642 a. AA==', 'bad-type-covered'],
  ['RRSIG', 'A 5 3 86400 20030322173103 20030220173103 2642 a.', 'missing-field'],
  ['NSEC', 'a. NOTYPE', 'bad-types'],
  ['NSEC', 'a. "A"', 'bad-types'],
  ['NSEC', 'a. ALIAS', 'bad-types'],
  ['DNSKEY', '256 3 8', 'missing-field'],
  ['DNSKEY', '256 3 8 AwEAAag', 'bad-public-key'],
  ['DNSKEY', '256 3 8 AwEA!ag=', 'bad-public-key'],
  ['DNSKEY', '256 3 8 AwEAAah=', 'bad-public-key'],
  ['NSEC3', '1 0 10 a 2t7b4g4v A', 'bad-salt'],
  ['NSEC3', `1 0 10 ${'ab'.repeat(256)} 2t7b4g4v A`, 'bad-salt'],
  ['NSEC3', '1 0 10 xy 2t7b4g4v A', 'bad-salt'],
  ['NSEC3', '1 0 10 - 2t7 A', 'bad-hash'],
  ['NSEC3', '1 0 10 - 2w A', 'bad-hash'],
  ['NSEC3', '1 0 10 - 01 A', 'bad-hash'],
  ['NSEC3', '1 0 10 - "" A', 'bad-hash'],
  ['NSEC3PARAM', '1 0 10', 'missing-field'],
  ['OPENPGPKEY', '', 'missing-field'],
  ['NID', '10 ::1', 'bad-node-identifier'],
  ['NID', '10 1:2:3', 'bad-node-identifier'],
  ['L64', '10 1:2:3:12345', 'bad-locator'],
  ['EUI48', '00:00:5e:00:53:2a', 'bad-address'],
  ['EUI48', '00-00-5e-00-53-2a-00', 'bad-address'],
  ['URI', '1 2', 'missing-field'],
])('%s %s is refused: %s', (type, text, code) => {
  expect(parse(type, text)).toBe(code)
})

test.each([
  ['LOC', '01 12 16 13 800003e8 7ffffc18 00989680'],
  ['LOC', '00 02 16 13 800003e8 7ffffc18 00989680'],
  ['LOC', '00 a2 16 13 800003e8 7ffffc18 00989680'],
  ['LOC', '00 1a 16 13 800003e8 7ffffc18 00989680'],
  ['LOC', '00 12 16 13 ffffffff 7ffffc18 00989680'],
  ['LOC', '00 12 16 13 800003e8 00000000 00989680'],
  ['LOC', '00 12 16 13 800003e8 7ffffc18 009896'],
  ['APL', '0001 1c 83 c0a8'],
  ['APL', '0001 1c 83 c0a800'],
  ['APL', '0001 21 01 c0'],
  ['APL', '0001 10 05 c0a8262601'],
  ['APL', '0003 00 00'],
  ['APL', '0001 00'],
  ['NSEC', '00 0000'],
  ['NSEC', '00 0021' + 'ff'.repeat(33)],
  ['NSEC', '00 000200'],
  ['NSEC', '00 00024000'],
  ['NSEC', '00 000140 000140'],
  ['NSEC', '00 010140 000140'],
  ['NSEC3', '01 00 000a 00 00'],
  ['NSEC3', '01 00 000a 02 aa'],
  ['NSEC3PARAM', '01 00 000a 00 00'],
  ['IPSECKEY', '0a 04 02'],
  ['IPSECKEY', '0a 01 02 c00002'],
  ['IPSECKEY', '0a 03 02 c000'],
  ['DNSKEY', '0100 03 08'],
  ['RRSIG', '0001 05 03 00015180 3e7ca027 3e55085f 0a52 016100'],
  ['EUI48', '00005e0053'],
  ['NID', '000a 00144fffff20ee'],
])('%s %s is refused on the wire', (type, hex) => {
  const out = new Writer()
  expect(readRdata(parseType(type)!, new Reader(Buffer.from(hex.replaceAll(' ', ''), 'hex')), out)).toBe(false)
  expect(out.length).toBe(0)
})
