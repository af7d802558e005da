// Round-trip times as regions report them, beside those of the file: for `fastest`. What a region reported wins over what
// the file says of it, network by network, until it is too old; then the file's counts again. Time is an argument, and
// who reports, or applies it, is not known here.
import type { RoundTrips } from '../steer/steer.ts'

/** More are refused: each network tells clients apart in the maps of every service that asks. */
export const MAX_REPORTED = 100_000

interface Reported {
  readonly ms: number
  /** Wall-clock ms of the report. */
  readonly at: number
}

/** By network (CIDR prefix in canonical text). */
export type Times = ReadonlyMap<string, number>

export class RoundTripBook {
  #regions: ReadonlyMap<string, ReadonlyMap<string, Reported>> = new Map()

  /** By region. */
  get regions(): ReadonlyMap<string, ReadonlyMap<string, Reported>> {
    return this.#regions
  }

  /** Times of all regions together. */
  get size(): number {
    return sizeOf(this.#regions)
  }

  /** Takes a report: `add` leaves the region's other times, `replace` forgets them. False: that would be too many. */
  take(region: string, times: Times, how: 'add' | 'replace', at: number): boolean {
    const own = new Map(how === 'add' ? this.#regions.get(region) : [])
    for (const [prefix, ms] of times) own.set(prefix, { ms, at })
    const next = new Map(this.#regions).set(region, own)
    if (own.size === 0) next.delete(region)
    if (sizeOf(next) > MAX_REPORTED) return false
    this.#regions = next
    return true
  }

  /** Forgets regions that are not defined any more. */
  retain(defined: ReadonlyMap<string, unknown>): void {
    this.#regions = new Map([...this.#regions].filter(([region]) => defined.has(region)))
  }

  /** Forgets what was reported before then; true when there was any. */
  expire(before: number): boolean {
    const kept = Array.from(this.#regions, ([region, times]) => {
      return [region, new Map([...times].filter(([, { at }]) => at >= before))] as const
    }).filter(([, times]) => times.size > 0)
    const size = this.size
    this.#regions = new Map(kept)
    return this.size < size
  }

  /** When the oldest was reported; Infinity when there is none. */
  get oldest(): number {
    let oldest = Infinity
    for (const times of this.#regions.values()) for (const { at } of times.values()) oldest = Math.min(oldest, at)
    return oldest
  }

  /** Both tables as one. */
  merge(file: RoundTrips = new Map()): RoundTrips {
    if (this.#regions.size === 0) return file
    const merged = new Map(file)
    for (const [region, times] of this.#regions) {
      for (const [prefix, { ms }] of times) merged.set(prefix, { ...merged.get(prefix), [region]: ms })
    }
    return merged
  }

  /** As it is now, to go back to. */
  save(): () => void {
    const saved = this.#regions
    return () => (this.#regions = saved)
  }
}

function sizeOf(regions: ReadonlyMap<string, ReadonlyMap<string, unknown>>): number {
  return [...regions.values()].reduce((sum, times) => sum + times.size, 0)
}
