// respond() alone, by kind of query: nanoseconds and bytes allocated for each. Run by bench.ts in a process of its own
// (node --expose-gc), since the bytes are what the heap grew by.
import { parseAddress, writeWords } from '../../src/base/address.ts'
import { compileRanges } from '../../src/geo/client-map.ts'
import type { Location, Networks } from '../../src/geo/geo.ts'
import { seededRandom } from '../../src/base/random.ts'
import { respond } from '../../src/query/respond.ts'
import { buildQuery, type Query } from '../support/message.ts'
import { buildSnapshot, hosts, NO_ANSWER, slots, workerOver } from '../support/query-worker.ts'

export interface RespondFigure {
  readonly kind: string
  readonly nanoseconds: number
  readonly bytes: number
}

const ROUNDS = 5
const DISTINCT = 4096

const quick = process.argv.includes('--quick')
const queriesEach = quick ? 200_000 : 1_000_000
const random = seededRandom(1)

const ZONE = `
$TTL 3600
@      IN SOA ns1 hostmaster 1 7200 1800 1209600 300
@      IN NS  ns1
ns1    IN A   192.0.2.1
static IN A   192.0.2.9
alias  IN CNAME static
www    IN LB  weighted
www    IN HTTPS 1 . alpn="h2,h3"
cloud  IN LB  cnames
near   IN LB  nearest
pinned IN LB  pinned
sub    IN NS  ns.sub
ns.sub IN A   192.0.2.60
*.wild IN A   192.0.2.7
${Array.from({ length: 100_000 }, (_, i) => `h${i} IN A 10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`).join('\n')}
`

const five = slots(...'1213121431'.split('').map((last) => `192.0.2.${last}`))
const names = hosts('lb-1.eu.cloud.example', 'lb-1.us.cloud.example')
const service = (
  name: string,
  rows: number,
  clientMap: number,
  pin?: { ipv4Bits: number; ipv6Bits: number; seed: number },
) => ({
  ...{ name, clientMap, pin, leastTtl: 30 },
  rows: Array.from({ length: rows }, () => ({ ttl: 30, ipv4: five, ipv6: NO_ANSWER })),
})

const clientMap = randomClientMap()
const worker = workerOver(
  buildSnapshot({
    zones: { 'example.com': ZONE },
    clientMaps: [clientMap],
    services: [
      { ...service('weighted', 1, -1), answers: 'hinted' },
      service('nearest', clientMap.classes.length, 0),
      {
        ...{ name: 'cnames', clientMap: -1, pin: undefined, leastTtl: 30, answers: 'cname' },
        rows: [{ ttl: 30, ipv4: names, ipv6: names }],
      },
      service('pinned', 1, -1, { ipv4Bits: 24, ipv6Bits: 48, seed: 7 }),
    ],
  }),
)

/** 150,000 ranges of 200 classes: about what geoip-lite gives for three regions, with more classes. */
function randomClientMap() {
  const count = 75_000
  const first = Int32Array.from({ length: count }, (_, i) => Math.floor((i * 2 ** 32) / count) | 0)
  const last = Int32Array.from({ length: count }, (_, i) => (Math.floor(((i + 0.5) * 2 ** 32) / count) - 1) | 0)
  const location = Int32Array.from({ length: count }, () => Math.floor(random() * 200))
  const none = { count: 0, first: new Int32Array(0), last: new Int32Array(0), location: new Int32Array(0) }
  const networks: Networks = {
    ipv4: { family: 4, count, first, last, location },
    ipv6: { family: 6, ...none },
    locations: Array.from({ length: 200 }, (_, i): Location => ({ asn: i })),
  }
  const compiled = compileRanges(networks, (place) => String(place?.asn))
  if (!('map' in compiled)) throw new Error(compiled.fault.message)
  return compiled.map
}

const randomSubnet = () => ({
  address: `${1 + Math.floor(random() * 222)}.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}.0`,
  source: 24,
})

const KINDS: Readonly<Record<string, () => Query>> = {
  'static name': () => ({ name: 'static.example.com', type: 'A' }),
  'one of 100,000 names': () => ({ name: `h${Math.floor(random() * 100_000)}.example.com`, type: 'A' }),
  'weighted service': () => ({ name: 'www.example.com', type: 'A' }),
  'weighted service, EDNS': () => ({ name: 'www.example.com', type: 'A', edns: { size: 1232 } }),
  'nearest, random client subnets': () => ({
    name: 'near.example.com',
    type: 'A',
    edns: { clientSubnet: randomSubnet() },
  }),
  'pinned, random client subnets': () => ({
    name: 'pinned.example.com',
    type: 'A',
    edns: { clientSubnet: randomSubnet() },
  }),
  NXDOMAIN: () => ({ name: `none${Math.floor(random() * 1e6)}.example.com`, type: 'A' }),
  'weighted service, HTTPS with hints': () => ({ name: 'www.example.com', type: 'HTTPS' }),
  'service of CNAMEs': () => ({ name: 'cloud.example.com', type: 'A' }),
  'NODATA of a service': () => ({ name: 'www.example.com', type: 'AAAA' }),
  wildcard: () => ({ name: `${Math.floor(random() * 1e6)}.wild.example.com`, type: 'A' }),
  CNAME: () => ({ name: 'alias.example.com', type: 'A' }),
  referral: () => ({ name: 'www.sub.example.com', type: 'A' }),
  REFUSED: () => ({ name: 'www.example.org', type: 'A' }),
}

/** Queries side by side in one buffer, as a batch of packets would stand. */
function pack(make: () => Query): { input: Uint8Array; at: Int32Array; length: Int32Array } {
  const packets = Array.from({ length: DISTINCT }, () => buildQuery(make()))
  const input = new Uint8Array(DISTINCT * 512)
  packets.forEach((packet, i) => input.set(packet, i * 512))
  return {
    input,
    at: Int32Array.from(packets, (_, i) => i * 512),
    length: Int32Array.from(packets, (packet) => packet.length),
  }
}

const client = writeWords(parseAddress('192.0.2.53')!)
const output = new Uint8Array(4096)

function run({ input, at, length }: ReturnType<typeof pack>, queries: number): void {
  for (let i = 0; i < queries; i++) {
    const which = i % DISTINCT
    if (respond(worker, input, at[which]!, length[which]!, client, output, 0, 1232) === 0) throw new Error('no answer')
  }
}

function measure(kind: string, make: () => Query): RespondFigure {
  const packets = pack(make)
  run(packets, queriesEach / 4)
  const rounds = Array.from({ length: ROUNDS }, () => {
    const collect = (globalThis as { gc?: () => void }).gc
    collect?.()
    const heapBefore = process.memoryUsage().heapUsed
    const before = process.hrtime.bigint()
    run(packets, queriesEach)
    const nanoseconds = Number(process.hrtime.bigint() - before) / queriesEach
    const bytes = (process.memoryUsage().heapUsed - heapBefore) / queriesEach
    return { kind, nanoseconds, bytes }
  })
  const median = (pick: (figure: RespondFigure) => number) => rounds.map(pick).sort((a, b) => a - b)[ROUNDS >> 1]!
  return { kind, nanoseconds: median((figure) => figure.nanoseconds), bytes: median((figure) => figure.bytes) }
}

const figures = Object.entries(KINDS).map(([kind, make]) => measure(kind, make))
process.stdout.write(JSON.stringify(figures))
