// The network that holds one address, by binary search: for explain, which no query and nobody in a hurry asks.
import { readWords, writeWords, type Address } from '../../base/address.ts'
import type { FoundLocation, NetworkColumns, Networks } from '../geo.ts'

/** The words of whoever explains: what locators read themselves. */
export const GEO_DATA = 'geo data'

/** Undefined when no network holds the address. */
export function findNetwork(networks: Networks, address: Address): FoundLocation | undefined {
  const columns = address.family === 4 ? networks.ipv4 : networks.ipv6
  const words = writeWords(address).subarray(1)
  const index = lastAtMost(columns, words)
  if (index < 0 || compare(words, columns.last, index * widthOf(columns), widthOf(columns)) > 0) return undefined
  return {
    first: boundOf(columns, columns.first, index),
    last: boundOf(columns, columns.last, index),
    location: networks.locations[columns.location[index]!]!,
    origin: GEO_DATA,
  }
}

/** The last network that begins at or before the address; −1 for none. */
function lastAtMost(columns: NetworkColumns, words: Int32Array): number {
  const width = widthOf(columns)
  let low = -1
  let high = columns.count - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (compare(words, columns.first, middle * width, width) < 0) high = middle - 1
    else low = middle
  }
  return low
}

function widthOf({ family }: NetworkColumns): number {
  return family === 4 ? 1 : 4
}

function compare(words: Int32Array, bounds: Int32Array, at: number, width: number): number {
  for (let i = 0; i < width; i++) {
    const difference = (words[i]! >>> 0) - (bounds[at + i]! >>> 0)
    if (difference !== 0) return difference
  }
  return 0
}

function boundOf(columns: NetworkColumns, bounds: Int32Array, index: number): Address {
  const width = widthOf(columns)
  const words = new Int32Array(5)
  words[0] = columns.family
  words.set(bounds.subarray(index * width, (index + 1) * width), 1)
  return readWords(words)
}
