// A slot table: shares made into slots that a counter walks through or a client's prefix picks. Counted tables are as
// small as they can be exact, and interleaved; pinned ones have one size for ever, and clients keep their slots. Which
// addresses a slot answers with is the planner's (director/tables.ts); how a table is laid out for workers is
// plan-image.ts. Everything here is the same on every node and part of the compatibility promise.
import type { Address, AddressWords } from '../base/address.ts'
import { hashPrefix } from '../base/prefix.ts'

/** The addresses of one answer, all of one type; an RRset has no order. Empty: NODATA. */
export type Answer = readonly Address[]

export interface SlotTable {
  readonly answers: readonly Answer[]
  /** Each slot is an index into `answers`. Never empty. */
  readonly slots: Uint16Array
}

/** The most slots of a counted table, unless it has more candidates than that. */
export const MAX_COUNTED_SLOTS = 1024

/** The slots of every pinned table. */
export const PINNED_SLOTS = 4096

/** Shares that differ by less than this are equal. */
const TOLERANCE = 1e-9

/**
 * Shares (of any sum) as slots: the smallest table that is exact within 1e-9 if one of at most 1,024 slots is, else the
 * largest remainder. A share above 0 gets at least one slot.
 */
export function countSlots(shares: readonly number[]): number[] {
  const sum = shares.reduce((a, b) => a + b, 0)
  const parts = shares.map((share) => share / sum)
  const present = parts.filter((part) => part > 0)
  for (let size = present.length; size <= MAX_COUNTED_SLOTS; size++) {
    if (present.every((part) => isWhole(part * size, size))) return parts.map((part) => Math.round(part * size))
  }
  const least = parts.map((part) => (part > 0 ? 1 : 0))
  return apportion(parts, Math.max(MAX_COUNTED_SLOTS, present.length), least)
}

function isWhole(slots: number, size: number): boolean {
  const whole = Math.round(slots)
  return whole > 0 && Math.abs(slots - whole) < TOLERANCE * size
}

/** Largest remainder: whole numbers that sum to `size`, each at least its `least`, in proportion to `parts` (of sum 1). */
export function apportion(parts: readonly number[], size: number, least: readonly number[]): number[] {
  const counts = parts.map((part, i) => Math.max(least[i]!, Math.floor(part * size + TOLERANCE)))
  let rest = size - counts.reduce((a, b) => a + b, 0)
  const lack = (i: number) => parts[i]! * size - counts[i]!
  for (const i of rest > 0 ? byLack(parts, lack).slice(0, rest) : []) counts[i] = counts[i]! + 1
  while (rest < 0) {
    const givers = [...counts.keys()].filter((i) => counts[i]! > least[i]!)
    if (givers.length === 0) throw new Error(`${size} slots are fewer than the candidates need`)
    const giver = givers.reduce((a, b) => (lack(b) < lack(a) ? b : a))
    counts[giver] = counts[giver]! - 1
    rest++
  }
  return counts
}

function byLack(parts: readonly number[], lack: (i: number) => number): number[] {
  return [...parts.keys()].filter((i) => parts[i]! > 0).sort((i, j) => lack(j) - lack(i) || i - j)
}

/** Shares as the order of a counted table: each slot is an index into `shares`. */
export function spreadSlots(shares: readonly number[]): Uint16Array {
  return interleave(countSlots(shares))
}

/**
 * Orders `counts[i]` slots of each candidate evenly. Of any window (cyclic, of any length, from any start) each
 * candidate gets its share of the window give or take less than 2 − 1/(k − 1) for k candidates: below 1 for two, below
 * 1.5 for three, and mostly within 1. Within 1 for all is beyond any order: balanced words of three or more unequal
 * rates all but never exist (Fraenkel's conjecture); 5:3:2:1 has none.
 */
export function interleave(counts: readonly number[]): Uint16Array {
  const divisor = counts.reduce(greatestDivisor, 0)
  const lap = counts.map((count) => count / divisor)
  const chairman = chairmanOrder(lap)
  const smooth = smoothOrder(lap)
  const calmer = unevenness(smooth, lap) < unevenness(chairman, lap) ? smooth : chairman
  return Uint16Array.from({ length: calmer.length * divisor }, (_, slot) => calmer[slot % calmer.length]!)
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b)
}

/**
 * R. Tijdeman, "The chairman assignment problem" (1980): every prefix is within 1 − 1/(2k − 2) of each share. Among those
 * who lag by at least 1/(2k − 2), the one whose lag first becomes too much goes next. Whole numbers: lags × size × (2k − 2).
 */
function chairmanOrder(counts: readonly number[]): number[] {
  const size = sum(counts)
  const scale = Math.max(1, 2 * counts.filter((count) => count > 0).length - 2)
  const got = counts.map(() => 0)
  return Array.from({ length: size }, (_, slot) => {
    let next = -1
    let soonest = Infinity
    for (let i = 0; i < counts.length; i++) {
      const lag = (counts[i]! * (slot + 1) - got[i]! * size) * scale
      const deadline = (size * (scale - 1) - lag) / counts[i]!
      if (lag >= size && deadline < soonest) [next, soonest] = [i, deadline]
    }
    got[next] = got[next]! + 1
    return next
  })
}

/** nginx's smooth weighted round-robin: has no such bound, but often finds the calmer order (4:2:1). */
function smoothOrder(counts: readonly number[]): number[] {
  const size = sum(counts)
  const credit = counts.map(() => 0)
  return Array.from({ length: size }, () => {
    let next = 0
    for (let i = 0; i < counts.length; i++) {
      credit[i] = credit[i]! + counts[i]!
      if (credit[i]! > credit[next]!) next = i
    }
    credit[next] = credit[next]! - size
    return next
  })
}

/** The farthest that any candidate strays from its share in any window, × size. */
function unevenness(order: readonly number[], counts: readonly number[]): number {
  const size = order.length
  const lead = counts.map(() => 0)
  const most = counts.map(() => 0)
  const least = counts.map(() => 0)
  for (const next of order) {
    for (let i = 0; i < counts.length; i++) {
      lead[i] = lead[i]! + (i === next ? size : 0) - counts[i]!
      most[i] = Math.max(most[i]!, lead[i]!)
      least[i] = Math.min(least[i]!, lead[i]!)
    }
  }
  return Math.max(...counts.map((_, i) => most[i]! - least[i]!))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0)
}

/** The slot of a client: a hash of its first `bits`. For the query path: allocates nothing. */
export function pinSlot(client: AddressWords, bits: number, seed: number): number {
  return hashPrefix(client, bits, seed) & (PINNED_SLOTS - 1)
}
