// Own prefixes laid over geo data: what steps may say of a client's own network (a map of CIDRs, round-trip times) is
// compiled into the same client map as where it is, so that classes and ECS scopes stay true at the edges of both.
import { formatPrefix, prefixContains, type Prefix } from '../base/prefix.ts'
import { compareAddresses } from '../base/address.ts'
import type { Location, NetworkColumns, Networks } from './geo.ts'
import { createColumns, finishColumns, type ColumnsBuilder } from './locator/columns.ts'
import { addNetwork, flattenPrefixes } from './locator/flatten.ts'

/** The networks cut at the bounds of the prefixes (all distinct); each location says which of them hold it. */
export function overlayPrefixes(networks: Networks, prefixes: readonly Prefix[]): Networks {
  if (prefixes.length === 0) return networks
  const chains = chainPrefixes(prefixes)
  const places = new Places(networks.locations, chains)
  const own = prefixes.map((prefix, location) => ({ prefix, location }))
  return {
    ipv4: overlay(networks.ipv4, flattenPrefixes(4, own), places),
    ipv6: overlay(networks.ipv6, flattenPrefixes(6, own), places),
    locations: places.locations,
  }
}

/** By prefix: its own text and those of the prefixes around it, longest first. */
function chainPrefixes(prefixes: readonly Prefix[]): readonly (readonly string[])[] {
  const chains: (readonly string[])[] = []
  const open: number[] = []
  const order = [...prefixes.keys()].sort(
    (a, b) => compareAddresses(prefixes[a]!.address, prefixes[b]!.address) || prefixes[a]!.length - prefixes[b]!.length,
  )
  for (const index of order) {
    const prefix = prefixes[index]!
    while (open.length > 0 && !prefixContains(prefixes[open.at(-1)!]!, prefix.address)) open.pop()
    chains[index] = [formatPrefix(prefix), ...(open.length > 0 ? chains[open.at(-1)!]! : [])]
    open.push(index)
  }
  return chains
}

/** The locations of the geo data, and behind them those that lie in own prefixes. */
class Places {
  readonly locations: Location[]
  readonly #chains: readonly (readonly string[])[]
  readonly #known = new Map<string, number>()

  constructor(locations: readonly Location[], chains: readonly (readonly string[])[]) {
    this.locations = [...locations]
    this.#chains = chains
  }

  /** The index of a location (−1: unknown) within a prefix. */
  place(location: number, prefix: number): number {
    const key = `${location} ${prefix}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const index = this.locations.push({ ...this.locations[location], prefixes: this.#chains[prefix]! }) - 1
    this.#known.set(key, index)
    return index
  }
}

/** Cuts one family. What lies between own prefixes is copied whole: geo data has millions of networks. */
function overlay(base: NetworkColumns, own: NetworkColumns, places: Places): NetworkColumns {
  const columns = createColumns(base.family, 2 * (base.count + own.count))
  const cursor = new Cursor(base, columns)
  for (let i = 0; i < own.count; i++) {
    const first = readBound(own.first, own.family, i)
    const last = readBound(own.last, own.family, i)
    cursor.copyBelow(first)
    let next = first
    for (let piece = cursor.take(last); piece; piece = cursor.take(last)) {
      if (next < piece.first) addNetwork(columns, next, piece.first - 1n, places.place(-1, own.location[i]!))
      addNetwork(columns, piece.first, piece.last, places.place(piece.location, own.location[i]!))
      next = piece.last + 1n
    }
    if (next <= last) addNetwork(columns, next, last, places.place(-1, own.location[i]!))
  }
  cursor.copyBelow(undefined)
  return finishColumns(columns)
}

interface Piece {
  readonly first: bigint
  readonly last: bigint
  readonly location: number
}

/** Walks the geo data once; a network that was cut goes on from `#from`. */
class Cursor {
  readonly #base: NetworkColumns
  readonly #columns: ColumnsBuilder
  #index = 0
  /** The first address of the network at `#index` that was not taken yet; undefined: all of it is left. */
  #from: bigint | undefined

  constructor(base: NetworkColumns, columns: ColumnsBuilder) {
    this.#base = base
    this.#columns = columns
  }

  /** Copies what lies below an address (all that is left without one), cutting the network that it falls into. */
  copyBelow(address: bigint | undefined): void {
    if (this.#from !== undefined) this.#copyPiece(this.take(address === undefined ? this.#last() : address - 1n))
    if (this.#from !== undefined) return
    const end = address === undefined ? this.#base.count : this.#firstReaching(address)
    this.#copyWhole(end)
    if (address !== undefined) this.#copyPiece(this.take(address - 1n))
  }

  /** What the next network has up to an address, inclusive; undefined when it begins behind it. */
  take(last: bigint): Piece | undefined {
    if (this.#index === this.#base.count) return undefined
    const first = this.#from ?? readBound(this.#base.first, this.#base.family, this.#index)
    if (first > last) return undefined
    const end = this.#last()
    const location = this.#base.location[this.#index]!
    if (end > last) {
      this.#from = last + 1n
      return { first, last, location }
    }
    this.#from = undefined
    this.#index++
    return { first, last: end, location }
  }

  #last(): bigint {
    return readBound(this.#base.last, this.#base.family, this.#index)
  }

  /** The first network from here on that ends at or behind an address. */
  #firstReaching(address: bigint): number {
    let low = this.#index
    let high = this.#base.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (readBound(this.#base.last, this.#base.family, middle) < address) low = middle + 1
      else high = middle
    }
    return low
  }

  #copyWhole(end: number): void {
    const { words, count, first, last, location } = this.#columns
    const from = this.#index
    first.set(this.#base.first.subarray(from * words, end * words), count * words)
    last.set(this.#base.last.subarray(from * words, end * words), count * words)
    location.set(this.#base.location.subarray(from, end), count)
    this.#columns.count += end - from
    this.#index = end
  }

  #copyPiece(piece: Piece | undefined): void {
    if (piece) addNetwork(this.#columns, piece.first, piece.last, piece.location)
  }
}

function readBound(bounds: Int32Array, family: 4 | 6, index: number): bigint {
  const words = family === 4 ? 1 : 4
  let value = 0n
  for (let i = 0; i < words; i++) value = (value << 32n) | BigInt(bounds[index * words + i]! >>> 0)
  return value
}
