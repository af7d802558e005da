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
  const { ids, addresses } = numberAddresses(seats)
  const answers = new Map<string, number>()
  const slots = seats.every(({ take }) => take === 1)
    ? gatherSingles(order, ids, answers)
    : Uint16Array.from(followers(order, seats, ids), (next, slot) =>
        intern(answers, next.slice(0, seats[order[slot]!]!.take)),
      )
  return { answers: [...answers.keys()].map((key) => readAnswer(key, addresses)), slots }
}

/** Every seat leads a slot, so that answers are numbered as seats are; mostly they are the same numbers. */
function gatherSingles(order: Uint16Array, ids: readonly number[], answers: Map<string, number>): Uint16Array {
  const answerOf = ids.map((id) => intern(answers, id === NODATA ? [] : [id]))
  if (answerOf.every((answer, seat) => answer === seat)) return order
  const slots = new Uint16Array(order.length)
  for (let slot = 0; slot < order.length; slot++) slots[slot] = answerOf[order[slot]!]!
  return slots
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

/** Addresses by number: one that stands in two regions is one address in an RRset. */
function numberAddresses(seats: readonly Seat[]): { ids: readonly number[]; addresses: readonly Answerable[] } {
  const addresses = new Map<string, Answerable>()
  for (const { address } of seats) if (typeof address === 'object') addresses.set(textOf(address), address)
  const texts = [...addresses.keys()]
  const ids = seats.map(({ address }) => {
    if (typeof address === 'object') return texts.indexOf(textOf(address))
    return address === undefined ? NODATA : UNKNOWN
  })
  return { ids, addresses: [...addresses.values()] }
}

function intern(answers: Map<string, number>, ids: number[]): number {
  const key = ids.sort((a, b) => a - b).join(' ')
  const index = answers.get(key) ?? answers.size
  answers.set(key, index)
  return index
}

function readAnswer(key: string, addresses: readonly Answerable[]): Answer | Unknown {
  if (key === String(UNKNOWN)) return 'servfail'
  return key === '' ? [] : key.split(' ').map((id) => addresses[Number(id)]!)
}
