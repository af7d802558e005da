// A slot table: shares made into slots that a counter walks through or a client's prefix picks. Counted tables are as
// small as they can be exact, and interleaved: any window of consecutive answers is within 2 − 1/(k − 1) slots of each of
// k shares (below 1 for two, 1.5 for three), and within one in most; orders that are within one for any shares do not exist
// beyond two. Pinned tables have one size for ever, and clients keep their slots (pinned-slots.ts). Which addresses a slot
// answers with is the planner's (director/tables.ts); how a table is laid out for workers is plan-body.ts. Everything here is
// the same on every node and part of the compatibility promise.
import type { Address, AddressWords } from '../base/address.ts'
import { hashPrefix } from '../base/prefix.ts'
import type { Name } from '../dns/name.ts'

/** A host name in the place of an address: who answers with it answers a CNAME. */
export interface HostName {
  readonly family: 'host'
  readonly bytes: Name
}

/** What an answer carries. */
export type Answerable = Address | HostName

/** The addresses of one answer, all of one family, or one host name; an RRset has no order. Empty: NODATA. */
export type Answer = readonly Answerable[]

/** In the place of an answer where the addresses are not known: a target that could not be resolved. */
export type Unknown = 'servfail'

export interface SlotTable {
  readonly answers: readonly (Answer | Unknown)[]
  /** Each slot is an index into `answers`. Never empty. */
  readonly slots: Uint16Array
  /**
   * Indexes of answers that are overdue: the last ones of a name that cannot be resolved at present. They stand in, and
   * say so (RFC 8914 §4.4). Missing: none is.
   */
  readonly stale?: ReadonlySet<number>
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
  const total = sum(shares)
  const parts = shares.map((share) => share / total)
  const present = parts.filter((part) => part > 0)
  for (let size = present.length; size <= MAX_COUNTED_SLOTS; size++) {
    if (isExact(present, size)) return parts.map((part) => Math.round(part * size))
  }
  const least = parts.map((part) => (part > 0 ? 1 : 0))
  return apportion(parts, Math.max(MAX_COUNTED_SLOTS, present.length), least)
}

/** Whether a table of that size gives everybody whole slots. */
function isExact(parts: readonly number[], size: number): boolean {
  for (const part of parts) {
    const slots = part * size
    const whole = Math.round(slots)
    if (whole === 0 || Math.abs(slots - whole) >= TOLERANCE * size) return false
  }
  return true
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
  const order = remember(lap)
  if (divisor === 1) return order
  return Uint16Array.from({ length: order.length * divisor }, (_, slot) => order[slot % order.length]!)
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b)
}

/** Orders are asked for again and again: a plan has thousands of rows and few weights. Not to be written to. */
const orders = new Map<string, Uint16Array>()

const MAX_REMEMBERED = 4096

/** Slots of a table beyond which nobody sees the difference. */
const MAX_SMOOTH = 64

function remember(lap: readonly number[]): Uint16Array {
  const key = lap.join()
  let order = orders.get(key)
  if (order) return order
  if (orders.size === MAX_REMEMBERED) orders.clear()
  order = findOrder(lap)
  orders.set(key, order)
  return order
}

/** The chairman's order; in short tables the smooth one, where that strays by more than one slot and the smooth one by less. */
function findOrder(lap: readonly number[]): Uint16Array {
  const chairman = chairmanOrder(lap)
  if (chairman.length > MAX_SMOOTH) return chairman
  const strays = unevenness(chairman, lap)
  if (strays <= chairman.length) return chairman
  const smooth = smoothOrder(lap)
  return unevenness(smooth, lap) < strays ? smooth : chairman
}

/**
 * R. Tijdeman, "The chairman assignment problem" (1980): every prefix is within 1 − 1/(2k − 2) of each share. Among those
 * who lag by at least 1/(2k − 2), the one whose lag first becomes too much goes next; of equals, the first. From when one
 * lags enough, and until when, is known as soon as it had its turn: who waits costs nothing (2.5 times as fast as looking
 * at everybody for each slot, with 16 candidates).
 */
function chairmanOrder(counts: readonly number[]): Uint16Array {
  const size = sum(counts)
  const scale = Math.max(1, 2 * counts.filter((count) => count > 0).length - 2)
  const order = new Uint16Array(size)
  const got = new Uint16Array(counts.length)
  /** Where its lag becomes too much, × scale. Quotients of whole numbers this small are equal only where the fractions are. */
  const until = new Float64Array(counts.length)
  /** By slot, the last of those who lag enough from it on; and the one before each of them. */
  const begins = new Int32Array(size).fill(NOBODY)
  const before = new Int32Array(counts.length)
  const wait = (i: number, slot: number): void => {
    const taken = size * scale * got[i]!
    until[i] = (size * (scale - 1) + taken) / counts[i]!
    const from = Math.max(slot, Math.ceil((size + taken) / (counts[i]! * scale)) - 1)
    if (from >= size) return
    before[i] = begins[from]!
    begins[from] = i
  }
  counts.forEach((count, i) => count > 0 && wait(i, 0))
  const ready: number[] = []
  for (let slot = 0; slot < size; slot++) {
    for (let i = begins[slot]!; i !== NOBODY; i = before[i]!) enqueue(ready, i, until)
    const next = ready.pop()!
    order[slot] = next
    got[next]!++
    wait(next, slot + 1)
  }
  return order
}

const NOBODY = -1

/** The most urgent last; of equals, the first. */
function enqueue(ready: number[], candidate: number, until: Float64Array): void {
  let at = ready.length
  for (; at > 0; at--) {
    const other = ready[at - 1]!
    const isSooner = until[other]! < until[candidate]! || (until[other] === until[candidate] && other < candidate)
    if (!isSooner) break
    ready[at] = other
  }
  ready[at] = candidate
}

/** nginx's smooth weighted round-robin: has no such bound, but often finds the calmer order (4:2:1). */
function smoothOrder(counts: readonly number[]): Uint16Array {
  const size = sum(counts)
  const credit = new Float64Array(counts.length)
  const order = new Uint16Array(size)
  for (let slot = 0; slot < size; slot++) {
    let next = 0
    for (let i = 0; i < credit.length; i++) {
      credit[i]! += counts[i]!
      if (credit[i]! > credit[next]!) next = i
    }
    credit[next]! -= size
    order[slot] = next
  }
  return order
}

/**
 * The farthest that any candidate strays from its share in any window, × size: how far it ever leads, and how far it lags.
 * It leads most just after a slot of its own, and lags most just before one.
 */
function unevenness(order: Uint16Array, counts: readonly number[]): number {
  const size = order.length
  const got = new Float64Array(counts.length)
  const most = new Float64Array(counts.length)
  const least = new Float64Array(counts.length)
  for (let slot = 0; slot < size; slot++) {
    const next = order[slot]!
    const before = got[next]! * size - counts[next]! * slot
    got[next]!++
    const after = got[next]! * size - counts[next]! * (slot + 1)
    if (before < least[next]!) least[next] = before
    if (after > most[next]!) most[next] = after
  }
  return counts.reduce((worst, _, i) => Math.max(worst, most[i]! - least[i]!), 0)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0)
}

/** The slot of a client: a hash of its first `bits`. For the query path: allocates nothing. */
export function pinSlot(client: AddressWords, bits: number, seed: number): number {
  return hashPrefix(client, bits, seed) & (PINNED_SLOTS - 1)
}
