// The bounded history of plans, for questions about the past. Planning is a pure function, so no plan is kept: only what
// plans were made from, an entry for each event that changed it, as the difference from the one before. An old plan is
// made again when somebody asks.
//
//   base (the oldest conditions) → entry → entry → … → the newest     each: since when, which snapshot, which era
//
// Beyond a number of entries or bytes the oldest are folded into the base. Nothing here reads a clock or plans.
import { changeOf, isNoChange, MovingConditions, type Conditions, type ConditionsChange } from './conditions.ts'
import { beginEra, endEra, type Era, type EraParts, type Image } from './era.ts'

export interface HistoryLimits {
  /** Entries, at least 1: what answers now. */
  readonly plans: number
  readonly bytes: number
}

/** What held from one moment to the next. */
export interface Past {
  /** Wall-clock ms. */
  readonly since: number
  /** Missing: it holds now. */
  readonly until?: number
  /** The number of the snapshot that answered. */
  readonly snapshot: number
  readonly era: Era
  readonly conditions: Conditions
}

interface Entry {
  readonly since: number
  readonly snapshot: number
  readonly era: Era
  readonly change: ConditionsChange
}

/** Of an entry that changes nothing. */
const ENTRY_BYTES = 300

export const DEFAULT_LIMITS: HistoryLimits = { plans: 10_000, bytes: 32 << 20 }

export class PlanHistory {
  #limits: HistoryLimits
  /** The conditions of the oldest entry. */
  readonly #base = new MovingConditions()
  readonly #newest = new MovingConditions()
  #entries: Entry[] = []
  #entryBytes = 0
  /** Of all eras in the entries, images included. */
  #eraBytes = 0

  constructor(limits: HistoryLimits = DEFAULT_LIMITS) {
    this.#limits = limits
  }

  /** Wall-clock ms of the oldest entry; undefined before the first. */
  get begins(): number | undefined {
    return this.#entries[0]?.since
  }

  get length(): number {
    return this.#entries.length
  }

  /** About what is kept: without what answers now, which is there anyway. */
  get bytes(): number {
    return this.#entryBytes + this.#eraBytes
  }

  limit(limits: HistoryLimits): void {
    this.#limits = limits
    this.#trim()
  }

  /** What changed since the newest entry: to be taken before conditions move on, and added when they are planned. */
  compare(conditions: Conditions): ConditionsChange {
    return changeOf(this.#newest, conditions)
  }

  /** The configuration that answers from `since` on is another; its first entry is added next. */
  beginEra(parts: EraParts, since: number): Era {
    const before = this.#entries.at(-1)?.era
    const era = beginEra(parts, since, before)
    if (before) endEra(before, era, this.#images(), this.#limits.bytes)
    return era
  }

  /** What has held since then, as `compare` gave it. Nothing is added where nothing changed. */
  add(change: ConditionsChange, since: number, snapshot: number, era: Era): void {
    const last = this.#entries.at(-1)
    if (last?.snapshot === snapshot && last.era === era && isNoChange(change)) return
    if (!last) this.#base.apply(change)
    this.#newest.apply(change)
    this.#entries.push({ since, snapshot, era, change })
    this.#entryBytes += ENTRY_BYTES + change.bytes
    if (last?.era !== era) this.#weighEras()
    this.#trim()
  }

  /** What held at a moment (wall-clock ms): the newest entry that began by then. Undefined: before the oldest. */
  find(at: number): Past | undefined {
    const index = this.#entries.findLastIndex(({ since }) => since <= at)
    const found = this.#entries[index]
    if (!found) return undefined
    const conditions = new MovingConditions(this.#base)
    for (const { change } of this.#entries.slice(1, index + 1)) conditions.apply(change)
    const { since, snapshot, era } = found
    const next = this.#entries[index + 1]
    return { since, snapshot, era, conditions, ...(next && { until: next.since }) }
  }

  #trim(): void {
    const { plans, bytes } = this.#limits
    let dropped = 0
    while (this.#entries.length - dropped > 1 && (this.#entries.length - dropped > plans || this.bytes > bytes)) {
      const [oldest, next] = [this.#entries[dropped]!, this.#entries[dropped + 1]!]
      this.#base.apply(next.change)
      this.#entryBytes -= ENTRY_BYTES + oldest.change.bytes
      dropped++
      if (oldest.era !== next.era) this.#weighEras(dropped)
    }
    if (dropped > 0) this.#entries = this.#entries.slice(dropped)
  }

  /** `from`: the entry that is the oldest now. */
  #weighEras(from = 0): void {
    const eras = new Set(this.#entries.slice(from).map(({ era }) => era))
    const copies = new Map(imagesOf(eras).flatMap((image) => (image.isKept ? [[image.memory, image.byteLength]] : [])))
    const own = [...eras].reduce((sum, { bytes }) => sum + bytes, 0)
    this.#eraBytes = [...copies.values()].reduce((sum, bytes) => sum + bytes, own)
  }

  #images(): Image[] {
    return imagesOf(new Set(this.#entries.map(({ era }) => era)))
  }
}

function imagesOf(eras: Iterable<Era>): Image[] {
  return [...eras].flatMap(({ images }) => [images.zones, images.clientMaps])
}
