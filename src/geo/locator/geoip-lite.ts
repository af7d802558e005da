// The geo data inside the package geoip-lite (GeoLite2 City), read straight from its .dat files: the package's own index
// would keep 112 MB, watch the files, and cannot list networks. Formats: lib/geoip.js and scripts/updatedb.js of the package.
// Three files of big-endian records, sorted by address:
//   geoip-city.dat        first, last, place id, latitude, longitude, radius (32 bits each; degrees × 10,000)
//   geoip-city6.dat       the same with bounds of 128 bits
//   geoip-city-names.dat  by place id: 88 bytes that begin with the country
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Fault } from '../../base/fault.ts'
import type { Locator, LocatorLoad, NetworkColumns, Networks } from '../geo.ts'
import { createColumns, finishColumns, type ColumnsBuilder } from './columns.ts'
import { findNetwork } from './find.ts'
import { createPlaces, internPlace, readPlaces, type Places } from './places.ts'

const RECORD_BYTES = { 'geoip-city.dat': 24, 'geoip-city6.dat': 48, 'geoip-city-names.dat': 88 } as const

/** `data/city.checksum` as the package ships it: tells its data, of 2019, from what its `updatedb` fetched later. */
const BUNDLED_CHECKSUM = '738794f02b34c28847582790e570b533'

/** Records read at a time: reading 79 MB through 1.5 MB saves the pages of the rest. */
const CHUNK_RECORDS = 1 << 16

const ATTRIBUTION = 'This product includes GeoLite2 data created by MaxMind, available from http://www.maxmind.com'

/** What CC BY-SA 4.0 §3(a) wants beside it; MaxMind's data of 2020 and later stands under other terms. */
const BUNDLED_LICENCE =
  'Copyright (c) 2012-2018 MaxMind, Inc., licensed under the Creative Commons Attribution-ShareAlike 4.0 ' +
  'International License, https://creativecommons.org/licenses/by-sa/4.0/legalcode'

/** Opens the installed package's data, or that of another folder. Reads nothing yet but sizes and the checksum. */
export function openGeoipLite(folder: string = packageData()): LocatorLoad {
  const faults = Object.keys(RECORD_BYTES).flatMap((file) => checkFile(join(folder, file)))
  if (faults.length > 0) return { locator: undefined, faults }
  const isBundled = hasBundledChecksum(join(folder, 'city.checksum'))
  const description = isBundled ? 'GeoLite2 City of 2019, as bundled' : `GeoLite2 City, written ${writtenOn(folder)}`
  const locator: Locator = {
    describe: () => `geoip-lite: ${description}`,
    attribution: isBundled ? `${ATTRIBUTION}. ${BUNDLED_LICENCE}` : ATTRIBUTION,
    read: () => ({ networks: readNetworks(folder) }),
    locate: (address) => findNetwork(readNetworks(folder), address),
  }
  return { locator, faults }
}

/** The installed package's files, which its updatedb replaces. */
export function geoipLiteFiles(): readonly string[] {
  return Object.keys(RECORD_BYTES).map((file) => join(packageData(), file))
}

function packageData(): string {
  return join(dirname(createRequire(import.meta.url).resolve('geoip-lite/package.json')), 'data')
}

function checkFile(file: string): readonly Fault[] {
  const bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  const record = recordBytes(file)
  if (bytes > 0 && bytes % record === 0) return []
  const message = bytes === 0 ? 'geo data is missing or empty' : `geo data is cut off: no multiple of ${record} bytes`
  const hint = 'install geoip-lite again, or run its updatedb to the end'
  return [{ code: 'geo-data-unusable', severity: 'error', place: { file }, message, hint }]
}

function recordBytes(file: string): number {
  return RECORD_BYTES[file.slice(file.lastIndexOf('geoip-')) as keyof typeof RECORD_BYTES]
}

function hasBundledChecksum(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined && readFileSync(file, 'latin1') === BUNDLED_CHECKSUM
}

/** ISO date. */
function writtenOn(folder: string): string {
  return statSync(join(folder, 'geoip-city.dat')).mtime.toISOString().slice(0, 10)
}

function readNetworks(folder: string): Networks {
  const places = createPlaces()
  const countries = readCountries(join(folder, 'geoip-city-names.dat'))
  const ipv4 = readIpv4(join(folder, 'geoip-city.dat'), places, countries)
  const ipv6 = readIpv6(join(folder, 'geoip-city6.dat'), places, countries)
  return { ipv4, ipv6, locations: readPlaces(places) }
}

/** By place id: two ASCII letters in 16 bits, or 0. */
function readCountries(file: string): Uint16Array {
  const countries = new Uint16Array(countRecords(file))
  let id = 0
  readRecords(file, (words, length) => {
    for (let at = 0; at < length; at += 22) countries[id++] = words[at]! >>> 16
  })
  return countries
}

/** Neighbours at the same place become one network: 23 % fewer rows. */
function readIpv4(file: string, places: Places, countries: Uint16Array): NetworkColumns {
  const columns = createColumns(4, countRecords(file))
  const { first, last, location } = columns
  let count = 0
  readRecords(file, (words, length) => {
    for (let at = 0; at < length; at += 6) {
      const place = internPlace(places, words[at + 3]!, words[at + 4]!, countryOf(countries, words[at + 2]!))
      const follows = count > 0 && location[count - 1] === place && ((last[count - 1]! + 1) | 0) === words[at]
      if (!follows) {
        first[count] = words[at]!
        location[count++] = place
      }
      last[count - 1] = words[at + 1]!
    }
  })
  columns.count = count
  return finishColumns(columns)
}

/**
 * Only the first 64 bits of a bound count, as in the package's own look-up: what stands behind them was spoilt when the file was
 * written (of `a:b::c` the part behind `::` came out twice), and in one row of 300 the spoilt part reaches into them.
 * Such a bound is always too high, so a row ends before the next begins, and rows that begin too high give way.
 */
function readIpv6(file: string, places: Places, countries: Uint16Array): NetworkColumns {
  const columns = createColumns(6, countRecords(file))
  readRecords(file, (words, length) => {
    for (let at = 0; at < length; at += 12) {
      const place = internPlace(places, words[at + 9]!, words[at + 10]!, countryOf(countries, words[at + 8]!))
      addIpv6(columns, words, at, place)
    }
  })
  return finishColumns(columns)
}

function addIpv6(columns: ColumnsBuilder, words: Int32Array, at: number, place: number): void {
  const { first, last, location } = columns
  if (columns.count > 0 && isSame64(first, (columns.count - 1) * 4, words, at)) return
  while (columns.count > 0 && !isBelow64(first, (columns.count - 1) * 4, words, at)) columns.count--
  const previous = (columns.count - 1) * 4
  if (columns.count > 0 && !isBelow64(last, previous, words, at)) endBefore(last, previous, words, at)
  const next = columns.count * 4
  first[next] = words[at]!
  first[next + 1] = words[at + 1]!
  first.fill(0, next + 2, next + 4)
  last[next] = words[at + 4]!
  last[next + 1] = words[at + 5]!
  last.fill(-1, next + 2, next + 4)
  location[columns.count++] = place
}

function isSame64(a: Int32Array, i: number, b: Int32Array, j: number): boolean {
  return a[i] === b[j] && a[i + 1] === b[j + 1]
}

function isBelow64(a: Int32Array, i: number, b: Int32Array, j: number): boolean {
  return a[i] === b[j] ? a[i + 1]! >>> 0 < b[j + 1]! >>> 0 : a[i]! >>> 0 < b[j]! >>> 0
}

/** Sets the first 64 bits at `i` to those at `j`, less 1. */
function endBefore(last: Int32Array, i: number, first: Int32Array, j: number): void {
  last[i] = first[j + 1] === 0 ? first[j]! - 1 : first[j]!
  last[i + 1] = first[j + 1]! - 1
}

function countryOf(countries: Uint16Array, placeId: number): number {
  return countries[placeId >>> 0] ?? 0
}

function countRecords(file: string): number {
  return statSync(file).size / recordBytes(file)
}

/** Hands out the file's whole records in order, as words in host order, valid during the call. */
function readRecords(file: string, visit: (words: Int32Array, length: number) => void): void {
  const chunk = Buffer.from(new ArrayBuffer(recordBytes(file) * CHUNK_RECORDS))
  const words = new Int32Array(chunk.buffer)
  const descriptor = openSync(file, 'r')
  try {
    for (let bytes = fill(descriptor, chunk); bytes > 0; bytes = fill(descriptor, chunk)) {
      chunk.swap32()
      visit(words, bytes / 4)
    }
  } finally {
    closeSync(descriptor)
  }
}

/** Reads until the chunk is full or the file ends; the bytes read. */
function fill(descriptor: number, chunk: Buffer): number {
  let bytes = 0
  for (;;) {
    const read = readSync(descriptor, chunk, bytes, chunk.length - bytes, null)
    bytes += read
    if (read === 0 || bytes === chunk.length) return bytes
  }
}
