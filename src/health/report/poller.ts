// Polls the reports of regions and keeps what they come to. One request a region at a time; a late one is not made up for.
// It judges nothing itself (judge.ts), and a report that it cannot get changes nothing but itself: probes rule.
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../base/clock.ts'
import { NOT_REPORTED, takeReading, type Reported } from './judge.ts'
import { readText, type ReportSource } from './source.ts'

export interface ReportPollerOptions {
  readonly clock: Clock
  /** A region's availability by its reports has changed, or its measures have; `reported()` shows it. */
  readonly onReport: (region: string) => void
}

interface Polled {
  readonly source: ReportSource
  readonly timer: NodeJS.Timeout
  reported: Reported
  busy: boolean
}

export class ReportPoller {
  readonly #options: ReportPollerOptions
  readonly #polled = new Map<string, Polled>()

  constructor(options: ReportPollerOptions) {
    this.#options = options
  }

  /** Polls these from now on, and no others; those that stay as they are go on undisturbed. */
  configure(sources: ReadonlyMap<string, ReportSource>): void {
    for (const [region, { source }] of this.#polled) {
      if (!isDeepStrictEqual(sources.get(region), source)) this.#remove(region)
    }
    for (const [region, source] of sources) if (!this.#polled.has(region)) this.#add(region, source)
  }

  /** By region; a region that has no source is missing. */
  reported(): ReadonlyMap<string, Reported> {
    return new Map(Array.from(this.#polled, ([region, { reported }]) => [region, reported]))
  }

  stop(): void {
    for (const region of [...this.#polled.keys()]) this.#remove(region)
  }

  #add(region: string, source: ReportSource): void {
    const timer = setInterval(() => void this.#poll(region), source.intervalMs)
    this.#polled.set(region, { source, timer, reported: NOT_REPORTED, busy: false })
    void this.#poll(region)
  }

  #remove(region: string): void {
    clearInterval(this.#polled.get(region)?.timer)
    this.#polled.delete(region)
  }

  async #poll(region: string): Promise<void> {
    const polled = this.#polled.get(region)
    if (polled === undefined || polled.busy) return
    polled.busy = true
    // Loaded where a region has a report: node:http and node:https take 12 MB of resident memory.
    const { fetchText } = await import('./fetch.ts')
    const fetched = await fetchText(polled.source)
    polled.busy = false
    // It may have left meanwhile, or be another by now.
    if (this.#polled.get(region) !== polled) return
    const reading = 'text' in fetched ? readText(fetched.text, polled.source) : fetched
    polled.reported = takeReading(polled.reported, reading, this.#options.clock.now(), polled.source)
    this.#options.onReport(region)
  }
}
