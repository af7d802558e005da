// Figures of the way from geo data to a client class: reading geoip-lite, compiling one question, laying it out, looking up.
// Run alone by plain node: `node test/bench/client-map.ts`. Cold start allows the first three together well under 1 s.
// With `--full`: the same of a made-up MaxMind-format file of five million networks, in half a minute.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { giveBackFreedMemory } from '../../src/base/freed-memory.ts'
import { seededRandom } from '../../src/base/random.ts'
import { runBuild } from '../../src/director/build.ts'
import type { Question } from '../../src/director/question.ts'
import { compileRanges, type ClientMap } from '../../src/geo/client-map.ts'
import type { GeoSource, Networks } from '../../src/geo/geo.ts'
import { openLocator } from '../../src/geo/locator/locator.ts'
import { clientMapWords, findClass, writeClientMap } from '../../src/snapshot/client-map.ts'
import { nearest } from '../../src/steer/nearest.ts'
import { FULL_SIZE, writeCity, writeProviders } from '../support/full-size-mmdb.ts'

const SITES: readonly (readonly [number, number])[] = [
  [38.9, -77.4],
  [53.3, -6.3],
  [19.1, 72.9],
  [37.4, -122],
  [45.6, -121.2],
  [-23.5, -46.6],
  [50.1, 8.7],
  [59.3, 18.1],
  [35.7, 139.7],
  [37.6, 127],
  [1.35, 103.8],
  [-33.9, 151.2],
  [-33.9, 18.4],
  [25.3, 55.3],
  [22.3, 114.2],
  [43.7, -79.4],
  [51.5, -0.1],
  [48.9, 2.4],
  [41.9, -87.6],
  [32.8, -96.8],
]

const DEPTH = 3
const LOOKUPS = 2_000_000

/** 65,536 clients of two words. */
const CLIENT_MASK = (1 << 17) - 1

const FILES = { city: 'city.mmdb', asn: 'asn.mmdb' } as const

/** What steps ask of providers, in the full-size run. */
const ASNS = new Set([100, 200, 300])

const [, , mode, folder] = process.argv
if (mode === '--full') await measureFull()
else if (mode === '--write') writeFiles(folder!)
else measureSource({ source: 'geoip-lite' })

/** Five million networks of the made-up city file, with providers beside it. */
async function measureFull(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'meridian-bench-'))
  try {
    // In a process of its own: its memory is no part of the figures.
    const { status } = spawnSync(process.execPath, [import.meta.filename, '--write', folder], { stdio: 'inherit' })
    if (status !== 0) throw new Error('the files were not written')
    const [city, asn] = [join(folder, FILES.city), join(folder, FILES.asn)]
    console.log(`${mebibytes(statSync(city).size)} and ${mebibytes(statSync(asn).size)}`)
    await giveBackFreedMemory()
    await buildAsDirector({ source: 'mmdb', city })
    await buildAsDirector({ source: 'mmdb', city, asn })
    measureSource({ source: 'mmdb', city })
    timed('read with providers', () => read({ source: 'mmdb', city, asn }))
    const byDefault = { country: 'DE', continent: 'EU' }
    timed('read with a default for private clients', () => read({ source: 'mmdb', city, private: byDefault }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function writeFiles(folder: string): void {
  timed('write the city file', () => writeFileSync(join(folder, FILES.city), writeCity(FULL_SIZE)))
  timed('write the provider file', () => writeFileSync(join(folder, FILES.asn), writeProviders(600_000, 80_000)))
}

/** What serving goes through when the file changes: a build worker that reads, compiles and ends. */
async function buildAsDirector(source: GeoSource): Promise<void> {
  const regions = SITES.slice(0, 3).map(
    ([latitude, longitude], i) => [`region-${i}`, { weight: 1, latitude, longitude }] as const,
  )
  const steps = [
    { step: 'nearest', depth: DEPTH, within: 0, bias: {} },
    { step: 'map', only: false, entries: { AS100: ['region-1'], AS200: ['region-2'] } },
  ] as const
  const question: Question = {
    ...{ key: 'all', regions, prefixes: [], roundTrips: new Map(), nested: [] },
    steps: 'asn' in source ? steps : steps.slice(0, 1),
  }
  const before = process.cpuUsage()
  const begin = performance.now()
  const input = { source, questions: [question], buffer: new SharedArrayBuffer(4) }
  const { faults, buffer } = await runBuild('clientMaps', input)
  if (faults.length > 0) throw new Error(JSON.stringify(faults))
  const took = (performance.now() - begin).toFixed(0)
  const { user, system } = process.cpuUsage(before)
  await new Promise((resolve) => setTimeout(resolve, 500))
  const figures = [
    `${((user + system) / 1000).toFixed(0)} ms of CPU, ${took} ms by the clock`,
    `peak ${mebibytes(process.resourceUsage().maxRSS * 1024)}, then ${mebibytes(process.memoryUsage().rss)} resident`,
    `maps of ${mebibytes(buffer.byteLength)}`,
  ]
  console.log(`build of ${Object.keys(source).join(' + ')}: ${figures.join('; ')}`)
}

function read(source: GeoSource): Networks {
  const result = openLocator(source).locator!.read(ASNS)
  if ('fault' in result) throw new Error(result.fault.message)
  return result.networks
}

function measureSource(source: GeoSource): void {
  const networks = timed(`read ${source.source}`, () => read(source))
  console.log(
    `  ${networks.ipv4.count} IPv4 and ${networks.ipv6.count} IPv6 networks, ${networks.locations.length} places`,
  )
  for (const regions of [3, 20]) measure(networks, regions)
}

function measure(networks: Networks, count: number): void {
  console.log(`nearest of ${count} regions, depth ${DEPTH}`)
  const sites = SITES.slice(0, count).map(([latitude, longitude]) => ({ weight: 1, latitude, longitude }))
  const regions = new Map(sites.map((site, i) => [`region-${i}`, site]))
  const names = [...regions.keys()]
  const classify = nearest({ step: 'nearest', depth: DEPTH, within: 0, bias: {} }).classify!({ regions }, names)
  const result = timed('  compile', () => compileRanges(networks, (location) => classify(location ?? {})))
  if ('fault' in result) throw new Error(result.fault.message)
  const { map } = result
  const words = new Int32Array(new SharedArrayBuffer(clientMapWords(map) * 4))
  timed('  write', () => writeClientMap(map, words, 0))
  const size = mebibytes(words.byteLength)
  console.log(`  ${map.classes.length} classes, ${map.ipv4.count} + ${map.ipv6.count} ranges, ${size}`)
  for (const family of [4, 6] as const) lookUp(map, words, family)
}

/** Clients evenly over the ranges, not over the address space, and in no order: the least friendly to caches. */
function lookUp(map: ClientMap, words: Int32Array, family: 4 | 6): void {
  const clients = randomClients(map, family)
  const client = Int32Array.of(family, 0, 0, 0, 1)
  let sum = 0
  for (const name of ['cold', 'warm']) {
    const before = process.cpuUsage()
    for (let i = 0; i < LOOKUPS; i++) {
      client[1] = clients[(i * 2) & CLIENT_MASK]!
      client[2] = clients[((i * 2) & CLIENT_MASK) + 1]!
      sum += findClass(words, 0, client)
    }
    const ns = (process.cpuUsage(before).user / LOOKUPS) * 1000
    console.log(`  IPv${family} look-up, ${name}: ${ns.toFixed(0)} ns (checksum ${sum})`)
  }
}

/** The first two words of each client. */
function randomClients(map: ClientMap, family: 4 | 6): Int32Array {
  const random = seededRandom(family)
  const { start, count } = family === 4 ? map.ipv4 : map.ipv6
  const clients = new Int32Array(CLIENT_MASK + 1)
  for (let i = 0; i < clients.length; i += 2) {
    const range = Math.floor(random() * count) * (family === 4 ? 1 : 4)
    const noise = Math.floor(random() * 256)
    clients[i] = start[range]! + (family === 4 ? noise : 0)
    clients[i + 1] = family === 4 ? 0 : start[range + 1]! + noise
  }
  return clients
}

/** CPU time, since the machine may be shared. */
function timed<T>(what: string, run: () => T): T {
  const before = process.cpuUsage()
  const result = run()
  const { user, system } = process.cpuUsage(before)
  const { rss, heapUsed } = process.memoryUsage()
  const took = ((user + system) / 1000).toFixed(0)
  console.log(`${what}: ${took} ms of CPU (resident ${mebibytes(rss)}, heap ${mebibytes(heapUsed)})`)
  return result
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}
