// The snapshots that packets are thrown at: zones in which every branch of a lookup can be reached, and sizes at which
// messages overflow. Small enough to be built in a moment, nasty enough that a random name often hits something.
import { parseAddress } from '../../src/base/address.ts'
import { compileRanges, type ClientMap } from '../../src/geo/client-map.ts'
import type { Networks } from '../../src/geo/geo.ts'
import type { Snapshot } from '../../src/snapshot/publication.ts'
import { parseName } from '../../src/dns/name.ts'
import {
  buildSnapshot,
  hosts,
  NO_ANSWER,
  parseZone,
  slots,
  type TestSnapshot,
  UNRESOLVED,
} from '../support/query-worker.ts'
import { READ_TYPES } from './all-types.ts'

export interface Scene {
  readonly name: string
  readonly snapshot: Snapshot
  /** Wire names that exist in it, and origins of zones that failed. */
  readonly names: readonly Uint8Array[]
}

/** The scene in which an answer may be withheld. */
export const LIMITED_SCENE = 'limited'

const SECRET = Uint8Array.from({ length: 16 }, (_, i) => i * 17)
const EXEMPT = { address: parseAddress('10.0.0.0')!, length: 8 }

const APEX = '$TTL 3600\n@ IN SOA ns hostmaster 1 7200 1800 1209600 300\n@ IN NS ns\nns IN A 192.0.2.1\n'
const LONG_LABEL = 'long'.repeat(15)
/** As long as the configuration lets a server's identity be. */
const LONG_TEXT = 'text'.repeat(16)
/** 254 bytes with the origin `z`: nothing fits before it any more. */
const LONGEST = `${LONG_LABEL}a.${LONG_LABEL}b.${LONG_LABEL}c.${LONG_LABEL}d`

const PLAIN = `${APEX}
@        IN MX  10 Mail
mail     IN A   192.0.2.25
WWW      IN LB  web
pinned   IN LB  pin
near     IN LB  near
nearpin  IN LB  nearpin
none     IN LB  none
six      IN LB  six
six      IN TXT "beside"
many     IN LB  many
lost     IN LB  lost
tolost   IN CNAME lost
*.lb     IN LB  near
www      IN HTTPS 1 . mandatory=alpn alpn=h2 port=8443 ech=AEX+DQBBnQ== key65000=x
www      IN SVCB 0 many
hint     IN HTTPS 1 many alpn=h2
hint     IN HTTPS 2 near ipv4hint=192.0.2.1
hint     IN HTTPS 3 nearpin
hint     IN HTTPS 4 lost
cloud    IN LB cloud
to-cloud IN CNAME cloud
home     IN LB home
a        IN A   192.0.2.10
a        IN A   192.0.2.11
alias    IN CNAME A
lbalias  IN CNAME www
out      IN CNAME host.example.net.
away     IN CNAME www.example.org.
broken   IN CNAME x.broken.test.
gone     IN CNAME missing
loop1    IN CNAME loop2
loop2    IN CNAME loop1
*.wild   IN TXT "wild"
x.y.wild IN A 192.0.2.77
*.star   IN CNAME b.star
*.cut    IN NS  ns.elsewhere.org.
*.*.two  IN A   192.0.2.78
deep.ent.empty IN A 192.0.2.12
sub      IN NS  ns.sub
sub      IN NS  ns
sub      IN DS  1 8 2 0000000000000000000000000000000000000000000000000000000000000000
ns.sub   IN A   192.0.2.60
ns.sub   IN AAAA 2001:db8::60
child    IN NS  ns.child
ns.child IN A   192.0.2.61
d        IN DNAME example.net.
self     IN DNAME self
ping     IN DNAME a.b.c.pong
pong     IN DNAME ping
`

const ALL = `${APEX}
${READ_TYPES.map((record, i) => `t${i} IN ${record}\nall IN ${record}`).join('\n')}
*.any IN TXT "any"
\\000\\255\\.\\032 IN TXT "odd"
`

const BIG = `$TTL 60
@  IN SOA ${LONG_LABEL}.${LONG_LABEL} ${LONG_LABEL}.${LONG_LABEL}x 4294967295 1 1 1 2147483647
@  IN NS ns
ns IN A 192.0.2.1
${repeat(600, (i) => `a600 IN A 10.0.${i >> 8}.${i & 255}`)}
${repeat(4000, (i) => `over IN A 10.1.${i >> 8}.${i & 255}`)}
${repeat(60, (i) => `txt IN TXT ${`"${String(i).padStart(250, '.')}" `.repeat(4)}`)}
${repeat(3, (i) => `texts IN TXT ${`"${String(i).padStart(250, '.')}" `.repeat(80)}`)}
${repeat(100, (i) => `mx IN MX ${i} mail${i}.${LONG_LABEL}.mx`)}
${repeat(40, (i) => `cut IN NS ns${i}.cut\nns${i}.cut IN A 10.2.0.${i}\nns${i}.cut IN AAAA 2001:db8::${i}`)}
${repeat(13, (i) => `thirteen IN NS ns${i}.thirteen\nns${i}.thirteen IN A 10.3.0.${i}`)}
${repeat(30, (i) => `aside IN NS ns${i}.of.${LONG_LABEL}.elsewhere.`)}
${repeat(20, (i) => `c${i} IN CNAME c${i + 1}`)}
`

const DEEP = `${APEX}
${LONGEST} IN A 192.0.2.1
${'y.'.repeat(125)}y IN TXT "127 labels"
${'y.'.repeat(60)}x IN DNAME ${LONGEST}
grow IN DNAME ${LONG_LABEL}.grew
grew IN DNAME grow
short IN DNAME .
*.${LONG_LABEL}.${LONG_LABEL} IN CNAME ${LONGEST}
`

const ROOT = `$TTL 60
. IN SOA a.root-servers.net. nstld.example. 1 1800 900 604800 86400
. IN NS a.root-servers.net.
a.root-servers.net. IN A 198.41.0.4
*. IN TXT "every name"
com. IN NS a.gtld.com.
com. IN DS 1 8 2 0000000000000000000000000000000000000000000000000000000000000000
a.gtld.com. IN A 192.0.2.5
up.test. IN DNAME .
`

/** Zones z, z.z, z.z.z … each with a way down and a way up: chains cross them all. */
const NESTED = Object.fromEntries(
  Array.from({ length: 40 }, (_, i): [string, string] => [
    Array<string>(i + 1)
      .fill('z')
      .join('.'),
    `${APEX}up IN CNAME up.${'z.'.repeat(i)}\ndown IN CNAME down.${'z.'.repeat(i + 2)}\nover IN DNAME ${'z.'.repeat(i) || '.'}`,
  ]),
)

const PARTS: Readonly<Record<string, () => TestSnapshot>> = {
  plain: () => ({
    zones: { 'example.com': PLAIN, 'child.example.com': APEX, 'example.net': `${APEX}host IN A 198.51.100.2\n` },
    failed: ['broken.test', 'failed.example.com'],
    settings: { version: 'meridian', server: 'here', nsid: 'node 1', cookieSecrets: [SECRET, new Uint8Array(16)] },
    ...steering(),
  }),
  [LIMITED_SCENE]: () => ({
    zones: { 'example.com': PLAIN, 'example.net': APEX },
    settings: { rateLimit: { responsesPerSecond: 1, slip: 2, ipv4Bits: 24, ipv6Bits: 56, exempt: [EXEMPT] } },
    ...steering(),
  }),
  all: () => ({ zones: { test: ALL }, settings: { version: LONG_TEXT, server: LONG_TEXT, nsid: LONG_TEXT } }),
  big: () => ({ zones: { 'big.test': BIG } }),
  deep: () => ({ zones: { z: DEEP } }),
  root: () => ({ zones: { '.': ROOT, net: APEX, 'example.com': `${APEX}d IN DNAME up.test.\n` }, failed: ['org'] }),
  nested: () => ({ zones: NESTED, failed: [`${'z.'.repeat(41)}z`] }),
  empty: () => ({ zones: {} }),
}

/** Builds them all, by name. */
export function buildScenes(): ReadonlyMap<string, Scene> {
  return new Map(
    Object.entries(PARTS).map(([name, parts]) => {
      const snapshot = parts()
      return [name, { name, snapshot: buildSnapshot(snapshot), names: namesOf(snapshot) }]
    }),
  )
}

function namesOf({ zones, failed = [], services = [] }: TestSnapshot): Uint8Array[] {
  const known = services.map(({ name }) => name)
  const cnames = services.filter(({ answers }) => answers === 'cname').map(({ name }) => name)
  const names = failed.map((origin) => parseName(origin) as Uint8Array)
  for (const [origin, text] of Object.entries(zones)) {
    const { nodes } = parseZone(origin, text, known, cnames)
    for (const at of nodes.name) names.push(nodes.names.slice(at, endOfName(nodes.names, at)))
  }
  return names
}

function endOfName(names: Uint8Array, at: number): number {
  while (names[at] !== 0) at += names[at]! + 1
  return at + 1
}

function steering(): Required<Pick<TestSnapshot, 'services' | 'clientMaps'>> {
  const map = clientMap()
  const row = (i: number) => ({ ttl: 30, ipv4: slots(`10.9.0.${i}`, `10.9.1.${i}`), ipv6: slots(`2001:db8::${i}`, '') })
  const stale = (addresses: string) => ({ ...slots(addresses), stale: new Set([0]) })
  const pin = { ipv4Bits: 24, ipv6Bits: 48, seed: 1 }
  const one = { clientMap: -1, pin: undefined, leastTtl: 5, answers: 'hinted' as const }
  const cname = (...names: string[]) => [{ ttl: 30, ipv4: hosts(...names), ipv6: hosts(...names) }]
  const pinned = slots(...Array.from({ length: 4096 }, (_, i) => `10.8.${i >> 8}.${i & 255}`))
  const services: TestSnapshot['services'] = [
    { ...one, name: 'web', rows: [row(1)] },
    { ...one, name: 'pin', pin, rows: [{ ttl: 30, ipv4: pinned, ipv6: NO_ANSWER }] },
    { ...one, name: 'near', clientMap: 0, rows: map.classes.map((_, i) => row(i)) },
    { ...one, name: 'nearpin', clientMap: 0, pin, rows: map.classes.map((_, i) => row(i)) },
    { ...one, name: 'none', rows: [{ ttl: 30, ipv4: NO_ANSWER, ipv6: NO_ANSWER }] },
    { ...one, name: 'lost', rows: [{ ttl: 30, ipv4: UNRESOLVED, ipv6: stale('2001:db8::7') }] },
    { ...one, name: 'six', rows: [{ ttl: 30, ipv4: NO_ANSWER, ipv6: slots('2001:db8::6 2001:db8::66') }] },
    { ...one, name: 'cloud', answers: 'cname', rows: cname('lb.eu.cloud.test', `${LONG_LABEL}.test`) },
    { ...one, name: 'home', answers: 'cname', rows: cname('www.example.com', 'home.example.com') },
    { ...one, name: 'many', rows: [{ ttl: 30, ipv4: stale(addresses(100)), ipv6: stale('') }] },
  ]
  return { services, clientMaps: [map] }
}

function addresses(count: number): string {
  return Array.from({ length: count }, (_, i) => `10.7.0.${i}`).join(' ')
}

/** Networks of three places, with bounds within bytes and at both ends of the address spaces. */
function clientMap(): ClientMap {
  const ipv4 = [0, 0x00ffffff, 0x0a000000, 0x0a000001, 0xc0000200, 0xc00002ff, 0xfffffff0, 0xffffffff]
  const ipv6 = [0x20010db8, 0x20010db8, 0x20010db9, 0xfe7fffff]
  const networks: Networks = {
    ipv4: columns(4, ipv4, 1),
    ipv6: columns(6, ipv6, 4),
    locations: [{ country: 'US' }, { country: 'DE' }, { country: 'JP' }],
  }
  const compiled = compileRanges(networks, (place) => place?.country ?? '')
  if (!('map' in compiled)) throw new Error(compiled.fault.message)
  return compiled.map
}

/** Bounds in pairs, first and last; only their first word differs from 0. */
function columns(family: 4 | 6, bounds: readonly number[], words: number): Networks['ipv4'] {
  const pairs = bounds.length / 2
  const first = new Int32Array(pairs * words)
  const last = new Int32Array(pairs * words).fill(-1)
  for (let i = 0; i < pairs; i++) {
    first[i * words] = bounds[i * 2]!
    last[i * words] = bounds[i * 2 + 1]!
  }
  return { family, count: pairs, first, last, location: Int32Array.from({ length: pairs }, (_, i) => i % 3) }
}

function repeat(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join('\n')
}
