// Reports of regions, on their way from the poller, or from a region that pushes them, to the plan, which takes every one.
// What changes a region's part is told, and so is a report that stops coming.
import type { Problem } from '../admin/problem.ts'
import type { Clock } from '../base/clock.ts'
import { nearestWord } from '../base/fault.ts'
import type { Measures, RegionMeasure } from '../director/load-board.ts'
import type { Region } from '../director/service.ts'
import type { Reported } from '../health/report/judge.ts'
import { ReportPoller } from '../health/report/poller.ts'
import type { MeasuredTimes } from '../health/report/report.ts'

export interface ReportDeskOptions {
  readonly clock: Clock
  /** By region: what each can take now, and its load. */
  readonly apply: (reported: ReadonlyMap<string, Reported>, measures: Measures) => void
  readonly tell: (level: 'info' | 'warn', text: string) => void
  /** True while a report that does not come says nothing. */
  readonly holds: () => boolean
  /** Round-trip times that came with a report, for the table of them all; gives why they are not taken. */
  readonly takeTimes: (region: string, times: MeasuredTimes) => string | undefined
}

export class ReportDesk {
  readonly #options: ReportDeskOptions
  readonly #poller: ReportPoller
  #regions: ReadonlyMap<string, Region> = new Map()
  readonly #timesRefused = new Map<string, string | undefined>()
  /** What was applied last. */
  #applied: ReadonlyMap<string, Reported> = new Map()

  constructor(options: ReportDeskOptions) {
    this.#options = options
    const { clock, holds } = options
    this.#poller = new ReportPoller({
      clock,
      holds,
      onReport: (region) => this.#onReport(region),
      onRoundTrips: (region, times) => this.#takeTimes(region, times),
    })
  }

  /** Polls the regions that have reports. What is known of those that stay stays. */
  configure(regions: ReadonlyMap<string, Region>): void {
    this.#regions = regions
    const sources = Array.from(regions, ([name, { report }]) => [name, report] as const)
    this.#poller.configure(new Map(sources.flatMap(([name, report]) => (report ? [[name, report]] : []))))
    this.#apply()
  }

  reported(): ReadonlyMap<string, Reported> {
    return this.#poller.reported()
  }

  /** Takes a report that a region pushes. Applied before this returns. */
  take(region: string, text: string): { readonly taken: object } | { readonly problem: Problem } {
    if (!this.#regions.has(region)) {
      const detail = `there is no region ${JSON.stringify(region.slice(0, 63))}`
      const near = nearestWord(region, [...this.#regions.keys()])
      const hint = near === undefined ? {} : { hint: `did you mean ${near}?` }
      return { problem: { status: 404, code: 'unknown-region', detail, ...hint } }
    }
    const pushed = this.#poller.push(region, text)
    if ('reported' in pushed) {
      const { availability, reason, report } = pushed.reported
      const { timesRefused: roundTripsRefused } = pushed
      return { taken: { region, availability, reason, ...report, ...(roundTripsRefused && { roundTripsRefused }) } }
    }
    const { refused: code, problem: detail } = pushed
    if (code === 'bad-report') return { problem: { status: 400, code, detail, pointer: '' } }
    return { problem: { status: 409, code, detail, hint: `configure regions.${region}.report: { type: push }` } }
  }

  stop(): void {
    this.#poller.stop()
  }

  /** Told once until it changes: a region reports every few seconds. */
  #takeTimes(region: string, times: MeasuredTimes): string | undefined {
    const problem = this.#options.takeTimes(region, times)
    const isNews = problem !== undefined && this.#timesRefused.get(region) !== problem
    this.#timesRefused.set(region, problem)
    if (isNews) this.#options.tell('warn', `round-trip times in reports of region ${region} are not taken: ${problem}`)
    return problem
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
