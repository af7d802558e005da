// Pinned tables: each slot goes to the candidate that it likes most, so that clients keep their slots whatever comes and
// goes around them. The same on every node and for ever: which slot likes whom is part of the compatibility promise.
// How a client finds its slot is slot-table.ts. A table is made of typed arrays alone: planning makes thousands at once.
import { hashText, mix32 } from '../base/random.ts'
import { apportion, PINNED_SLOTS } from './slot-table.ts'

/** Shares that differ by less than this are equal. */
const TOLERANCE = 1e-9

/**
 * How much each pinned slot likes each candidate of one service: computed once, then looked up by every row. `seed` is
 * also what clients' prefixes are hashed with.
 */
export interface Preferences {
  readonly seed: number
  /** By candidate's name: −ln of a uniform hash for each slot. */
  readonly costs: Map<string, Float32Array>
}

export function createPreferences(service: string, seed: string): Preferences {
  return { seed: hashText(`${service}\n${seed}`) | 0, costs: new Map() }
}

function costsOf({ seed, costs }: Preferences, name: string): Float32Array {
  const known = costs.get(name)
  if (known) return known
  const key = hashText(name, seed)
  const fresh = Float32Array.from({ length: PINNED_SLOTS }, (_, slot) => -Math.log(uniform(key ^ mix32(slot + 1))))
  costs.set(name, fresh)
  return fresh
}

/** In (0, 1), so that its logarithm is finite and not 0. */
function uniform(key: number): number {
  return (mix32(key) + 0.5) / 2 ** 32
}

/** A candidate of a pinned table. */
export interface Pinned {
  /** What its slots are keyed by: a name, so that order and neighbours do not matter. */
  readonly name: string
  /** Above 0, relative. */
  readonly share: number
  /** Slots that it gets at least. */
  readonly least: number
}

/**
 * Weighted rendezvous: each slot goes to the candidate with the greatest −w / ln h. Unequal shares are then repaired to
 * quota by moving the slots that mind least; with equal shares nothing moves between candidates that stay. Returns an
 * index into `candidates` for each of `slots` (all of them by default).
 */
export function pinnedSlots(preferences: Preferences, candidates: readonly Pinned[], slots?: Uint16Array): Uint16Array {
  const size = slots?.length ?? PINNED_SLOTS
  if (candidates.length === 1) return new Uint16Array(size)
  // In the order of names: ties must not fall by the order in a file.
  const order = [...candidates.keys()].sort((a, b) => (candidates[a]!.name < candidates[b]!.name ? -1 : 1))
  const owners = seat(
    preferences,
    order.map((i) => candidates[i]!),
    slots,
  )
  for (let at = 0; at < owners.length; at++) owners[at] = order[owners[at]!]!
  return owners
}

/** Who bids for the slots: what a slot costs a candidate is its column's entry for the slot, by its part of the whole. */
interface Bids {
  /** Of slots. */
  readonly size: number
  /** By candidate, then by slot. */
  readonly columns: readonly Float32Array[]
  readonly parts: readonly number[]
}

function seat(preferences: Preferences, candidates: readonly Pinned[], slots: Uint16Array | undefined): Uint16Array {
  const total = candidates.reduce((all, { share }) => all + share, 0)
  const parts = candidates.map(({ share }) => share / total)
  const every: Bids = { size: PINNED_SLOTS, parts, columns: candidates.map(({ name }) => costsOf(preferences, name)) }
  const everybody = [...candidates.keys()]
  const bids = slots ? restrict(every, slots, everybody) : every
  const owners = findCheapest(bids, everybody)
  const least = candidates.map((candidate) => candidate.least)
  const counts = countOwners(owners, parts.length)
  const isEven = parts.every((part) => Math.abs(part - parts[0]!) < TOLERANCE)
  if (isEven && counts.every((count, i) => count >= least[i]!)) return owners
  repair(bids, owners, counts, apportion(parts, bids.size, least))
  return owners
}

/** The bids of some candidates for some of the slots. */
function restrict({ columns, parts }: Bids, slots: Uint16Array, candidates: readonly number[]): Bids {
  const restricted: Float32Array[] = []
  for (const i of candidates) {
    const column = columns[i]!
    const own = new Float32Array(slots.length)
    for (let at = 0; at < slots.length; at++) own[at] = column[slots[at]!]!
    restricted[i] = own
  }
  return { size: slots.length, parts, columns: restricted }
}

/** For each slot, who of the candidates it costs least; the first of equals. */
function findCheapest({ size, columns, parts }: Bids, candidates: readonly number[]): Uint16Array {
  const cheapest = new Uint16Array(size)
  const least = new Float64Array(size).fill(Infinity)
  for (const i of candidates) {
    const column = columns[i]!
    const scale = 1 / parts[i]!
    for (let at = 0; at < size; at++) {
      const cost = column[at]! * scale
      if (cost >= least[at]!) continue
      least[at] = cost
      cheapest[at] = i
    }
  }
  return cheapest
}

function countOwners(owners: Uint16Array, candidates: number): Uint32Array {
  const counts = new Uint32Array(candidates)
  for (let at = 0; at < owners.length; at++) counts[owners[at]!]!++
  return counts
}

/** Moves slots from candidates above their quota to those below, dearest wish first, until all are met. */
function repair(bids: Bids, owners: Uint16Array, counts: Uint32Array, quotas: readonly number[]): void {
  const everybody = [...counts.keys()]
  for (;;) {
    let surplus = everybody.reduce((sum, i) => sum + Math.max(0, counts[i]! - quotas[i]!), 0)
    if (surplus === 0) return
    const movable = slotsOf(
      owners,
      everybody.map((i) => counts[i]! > quotas[i]!),
    )
    const under = everybody.filter((i) => counts[i]! < quotas[i]!)
    const takers = findCheapest(restrict(bids, movable, under), under)
    const factors = findFactors(bids, movable, owners, takers)
    for (const at of inOrder(factors, surplus)) {
      const slot = movable[at]!
      const [owner, taker] = [owners[slot]!, takers[at]!]
      if (counts[owner]! <= quotas[owner]! || counts[taker]! >= quotas[taker]!) continue
      owners[slot] = taker
      counts[owner]!--
      counts[taker]!++
      if (--surplus === 0) return
    }
  }
}

/** Slots of certain owners, in their order. */
function slotsOf(owners: Uint16Array, belongs: readonly boolean[]): Uint16Array {
  const slots = new Uint16Array(owners.length)
  let count = 0
  for (let slot = 0; slot < owners.length; slot++) if (belongs[owners[slot]!]) slots[count++] = slot
  return slots.subarray(0, count)
}

/** How much dearer each slot becomes by its taker, as a factor. */
function findFactors(
  { columns, parts }: Bids,
  movable: Uint16Array,
  owners: Uint16Array,
  takers: Uint16Array,
): Float64Array {
  const factors = new Float64Array(movable.length)
  for (let at = 0; at < factors.length; at++) {
    const [slot, taker] = [movable[at]!, takers[at]!]
    const owner = owners[slot]!
    factors[at] = columns[taker]![slot]! / parts[taker]! / (columns[owner]![slot]! / parts[owner]!)
  }
  return factors
}

/** Bits of a number that make room for an index: numbers nearer to each other than 2⁻³⁶ are equal. */
const INDEX = 0xffff

/**
 * Indexes by value, then by themselves. Few slots will move, and these lose little: they are found and sorted alone, the
 * others only if somebody goes on asking (sorting all of them took nine tenths of the time of a table).
 */
function* inOrder(values: Float64Array, wanted: number): Generator<number> {
  const found = new Float64Array(values.length)
  const words = new Uint32Array(found.buffer)
  let from = -Infinity
  for (let margin = (3 * wanted) / values.length; from < Infinity; margin *= 8) {
    const to = margin > 1e6 ? Infinity : 1 + margin
    let count = 0
    for (let at = 0; at < values.length; at++) {
      const value = values[at]!
      if (value > to || value <= from) continue
      found[count] = value
      words[count * 2] = (words[count * 2]! & ~INDEX) | at
      count++
    }
    const sorted = new Uint32Array(found.slice(0, count).sort().buffer)
    for (let i = 0; i < sorted.length; i += 2) yield sorted[i]! & INDEX
    from = to
  }
}
