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
  readonly costs: Map<string, Float64Array>
}

export function createPreferences(service: string, seed: string): Preferences {
  return { seed: hashText(`${service}\n${seed}`) | 0, costs: new Map() }
}

function costsOf({ seed, costs }: Preferences, name: string): Float64Array {
  const known = costs.get(name)
  if (known) return known
  const key = hashText(name, seed)
  const fresh = Float64Array.from({ length: PINNED_SLOTS }, (_, slot) => -Math.log(uniform(key ^ mix32(slot + 1))))
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

const EVERY_SLOT = Uint16Array.from({ length: PINNED_SLOTS }, (_, slot) => slot)

/**
 * Weighted rendezvous: each slot goes to the candidate with the greatest −w / ln h. Unequal shares are then repaired to
 * quota by moving the slots that mind least; with equal shares nothing moves between candidates that stay. Returns an
 * index into `candidates` for each of `slots` (all of them by default).
 */
export function pinnedSlots(
  preferences: Preferences,
  candidates: readonly Pinned[],
  slots: Uint16Array = EVERY_SLOT,
): Uint16Array {
  if (candidates.length === 1) return new Uint16Array(slots.length)
  // In the order of names: ties must not fall by the order in a file.
  const order = [...candidates.keys()].sort((a, b) => (candidates[a]!.name < candidates[b]!.name ? -1 : 1))
  const sorted = order.map((i) => candidates[i]!)
  const owners = seat(preferences, sorted, slots)
  for (let at = 0; at < owners.length; at++) owners[at] = order[owners[at]!]!
  return owners
}

/** Who bids for the slots: what a slot costs a candidate is its column's entry for the slot, by its part of the whole. */
interface Bids {
  readonly slots: Uint16Array
  readonly columns: readonly Float64Array[]
  readonly parts: readonly number[]
}

function seat(preferences: Preferences, candidates: readonly Pinned[], slots: Uint16Array): Uint16Array {
  const total = candidates.reduce((all, { share }) => all + share, 0)
  const parts = candidates.map(({ share }) => share / total)
  const bids = { slots, parts, columns: candidates.map(({ name }) => costsOf(preferences, name)) }
  const everybody = [...candidates.keys()]
  const owners = findCheapest(bids, everybody)
  const least = candidates.map((candidate) => candidate.least)
  const counts = countOwners(owners, parts.length)
  const isEven = parts.every((part) => Math.abs(part - parts[0]!) < TOLERANCE)
  if (isEven && counts.every((count, i) => count >= least[i]!)) return owners
  repair(bids, owners, counts, apportion(parts, slots.length, least))
  return owners
}

/** Bits of a cost that make room for who bids it: costs nearer to each other than 2⁻³⁶ are equal. */
const BIDDER = 0xffff

/**
 * For each slot, who of the candidates it costs least; the first of equals. Who bids is kept in the lowest bits of the
 * bid, so that the least of all is found without a branch (a third of the time: which branch is taken is chance itself).
 */
function findCheapest({ slots, columns, parts }: Bids, candidates: readonly number[]): Uint16Array {
  const bids = new Float64Array(slots.length)
  const least = new Float64Array(slots.length).fill(Infinity)
  const words = new Uint32Array(bids.buffer)
  for (const i of candidates) {
    const column = columns[i]!
    const scale = 1 / parts[i]!
    for (let at = 0; at < bids.length; at++) bids[at] = column[slots[at]!]! * scale
    for (let at = 0; at < words.length; at += 2) words[at] = (words[at]! & ~BIDDER) | i
    for (let at = 0; at < bids.length; at++) least[at] = Math.min(least[at]!, bids[at]!)
  }
  const winners = new Uint32Array(least.buffer)
  const cheapest = new Uint16Array(slots.length)
  for (let at = 0; at < cheapest.length; at++) cheapest[at] = winners[at * 2]! & BIDDER
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
    const isOver = Uint8Array.from(everybody, (i) => Number(counts[i]! > quotas[i]!))
    const takers = findCheapest(
      bids,
      everybody.filter((i) => counts[i]! < quotas[i]!),
    )
    for (const { at, taker } of wishesInOrder(bids, owners, takers, isOver, surplus)) {
      const owner = owners[at]!
      if (counts[owner]! <= quotas[owner]! || counts[taker]! >= quotas[taker]!) continue
      owners[at] = taker
      counts[owner]!--
      counts[taker]!++
      if (--surplus === 0) return
    }
  }
}

/** A move that might be made: how much dearer the slot becomes, as a factor. */
interface Wish {
  readonly at: number
  readonly taker: number
  readonly loss: number
}

/**
 * For each slot that may move, the taker that it likes best: wishes by loss, then by slot. Few are granted, and these lose
 * little: they are found and sorted alone, the others only if somebody goes on asking (sorting all of them took nine
 * tenths of the time of a table).
 */
function* wishesInOrder(
  bids: Bids,
  owners: Uint16Array,
  takers: Uint16Array,
  isOver: Uint8Array,
  surplus: number,
): Generator<Wish> {
  const factors = findFactors(bids, owners, takers, isOver)
  let from = -Infinity
  for (let margin = (4 * surplus) / owners.length; from < Infinity; margin *= 8) {
    const to = margin > 1e6 ? Infinity : 1 + margin
    const wishes: Wish[] = []
    for (let at = 0; at < factors.length; at++) {
      const loss = factors[at]!
      if (loss <= to && loss > from) wishes.push({ at, taker: takers[at]!, loss })
    }
    yield* wishes.sort((a, b) => a.loss - b.loss || a.at - b.at)
    from = to
  }
}

/** By slot: how much dearer it becomes by its taker; NaN where the owner has none too many. */
function findFactors(
  { slots, columns, parts }: Bids,
  owners: Uint16Array,
  takers: Uint16Array,
  isOver: Uint8Array,
): Float64Array {
  const factors = new Float64Array(slots.length)
  for (let at = 0; at < factors.length; at++) {
    const [owner, taker, slot] = [owners[at]!, takers[at]!, slots[at]!]
    const before = columns[owner]![slot]! / parts[owner]!
    factors[at] = isOver[owner] === 1 ? columns[taker]![slot]! / parts[taker]! / before : NaN
  }
  return factors
}
