// MaxMind-format files of the size of the real ones, made up alike each time: 5 million networks of the lengths that GeoLite2-City
// has (45 % longer than /24), in 300,000 places, most of a neighbourhood in one country; and 600,000 networks of providers.
import { seededRandom, type Random } from '../../src/base/random.ts'
import { MmdbWriter, type MmdbShape, type MmdbValue } from './mmdb-writer.ts'

export interface FullSize {
  readonly ipv4: number
  readonly ipv6: number
  readonly places: number
}

export const FULL_SIZE: FullSize = { ipv4: 3_400_000, ipv6: 1_600_000, places: 300_000 }

const COUNTRIES = 240
const SHAPE: MmdbShape = { type: 'GeoLite2-City', ipVersion: 6, recordSize: 28, hasAliases: true }

export function writeCity({ ipv4, ipv6, places }: FullSize, seed = 1): Buffer {
  const random = seededRandom(seed)
  const writer = new MmdbWriter(SHAPE)
  const records = Array.from({ length: places }, (_, i) => writer.record(cityOf(i, places)))
  const perCountry = Math.ceil(places / COUNTRIES)
  const choose = (block: number): number => {
    const country =
      random() < 0.97 ? (Math.imul(block, 0x9e3779b1) >>> 0) % COUNTRIES : Math.floor(random() * COUNTRIES)
    return records[Math.min(places - 1, country * perCountry + Math.floor(random() * perCountry))]!
  }
  fillIpv4(ipv4, random, (address, length) => writer.add(address, length, choose(address[1]! >>> 20)))
  fillIpv6(ipv6, (address, length) => writer.add(address, length, choose(address[1]! >>> 2)))
  return writer.finish()
}

export function writeProviders(networks: number, providers: number): Buffer {
  const random = seededRandom(2)
  const writer = new MmdbWriter({ ...SHAPE, type: 'GeoLite2-ASN' })
  const records = Array.from({ length: providers }, (_, i) =>
    writer.record({ autonomous_system_number: i + 1, autonomous_system_organization: `Provider ${i + 1}` }),
  )
  const size = Math.floor(2 ** 32 / networks)
  const length = 32 - Math.floor(Math.log2(size))
  const address = Int32Array.of(4, 0, 0, 0, 0)
  for (let i = 0; i < networks; i++) {
    address[1] = (i * 2 ** (32 - length)) | 0
    writer.add(address, length, records[Math.floor(random() * providers)]!)
  }
  return writer.finish()
}

const continents = ['AF', 'AS', 'EU', 'NA', 'OC', 'SA'].map((code) => ({ code, names: { en: `Continent ${code}` } }))
const countries = Array.from({ length: COUNTRIES }, (_, i) => ({
  iso_code: `${String.fromCharCode(65 + (i % 26))}${String.fromCharCode(65 + Math.floor(i / 26))}`,
  names: { en: `Country ${i}`, de: `Land ${i}`, fr: `Pays ${i}` },
}))

/** Places of one country lie near each other. */
function cityOf(i: number, places: number): MmdbValue {
  const country = Math.floor(i / Math.ceil(places / COUNTRIES))
  const latitude = ((country * 37) % 120) - 50 + (i % 71) / 10
  const longitude = ((country * 101) % 350) - 175 + (i % 83) / 10
  return {
    continent: continents[country % continents.length]!,
    country: countries[country]!,
    city: { geoname_id: i, names: { en: `City ${i}`, de: `Stadt ${i}` } },
    location: { accuracy_radius: 20, latitude: round(latitude), longitude: round(longitude) },
  }
}

function round(degrees: number): number {
  return Math.round(degrees * 10_000) / 10_000
}

/** Blocks of /20 to /27 side by side from 1.0.0.0 on, one in 25 left out. */
function fillIpv4(count: number, random: Random, add: (address: Int32Array, length: number) => void): void {
  const address = Int32Array.of(4, 0, 0, 0, 0)
  const step = (223 * 2 ** 24) / count
  let at = 2 ** 24
  for (let i = 0; i < count; i++) {
    const wanted = Math.floor(random() * 8)
    // Blocks that come too fast are made small, so that the last one ends before class D.
    const room = at > 2 ** 24 + i * step ? 0 : 11
    let hostBits = Math.min(room, 12 - wanted)
    hostBits = Math.max(hostBits, 5)
    while (at % 2 ** hostBits !== 0) hostBits--
    address[1] = at | 0
    add(address, 32 - hostBits)
    at += 2 ** hostBits * (random() < 0.04 ? 2 : 1)
  }
}

/** /40s, 20 in each /32, spread over 2000::/3. */
function fillIpv6(count: number, add: (address: Int32Array, length: number) => void): void {
  const address = Int32Array.of(6, 0, 0, 0, 0)
  const each = 20
  const step = Math.floor(0x0c000000 / Math.ceil(count / each))
  for (let i = 0; i < count; i++) {
    address[1] = 0x20030000 + Math.floor(i / each) * step
    address[2] = (i % each) << 24
    add(address, 40)
  }
}
