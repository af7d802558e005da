// The client map of one ordering question: every address → the class of clients who get the same ordering, as merged ranges
// that cover both families without a gap. It is made in the control plane, once for each question; the form that workers
// read is snapshot/client-map.ts. What the question is, only `classify` knows.
import type { Fault } from '../base/fault.ts'
import type { Location, NetworkColumns, Networks } from './geo.ts'

/** Plan rows are made for each class of each service: more would be a question too fine to be meant. */
export const MAX_CLASSES = 4096

/** Ranges of one family, sorted: each begins at its start and ends before the next one's. The first begins at 0. */
export interface ClassRanges {
  readonly family: 4 | 6
  readonly count: number
  /** count × 1 (IPv4) or 4 (IPv6) signed 32-bit words, most significant first. */
  readonly start: Int32Array
  /** count: an index into the map's `classes`. Neighbours differ. */
  readonly class: Uint16Array
}

export interface ClientClass {
  /** The text that `classify` gave for all clients of this class. */
  readonly key: string
  /** The first location that fell into this class; undefined: a client of whom nothing is known. */
  readonly representative: Location | undefined
  /** Networks of the geo data in this class, of both families. */
  readonly networks: number
}

export interface ClientMap {
  readonly ipv4: ClassRanges
  readonly ipv6: ClassRanges
  /** Class 0 is that of unknown clients; known ones whose key is equal share it. */
  readonly classes: readonly ClientClass[]
}

/** A map, or why there is none: the caller knows the place of the service that asked. */
export type ClientMapResult = { readonly map: ClientMap } | { readonly fault: Pick<Fault, 'code' | 'message' | 'hint'> }

/** Compiles the networks for one question. `classify` is asked once for each distinct location, and once for none. */
export function compileRanges(
  networks: Networks,
  classify: (location: Location | undefined) => string,
  maxClasses = MAX_CLASSES,
): ClientMapResult {
  const { classOf, classes } = classifyLocations(networks.locations, classify, maxClasses)
  if (classes.length > maxClasses) return { fault: tooManyClasses(maxClasses) }
  const counts = new Int32Array(classes.length)
  const ipv4 = mergeRanges(networks.ipv4, classOf, counts)
  const ipv6 = mergeRanges(networks.ipv6, classOf, counts)
  return { map: { ipv4, ipv6, classes: classes.map((entry, i) => ({ ...entry, networks: counts[i]! })) } }
}

function tooManyClasses(maxClasses: number): Pick<Fault, 'code' | 'message' | 'hint'> {
  return {
    code: 'too-many-client-classes',
    message: `clients fall into more than ${maxClasses} classes`,
    hint: 'rank fewer regions by distance: give nearest a smaller depth, or a larger within',
  }
}

interface Classified {
  /** By location. */
  readonly classOf: Uint16Array
  readonly classes: readonly Omit<ClientClass, 'networks'>[]
}

/** Stops at the first class too many. */
function classifyLocations(
  locations: readonly Location[],
  classify: (location: Location | undefined) => string,
  maxClasses: number,
): Classified {
  const unknown = classify(undefined)
  const classes: Omit<ClientClass, 'networks'>[] = [{ key: unknown, representative: undefined }]
  const byKey = new Map([[unknown, 0]])
  const classOf = new Uint16Array(locations.length)
  for (let i = 0; i < locations.length && classes.length <= maxClasses; i++) {
    const key = classify(locations[i])
    let index = byKey.get(key)
    if (index === undefined) {
      index = classes.push({ key, representative: locations[i] }) - 1
      byKey.set(key, index)
    }
    classOf[i] = index
  }
  return { classOf, classes }
}

/** Ranges under construction. */
interface RangesBuilder {
  readonly words: number
  count: number
  readonly start: Int32Array
  readonly class: Uint16Array
}

/** Fills gaps with class 0, merges equal neighbours, and adds each network to the count of its class. */
function mergeRanges(networks: NetworkColumns, classOf: Uint16Array, counts: Int32Array): ClassRanges {
  const { family, count, first, last, location } = networks
  const words = family === 4 ? 1 : 4
  const capacity = count * 2 + 2
  const ranges = { words, count: 0, start: new Int32Array(capacity * words), class: new Uint16Array(capacity) }
  const next = new Int32Array(words)
  let isFull = false
  for (let i = 0; i < count; i++) {
    const index = classOf[location[i]!]!
    counts[index] = counts[index]! + 1
    if (!isEqual(next, first, i * words)) beginRange(ranges, next, 0, 0)
    beginRange(ranges, first, i * words, index)
    isFull = setSuccessor(next, last, i * words)
  }
  if (!isFull) beginRange(ranges, next, 0, 0)
  return {
    family,
    count: ranges.count,
    start: ranges.start.slice(0, ranges.count * words),
    class: ranges.class.slice(0, ranges.count),
  }
}

/** Begins a range at `source[at…]`, unless the one before has the same class. */
function beginRange(ranges: RangesBuilder, source: Int32Array, at: number, index: number): void {
  const { words, count } = ranges
  if (count > 0 && ranges.class[count - 1] === index) return
  for (let i = 0; i < words; i++) ranges.start[count * words + i] = source[at + i]!
  ranges.class[count] = index
  ranges.count++
}

function isEqual(next: Int32Array, source: Int32Array, at: number): boolean {
  for (let i = 0; i < next.length; i++) if (next[i] !== source[at + i]) return false
  return true
}

/** Sets `next` to the address after `source[at…]`; true when that was the family's last. */
function setSuccessor(next: Int32Array, source: Int32Array, at: number): boolean {
  let isCarried = true
  for (let i = next.length - 1; i >= 0; i--) {
    next[i] = source[at + i]! + (isCarried ? 1 : 0)
    isCarried = isCarried && next[i] === 0
  }
  return isCarried
}
