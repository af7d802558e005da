// Equal locations of millions of networks made one: an open-addressing hash over typed arrays, because a Map with a key a
// row takes longer than reading the file (3.3 million rows, 155 thousand places; test/bench/client-map.ts).
import { mix32 } from '../../base/random.ts'
import { continentOf } from '../continent.ts'
import type { Location } from '../geo.ts'

const FIRST_CAPACITY = 1 << 16

/** Distinct (latitude, longitude, country) so far, in order of appearance. Degrees are in units of 1/10,000. */
export interface Places {
  count: number
  latitude: Int32Array
  longitude: Int32Array
  /** Two ASCII letters in 16 bits; 0: unknown. */
  country: Uint16Array
  /** Twice the capacity of the columns: an index into them plus 1; 0: free. */
  table: Int32Array
}

export function createPlaces(): Places {
  return withCapacity(FIRST_CAPACITY)
}

/** The index of that place, new or known. */
export function internPlace(places: Places, latitude: number, longitude: number, country: number): number {
  const { table } = places
  for (let slot = hashPlace(latitude, longitude, country); ; slot++) {
    const index = table[slot & (table.length - 1)]! - 1
    if (index < 0) return addPlace(places, latitude, longitude, country)
    if (
      places.latitude[index] === latitude &&
      places.longitude[index] === longitude &&
      places.country[index] === country
    )
      return index
  }
}

/** The places as locations. GeoLite2 writes absent coordinates as 0, 0, so that point of the sea counts as unknown. */
export function readPlaces({ count, latitude, longitude, country }: Places): readonly Location[] {
  const origins = new Map<number, Location>()
  return Array.from({ length: count }, (_, i) => {
    const origin = origins.get(country[i]!) ?? readCountry(country[i]!)
    origins.set(country[i]!, origin)
    if (latitude[i] === 0 && longitude[i] === 0) return origin
    return { latitude: latitude[i]! / 10_000, longitude: longitude[i]! / 10_000, ...origin }
  })
}

function readCountry(code: number): Location {
  if (code === 0) return {}
  const country = String.fromCharCode(code >> 8, code & 0xff)
  const continent = continentOf(country)
  return continent === undefined ? { country } : { country, continent }
}

function addPlace(places: Places, latitude: number, longitude: number, country: number): number {
  if (places.count === places.latitude.length) grow(places)
  const index = places.count++
  places.latitude[index] = latitude
  places.longitude[index] = longitude
  places.country[index] = country
  link(places, index)
  return index
}

function link({ table, latitude, longitude, country }: Places, index: number): void {
  let slot = hashPlace(latitude[index]!, longitude[index]!, country[index]!)
  while (table[slot & (table.length - 1)] !== 0) slot++
  table[slot & (table.length - 1)] = index + 1
}

function grow(places: Places): void {
  const { latitude, longitude, country } = places
  Object.assign(places, withCapacity(latitude.length * 2), { count: places.count })
  places.latitude.set(latitude)
  places.longitude.set(longitude)
  places.country.set(country)
  for (let i = 0; i < places.count; i++) link(places, i)
}

function withCapacity(capacity: number): Places {
  return {
    count: 0,
    latitude: new Int32Array(capacity),
    longitude: new Int32Array(capacity),
    country: new Uint16Array(capacity),
    table: new Int32Array(capacity * 2),
  }
}

function hashPlace(latitude: number, longitude: number, country: number): number {
  return mix32(Math.imul(latitude, 0x9e3779b1) ^ Math.imul(longitude, 0x85ebca77) ^ country)
}
