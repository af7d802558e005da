// The answers that a service may give to a client of one class, with their parts of the slots, and the one that is its own
// where clients are pinned: the last lines of an explanation (explain.ts).
import { writeWords, type Address } from '../base/address.ts'
import { formatPrefix, maskAddress } from '../base/prefix.ts'
import type { ServiceRows } from '../snapshot/plan-image.ts'
import { PINNED_SLOTS, pinSlot, type SlotTable } from '../snapshot/slot-table.ts'
import { textOf } from './address-text.ts'

/** One of the answers that may be given. */
export interface ExplainedAnswer {
  /** Empty: NODATA, or no hints. SERVFAIL stands in for what is not known. */
  readonly addresses: readonly string[]
  readonly slots: number
  /** Its part of the slots: 0 to 1. */
  readonly share: number
}

export interface ExplainedPin {
  readonly prefix: string
  readonly slot: number
  readonly answer: readonly string[]
}

/** `tables`: one, or the two that hints are made of. The most frequent answer first. */
export function explainAnswers(
  tables: readonly SlotTable[],
  pin: ServiceRows['pin'],
): { readonly slots: number; readonly answers: readonly ExplainedAnswer[] } {
  const slots = pin ? Math.max(...tables.map((table) => table.slots.length)) : lapOf(tables)
  // All that can be drawn before tables, or draws, repeat.
  const picks = pin ? PINNED_SLOTS : slots
  const found = new Map<string, { readonly addresses: readonly string[]; count: number }>()
  for (let drawn = 0; drawn < picks; drawn++) {
    const addresses = answerAt(tables, drawn)
    const key = addresses.join(' ')
    const known = found.get(key) ?? { addresses, count: 0 }
    known.count++
    found.set(key, known)
  }
  const answers = [...found.values()]
    .map(({ addresses, count }) => ({ addresses, slots: Math.round((count / picks) * slots), share: count / picks }))
    .sort((a, b) => b.slots - a.slots)
  return { slots, answers }
}

/** What a drawn number finds in each table, as text. */
function answerAt(tables: readonly SlotTable[], drawn: number): readonly string[] {
  return tables.flatMap(({ answers, slots }) => {
    const answer = answers[slots[drawn % slots.length]!]!
    return answer === 'servfail' ? 'SERVFAIL' : answer.map(textOf)
  })
}

/** The slot of a pinned client, and what stands there. */
export function explainPin(
  pin: NonNullable<ServiceRows['pin']>,
  address: Address,
  tables: readonly SlotTable[],
): ExplainedPin {
  const bits = address.family === 4 ? pin.ipv4Bits : pin.ipv6Bits
  const drawn = pinSlot(writeWords(address), bits, pin.seed)
  const prefix = formatPrefix(maskAddress(address, bits))
  const slot = drawn % Math.max(...tables.map(({ slots }) => slots.length))
  return { prefix, slot, answer: answerAt(tables, drawn) }
}

/** Beyond so many picks two tables are not walked on: the shares are what they are. */
const MAX_LAP = 1 << 16

/** Slots after which tables that are walked together begin anew together. */
function lapOf(tables: readonly SlotTable[]): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b))
  const lap = tables.reduce((lap, { slots: { length } }) => (lap / divisor(lap, length)) * length, 1)
  return Math.min(lap, MAX_LAP)
}
