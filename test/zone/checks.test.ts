// What records mean together: one table, a line each. Positions count the four lines of the head.
import { describe, expect, test } from 'vitest'
import { aliasOf } from '../../src/zone/alias.ts'
import { faultsOf, HEAD, listRecords, loadText, zoneOf } from './zone-text.ts'

const SERVICES = ['web', 'canary', 'cloud']
const CNAMES = ['cloud']

function faultsBehindHead(text: string): string[] {
  return faultsOf(HEAD + text, SERVICES, CNAMES)
}

describe('the apex', () => {
  test('needs one SOA', () => {
    expect(faultsOf('$TTL 1h\n@ NS ns1\nns1 A 192.0.2.1\n')).toEqual(['- missing-soa'])
    expect(faultsBehindHead('@ SOA ns1 h 2 2 3 4 5\n')).toEqual(['5:1 second-soa'])
    expect(faultsBehindHead('sub SOA ns1 h 2 2 3 4 5\n')).toEqual(['5:1 second-soa'])
    expect(faultsOf('')).toEqual(['- missing-soa'])
  })

  test('needs an NS', () => {
    expect(faultsOf('$TTL 1h\n@ SOA ns1 h 2 2 3 4 5\nns1 A 192.0.2.1\n')).toEqual(['- missing-ns'])
  })

  test('is above all names of the zone', () => {
    expect(faultsBehindHead('www.example.org. A 192.0.2.1\nexample. A 192.0.2.1\n')).toEqual([
      '5:1 out-of-zone',
      '6:1 out-of-zone',
    ])
    expect(faultsBehindHead('www.example.org. LB web\n')).toEqual(['5:1 out-of-zone'])
  })
})

describe('RRsets', () => {
  test('drop duplicates with a warning', () => {
    const text = HEAD + 'a A 192.0.2.1\na A 192.0.2.2\na A 192.0.2.1\n@ NS NS1\na TXT x\na TXT X\n'
    expect(faultsOf(text)).toEqual(['~7:1 duplicate-record', '~8:1 duplicate-record'])
    expect(listRecords(zoneOf(text))).toHaveLength(7)
  })

  test('have one TTL, the least', () => {
    const text = HEAD + 'a 300 A 192.0.2.1\na 60 A 192.0.2.2\na 900 A 192.0.2.3\nb 60 A 192.0.2.1\nb 90 TXT x\n'
    expect(faultsOf(text)).toEqual(['~6:1 ttl-differs'])
    expect(listRecords(zoneOf(text)).filter((line) => line.startsWith('a.'))).toEqual([
      'a.example.com. 60 A 192.0.2.1',
      'a.example.com. 60 A 192.0.2.2',
      'a.example.com. 60 A 192.0.2.3',
    ])
  })

  test('gather records wherever they stand', () => {
    const zone = zoneOf(HEAD + 'a A 192.0.2.1\nb A 192.0.2.2\na TXT x\na A 192.0.2.3\n')
    expect(listRecords(zone).slice(3)).toEqual([
      'a.example.com. 3600 A 192.0.2.1',
      'a.example.com. 3600 A 192.0.2.3',
      'a.example.com. 3600 TXT "x"',
      'b.example.com. 3600 A 192.0.2.2',
    ])
  })
})

test.each<[string, string, string[]]>([
  ['a CNAME beside other data', 'a CNAME ns1\na TXT x', ['5:1 cname-beside-data']],
  ['a CNAME at the apex', '@ CNAME ns1', ['5:1 cname-beside-data']],
  ['two CNAMEs', 'a CNAME ns1\na CNAME ns2', ['6:1 cname-twice']],
  ['the same CNAME twice', 'a CNAME ns1\na CNAME NS1', ['~6:1 duplicate-record']],
  ['a CNAME beside DNSSEC records', 'a CNAME ns1\na NSEC \\# 4 00000101', []],
  ['a DNAME beside a CNAME', 'a DNAME b.\na CNAME b.', ['6:1 cname-beside-data']],
  ['two DNAMEs', 'a DNAME b.\na DNAME c.', ['6:1 dname-twice']],
  ['names below a DNAME', 'a DNAME b.\nc.a A 192.0.2.1\nd.c.a LB web', ['6:1 below-dname', '7:1 below-dname']],
  ['a DNAME beside other data', 'a DNAME b.\na A 192.0.2.1', []],
  ['a DNAME at the apex', '@ DNAME b.', ['4:1 below-dname']],
])('%s', (_what, text, faults) => {
  expect(faultsBehindHead(text)).toEqual(faults)
})

test.each<[string, string, string[]]>([
  ['LB anywhere', '@ LB web\nwww LB canary\n* LB web\na.b LB web', []],
  ['LB beside other types', '@ LB web\n@ MX 10 ns1\nwww LB web\nwww TXT x\nwww HTTPS 1 . alpn=h2', []],
  ['LB beside CNAME', 'a LB web\na CNAME ns1', ['5:1 lb-beside-cname']],
  ['LB beside DNAME', 'a LB web\na DNAME b.', ['5:1 lb-beside-dname']],
  ['LB beside A and AAAA', 'a LB web\na A 192.0.2.1\na AAAA ::1', ['5:1 lb-beside-a', '5:1 lb-beside-aaaa']],
  ['two LBs', 'a LB web\na LB canary', ['6:1 lb-twice']],
  ['LB at a cut', 'a NS ns.example.org.\na LB web', ['6:1 lb-at-cut']],
  ['LB below a cut', 'a NS ns.example.org.\nb.c.a LB web', ['6:1 lb-below-cut']],
  ['LB with a TTL', 'a 60 IN LB web\nb IN 60 LB web', ['5:3 lb-ttl', '6:6 lb-ttl']],
  ['LB of no known service', 'a LB wep\nb LB nothing', ['5:1 unknown-service', '6:1 unknown-service']],
  ['LB without a service', 'a LB\nb LB web canary', ['5:5 missing-field', '6:10 extra-field']],
  ['a name server that is an LB', 'lb LB web\n@ NS lb', []],
])('%s', (_what, text, faults) => {
  expect(faultsBehindHead(text)).toEqual(faults)
})

test.each<[string, string, string[]]>([
  ['a CNAME service alone', 'a LB cloud\n* LB cloud\nb.c LB cloud', []],
  ['a CNAME service at the apex', '@ LB cloud', ['5:1 lb-cname-at-apex']],
  ['a CNAME service beside data', 'a LB cloud\na TXT x\na HTTPS 1 .', ['5:1 lb-cname-beside-data']],
  ['a CNAME service beside A', 'a LB cloud\na A 192.0.2.1', ['5:1 lb-beside-a']],
  ['a CNAME service beside DNSSEC records', 'a LB cloud\na NSEC \\# 4 00000101', []],
  ['an MX host that is a CNAME service', '@ MX 10 lb\nlb LB cloud', ['~5:1 target-is-alias']],
  ['a name server that is a CNAME service', '@ NS lb\nlb LB cloud', ['~5:1 target-is-alias']],
])('%s', (_what, text, faults) => {
  expect(faultsBehindHead(text)).toEqual(faults)
})

test.each<[string, string, string[]]>([
  ['hints beside an LB', 'a LB web\na HTTPS 1 . ipv4hint=192.0.2.1', ['~6:1 hints-not-steered']],
  ['hints that lead to an LB', 'a LB web\nb HTTPS 1 a ipv6hint=::1', ['~6:1 hints-not-steered']],
  ['hints of others', 'a A 192.0.2.1\na HTTPS 1 . ipv4hint=192.0.2.1\nb HTTPS 1 x.example.net. ipv6hint=::1', []],
])('%s', (_what, text, faults) => {
  expect(faultsBehindHead(text)).toEqual(faults)
})

test.each<[string, string, string[]]>([
  ['ALIAS anywhere', '@ ALIAS x.example.net.\nwww 60 IN ALIAS x\n* ALIAS y.\na.b ALIAS y.', []],
  ['ALIAS beside other types', '@ ALIAS x.\n@ MX 10 ns1\nwww ALIAS x.\nwww TXT x', []],
  ['ALIAS beside CNAME', 'a ALIAS x.\na CNAME ns1', ['5:1 alias-beside-cname']],
  ['ALIAS beside DNAME', 'a ALIAS x.\na DNAME b.', ['5:1 alias-beside-dname']],
  ['ALIAS beside A and AAAA', 'a ALIAS x.\na A 192.0.2.1\na AAAA ::1', ['5:1 alias-beside-a', '5:1 alias-beside-aaaa']],
  ['ALIAS beside LB', 'a ALIAS x.\na LB web\nb LB web\nb ALIAS x.', ['6:1 alias-beside-lb', '8:1 alias-beside-lb']],
  ['two ALIASes', 'a ALIAS x.\na ALIAS x.', ['6:1 alias-twice']],
  ['ALIAS at a cut', 'a NS ns.example.org.\na ALIAS x.', ['6:1 alias-at-cut']],
  ['ALIAS below a cut', 'a NS ns.example.org.\nb.c.a ALIAS x.', ['6:1 alias-below-cut']],
  ['ALIAS below a DNAME', 'a DNAME b.\nc.a ALIAS x.', ['6:1 below-dname']],
  ['ALIAS of itself', 'a ALIAS A.Example.Com.', ['5:1 alias-to-itself']],
  ['ALIAS without a target', 'a ALIAS\nb ALIAS x. y', ['5:8 missing-field', '6:12 extra-field']],
  ['ALIAS outside', 'a.example.org. ALIAS x.', ['5:1 out-of-zone']],
  ['a name server that is an ALIAS', 'a ALIAS x.\n@ NS a', []],
])('%s', (_what, text, faults) => {
  expect(faultsBehindHead(text)).toEqual(faults)
})

test('ALIAS records are bound to their target, with their TTL or that of the zone', () => {
  const zone = zoneOf(`${HEAD}a ALIAS X.example.net.\nb 60 ALIAS x.example.net.\nc ALIAS x.example.net.\n`)
  expect(zone.services).toEqual(['ALIAS 3600 x.example.net.', 'ALIAS 60 x.example.net.'])
  expect(zone.services.map(aliasOf)).toEqual([
    { target: 'x.example.net.', ttl: 3600 },
    { target: 'x.example.net.', ttl: 60 },
  ])
  expect(aliasOf('web')).toBeUndefined()
  expect([...zone.nodes.service]).toEqual([-1, -1, 0, 1, 0])
  expect(zoneOf('@ 9 SOA a. b. 1 2 3 4 5\n@ 9 NS a.\n').services).toEqual([])
})

test('an ALIAS without any TTL takes the minimum of the SOA', () => {
  const zone = zoneOf('@ ALIAS x.\n@ 9 SOA a. b. 1 2 3 4 77\n@ 9 NS a.\n')
  expect(zone.services).toEqual(['ALIAS 77 x.'])
})

const LONG = `"${'x'.repeat(250)}" `.repeat(10)

test.each<[string, string, string[]]>([
  ['a DS without a delegation', 'a DS 1 8 9 ab\n@ DS 1 8 9 ab', ['~5:1 ds-without-ns', '~6:1 ds-without-ns']],
  ['a DS below a delegation', 'a NS x.\nb.a DS 1 8 9 ab', ['~6:1 occluded']],
  [
    'digests of a wrong length',
    'a CDS 1 8 2 ab\na CDS 0 0 0 00\na SSHFP 1 1 ab\na TLSA 3 1 1 ab\na TLSA 3 1 0 ab\na SMIMEA 3 1 2 ab\na ZONEMD 1 1 1 ab',
    ['~5:1 digest-length', '~7:1 digest-length', '~8:1 digest-length', '~10:1 digest-length', '~11:1 digest-length'],
  ],
  ['digests of a right length', `a TLSA 3 1 1 ${'ab'.repeat(32)}\na SSHFP 1 1 ${'ab'.repeat(20)}`, []],
  [
    'an SVCB alias with parameters',
    'a HTTPS 0 x. port=1\na HTTPS 0 x.\nb SVCB 1 x. port=1',
    ['~5:1 alias-mode-parameters'],
  ],
  ['an RRset that fits a message', Array.from({ length: 25 }, (_, i) => `a TXT ${i} ${LONG}`).join('\n'), []],
  [
    'an RRset that fits no message',
    Array.from({ length: 27 }, (_, i) => `a TXT ${i} ${LONG}`).join('\n'),
    ['5:1 rrset-too-large'],
  ],
])('%s', (_what, text, faults) => {
  expect(faultsBehindHead(text)).toEqual(faults)
})

test('an RRset may be as large as a message that still has room for question and OPT, to the byte', () => {
  // Header 12, question and OPT 512, each record 12, a TXT of n bytes takes n + 1 for each string.
  const room = 65_535 - 12 - 512
  const full = Math.floor(room / (12 + 256))
  const rest = room - full * (12 + 256) - 12
  const lines = Array.from({ length: full }, (_, i) => `a TXT ${String(i).padEnd(255, 'x')}`)
  const zone = (last: number): string => [...lines, `a TXT ${'y'.repeat(last)}`].join('\n')
  expect(faultsBehindHead(zone(rest - 1))).toEqual([])
  expect(faultsBehindHead(zone(rest))).toEqual(['5:1 rrset-too-large'])
})

test('hints at the nearest service', () => {
  expect(loadText(HEAD + 'a LB canari\n', SERVICES).faults[0]).toMatchObject({ hint: 'did you mean canary?' })
})

test('the nodes of LB records know their service', () => {
  const zone = zoneOf(HEAD + 'a LB web\nb LB canary\nc LB web\n', SERVICES)
  expect(zone.services).toEqual(['web', 'canary'])
  expect([...zone.nodes.service]).toEqual([-1, -1, 0, 1, 0])
})

test.each<[string, string, string[]]>([
  ['data below a cut', 'a NS ns.example.org.\nb.a TXT x', ['~6:1 occluded']],
  ['data at a cut', 'a NS ns.example.org.\na TXT x\na DS 1 8 9 ab', ['~6:1 occluded']],
  ['an NS below a cut', 'a NS ns.example.org.\nb.a NS ns.example.org.', ['~6:1 occluded']],
  ['a delegation with glue', 'a NS ns.a\nns.a A 192.0.2.1', []],
  ['a delegation to itself with glue', 'a NS a\na AAAA ::1', []],
  ['a delegation without glue', 'a NS ns.a', ['~5:1 missing-glue']],
  ['a delegation whose glue is missing at a name that exists', 'a NS ns.a\nx.ns.a A 192.0.2.1', ['~5:1 missing-glue']],
  ['a delegation whose glue stands at the cut', 'a NS ns.a\na A 192.0.2.1', ['~5:1 missing-glue']],
  ['a delegation to a sibling', 'a NS ns.b\nb NS ns.example.org.', []],
  ['a delegation to a host of the zone', 'a NS ns1', []],
  ['a delegation to nowhere', 'a NS ns2', ['~5:1 missing-target']],
  ['hosts outside', '@ NS ns.example.org.\n@ MX 1 mail.example.org.\n@ MX 2 .', []],
  [
    'hosts that do not exist',
    '@ NS ns2\n@ MX 1 mail\n_x._tcp SRV 1 2 3 host',
    ['~5:1 missing-target', '~6:1 missing-target', '~7:1 missing-target'],
  ],
  ['hosts that are aliases', 'a CNAME ns1\n@ NS a\n@ MX 1 A', ['~6:1 target-is-alias', '~7:1 target-is-alias']],
  ['a host without addresses', '@ MX 1 a\na TXT x', ['~5:1 target-without-address']],
  ['a host between names', '@ MX 1 a\nb.a A 192.0.2.1', ['~5:1 target-without-address']],
  ['a host below a DNAME', 'a DNAME b.\n@ MX 1 mail.a', ['~6:1 target-is-alias']],
  ['a host under a wildcard', '*.a A 192.0.2.1\n@ MX 1 x.y.a', []],
  ['a host under an alias wildcard', '*.a CNAME ns1\n@ MX 1 x.a', ['~6:1 target-is-alias']],
  ['a name that hides the wildcard', '* A 192.0.2.1\nb.a TXT x\n@ MX 1 x.a', ['~7:1 missing-target']],
  ['a host in another delegation', 'a NS ns.example.org.\n@ MX 1 mail.a', []],
])('%s', (_what, text, faults) => {
  expect(faultsBehindHead(text)).toEqual(faults)
})

test('nested delegations: the highest hides all below', () => {
  const { faults } = loadText(HEAD + 'a NS ns.example.org.\nb.a NS ns.example.org.\nd.c.b.a LB web\n', SERVICES)
  expect(faults.map(({ message }) => message)).toEqual([
    'this NS is hidden by the delegation of a.example.com.',
    'd.c.b.a.example.com. stands below the delegation of a.example.com., so its LB would never answer',
  ])
})

test('warnings do not refuse a zone, errors do', () => {
  expect(loadText(HEAD + 'a NS ns.a\n').zone).toBeDefined()
  expect(loadText(HEAD + 'a LB web\n').zone).toBeUndefined()
})

test('ten mistakes are ten faults', () => {
  const text = `${HEAD}a A 192.0.2.256
b AA 192.0.2.1
c LB wbe
d 300 LB web
e CNAME ns1
e TXT "x"
www.example.org. A 192.0.2.1
f TXT "unclosed
g MX mail 10
$TLT 300
h SRV 1 2 port host
`
  expect(faultsOf(text, SERVICES)).toEqual([
    '5:5 bad-ipv4-address',
    '6:3 unknown-type',
    '7:1 unknown-service',
    '8:3 lb-ttl',
    '9:1 cname-beside-data',
    '11:1 out-of-zone',
    '12:7 unclosed-quote',
    '13:6 bad-preference',
    '14:1 unknown-directive',
    '15:11 bad-port',
  ])
})
