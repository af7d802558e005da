// The zone of the client tests, with every type and every kind of answer, and a director that serves it.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '../../src/base/log.ts'
import { startRunning } from '../../src/wiring/running.ts'
import { freePort } from '../support/free-port.ts'

/** Every type that has a text form, and one that has none, as dig prints it: names absolute, hexadecimal in capitals. */
export const RECORDS: readonly (readonly [owner: string, type: string, ...rdata: string[]])[] = [
  ['a', 'A', '192.0.2.1', '192.0.2.2'],
  ['aaaa', 'AAAA', '2001:db8::1'],
  ['ptr', 'PTR', 'host.example.'],
  ['mx', 'MX', '10 a.clients.test.', '20 mail.example.'],
  ['txt', 'TXT', '"plain" "with \\"quotes\\" and \\\\ and \\195\\169" ""'],
  ['_sip._tcp.srv', 'SRV', '1 2 5060 a.clients.test.'],
  ['caa', 'CAA', '0 issue "letsencrypt.org"', '128 iodef "mailto:security@example.com"'],
  ['naptr', 'NAPTR', '100 10 "u" "E2U+sip" "!^.*$!sip:info@example.com!" .'],
  ['ds', 'DS', '60485 13 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A'],
  ['_443._tcp.tlsa', 'TLSA', '3 1 1 0D6FCE3A5E8F2A4C1D7B9A0E3F5C8D2B6A1E4F7C9D0B3A5E8F2A4C1D7B9A0E3F'],
  ['sshfp', 'SSHFP', '4 2 123456789ABCDEF67890123456789ABCDEF67890123456789ABCDEF123456789'],
  ['svcb', 'SVCB', '1 a.clients.test. alpn="h2,h3" port=8443 ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1'],
  ['mandatory', 'SVCB', '2 a.clients.test. mandatory=alpn,port alpn="h2" no-default-alpn port=53 key65333="ex1"'],
  ['https', 'HTTPS', '1 . alpn="h2" ech=AEX+DQBBnQ=='],
  ['alias-mode', 'HTTPS', '0 a.clients.test.'],
  ['renamed', 'DNAME', 'target.clients.test.'],
  ['lengthened', 'DNAME', `${'x'.repeat(60)}.${'y'.repeat(60)}.clients.test.`],
  ['canonical', 'CNAME', 'a.clients.test.'],
  ['other', 'TYPE65280', '\\# 4 DEADBEEF'],
  ['empty', 'TYPE65280', '\\# 0'],
  ['sp\\032ace', 'A', '192.0.2.6'],
  ['do\\.t', 'A', '192.0.2.7'],
]

export const SOA = 'clients.test. 60 SOA ns1.clients.test. hostmaster.clients.test. 7 7200 1800 1209600 60'

/** Together too long for UDP. */
export const LONG_TEXTS: readonly string[] = Array.from({ length: 60 }, (_, i) => `"${'long '.repeat(12)}${i}"`)

const ZONE = `$ORIGIN clients.test.
$TTL 300
@ SOA ns1 hostmaster 7 7200 1800 1209600 60
@ NS ns1
ns1 A 192.0.2.53
ns1 AAAA 2001:db8::53
${RECORDS.flatMap(([owner, type, ...all]) => all.map((rdata) => `${owner} ${type} ${rdata}`)).join('\n')}
first CNAME second
second CNAME a
out CNAME www.example.net.
host.target A 192.0.2.77
*.wild A 192.0.2.9
*.wild-alias CNAME a
child NS ns.child
child NS ns.elsewhere.example.
ns.child A 192.0.2.99
ns.child AAAA 2001:db8::99
lb LB web
lb-alias CNAME lb
${LONG_TEXTS.map((text) => `long TXT ${text}`).join('\n')}
`

const CONFIG = (port: number): string => `listen: ['127.0.0.1:${port}']
zones: zones
state: state
workers: 1
geo: { source: table, file: networks }
regions:
  east: { location: { latitude: 38.9, longitude: -77.4 }, balancers: [198.51.100.10] }
  west: { location: { latitude: 53.3, longitude: -6.3 }, balancers: [198.51.100.20, '2001:db8:2::20'] }
services:
  web: { regions: [east, west], steer: [nearest], ttl: 30s }
`
const NETWORKS = '203.0.113.0/25 53.3,-6.3 IE\n203.0.113.128/25 38.9,-77.4 US\n2001:db8:aaaa::/48 53.3,-6.3 IE\n'

/** Serves the zone on a free port until `stop`. */
export async function serveClientsZone(): Promise<{ readonly port: number; readonly stop: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'meridian-clients-'))
  const port = await freePort()
  await mkdir(join(folder, 'zones'))
  await writeFile(join(folder, 'zones', 'clients.test.zone'), ZONE)
  await writeFile(join(folder, 'networks'), NETWORKS)
  const configFile = join(folder, 'meridian.yaml')
  await writeFile(configFile, CONFIG(port))
  const running = await startRunning({ configFile, version: 'test', log: () => createLog('silent') })
  if (!('stop' in running)) throw new Error(`the director did not start: ${JSON.stringify(running)}`)
  const stop = async (): Promise<void> => {
    await running.stop()
    await rm(folder, { recursive: true })
  }
  return { port, stop }
}
