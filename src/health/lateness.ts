// How late probes start, over the last minute or so: two histograms take turns, so that an old burst does not stay in the
// figures for ever.
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'

/** Each histogram takes in so much, ms; figures come from the one that does and the one before. */
const SPAN_MS = 30_000

export interface LatenessFigures {
  readonly lateMaxMs: number
  readonly lateP99Ms: number
}

export class Lateness {
  #before: RecordableHistogram = createHistogram()
  #current: RecordableHistogram = createHistogram()
  /** Monotonic ms. */
  #since = 0

  /** A start that was due `lateMs` before `now` (monotonic ms). */
  record(lateMs: number, now: number): void {
    if (now - this.#since >= SPAN_MS) this.#turn(now)
    this.#current.record(Math.max(1, Math.round(lateMs * 1000)))
  }

  figures(): LatenessFigures {
    const both = createHistogram()
    both.add(this.#before)
    both.add(this.#current)
    if (both.count === 0) return { lateMaxMs: 0, lateP99Ms: 0 }
    return { lateMaxMs: both.max / 1000, lateP99Ms: both.percentile(99) / 1000 }
  }

  #turn(now: number): void {
    const spare = this.#before
    this.#before = this.#current
    spare.reset()
    this.#current = spare
    this.#since = now
  }
}
