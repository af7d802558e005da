// The answers of one policy in flat form: for each client class a slot table a family, for each slot an answer in wire
// form. All offsets count from the body's start, so that a body can stand anywhere in a plan image, and services that
// answer alike share one. How bodies and services make an image is plan-image.ts.
//
//   rows: four words a class, the tables of A, of AAAA, and of the two hints of HTTPS · tables · answers · slots
//
import { TYPE } from '../dns/types.ts'
import type { Answer, Answerable, SlotTable, Unknown } from './slot-table.ts'
import { RECORD_HEADER_BYTES, writeRecordHeader } from './zone-image.ts'

/** One client class of one service. A service of CNAMEs has one table in the place of all. */
export interface RowTables {
  /** Seconds. */
  readonly ttl: number
  readonly ipv4: SlotTable
  readonly ipv6: SlotTable
  /** What hints of HTTPS and SVCB are made of: a pick finds one region in both. Missing: the tables of A and AAAA are so. */
  readonly hints?: { readonly ipv4: SlotTable; readonly ipv6: SlotTable }
}

/** The tables of a row, in their order. */
export const rowTable = { ipv4: 0, ipv6: 1, hints4: 2, hints6: 3, words: 4 } as const

/** A policy's answers, and nothing of who uses them. Never written to once it is made. */
export type PlanBody = Int32Array

export const slotTable = {
  slots: 0,
  answers: 1,
  /** Where the slots begin, as 16-bit numbers of answers. */
  slotsAt: 2,
  /** The answers' offsets. */
  first: 3,
} as const

export const answerRecord = {
  /** Records in the bits of COUNT_MASK (0: NODATA), STALE above; or `SERVFAIL`: the addresses are not known; or `CNAME`. */
  count: 0,
  wireLength: 1,
  /** Which of its service's tallies counts it. */
  tally: 2,
  /** As in an RRset of the zone image. */
  wire: 3,
} as const

/** In the place of a count of records. */
export const SERVFAIL = -1
export const CNAME = -2
export const COUNT_MASK = 0xffff
/** Flag in `answerRecord.count`: an answer that is overdue. */
export const STALE = 1 << 16

const TYPES: Readonly<Record<Answerable['family'], number>> = { 4: TYPE.A, 6: TYPE.AAAA, host: TYPE.CNAME }

/** Slots of two tables are compared when there are so many: A and AAAA of a pinned service often have the same. */
const SHARED_FROM = 64

/** `tallyOf`: which of the service's tallies counts an answer; 0 is that of NODATA. */
export function encodeRows(rows: readonly RowTables[], tallyOf: (answer: Answer) => number): PlanBody {
  const encoder = new Encoder(rows.length * rowTable.words, tallyOf)
  const known = new Map<RowTables, readonly number[]>()
  rows.forEach((row, i) => {
    const { ipv4, ipv6, hints = row, ttl } = row
    const tables = known.get(row) ?? [ipv4, ipv6, hints.ipv4, hints.ipv6].map((table) => encoder.table(table, ttl))
    known.set(row, tables)
    encoder.setRow(i, tables)
  })
  return encoder.finish()
}

class Encoder {
  readonly #tallyOf: (answer: Answer) => number
  /** By TTL: what stands in the body already. */
  readonly #tables = new Map<number, Map<SlotTable, number>>()
  readonly #singles = new Map<number, Map<Answerable, number>>()
  readonly #answers = new Map<string, number>()
  readonly #placed = new Map<Uint16Array, number>()
  readonly #slots = new Map<string, { readonly slots: Uint16Array; readonly at: number }[]>()
  #words: Int32Array
  #end: number

  constructor(rows: number, tallyOf: (answer: Answer) => number) {
    this.#tallyOf = tallyOf
    this.#words = new Int32Array(rows + 1024)
    this.#end = rows
  }

  setRow(index: number, tables: readonly number[]): void {
    this.#words.set(tables, index * rowTable.words)
  }

  table(table: SlotTable, ttl: number): number {
    const known = innerMap(this.#tables, ttl)
    const before = known.get(table)
    if (before !== undefined) return before
    const { answers: given, slots, stale } = table
    const answers = given.map((answer, i) => this.#answer(answer, ttl, stale?.has(i) ? STALE : 0))
    const slotsAt = this.#placeSlots(slots)
    const at = this.#take(slotTable.first + answers.length)
    this.#words[at + slotTable.slots] = slots.length
    this.#words[at + slotTable.answers] = answers.length
    this.#words[at + slotTable.slotsAt] = slotsAt
    this.#words.set(answers, at + slotTable.first)
    known.set(table, at)
    return at
  }

  finish(): PlanBody {
    return this.#words.slice(0, this.#end)
  }

  #answer(answer: Answer | Unknown, ttl: number, flags: number): number {
    const [only, other] = addressesOf(answer)
    if (!only || other || flags !== 0) {
      const addresses = answer === 'servfail' ? answer : answer.map(({ bytes }) => bytes.join('.')).join(' ')
      const key = `${ttl} ${flags} ${addresses}`
      const before = this.#answers.get(key) ?? this.#writeAnswer(answer, ttl, flags)
      this.#answers.set(key, before)
      return before
    }
    const known = innerMap(this.#singles, ttl)
    const before = known.get(only) ?? this.#writeAnswer(answer, ttl, flags)
    known.set(only, before)
    return before
  }

  #writeAnswer(answer: Answer | Unknown, ttl: number, flags: number): number {
    const addresses = addressesOf(answer)
    const wireLength = addresses.reduce((sum, { bytes }) => sum + RECORD_HEADER_BYTES + bytes.length, 0)
    const at = this.#take(answerRecord.wire + ((wireLength + 3) >> 2))
    this.#words[at + answerRecord.count] = countOf(answer, flags)
    this.#words[at + answerRecord.wireLength] = wireLength
    this.#words[at + answerRecord.tally] = this.#tallyOf(addresses)
    const bytes = new Uint8Array(this.#words.buffer)
    let to = (at + answerRecord.wire) * 4
    for (const { family, bytes: address } of addresses) {
      to = writeRecordHeader(bytes, to, TYPES[family], ttl, address.length)
      bytes.set(address, to)
      to += address.length
    }
    return at
  }

  #placeSlots(slots: Uint16Array): number {
    if (slots.length < SHARED_FROM) return this.#writeSlots(slots)
    const known = this.#placed.get(slots)
    if (known !== undefined) return known
    const at = this.#findSlots(slots)
    this.#placed.set(slots, at)
    return at
  }

  #findSlots(slots: Uint16Array): number {
    const key = `${slots.length} ${checksum(slots)}`
    const alike = this.#slots.get(key) ?? []
    const same = alike.find((other) => isSame(other.slots, slots))
    if (same) return same.at
    const at = this.#writeSlots(slots)
    this.#slots.set(key, [...alike, { slots, at }])
    return at
  }

  #writeSlots(slots: Uint16Array): number {
    const at = this.#take((slots.length + 1) >> 1)
    new Uint16Array(this.#words.buffer).set(slots, at * 2)
    return at
  }

  #take(words: number): number {
    const at = this.#end
    this.#end += words
    if (this.#end > this.#words.length) {
      const grown = new Int32Array(Math.max(this.#end, this.#words.length * 2))
      grown.set(this.#words)
      this.#words = grown
    }
    return at
  }
}

function innerMap<Key, Inner>(maps: Map<Key, Map<Inner, number>>, key: Key): Map<Inner, number> {
  const known = maps.get(key) ?? new Map<Inner, number>()
  maps.set(key, known)
  return known
}

function checksum(slots: Uint16Array): number {
  let sum = 0
  for (let i = 0; i < slots.length; i++) sum = (Math.imul(sum, 31) + slots[i]!) | 0
  return sum
}

function isSame(a: Uint16Array, b: Uint16Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return a.length === b.length
}

function countOf(answer: Answer | Unknown, flags: number): number {
  if (answer === 'servfail') return SERVFAIL
  return answer[0]?.family === 'host' ? CNAME : answer.length | flags
}

/** Addresses in an answer record: none where they are not known, and in a CNAME. */
export function addressCountOf(words: Int32Array, answer: number): number {
  const count = words[answer + answerRecord.count]!
  return count < 0 ? 0 : count & COUNT_MASK
}

function addressesOf(answer: Answer | Unknown): Answer {
  return answer === 'servfail' ? [] : answer
}
