// Reports of regions, on their way from the poller to the plan, which takes every one. What changes a region's part is
// told, and so is a report that stops coming.
import type { Clock } from '../base/clock.ts'
import type { Measures, RegionMeasure } from '../director/load-board.ts'
import type { Region } from '../director/service.ts'
import type { Reported } from '../health/report/judge.ts'
import { ReportPoller } from '../health/report/poller.ts'

export interface ReportDeskOptions {
  readonly clock: Clock
  /** By region: what each can take now, and its load. */
  readonly apply: (reported: ReadonlyMap<string, Reported>, measures: Measures) => void
  readonly tell: (level: 'info' | 'warn', text: string) => void
}

export class ReportDesk {
  readonly #options: ReportDeskOptions
  readonly #poller: ReportPoller
  /** What was applied last. */
  #applied: ReadonlyMap<string, Reported> = new Map()

  constructor(options: ReportDeskOptions) {
    this.#options = options
    this.#poller = new ReportPoller({ clock: options.clock, onReport: (region) => this.#onReport(region) })
  }

  /** Polls the regions that have reports. What is known of those that stay stays. */
  configure(regions: ReadonlyMap<string, Region>): void {
    const sources = Array.from(regions, ([name, { report }]) => [name, report] as const)
    this.#poller.configure(new Map(sources.flatMap(([name, report]) => (report ? [[name, report]] : []))))
    this.#apply()
  }

  reported(): ReadonlyMap<string, Reported> {
    return this.#poller.reported()
  }

  stop(): void {
    this.#poller.stop()
  }

  #onReport(region: string): void {
    const before = this.#applied.get(region)
    this.#apply()
    const now = this.#applied.get(region)!
    const moved = (before?.availability ?? 1) !== now.availability
    const stopped = before?.last !== undefined && now.last === undefined
    if (!moved && !stopped) return
    const part = `takes ${Math.round(now.availability * 100)} % of its share`
    this.#options.tell(now.availability < 1 || stopped ? 'warn' : 'info', `region ${region} ${part}: ${now.reason}`)
  }

  #apply(): void {
    this.#applied = this.#poller.reported()
    this.#options.apply(this.#applied, measuresOf(this.#applied))
  }
}

/** The load of those that told of it. */
function measuresOf(reported: ReadonlyMap<string, Reported>): Measures {
  return new Map(
    Array.from(reported).flatMap(([region, { report, last }]): [string, RegionMeasure][] => {
      if (report === undefined || last === undefined) return []
      const { activeConnections: connections, responseTimeMs } = report
      const told = {
        ...(connections !== undefined && { connections }),
        ...(responseTimeMs !== undefined && { responseTimeMs }),
      }
      return [[region, { ...told, at: last.at }]]
    }),
  )
}
