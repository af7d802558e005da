// The plan of a snapshot as one flat image: for each LB binding its service, for each service how clients find their row,
// and for each policy (services that answer alike share one) the body with its answers. Every policy is the same look-up
// here, and the query path (query/steered.ts) knows none of them.
//
//   header · bindings · settings · services · room · bodies
//
// Offsets are in 32-bit words from the start of the image. An image is written again at each health event, into an arena
// that held an earlier one; bodies keep their places from image to image, and only those that the arena lacks are written.
import { encodeRows, type PlanBody, type RowTables } from './plan-body.ts'
import { settingsWords, writeSettings, type Settings } from './settings.ts'
import type { Answer } from './slot-table.ts'

/** How clients of a service find their slot, whatever it answers. */
export interface ServiceHead {
  readonly name: string
  /** An index into the client maps of the same snapshot; −1 when steering ignores where the client is (one row). */
  readonly clientMap: number
  /** How clients are pinned to slots, or undefined: a counter walks them. */
  readonly pin: { readonly ipv4Bits: number; readonly ipv6Bits: number; readonly seed: number } | undefined
  /** Clients are where their resolver is, whatever client subnet it sends. */
  readonly ignoresSubnet?: boolean
  /** The least TTL that this service answers with at this moment, seconds: negative answers live no longer. */
  readonly leastTtl: number
  /** What its names answer; missing: addresses. `hinted`: HTTPS and SVCB records take them for hints too. */
  readonly answers?: keyof typeof ANSWERS
}

export interface ServiceRows extends ServiceHead {
  /** By client class. */
  readonly rows: readonly RowTables[]
}

/** A service as an image holds it. */
export interface PlacedService extends ServiceHead {
  readonly classes: number
  readonly body: PlanBody
  /** Where its answers are tallied, stable over publications: by the number that the body's answers have. */
  readonly tallies: readonly number[]
}

/** What a plan image is made of. */
export interface PlanInput<Of = PlacedService> {
  readonly settings: Settings
  readonly services: readonly Of[]
  /** By binding, as the zone image of the same snapshot numbers them. */
  readonly bindings: readonly PlanBinding[]
  /** Word offset of each client map in the client-map part. */
  readonly clientMaps: readonly number[]
}

export interface PlanBinding {
  /** An index into `services`. */
  readonly service: number
  /** The first of this name's pick counters: `PICKS` for each class, kept over publications. */
  readonly picks: number
}

export const planHeader = { bindings: 0, settings: 1, words: 2 } as const

export const bindingRecord = { service: 0, picks: 1, words: 2 } as const

/**
 * Pick counters of a class: of A, of AAAA, and of all other types. Browsers ask A, AAAA and HTTPS at once: one counter for
 * two of them would give each type only every other slot.
 */
export const PICKS = 3

/** `serviceRecord.answers`. */
export const ANSWERS = { addresses: 0, hinted: 1, cname: 2 } as const

export const serviceRecord = {
  /** Word offset in the client-map part, or −1. */
  clientMap: 0,
  classes: 1,
  /** Bits of the client's prefix that pick a slot, or −1: a counter picks. */
  ipv4Bits: 2,
  ipv6Bits: 3,
  seed: 4,
  leastTtl: 5,
  answers: 6,
  /** Offset of the body (plan-body.ts), which begins with the rows. */
  body: 7,
  /** 1: steers by the sender, whatever client subnet it sends. */
  ignoresSubnet: 8,
  /** One word a tally. */
  tallies: 9,
} as const

/** Copied between two pauses, in words: 512 KiB, a tenth of a millisecond. */
const COPY_WORDS = 1 << 17

/** Where everything of one image stands. */
export interface Placement {
  readonly byteLength: number
  readonly settingsAt: number
  readonly servicesAt: readonly number[]
  readonly bodies: ReadonlyMap<PlanBody, number>
}

/** Bodies' places from image to image, and what each arena's memory holds. */
export class PlanLayout {
  #last: Placement | undefined
  /** Where the room for everything but bodies ends. */
  #headEnd = 0
  readonly #written = new WeakMap<SharedArrayBuffer, ReadonlyMap<PlanBody, number>>()

  /** Gives everything its place; bodies that the last image had keep theirs. */
  place(input: PlanInput): Placement {
    const { servicesAt, settingsAt, end } = placeHead(input)
    const wanted = new Set(input.services.map(({ body }) => body))
    const kept = end <= this.#headEnd ? [...(this.#last?.bodies ?? [])].filter(([body]) => wanted.has(body)) : []
    let placed = placeBodies(wanted, kept, this.#headEnd)
    const live = [...wanted].reduce((sum, { length }) => sum + length, 0)
    if (end > this.#headEnd || placed.end - this.#headEnd > 2 * live + COPY_WORDS) {
      this.#headEnd = Math.ceil(end * 1.25)
      placed = placeBodies(wanted, [], this.#headEnd)
    }
    this.#last = {
      byteLength: placed.end * Int32Array.BYTES_PER_ELEMENT,
      settingsAt,
      servicesAt,
      bodies: placed.bodies,
    }
    return this.#last
  }

  /** Writes an image into an arena that nobody reads, a little at a time. Left unfinished, the arena must not be published. */
  *write(input: PlanInput, { settingsAt, servicesAt, bodies }: Placement, buffer: SharedArrayBuffer): Generator<void> {
    const words = new Int32Array(buffer)
    const there = this.#written.get(buffer)
    this.#written.delete(buffer)
    writeHead(input, settingsAt, servicesAt, bodies, words)
    let copied = 0
    for (const [body, at] of bodies) {
      if (there?.get(body) === at) continue
      words.set(body, at)
      copied += body.length
      if (copied < COPY_WORDS) continue
      copied = 0
      yield
    }
    this.#written.set(buffer, bodies)
  }
}

/** A plan laid out and written whole, for those who make one image and no more. */
export function planPlanImage(
  input: PlanInput<ServiceRows> & {
    readonly tallyOf: (service: ServiceHead, answer: Answer) => number
  },
): { readonly byteLength: number; readonly write: (buffer: SharedArrayBuffer) => void } {
  const services = input.services.map((service) => placeService(service, (answer) => input.tallyOf(service, answer)))
  const layout = new PlanLayout()
  const placement = layout.place({ ...input, services })
  return {
    byteLength: placement.byteLength,
    write: (buffer) => {
      const writing = layout.write({ ...input, services }, placement, buffer)
      while (!writing.next().done) continue
    },
  }
}

/** A service that shares its answers with no other. `tallyOf`: the place that counts an answer. */
export function placeService({ rows, ...head }: ServiceRows, tallyOf: (answer: Answer) => number): PlacedService {
  const tallies = [tallyOf([])]
  const numberOf = (answer: Answer): number => {
    const tally = tallyOf(answer)
    const known = tallies.indexOf(tally)
    return known < 0 ? tallies.push(tally) - 1 : known
  }
  return { ...head, classes: rows.length, body: encodeRows(rows, numberOf), tallies }
}

function placeHead({ bindings, settings, services }: PlanInput) {
  const settingsAt = planHeader.words + bindings.length * bindingRecord.words
  let end = settingsAt + settingsWords(settings)
  const servicesAt = services.map(({ tallies }) => {
    const at = end
    end += serviceRecord.tallies + tallies.length
    return at
  })
  return { settingsAt, servicesAt, end }
}

/** Bodies at their places, those without one in the first gap that holds them, else at the end. */
function placeBodies(
  wanted: ReadonlySet<PlanBody>,
  kept: readonly (readonly [PlanBody, number])[],
  start: number,
): { readonly bodies: ReadonlyMap<PlanBody, number>; readonly end: number } {
  const bodies = new Map(kept)
  const gaps: { at: number; words: number }[] = []
  let end = start
  for (const [body, at] of kept.toSorted((a, b) => a[1] - b[1])) {
    if (at > end) gaps.push({ at: end, words: at - end })
    end = at + body.length
  }
  for (const body of wanted) {
    if (bodies.has(body)) continue
    const gap = gaps.find(({ words }) => words >= body.length)
    bodies.set(body, gap?.at ?? end)
    if (!gap) end += body.length
    else {
      gap.at += body.length
      gap.words -= body.length
    }
  }
  return { bodies, end }
}

function writeHead(
  { bindings, settings, services, clientMaps }: PlanInput,
  settingsAt: number,
  servicesAt: readonly number[],
  bodies: ReadonlyMap<PlanBody, number>,
  words: Int32Array,
): void {
  words[planHeader.bindings] = bindings.length
  words[planHeader.settings] = settingsAt
  writeSettings(settings, words, new Uint8Array(words.buffer), settingsAt)
  bindings.forEach(({ service, picks }, i) => {
    words[planHeader.words + i * bindingRecord.words + bindingRecord.service] = servicesAt[service]!
    words[planHeader.words + i * bindingRecord.words + bindingRecord.picks] = picks
  })
  services.forEach((service, i) => writeService(words, servicesAt[i]!, service, bodies.get(service.body)!, clientMaps))
}

function writeService(
  words: Int32Array,
  at: number,
  { clientMap, classes, pin, leastTtl, ignoresSubnet, answers = 'addresses', tallies }: PlacedService,
  bodyAt: number,
  clientMaps: readonly number[],
): void {
  words[at + serviceRecord.clientMap] = clientMap < 0 ? -1 : clientMaps[clientMap]!
  words[at + serviceRecord.classes] = classes
  words[at + serviceRecord.ipv4Bits] = pin?.ipv4Bits ?? -1
  words[at + serviceRecord.ipv6Bits] = pin?.ipv6Bits ?? -1
  words[at + serviceRecord.seed] = pin?.seed ?? 0
  words[at + serviceRecord.leastTtl] = leastTtl
  words[at + serviceRecord.answers] = ANSWERS[answers]
  words[at + serviceRecord.body] = bodyAt
  words[at + serviceRecord.ignoresSubnet] = Number(ignoresSubnet ?? false)
  words.set(tallies, at + serviceRecord.tallies)
}
