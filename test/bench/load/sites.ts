// The same small site in the words of each server: a static name, a service of weights 5:3:2 (`www`), one that depends on
// the client's network (`near`: nearest by geo data for ours, tables of networks for Knot and gdnsd), and much that is not
// there. And for three of them a zone of a million names.
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isThere, startGdnsd, startKnot, startOurs, startPowerDns, type Place } from './peers.ts'

export type Subject =
  'ours' | 'ours, two workers' | 'gdnsd' | 'knot' | 'pdns' | 'ours, million' | 'knot, million' | 'gdnsd, million'

const MAIN = join(import.meta.dirname, '../../../src/main.ts')
const HEAD = '@ 3600 IN SOA ns1 hostmaster 1 7200 1800 1209600 300\n@ 3600 IN NS ns1\nns1 3600 IN A 127.0.0.1\n'
const STATIC = 'static 60 IN A 192.0.2.9\n'
const MILLION = 1_000_000

/** Networks of ten bits, which lie in three regions by turns. */
const NETWORKS = Array.from({ length: 1024 }, (_, i) => `${i >> 2}.${(i & 3) << 6}.0.0/10`)

const REGIONS = [
  { name: 'us', weight: 5, address: '192.0.2.1', location: { latitude: 38.9, longitude: -77.4, country: 'US' } },
  { name: 'eu', weight: 3, address: '192.0.2.2', location: { latitude: 53.3, longitude: -6.3, country: 'IE' } },
  { name: 'ap', weight: 2, address: '192.0.2.3', location: { latitude: 19.1, longitude: 72.9, country: 'IN' } },
] as const

const names = REGIONS.map(({ name }) => name)

/** Who is installed; tells what is missing. */
export function findSubjects(): readonly Subject[] {
  const [gdnsd, knot, pdns] = [isThere('gdnsd'), isThere('knotd'), isThere('pdns_server')]
  return [
    'ours',
    'ours, two workers',
    ...(gdnsd ? (['gdnsd', 'gdnsd, million'] as const) : []),
    ...(knot ? (['knot', 'knot, million'] as const) : []),
    ...(pdns ? (['pdns'] as const) : []),
    'ours, million',
  ]
}

/** Starts it in a new folder `work`. */
export function startSubject(subject: Subject, port: number, work: string): ChildProcess {
  const zones = join(work, 'sources')
  mkdirSync(zones, { recursive: true })
  const place = { zones, port, work }
  writeFileSync(join(zones, 'example.com.zone'), HEAD + STATIC + linesOf(subject))
  if (subject.startsWith('ours')) return startOurs(place, MAIN, oursOf(subject))
  if (subject === 'pdns') return startPowerDns(place)
  if (subject.startsWith('knot')) return startKnot(place, subject === 'knot' ? geoOf(place) : undefined)
  return startGdnsd(place, subject === 'gdnsd' ? gdnsdPlugins() : '')
}

/** A name of the zone of a million. */
export function nameOfMillion(i: number): string {
  return `host${i % MILLION}.example.com`
}

function linesOf(subject: Subject): string {
  switch (subject) {
    case 'ours':
    case 'ours, two workers':
      return 'www IN LB web\nnear IN LB near\n'
    case 'gdnsd':
      return 'www 30 DYNA weighted!web\nnear 30 DYNA geoip!near\n'
    case 'knot':
      return 'www 30 A 192.0.2.1\nnear 30 A 192.0.2.1\n'
    case 'pdns':
      return `www 30 IN LUA A "pickwrandom({ ${REGIONS.map(({ weight, address }) => `{${weight},'${address}'}`).join(',')} })"\n`
    default:
      return Array.from(
        { length: MILLION },
        (_, i) => `host${i} 60 A 10.${i >> 16}.${(i >> 8) & 255}.${i & 255}\n`,
      ).join('')
  }
}

function oursOf(subject: Subject): object {
  if (subject === 'ours, million') return {}
  return {
    workers: subject === 'ours' ? 1 : 2,
    geo: { source: 'geoip-lite' },
    regions: Object.fromEntries(
      REGIONS.map(({ name, weight, address, location }) => [name, { weight, location, balancers: [address] }]),
    ),
    services: {
      web: { regions: names, steer: ['weighted'], ttl: '30s' },
      near: { regions: names, steer: ['nearest'], ttl: '30s' },
    },
  }
}

function geoOf({ work }: Place): ReadonlyMap<string, 'weighted' | 'subnet'> {
  const weights = REGIONS.map(({ weight, address }) => `  - weight: ${weight}\n    A: ${address}\n`)
  const nets = NETWORKS.map((net, i) => `  - net: ${net}\n    A: ${REGIONS[i % 3]!.address}\n`)
  writeFileSync(join(work, 'weights'), `www.example.com:\n${weights.join('')}`)
  writeFileSync(join(work, 'nets'), `near.example.com:\n${nets.join('')}`)
  return new Map([
    [join(work, 'weights'), 'weighted'],
    [join(work, 'nets'), 'subnet'],
  ])
}

function gdnsdPlugins(): string {
  const weights = REGIONS.map(({ name, weight, address }) => `${name} => [${address}, ${weight}]`).join(', ')
  const nets = NETWORKS.map((net, i) => `${net} => [${names[i % 3]!}]`).join(', ')
  const centers = REGIONS.map(({ name, address }) => `${name} => ${address}`).join(', ')
  return `plugins => {
  weighted => { multi => false, service_types => up, up_thresh => 0.1, web => { ${weights} } }
  geoip => {
    maps => { m => { datacenters => [${names.join(', ')}], nets => { ${nets} } } }
    resources => { near => { map => m, service_types => up, dcmap => { ${centers} } } }
  }
}
`
}
