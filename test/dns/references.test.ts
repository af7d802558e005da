// What the trusted servers make of our rdata: each example goes into a zone twice, as text and as the generic form of our
// wire (RFC 3597 §5), and what BIND and NSD print of both must be alike; Knot has to take the zone. Skipped where they lack.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { formatGeneric } from '../../src/dns/rdata/generic.ts'
import { formatRdata } from '../../src/dns/rdata/rdata.ts'
import { parseType } from '../../src/dns/types.ts'
import { wireOf } from './rdata-text.ts'

const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin`
const DIGEST = '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'

/** One or more of each type that all three read; the wildest of what they agree on. */
const RECORDS: readonly string[] = [
  'A 192.0.2.1',
  'AAAA 2001:db8::1',
  'AAAA ::ffff:192.0.2.1',
  'AFSDB 1 db',
  'APL 1:192.168.32.0/21 !1:192.168.38.1/28 2:ff00::/8 1:0.0.0.0/0',
  'APL',
  'CAA 128 issue "ca.example.net; policy=ev"',
  'CDNSKEY 0 3 0 AA==',
  'CDS 0 0 0 00',
  `CDS 12345 13 2 ${DIGEST}`,
  'CERT PKIX 12345 8 AwEA Aag=',
  'CERT OID 0 RSASHA256 AwEAAag=',
  'CSYNC 66 3 A NS AAAA',
  'CSYNC 1 4',
  'DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=',
  'DNAME target',
  'DNSKEY 257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==',
  `DS 60485 5 2 ${DIGEST}`,
  'EUI48 00-00-5e-00-53-2a',
  'EUI64 00-00-5E-EF-10-00-00-2a',
  'HINFO "VAX 11/780" UNIX',
  'HTTPS 0 alias',
  'HTTPS 1 . alpn=h2,h3 port=8443 ipv6hint=2001:db8::1 key667="x"',
  'IPSECKEY 10 0 2 . AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==',
  'IPSECKEY 10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==',
  'IPSECKEY 10 2 2 2001:db8::1 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==',
  'IPSECKEY 10 3 2 gw AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==',
  'KEY 256 3 8 AwEAAag=',
  'KX 10 kx',
  'L32 10 10.1.2.0',
  'L64 10 2001:0db8:1140:1000',
  'LOC 52 22 23.001 N 4 53 32.000 E -2.00m 1m 10000m 10m',
  'LOC 42 N 71 W 0',
  'LOC 42 21 54 S 71 06 18 W 42849672.95m 12345678m 0.01m 0m',
  'LP 10 l64',
  'MINFO a b',
  'MX 10 mail',
  'NAPTR 100 10 "U" "E2U+sip" "!^.*$!sip:info@example.com!" .',
  'NID 10 0014:4fff:ff20:ee64',
  'NS ns2',
  'NSEC host A MX RRSIG NSEC TYPE1234 CAA',
  'NSEC3 1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr A RRSIG',
  'NSEC3 1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr',
  'NSEC3PARAM 1 0 12 aabbccdd',
  'NSEC3PARAM 1 0 0 -',
  'OPENPGPKEY AwEA Aag=',
  'PTR host',
  'RP admin .',
  'RRSIG A 8 2 3600 20300101000000 20200101000000 12345 @ AwEA Aag=',
  'RRSIG TYPE65280 RSASHA256 2 3600 20300101000000 20200101000000 12345 example.com. AwEAAag=',
  'RT 10 relay',
  `SMIMEA 3 1 1 ${DIGEST}`,
  'SPF "v=spf1 -all"',
  'SRV 0 5 5060 sip',
  `SSHFP 4 2 ${DIGEST}`,
  'SVCB 1 svc alpn="h2,h3" port=8443 ipv4hint=192.0.2.1 mandatory=alpn',
  `TLSA 3 1 1 ${DIGEST}`,
  'TXT first "second \\"quoted\\" \\200"',
  'URI 10 1 "ftp://ftp1.example.com/public"',
  `ZONEMD 2018031500 1 1 ${'febe3d4ce2ec2ffa4ba99d46cd69d6d29711e55217057bee'.repeat(2)}`,
]

const HEAD = '$TTL 60\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\nns1 A 192.0.2.1\n'
const EXAMPLES = RECORDS.map((record) => {
  const [type = ''] = record.split(' ', 1)
  return { record, type, text: record.slice(type.length) }
})

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meridian-types-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

function hasTool(tool: string): boolean {
  return !spawnSync(tool, ['-h'], { env: { PATH } }).error
}

function run(tool: string, words: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(tool, words, { cwd: folder, env: { PATH }, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${tool}: ${stdout}${stderr}`)
  return stdout
}

/** A zone with each example at `a<n>` in one of the forms that must be alike. Those of a cut have their NS. */
function writeZone(file: string, rdataOf: (example: (typeof EXAMPLES)[number]) => string): string {
  const lines = EXAMPLES.map((example, i) => {
    const cut = example.type === 'DS' ? `a${i} NS ns1\n` : ''
    return `${cut}a${i} ${example.type} ${rdataOf(example)}\n`
  })
  const path = join(folder, file)
  writeFileSync(path, HEAD + lines.join(''))
  return path
}

const FORMS: readonly [string, (example: (typeof EXAMPLES)[number]) => string][] = [
  ['wire', ({ type, text }) => formatGeneric(wireOf(type, text))],
  ['canonical text', ({ type, text }) => formatRdata(parseType(type)!, wireOf(type, text))],
]

test.skipIf(!hasTool('named-compilezone')).each(FORMS)('BIND reads our %s as it reads the text', (form, print) => {
  const compile = (file: string): string[] =>
    run('named-compilezone', [...['-q', '-i', 'none', '-k', 'ignore', '-o', '-'], 'example.com', file]).split('\n')
  expect(compile(writeZone(`bind-${form}`, print))).toEqual(compile(writeZone('bind-text', ({ text }) => text)))
})

test.skipIf(!hasTool('nsd-checkzone')).each(FORMS)('NSD reads our %s as it reads the text', (form, print) => {
  const dump = (file: string): string[] => run('nsd-checkzone', ['-p', 'example.com', file]).split('\n').sort()
  expect(dump(writeZone(`nsd-${form}`, print))).toEqual(dump(writeZone('nsd-text', ({ text }) => text)))
})

test.skipIf(!hasTool('kzonecheck')).each(FORMS)('Knot takes our %s', (form, print) => {
  const errorsOf = (file: string): string[] =>
    spawnSync('kzonecheck', ['-o', 'example.com', file], { env: { PATH }, encoding: 'utf8' })
      .stderr.split('\n')
      .filter((line) => /line|parse|fail/i.test(line))
  expect(errorsOf(writeZone(`knot-${form}`, print))).toEqual(errorsOf(writeZone('knot-text', ({ text }) => text)))
})
