// Gathers the reports of regions and keeps what they come to: it polls those that are fetched, one request a region at a
// time (a late one is not made up for), and takes those that are pushed. It judges nothing itself (judge.ts), and a report
// that does not come changes nothing but itself: probes rule.
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../base/clock.ts'
import { NOT_REPORTED, takeReading, type Reported } from './judge.ts'
import { impossible, type MeasuredTimes, type Reading } from './report.ts'
import { readText, type ReportSource } from './source.ts'

export interface ReportPollerOptions {
  readonly clock: Clock
  /** A region's availability by its reports has changed, or its measures have; `reported()` shows it. */
  readonly onReport: (region: string) => void
  /** Times that came with a report, which is judged without them; gives why they are not taken. */
  readonly onRoundTrips?: (region: string, times: MeasuredTimes) => string | undefined
  /** True while a report that does not come says nothing: our own network is in doubt. */
  readonly holds?: () => boolean
}

/** What came of a pushed report. */
export type Pushed =
  | { readonly reported: Reported; /** Why its round-trip times were not taken. */ readonly timesRefused?: string }
  | { readonly refused: 'not-pushed' | 'bad-report'; readonly problem: string }

interface Source {
  readonly source: ReportSource
  readonly timer: NodeJS.Timeout
  reported: Reported
  busy: boolean
}

export class ReportPoller {
  readonly #options: ReportPollerOptions
  readonly #sources = new Map<string, Source>()

  constructor(options: ReportPollerOptions) {
    this.#options = options
  }

  /** Gathers these from now on, and no others; those that stay as they are go on undisturbed. */
  configure(sources: ReadonlyMap<string, ReportSource>): void {
    for (const [region, { source }] of this.#sources) {
      if (!isDeepStrictEqual(sources.get(region), source)) this.#remove(region)
    }
    for (const [region, source] of sources) if (!this.#sources.has(region)) this.#add(region, source)
  }

  /** By region; a region that has no source is missing. */
  reported(): ReadonlyMap<string, Reported> {
    return new Map(Array.from(this.#sources, ([region, { reported }]) => [region, reported]))
  }

  /** Takes a report that a region pushes. One that is refused counts as none that came. */
  push(region: string, text: string): Pushed {
    const known = this.#sources.get(region)
    if (known?.source.from !== 'push') return { refused: 'not-pushed', problem: 'its reports are not pushed' }
    const reading = readText(text, known.source)
    const problem = 'problem' in reading ? reading.problem : impossible(reading.sample)
    if (problem !== undefined) return { refused: 'bad-report', problem }
    const timesRefused = this.#handOn(region, reading)
    return { reported: this.#take(region, known, reading), ...(timesRefused !== undefined && { timesRefused }) }
  }

  stop(): void {
    for (const region of [...this.#sources.keys()]) this.#remove(region)
  }

  #add(region: string, source: ReportSource): void {
    const turn = source.from === 'push' ? () => this.#miss(region) : () => void this.#poll(region)
    const timer = setInterval(turn, source.intervalMs)
    this.#sources.set(region, { source, timer, reported: NOT_REPORTED, busy: false })
    if (source.from !== 'push') turn()
  }

  #remove(region: string): void {
    clearInterval(this.#sources.get(region)?.timer)
    this.#sources.delete(region)
  }

  async #poll(region: string): Promise<void> {
    const polled = this.#sources.get(region)
    if (polled === undefined || polled.busy || polled.source.from === 'push') return
    polled.busy = true
    // Loaded where a region has a report: node:http and node:https take 12 MB of resident memory.
    const { fetchText } = await import('./fetch.ts')
    const fetched = await fetchText(polled.source.from, polled.source.timeoutMs)
    polled.busy = false
    // It may have left meanwhile, or be another by now.
    if (this.#sources.get(region) !== polled) return
    const reading = 'text' in fetched ? readText(fetched.text, polled.source) : fetched
    this.#handOn(region, reading)
    this.#take(region, polled, reading)
  }

  /** An interval has passed: whoever pushes should have told in it. */
  #miss(region: string): void {
    const known = this.#sources.get(region)!
    const { last } = known.reported
    const now = this.#options.clock.now()
    if (last === undefined || now - last.at < known.source.intervalMs) return
    this.#take(region, known, { problem: `nothing was pushed for ${Math.round((now - last.at) / 1000)} s` })
  }

  #handOn(region: string, reading: Reading): string | undefined {
    const times = 'problem' in reading ? undefined : reading.roundTrips
    return times && this.#options.onRoundTrips?.(region, times)
  }

  #take(region: string, known: Source, reading: Reading): Reported {
    if ('problem' in reading && this.#options.holds?.() === true) return known.reported
    known.reported = takeReading(known.reported, reading, this.#options.clock.now(), known.source)
    this.#options.onReport(region)
    return known.reported
  }
}
