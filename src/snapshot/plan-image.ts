// The plan of a snapshot as one flat image: for each LB binding its service, for each service a row a client class,
// for each row a slot table a family, for each slot an answer in wire form. Every policy is the same look-up here, and
// the query path (query/steered.ts) knows none of them. Equal tables and answers are written once.
//
//   header · bindings · settings · services with their rows · slot tables · answers
//
// Offsets are in 32-bit words from the start of the image.
import { writeRecordHeader, RECORD_HEADER_BYTES } from './zone-image.ts'
import { settingsWords, writeSettings, type Settings } from './settings.ts'
import type { Answer, SlotTable } from './slot-table.ts'

/** In the place of a slot table where the addresses are not known: an ALIAS whose target could not be resolved. */
export type Unknown = 'servfail'

/** One client class of one service. */
export interface RowTables<Table = SlotTable> {
  /** Seconds. */
  readonly ttl: number
  readonly ipv4: Table
  readonly ipv6: Table
}

export interface ServiceRows<Table = SlotTable> {
  readonly name: string
  /** An index into the client maps of the same snapshot; −1 when steering ignores where the client is (one row). */
  readonly clientMap: number
  /** How clients are pinned to slots, or undefined: a counter walks them. */
  readonly pin: { readonly ipv4Bits: number; readonly ipv6Bits: number; readonly seed: number } | undefined
  /** By client class. */
  readonly rows: readonly RowTables<Table>[]
  /** The least TTL that this service ever answers with, seconds: negative answers live no longer. */
  readonly leastTtl: number
}

/** What a plan image is made of. */
export interface PlanInput {
  readonly settings: Settings
  readonly services: readonly ServiceRows<SlotTable | Unknown>[]
  /** By binding, as the zone image of the same snapshot numbers them. */
  readonly bindings: readonly PlanBinding[]
  /** Word offset of each client map in the client-map part. */
  readonly clientMaps: readonly number[]
  /** Where answers of a service are tallied; stable over publications. Tally + 0 counts NODATA. */
  readonly tallyOf: (service: Pick<ServiceRows, 'name'>, answer: Answer) => number
}

export interface PlanBinding {
  /** An index into `services`. */
  readonly service: number
  /** The first of this name's pick counters: one for each (class, family), kept over publications. */
  readonly picks: number
}

export const planHeader = { bindings: 0, settings: 1, words: 2 } as const

export const bindingRecord = { service: 0, picks: 1, words: 2 } as const

export const serviceRecord = {
  /** Word offset in the client-map part, or −1. */
  clientMap: 0,
  classes: 1,
  /** Bits of the client's prefix that pick a slot, or −1: a counter picks. */
  ipv4Bits: 2,
  ipv6Bits: 3,
  seed: 4,
  leastTtl: 5,
  /** Two words a class: the slot table of A, the slot table of AAAA. */
  rows: 6,
} as const

export const slotTable = {
  slots: 0,
  answers: 1,
  /** The answers' offsets, then the slots as 16-bit numbers of answers. */
  first: 2,
} as const

export const answerRecord = {
  /** 0: NODATA; `SERVFAIL`: the addresses are not known. */
  count: 0,
  wireLength: 1,
  /** Which tally counts it. */
  tally: 2,
  /** As in an RRset of the zone image. */
  wire: 3,
} as const

/** In the place of a count of records. */
export const SERVFAIL = -1

const TYPE_A = 1
const TYPE_AAAA = 28

export interface PlanImagePlan {
  readonly byteLength: number
  readonly write: (buffer: SharedArrayBuffer) => void
}

/** Lays a plan out: every distinct table and answer gets its place before anything is written. */
export function planPlanImage(input: PlanInput): PlanImagePlan {
  const places = new Places(planHeader.words + input.bindings.length * bindingRecord.words)
  const settingsAt = places.take(settingsWords(input.settings))
  const serviceAt = input.services.map((service) => places.take(serviceRecord.rows + service.rows.length * 2))
  const layout = new TableLayout(places.end, input)
  const rows = input.services.map((service) => service.rows.map((row) => layout.row(service, row)))
  return {
    byteLength: layout.end * Int32Array.BYTES_PER_ELEMENT,
    write: (buffer) => {
      const words = new Int32Array(buffer)
      words[planHeader.bindings] = input.bindings.length
      words[planHeader.settings] = settingsAt
      writeSettings(input.settings, words, new Uint8Array(buffer), settingsAt)
      input.bindings.forEach(({ service, picks }, i) => {
        words.set([serviceAt[service]!, picks], planHeader.words + i * bindingRecord.words)
      })
      input.services.forEach((service, i) => writeService(words, serviceAt[i]!, service, rows[i]!, input.clientMaps))
      layout.write(words, new Uint16Array(buffer), new Uint8Array(buffer))
    },
  }
}

function writeService(
  words: Int32Array,
  at: number,
  { clientMap, pin, rows, leastTtl }: ServiceRows<unknown>,
  tables: readonly (readonly [number, number])[],
  clientMaps: readonly number[],
): void {
  words[at + serviceRecord.clientMap] = clientMap < 0 ? -1 : clientMaps[clientMap]!
  words[at + serviceRecord.classes] = rows.length
  words[at + serviceRecord.ipv4Bits] = pin?.ipv4Bits ?? -1
  words[at + serviceRecord.ipv6Bits] = pin?.ipv6Bits ?? -1
  words[at + serviceRecord.seed] = pin?.seed ?? 0
  words[at + serviceRecord.leastTtl] = leastTtl
  tables.forEach((pair, i) => words.set(pair, at + serviceRecord.rows + i * 2))
}

/** Hands out places one behind the other. */
class Places {
  end: number

  constructor(start: number) {
    this.end = start
  }

  take(words: number): number {
    const at = this.end
    this.end += words
    return at
  }
}

interface PlacedAnswer {
  readonly at: number
  readonly answer: Answer | Unknown
  readonly ttl: number
  readonly tally: number
}

interface PlacedTable {
  readonly at: number
  readonly slots: Uint16Array
  readonly answers: readonly number[]
}

/** Places each distinct slot table and answer once. */
class TableLayout {
  readonly #input: PlanInput
  readonly #places: Places
  readonly #answers = new Map<string, PlacedAnswer>()
  readonly #tables: PlacedTable[] = []
  /** By the table object and whatever else its answers depend on: planners share equal tables. */
  readonly #known = new Map<SlotTable | Unknown, Map<string, number>>()

  constructor(start: number, input: PlanInput) {
    this.#places = new Places(start)
    this.#input = input
  }

  get end(): number {
    return this.#places.end
  }

  row(
    service: Pick<ServiceRows, 'name'>,
    { ipv4, ipv6, ttl }: RowTables<SlotTable | Unknown>,
  ): readonly [number, number] {
    return [this.#table(service, ipv4, ttl), this.#table(service, ipv6, ttl)]
  }

  #table(service: Pick<ServiceRows, 'name'>, table: SlotTable | Unknown, ttl: number): number {
    const key = `${service.name} ${ttl}`
    const known = this.#known.get(table) ?? new Map<string, number>()
    this.#known.set(table, known)
    const before = known.get(key)
    if (before !== undefined) return before
    const { answers: given, slots } = table === 'servfail' ? FAILING : table
    const answers = given.map((answer) => this.#answer(service, answer, ttl))
    const at = this.#places.take(slotTable.first + answers.length + ((slots.length + 1) >> 1))
    this.#tables.push({ at, slots, answers })
    known.set(key, at)
    return at
  }

  #answer(service: Pick<ServiceRows, 'name'>, answer: Answer | Unknown, ttl: number): number {
    const tally = this.#input.tallyOf(service, addressesOf(answer))
    const addresses = addressesOf(answer).map(({ bytes }) => bytes.join('.'))
    const key = `${tally} ${ttl} ${answer === 'servfail' ? answer : addresses.join(' ')}`
    const before = this.#answers.get(key)
    if (before) return before.at
    const at = this.#places.take(answerRecord.wire + ((wireLength(answer) + 3) >> 2))
    this.#answers.set(key, { at, answer, ttl, tally })
    return at
  }

  write(words: Int32Array, halves: Uint16Array, bytes: Uint8Array): void {
    for (const { at, slots, answers } of this.#tables) {
      words[at + slotTable.slots] = slots.length
      words[at + slotTable.answers] = answers.length
      words.set(answers, at + slotTable.first)
      halves.set(slots, (at + slotTable.first + answers.length) * 2)
    }
    for (const { at, answer, ttl, tally } of this.#answers.values()) {
      words[at + answerRecord.count] = answer === 'servfail' ? SERVFAIL : answer.length
      words[at + answerRecord.wireLength] = wireLength(answer)
      words[at + answerRecord.tally] = tally
      let to = (at + answerRecord.wire) * 4
      for (const { family, bytes: address } of addressesOf(answer)) {
        to = writeRecordHeader(bytes, to, family === 4 ? TYPE_A : TYPE_AAAA, ttl, address.length)
        bytes.set(address, to)
        to += address.length
      }
    }
  }
}

/** The table of one slot whose answer is not known. */
const FAILING = { answers: ['servfail'], slots: Uint16Array.of(0) } as const

function addressesOf(answer: Answer | Unknown): Answer {
  return answer === 'servfail' ? [] : answer
}

function wireLength(answer: Answer | Unknown): number {
  return addressesOf(answer).reduce((sum, { bytes }) => sum + RECORD_HEADER_BYTES + bytes.length, 0)
}
