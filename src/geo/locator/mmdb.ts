// MaxMind-format files as a source of geo data: GeoLite2 and GeoIP2, DB-IP, or whoever writes the same fields. Up to three files
// are laid over each other: places from `city`, what that does not know from `country`, providers from `asn`.
import { formatAddress, readWords, type Address } from '../../base/address.ts'
import type { Fault } from '../../base/fault.ts'
import { maskAddress } from '../../base/prefix.ts'
import { continentOf } from '../continent.ts'
import type {
  FoundLocation,
  Location,
  Locator,
  LocatorLoad,
  MmdbFiles,
  NetworkColumns,
  Networks,
  NetworksResult,
} from '../geo.ts'
import { joinNetworks } from '../join.ts'
import { GEO_DATA } from './find.ts'
import { openMmdbFile, unusable, type MmdbFile } from './mmdb-file.ts'
import { readTree } from './mmdb-tree.ts'
import { OffsetTable, UNSET } from './offset-table.ts'

const KINDS = ['city', 'country', 'asn'] as const

type Kind = (typeof KINDS)[number]

interface Opened {
  readonly kind: Kind
  readonly data: MmdbFile
}

/** What a file of each kind is there for. */
const KNOWS = { city: 'latitude', country: 'country', asn: 'asn' } as const

/** A database of each kind, by its usual name and by what it knows. */
const USUAL = {
  city: { name: 'GeoLite2-City', knows: 'coordinates' },
  country: { name: 'GeoLite2-Country', knows: 'country' },
  asn: { name: 'GeoLite2-ASN', knows: 'provider' },
} as const

/** What MaxMind's licence for GeoLite wants shown. */
const GEOLITE_ATTRIBUTION =
  'This product includes GeoLite Data created by MaxMind, available from https://www.maxmind.com'

/** Opens each file and checks its metadata; `read` finds what is wrong behind that. */
export function openMmdb(files: MmdbFiles): LocatorLoad {
  const named = KINDS.filter((kind) => files[kind] !== undefined)
  const results = named.map((kind) => ({ kind, result: openMmdbFile(files[kind]!) }))
  const faults = results.flatMap(({ result }) => ('fault' in result ? [result.fault] : []))
  if (faults.length > 0) return { locator: undefined, faults }
  const opened = results.flatMap(({ kind, result }) => ('opened' in result ? [{ kind, data: result.opened }] : []))
  const locator: Locator = {
    describe: () => `mmdb: ${opened.map(({ data }) => data.description).join(', ')}`,
    attribution: opened.some(({ data }) => data.type.startsWith('GeoLite')) ? GEOLITE_ATTRIBUTION : undefined,
    read: (asns) => readAll(opened, asns),
    locate: (address) => locateIn(opened, address),
  }
  return { locator, faults: [] }
}

function readAll(opened: readonly Opened[], asns: ReadonlySet<number>): NetworksResult {
  const wanted = opened.filter(({ kind }) => kind !== 'asn' || asns.size > 0 || opened.length === 1)
  const [first, ...rest] = wanted.map((each) => readNetworks(each, asns))
  return rest.reduce(joinResults, first!)
}

/** The first that knows a field counts. */
function joinResults(a: NetworksResult, b: NetworksResult): NetworksResult {
  if ('fault' in a) return a
  if ('fault' in b) return b
  return { networks: joinNetworks(a.networks, b.networks, addKnown) }
}

function addKnown(known: Location | undefined, other: Location | undefined): Location | undefined {
  if (!known || !other) return known ?? other
  const isCovered = Object.keys(other).every((key) => key in known)
  return isCovered ? known : { ...other, ...known }
}

function readNetworks({ kind, data }: Opened, asns: ReadonlySet<number>): NetworksResult {
  const walked = readTree(data.tree)
  if ('problem' in walked) return { fault: unusable(data.file, walked.problem) }
  const records = new Records(kind, data, asns)
  const networks = { ipv4: placeAll(walked.found.ipv4, records), ipv6: placeAll(walked.found.ipv6, records) }
  if (records.problem !== undefined) return { fault: unusable(data.file, records.problem) }
  if (!records.isKnowing) return { fault: wrongKind(kind, data) }
  return { networks: { ...networks, locations: records.locations } satisfies Networks }
}

/** A file named for what it does not know: the classic slip is a path in the wrong row. */
function wrongKind(kind: Kind, { file, type }: MmdbFile): Fault {
  const { name, knows } = USUAL[kind]
  const message = `the geo data knows no ${knows} at all: it calls itself ${type}`
  const hint = `\`geo.${kind}\` takes ${name}, or a database like it`
  return { code: 'geo-data-unusable', severity: 'error', place: { file }, message, hint }
}

/** Offsets of records become indexes of locations, in place; networks of which nothing is known are left out. */
function placeAll({ family, count, first, last, location }: NetworkColumns, records: Records): NetworkColumns {
  const words = family === 4 ? 1 : 4
  let kept = 0
  for (let i = 0; i < count && records.problem === undefined; i++) {
    const place = records.place(location[i]!, family, first, i * words)
    if (place < 0) continue
    for (let j = 0; j < words; j++) {
      first[kept * words + j] = first[i * words + j]!
      last[kept * words + j] = last[i * words + j]!
    }
    location[kept++] = place
  }
  return {
    ...{ family, count: kept, location: location.subarray(0, kept) },
    first: first.subarray(0, kept * words),
    last: last.subarray(0, kept * words),
  }
}

/** The records of one file, each decoded once; what they say of a place is kept once. */
class Records {
  readonly locations: Location[] = []
  problem: string | undefined
  /** One of them at least knows what the file is there for. */
  isKnowing = false
  readonly #kind: Kind
  readonly #data: MmdbFile
  readonly #asns: ReadonlySet<number>
  /** By offset of the record: an index of `locations`, or −1. */
  readonly #known = new OffsetTable()
  readonly #indexOf = new Map<string, number>()

  constructor(kind: Kind, data: MmdbFile, asns: ReadonlySet<number>) {
    this.#kind = kind
    this.#data = data
    this.#asns = asns
  }

  /** The index of what the record at that offset says; it holds the address at `words[at…]`. */
  place(offset: number, family: 4 | 6, words: Int32Array, at: number): number {
    const known = this.#known.find(offset)
    if (known !== UNSET) return known
    const place = this.#add(readWords(Int32Array.of(family, ...words.subarray(at, at + (family === 4 ? 1 : 4)))))
    this.#known.set(offset, place)
    return place
  }

  #add(address: Address): number {
    let record: unknown
    try {
      record = this.#data.look(formatAddress(address))[0]
    } catch (error) {
      this.problem = `the record of ${formatAddress(address)} makes no sense: ${(error as Error).message}`
      return -1
    }
    const location = readRecord(this.#kind, record)
    this.isKnowing ||= location[KNOWS[this.#kind]] !== undefined
    if (Object.keys(location).length === 0) return -1
    if (location.asn !== undefined && !this.#asns.has(location.asn)) return -1
    const key = `${location.latitude} ${location.longitude} ${location.country} ${location.continent} ${location.asn}`
    const index = this.#indexOf.get(key) ?? this.locations.push(location) - 1
    this.#indexOf.set(key, index)
    return index
  }
}

/** What of a record matters here. Fields of other types than the format's count as missing. */
function readRecord(kind: Kind, record: unknown): Location {
  if (kind === 'asn') return readProvider(fieldOf(record, 'autonomous_system_number'))
  const point = fieldOf(record, 'location')
  return {
    ...readPoint(fieldOf(point, 'latitude'), fieldOf(point, 'longitude')),
    ...readOrigin(fieldOf(fieldOf(record, 'country'), 'iso_code'), fieldOf(fieldOf(record, 'continent'), 'code')),
  }
}

function fieldOf(record: unknown, key: string): unknown {
  return typeof record === 'object' && record !== null ? (record as Readonly<Record<string, unknown>>)[key] : undefined
}

function readProvider(asn: unknown): Location {
  return typeof asn === 'number' && asn > 0 ? { asn } : {}
}

function readPoint(latitude: unknown, longitude: unknown): Location {
  if (typeof latitude !== 'number' || typeof longitude !== 'number') return {}
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : {}
}

function readOrigin(code: unknown, continentCode: unknown): Location {
  const country = typeof code === 'string' && /^[A-Z]{2}$/.test(code) ? code : undefined
  const isContinent = typeof continentCode === 'string' && /^(AF|AN|AS|EU|NA|OC|SA)$/.test(continentCode)
  const continent = isContinent ? continentCode : country && continentOf(country)
  return { ...(country !== undefined && { country }), ...(continent !== undefined && { continent }) }
}

/** The network is what all files have in common. */
function locateIn(opened: readonly Opened[], address: Address): FoundLocation | undefined {
  let location: Location | undefined
  let length = 0
  for (const { kind, data } of opened) {
    const [record, bits] = lookSafely(data, address)
    length = Math.max(length, bits)
    const said = readRecord(kind, record)
    if (Object.keys(said).length > 0) location = addKnown(location, said)
  }
  if (!location) return undefined
  const { address: first } = maskAddress(address, length)
  const { address: inverse } = maskAddress({ ...address, bytes: address.bytes.map((byte) => ~byte) }, length)
  return { first, last: { ...first, bytes: inverse.bytes.map((byte) => ~byte) }, location, origin: GEO_DATA }
}

/** A file may have been spoilt since its data was compiled: that is told where it is read for good. */
function lookSafely({ look }: MmdbFile, address: Address): readonly [record: unknown, length: number] {
  try {
    return look(formatAddress(address))
  } catch {
    return [undefined, 0]
  }
}
