// Two sets of networks made one: what both say together of each address. Own prefixes over geo data (overlay.ts), a city file
// and a provider file (locator/mmdb.ts), a default under the data (private.ts) are all this. One sweep over both, in words:
// five million networks take a quarter of a second (test/bench/client-map.ts).
import type { Location, NetworkColumns, Networks } from './geo.ts'
import { createColumns, finishColumns, type ColumnsBuilder } from './locator/columns.ts'

/** What two locations of one address say together; undefined: nothing is known. At least one of them is given. */
export type Combine = (a: Location | undefined, b: Location | undefined) => Location | undefined

/** `combine` is asked once for each two locations that meet. Neighbours at one location become one network. */
export function joinNetworks(a: Networks, b: Networks, combine: Combine): Networks {
  const places = new Places(a.locations, b.locations, combine)
  return {
    ipv4: joinColumns(a.ipv4, b.ipv4, places),
    ipv6: joinColumns(a.ipv6, b.ipv6, places),
    locations: places.locations,
  }
}

/** The locations of the first set, and behind them those that came about where both meet. */
class Places {
  readonly locations: Location[]
  readonly #first: readonly Location[]
  readonly #second: readonly Location[]
  readonly #combine: Combine
  readonly #known = new Map<number, number>()
  /** Neighbours often meet the same two. */
  #lastKey = -1
  #lastIndex = -1

  constructor(first: readonly Location[], second: readonly Location[], combine: Combine) {
    this.locations = [...first]
    this.#first = first
    this.#second = second
    this.#combine = combine
  }

  /** The index of what two indexes (−1: unknown) say together, or −1. */
  place(first: number, second: number): number {
    const key = (first + 1) * (this.#second.length + 1) + second + 1
    if (key === this.#lastKey) return this.#lastIndex
    const index = this.#known.get(key) ?? this.#add(first, second)
    this.#known.set(key, index)
    this.#lastKey = key
    this.#lastIndex = index
    return index
  }

  #add(first: number, second: number): number {
    const location = this.#combine(this.#first[first], this.#second[second])
    if (location === undefined) return -1
    return location === this.#first[first] ? first : this.locations.push(location) - 1
  }
}

/** One of the two sets, swept from its first network to its last. */
interface Side {
  readonly networks: NetworkColumns
  /** The first network that does not end before the present address. */
  index: number
}

function joinColumns(a: NetworkColumns, b: NetworkColumns, places: Places): NetworkColumns {
  const columns = createColumns(a.family, 2 * (a.count + b.count))
  const at = new Int32Array(columns.words)
  const end = new Int32Array(columns.words)
  const first: Side = { networks: a, index: 0 }
  const second: Side = { networks: b, index: 0 }
  let before = -1
  for (let isOver = false; !isOver; isOver = setSuccessor(at, end)) {
    skipEnded(first, at)
    skipEnded(second, at)
    if (isExhausted(first) && isExhausted(second)) break
    const [one, other] = [locationAt(first, at), locationAt(second, at)]
    end.fill(-1)
    lowerEnd(first, at, end)
    lowerEnd(second, at, end)
    const here = one < 0 && other < 0 ? -1 : places.place(one, other)
    if (here >= 0) append(columns, at, end, here, here === before)
    before = here
  }
  return finishColumns(columns)
}

function isExhausted({ networks, index }: Side): boolean {
  return index === networks.count
}

function skipEnded(side: Side, at: Int32Array): void {
  const { networks } = side
  while (side.index < networks.count && compareBound(networks.last, side.index, at) < 0) side.index++
}

/** −1 where the side knows nothing. */
function locationAt({ networks, index }: Side, at: Int32Array): number {
  if (index === networks.count || compareBound(networks.first, index, at) > 0) return -1
  return networks.location[index]!
}

/** Lowers `end` to the last address that the side treats as it treats `at`. */
function lowerEnd({ networks, index }: Side, at: Int32Array, end: Int32Array): void {
  if (index === networks.count) return
  if (compareBound(networks.first, index, at) <= 0) {
    if (compareBound(networks.last, index, end) < 0) copyBound(networks.last, index, end)
  } else if (compareBound(networks.first, index, end) <= 0) {
    copyBound(networks.first, index, end)
    setPredecessor(end)
  }
}

/** Adds a network, or makes the one before longer. */
function append(columns: ColumnsBuilder, at: Int32Array, end: Int32Array, location: number, isMore: boolean): void {
  const { words } = columns
  const index = isMore ? columns.count - 1 : columns.count++
  for (let i = 0; i < words; i++) {
    if (!isMore) columns.first[index * words + i] = at[i]!
    columns.last[index * words + i] = end[i]!
  }
  columns.location[index] = location
}

/** Below 0: the bound lies before the address; above: behind it. */
function compareBound(bounds: Int32Array, index: number, address: Int32Array): number {
  const words = address.length
  for (let i = 0; i < words; i++) {
    const difference = (bounds[index * words + i]! >>> 0) - (address[i]! >>> 0)
    if (difference !== 0) return difference
  }
  return 0
}

function copyBound(bounds: Int32Array, index: number, address: Int32Array): void {
  for (let i = 0; i < address.length; i++) address[i] = bounds[index * address.length + i]!
}

/** Never asked of the first address of all. */
function setPredecessor(address: Int32Array): void {
  for (let i = address.length - 1; i >= 0; i--) {
    address[i]!--
    if (address[i] !== -1) return
  }
}

/** Sets `at` to the address behind `end`; true when that was the last of all. */
function setSuccessor(at: Int32Array, end: Int32Array): boolean {
  let isCarried = true
  for (let i = at.length - 1; i >= 0; i--) {
    at[i] = end[i]! + (isCarried ? 1 : 0)
    isCarried = isCarried && at[i] === 0
  }
  return isCarried
}
