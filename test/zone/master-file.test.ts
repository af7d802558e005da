// Master files as people write them.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatName } from '../../src/dns/name.ts'
import { describeFaults, faultsOf, HEAD, listRecords, loadText, zoneOf } from './zone-text.ts'

/** The records behind the usual head. */
function recordsOf(text: string, services: readonly string[] = []): string[] {
  return listRecords(zoneOf(HEAD + text, services)).slice(3)
}

test('reads the zone of the README', () => {
  const zone = zoneOf(
    `; zones/example.com.zone
$ORIGIN example.com.
$TTL 3600
@       IN SOA ns1 hostmaster 1 7200 1800 1209600 300
@       IN NS  ns1
ns1     IN A   127.0.0.1
www     IN LB  web        ; answered by the service "web"
canary  IN LB  canary
`,
    ['web', 'canary'],
  )
  expect(formatName(zone.origin)).toBe('example.com.')
  expect(zone.serial).toBe(1)
  expect(zone.services).toEqual(['web', 'canary'])
  expect(listRecords(zone)).toEqual([
    'example.com. 3600 NS ns1.example.com.',
    'example.com. 3600 SOA ns1.example.com. hostmaster.example.com. 1 7200 1800 1209600 300',
    'ns1.example.com. 3600 A 127.0.0.1',
    'www.example.com. LB web',
    'canary.example.com. LB canary',
  ])
})

test.each<[string, string, string[]]>([
  ['a blank owner', 'a A 192.0.2.1\n  AAAA ::1\n\tTXT x', ['a 3600 A 192.0.2.1', 'a 3600 TXT "x"', 'a 3600 AAAA ::1']],
  ['TTL before class', 'a 60 IN A 192.0.2.1', ['a 60 A 192.0.2.1']],
  ['class before TTL', 'a IN 60 A 192.0.2.1', ['a 60 A 192.0.2.1']],
  ['neither', 'a A 192.0.2.1', ['a 3600 A 192.0.2.1']],
  ['lower case', 'a in a 192.0.2.1', ['a 3600 A 192.0.2.1']],
  ['TTL units', 'a 1h30m A 192.0.2.1\nb 1W2D A 192.0.2.1', ['a 5400 A 192.0.2.1', 'b 777600 A 192.0.2.1']],
  ['a new $TTL', '$TTL 1d\na A 192.0.2.1', ['a 86400 A 192.0.2.1']],
  ['parentheses', 'a ( 60\n IN ) ( A ; one\n 192.0.2.1\n)', ['a 60 A 192.0.2.1']],
  ['TXT over lines', 'a TXT ( "one ; two"\n   "three" )', ['a 3600 TXT "one ; two" "three"']],
  ['escapes', 'a\\.b TXT a\\;b\\032c', ['a\\.b 3600 TXT "a;b c"']],
  [
    'a relative $ORIGIN',
    '$ORIGIN sub\na CNAME b\n@ MX 1 .',
    ['sub 3600 MX 1 .', 'a.sub 3600 CNAME b.sub.example.com.'],
  ],
  ['an absolute $ORIGIN', '$ORIGIN sub.example.com.\na A 192.0.2.1', ['a.sub 3600 A 192.0.2.1']],
  ['CRLF', 'a A 192.0.2.1\r\n\r\nb ( A\r\n 192.0.2.2 ) ; x\r\n', ['a 3600 A 192.0.2.1', 'b 3600 A 192.0.2.2']],
  ['no newline at the end', 'a A 192.0.2.1', ['a 3600 A 192.0.2.1']],
  ['unknown types', 'a TYPE65280 \\# 2 abcd', ['a 3600 TYPE65280 \\# 2 ABCD']],
  ['wildcards', '* A 192.0.2.1\n*.a A 192.0.2.2', ['* 3600 A 192.0.2.1', '*.a 3600 A 192.0.2.2']],
  ['a name folded', 'WWW A 192.0.2.1\nwww A 192.0.2.2', ['www 3600 A 192.0.2.1', 'www 3600 A 192.0.2.2']],
  [
    'an owner like a type',
    'a A 192.0.2.1\nmx A 192.0.2.2\n300 A 192.0.2.3',
    ['a 3600 A 192.0.2.1', 'mx 3600 A 192.0.2.2', '300 3600 A 192.0.2.3'],
  ],
])('%s', (_what, text, records) => {
  expect(recordsOf(text)).toEqual(records.map((line) => line.replace(/^\S+/, '$&.example.com.')))
})

test('a byte order mark is no part of the first record', () => {
  expect(listRecords(zoneOf(`\uFEFF${HEAD}`))).toHaveLength(3)
})

test('without $TTL a record takes the TTL before it', () => {
  const text = '@ 500 SOA ns1 h 1 2 3 4 300\n NS ns1\nns1 60 A 192.0.2.1\na A 192.0.2.2\n'
  expect(listRecords(zoneOf(text)).map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
    'example.com. 500 NS',
    'example.com. 500 SOA',
    'ns1.example.com. 60 A',
    'a.example.com. 60 A',
  ])
})

test("without any TTL a record takes the SOA's minimum, and that is said once", () => {
  const text = '@ SOA ns1 h 1 2 3 4 300\n NS ns1\nns1 A 192.0.2.1\n'
  expect(faultsOf(text)).toEqual(['~1:1 missing-ttl'])
  expect([...zoneOf(text).rrsets.ttl]).toEqual([300, 300, 300])
})

test("the zone's origin is the owner of its SOA, whatever the file is called", () => {
  const text = '$ORIGIN example.org.\n' + HEAD
  expect(formatName(zoneOf(text).origin)).toBe('example.org.')
  expect(formatName(zoneOf(HEAD.replace('@ IN SOA', 'example.com. IN SOA')).origin)).toBe('example.com.')
})

test('nodes are the names that exist, empty ones too, parents first', () => {
  const { nodes } = zoneOf(HEAD + 'a.b.c A 192.0.2.1\nb A 192.0.2.1\n')
  const names = Array.from(nodes.name, (at) => formatName(nodes.names, at).replace('example.com.', ''))
  expect(names).toEqual(['', 'ns1.', 'c.', 'b.c.', 'a.b.c.', 'b.'])
  expect([...nodes.parent]).toEqual([-1, 0, 0, 2, 3, 0])
  expect([...nodes.firstRrset]).toEqual([0, 2, 3, 3, 3, 4, 5])
})

test('includes files: origin and owner come back, TTLs stay', () => {
  const load = loadText(
    HEAD + 'a A 192.0.2.1\n$INCLUDE sub/more.db sub\n 3600 A 192.0.2.2\n$INCLUDE "sub/last.db"\n',
    [],
    {
      '/zones/sub/more.db': '@ A 192.0.2.3\n$INCLUDE last.db\n$ORIGIN x\n$TTL 60\n@ A 192.0.2.5',
      '/zones/sub/last.db': 'last A 192.0.2.4\n',
    },
  )
  expect(load.faults).toEqual([])
  expect(listRecords(load.zone!).slice(3)).toEqual([
    'a.example.com. 3600 A 192.0.2.1',
    'a.example.com. 3600 A 192.0.2.2',
    'sub.example.com. 3600 A 192.0.2.3',
    'last.sub.example.com. 3600 A 192.0.2.4',
    'x.sub.example.com. 60 A 192.0.2.5',
    'last.example.com. 60 A 192.0.2.4',
  ])
  expect(load.files).toEqual([
    '/zones/example.com.zone',
    '/zones/sub/more.db',
    '/zones/sub/last.db',
    '/zones/sub/last.db',
  ])
})

test('tells of faults in included files where they stand', () => {
  const load = loadText(HEAD + '$INCLUDE a.db\n$INCLUDE none.db\n$INCLUDE loop.db\n', [], {
    '/zones/a.db': 'a A 192.0.2.1\nb A x\n',
    '/zones/loop.db': '$INCLUDE example.com.zone\n',
  })
  expect(load.faults.map(({ place, code }) => `${place.file}:${place.line!}:${place.column!} ${code}`)).toEqual([
    '/zones/a.db:2:5 bad-ipv4-address',
    '/zones/example.com.zone:6:10 cannot-read',
    '/zones/loop.db:1:10 include-loop',
  ])
})

test('a chain of inclusions has a limit', () => {
  const files = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`/zones/${i}.db`, `$INCLUDE ${i + 1}.db\n`]))
  const codes = (includeDepth: number) =>
    loadText(HEAD + '$INCLUDE 0.db\n', [], { ...files, '/zones/40.db': '' }, { limits: { includeDepth } }).faults.map(
      ({ code }) => code,
    )
  expect([codes(41), codes(40), codes(0)]).toEqual([[], ['include-depth'], ['include-depth']])
})

test('text has a limit, which counts included files', () => {
  const text = HEAD + '$INCLUDE a.db\n'
  const more = 'a A 192.0.2.1\n'
  const load = (textBytes: number) => loadText(text, [], { '/zones/a.db': more }, { limits: { textBytes } })
  expect(load(text.length + more.length).faults).toEqual([])
  expect(load(text.length + more.length - 1).faults.map(({ place, code }) => `${place.line!} ${code}`)).toEqual([
    `${HEAD.split('\n').length} too-long`,
  ])
})

test('the records of a zone have a limit, and what is beyond is told once and not read', () => {
  const text = HEAD + 'a A 192.0.2.1\n; nothing\nb A 192.0.2.1\nc A x\nd A y\n'
  const before = HEAD.split('\n').filter((line) => line !== '' && !line.startsWith('$')).length
  const load = (records: number) =>
    loadText(text, [], {}, { limits: { records } }).faults.map(({ place, code }) => `${place.line!} ${code}`)
  const [a, c] = [HEAD.split('\n').length, HEAD.split('\n').length + 3]
  expect(load(before + 1)).toEqual([`${a + 2} too-many-records`])
  expect(load(before + 2)).toEqual([`${c} too-many-records`])
  expect(load(before + 4)).toEqual([`${c} bad-ipv4-address`, `${c + 1} bad-ipv4-address`])
})

test('files that include each other manifold have a limit', () => {
  const files = Object.fromEntries(
    Array.from({ length: 14 }, (_, i) => [`/zones/${i}.db`, `$INCLUDE ${i + 1}.db\n`.repeat(3)]),
  )
  const load = loadText(HEAD + '$INCLUDE 0.db\n', [], { ...files, '/zones/14.db': '' }, { limits: { files: 10_000 } })
  expect(load.files).toHaveLength(10_000)
  expect(load.faults[0]?.code).toBe('too-many-files')
})

test.each<[string, string]>([
  ['a AA 192.0.2.1', '5:3 unknown-type'],
  ['a A', '5:4 missing-field'],
  ['a', '5:2 missing-type'],
  ['a 60 IN', '5:8 missing-type'],
  ['a IN IN A 192.0.2.1', '5:6 unknown-type'],
  ['a CH TXT x', '5:3 bad-class'],
  ['a 3x A 192.0.2.1', '5:3 bad-ttl'],
  ['a 2147483648 A 192.0.2.1', '5:3 bad-ttl'],
  ['a A 192.0.2.1 x', '5:15 extra-field'],
  ['a TXT "x', '5:7 unclosed-quote'],
  ['a A ) 192.0.2.1', '5:5 stray-parenthesis'],
  ['a A ( 192.0.2.1', '5:5 unclosed-parenthesis'],
  ['a..b A 192.0.2.1', '5:1 empty-label'],
  ['a\\999 A 192.0.2.1', '5:1 bad-escape'],
  [`${'x'.repeat(64)} A 192.0.2.1`, '5:1 label-too-long'],
  ['a MX 10 b..c', '5:9 empty-label'],
  ['a ANY x', '5:3 meta-type'],
  ['a TYPE41 \\# 0', '5:3 meta-type'],
  ['$FOO x', '5:1 unknown-directive'],
  ['$GENERATE 1-9 a$ A 192.0.2.$', '5:1 unsupported-directive'],
  ['$TTL', '5:5 missing-field'],
  ['$TTL soon', '5:6 bad-ttl'],
  ['$ORIGIN a..b', '5:9 empty-label'],
  ['$ORIGIN a b', '5:11 extra-field'],
  ['$INCLUDE', '5:9 missing-field'],
  ['ü TXT "ö" "ü', '5:11 unclosed-quote'],
])('%s: %s, and the next record is read', (line, fault) => {
  expect(faultsOf(`${HEAD}${line}\nnext A 192.0.2\n`)).toEqual([fault, '6:8 bad-ipv4-address'])
})

test('hints at the nearest word', () => {
  const hints = loadText(HEAD + 'a CNMAE b\n$ORIGN x.\na FOOBAR x\n').faults.map(({ hint }) => hint)
  expect(hints).toEqual([
    'did you mean CNAME?',
    'did you mean $ORIGIN?',
    'unknown types are written TYPEnnn (RFC 3597)',
  ])
})

test('a record that begins with a blank needs an owner before it, and a faulty owner is told once', () => {
  expect(faultsOf(' A 192.0.2.1\n' + HEAD)).toEqual(['1:2 missing-owner'])
  expect(faultsOf(HEAD + 'a..b A 192.0.2.1\n A 192.0.2.2\n A 192.0.2\n')).toEqual([
    '5:1 empty-label',
    '7:4 bad-ipv4-address',
  ])
  expect(faultsOf(HEAD + 'a CNAME ns1\na..b A 192.0.2.1\n A 192.0.2.2\n')).toEqual(['6:1 empty-label'])
})

test('a faulty record is not missed by other checks', () => {
  const text = '@ 60 SOA ns1 h x 2 3 4 5\n NS n..s\n MX 1 mail\nmail A 192.0.2\n'
  expect(faultsOf(text)).toEqual(['1:16 bad-serial', '2:5 empty-label', '4:8 bad-ipv4-address'])
})

test('lists a thousand faults of a file, and says that there are more', () => {
  const { faults, zone } = loadText(HEAD + 'a A x\n'.repeat(1500))
  expect(zone).toBeUndefined()
  expect(faults).toHaveLength(1001)
  expect(faults.at(-1)).toMatchObject({ code: 'too-many-faults', severity: 'error' })
})

test('a file that cannot be read, or whose name is none, is a fault', () => {
  expect(describeFaults(loadText('', [], {}, { file: '/zones/a..b.zone' }))).toEqual(['- bad-file-name'])
  const load = loadText(HEAD, [], {}, { file: '/zones/other.zone' })
  expect(load.zone).toBeDefined()
})

test('never throws, whatever the file holds', () => {
  const words = [
    'a',
    '@',
    '*',
    ' ',
    '\n',
    '\n',
    ' A ',
    ' 192.0.2.1 ',
    ' NS ',
    ' CNAME ',
    ' LB ',
    ' web ',
    ' SOA ',
    '(',
    ')',
    '"',
    ';',
  ]
  const more = [
    '\\',
    '\\0',
    ' TYPE9 ',
    '\\# ',
    '1',
    '.',
    '$TTL ',
    '$ORIGIN ',
    '$INCLUDE ',
    'example.com.',
    ' DNAME ',
    ' MX 1 ',
    ' 1h ',
  ]
  const text = fc.array(fc.constantFrom(...words, ...more), { maxLength: 60 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(fc.oneof(text, fc.string({ unit: 'binary' })), fc.boolean(), (random, hasHead) => {
      const { zone, faults } = loadText((hasHead ? HEAD : '') + random, ['web'])
      expect(zone === undefined).toBe(faults.some(({ severity }) => severity === 'error'))
    }),
    { numRuns: 2000 },
  )
})

test('what a zone prints, it reads back', () => {
  const label = fc.stringMatching(/^[a-z0-9]{1,8}$/)
  const owner = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'))
  const rdata = fc.oneof(
    fc.nat(255).map((byte) => `A 192.0.2.${byte}`),
    owner.map((host) => `MX 10 ${host}`),
    fc.string({ maxLength: 20 }).map((text) => `TXT "${text.replaceAll(/["\\\n]/g, '')}"`),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(owner, fc.nat(1000), rdata), { maxLength: 30 }), (records) => {
      const zone = zoneOf(HEAD + records.map(([name, ttl, data]) => `${name} ${ttl} ${data}\n`).join(''))
      const printed = listRecords(zone)
      expect(listRecords(zoneOf(printed.join('\n')))).toEqual(printed)
    }),
    { numRuns: 100 },
  )
})
