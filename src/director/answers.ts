// From seated slots to answers: each slot answers with the address that leads it, and with others of its tier as far as the
// service takes several.
import type { Answer, Answerable, SlotTable, Unknown } from '../snapshot/slot-table.ts'
import { textOf } from './address-text.ts'

/** One balancer's part of a table, or that of a region which has none of the family. */
export interface Seat {
  /** The region's name, behind those of the services around it: `service/region`. */
  readonly path: string
  /** Undefined: NODATA. */
  readonly address: Answerable | Unknown | undefined
  /** The share that was asked for; those of a table sum to 1. */
  readonly share: number
  /** An answer that this seat leads may take along those of its tier. */
  readonly tier: string
  readonly take: number
  /** Its address is what a host name last resolved to; asking again fails. */
  readonly isStale?: boolean
}

/** The table of one family, and how it came about. */
export interface FamilyTable {
  readonly table: SlotTable
  readonly seats: readonly Seat[]
  /** Who leads each slot: an index into `seats`. */
  readonly order: Uint16Array
}

/** In the place of an address's number. */
const NODATA = -1
const UNKNOWN = -2

/** The answer of each slot: its own address and those that follow in its tier, as many distinct ones as it takes. */
export function gatherAnswers(order: Uint16Array, seats: readonly Seat[]): SlotTable {
  const numbered = numberAddresses(seats)
  const { slots, answers } = seats.every(({ take }) => take === 1)
    ? gatherSingles(order, numbered.ids)
    : gatherSeveral(order, seats, numbered.ids)
  const table = { answers: answers.map((ids) => readAnswer(ids, numbered.addresses)), slots }
  const { stale } = numbered
  if (stale.size === 0) return table
  return { ...table, stale: new Set([...answers.keys()].filter((i) => answers[i]!.some((id) => stale.has(id)))) }
}

/** Slots, and the answers that they number, each as its addresses' numbers. */
interface Gathered {
  readonly slots: Uint16Array
  readonly answers: readonly (readonly number[])[]
}

/** Every seat leads a slot, so that answers are numbered as seats are; mostly they are the same numbers. */
function gatherSingles(order: Uint16Array, ids: readonly number[]): Gathered {
  const distinct = [...new Set(ids)]
  const answers = distinct.map((id) => (id === NODATA ? [] : [id]))
  if (distinct.length === ids.length) return { slots: order, answers }
  const answerOf = ids.map((id) => distinct.indexOf(id))
  const slots = new Uint16Array(order.length)
  for (let slot = 0; slot < order.length; slot++) slots[slot] = answerOf[order[slot]!]!
  return { slots, answers }
}

function gatherSeveral(order: Uint16Array, seats: readonly Seat[], ids: readonly number[]): Gathered {
  const numbers = new Map<string, number>()
  const answers: (readonly number[])[] = []
  const numberOf = (members: readonly number[]): number => {
    const sorted = members.toSorted((a, b) => a - b)
    const key = sorted.join(' ')
    const known = numbers.get(key)
    if (known !== undefined) return known
    numbers.set(key, answers.length)
    return answers.push(sorted) - 1
  }
  const next = followers(order, seats, ids)
  const slots = Uint16Array.from(next, (all, slot) => numberOf(all.slice(0, seats[order[slot]!]!.take)))
  return { slots, answers }
}

/**
 * For each slot its own address and then all others of its tier, in the order in which they come next. Walked backwards
 * for two laps, since what follows the last slot is the first.
 */
function followers(order: Uint16Array, seats: readonly Seat[], ids: readonly number[]): readonly (readonly number[])[] {
  const upcoming = new Map<string, readonly number[]>()
  const found: (readonly number[])[] = []
  for (let step = order.length * 2 - 1; step >= 0; step--) {
    const seat = order[step % order.length]!
    const { tier } = seats[seat]!
    const id = ids[seat]!
    if (id < 0) {
      found[step % order.length] = id === NODATA ? [] : [id]
      continue
    }
    const next = [id, ...(upcoming.get(tier) ?? []).filter((other) => other !== id)]
    upcoming.set(tier, next)
    found[step % order.length] = next
  }
  return found
}

/** The addresses of seats, by number: one that stands in two regions is one address in an RRset. */
interface Numbered {
  /** By seat. */
  readonly ids: readonly number[]
  readonly addresses: readonly Answerable[]
  /** Ids of those that are stale wherever they stand. */
  readonly stale: ReadonlySet<number>
}

function numberAddresses(seats: readonly Seat[]): Numbered {
  const numbers = new Map<string, number>()
  const addresses: Answerable[] = []
  const ids = seats.map(({ address }) => {
    if (typeof address !== 'object') return address === undefined ? NODATA : UNKNOWN
    const text = textOf(address)
    const known = numbers.get(text)
    if (known !== undefined) return known
    numbers.set(text, addresses.length)
    return addresses.push(address) - 1
  })
  const stale = new Set(ids.filter((_, seat) => seats[seat]!.isStale))
  for (const [seat, id] of ids.entries()) if (!seats[seat]!.isStale) stale.delete(id)
  return { ids, addresses, stale }
}

function readAnswer(ids: readonly number[], addresses: readonly Answerable[]): Answer | Unknown {
  if (ids[0] === UNKNOWN) return 'servfail'
  return ids.length === 1 ? answerOf(addresses[ids[0]!]!) : ids.map((id) => addresses[id]!)
}

const answers = new WeakMap<Answerable, Answer>()

/** The answer of an address alone, one for all: plans hold a million. */
function answerOf(address: Answerable): Answer {
  let answer = answers.get(address)
  if (!answer) answers.set(address, (answer = [address]))
  return answer
}
