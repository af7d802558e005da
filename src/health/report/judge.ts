// From reports to the part of its share that a region can take, 0 to 1: a pure machine. It falls at once and rises slowly,
// for a region that gets no requests any more shows no errors either: only as its share comes back does it show whether
// it has recovered.
import { reportOf, type TimedSample } from './rates.ts'
import { impossible, type Reading, type Report } from './report.ts'

export interface ReportRules {
  readonly intervalMs: number
  /** Errors up to this part of the requests are no illness. */
  readonly tolerated: number
}

/** A report counts for so many intervals. */
const FRESH_INTERVALS = 3

/** Errors from this part of the requests on mean that the region is gone. */
const GONE = 0.95

/** The most that the part rises from one report to the next. One that comes sooner counts for less. */
const RISE = 0.1

/** What is known of a region by its reports. Plain data. */
export interface Reported {
  /** Missing: nothing fresh and possible was told; then it takes nothing away. */
  readonly report?: Report
  /** Monotonic ms of the newest possible sample. */
  readonly last?: TimedSample
  readonly availability: number
  /** For people: `12 % errors, 3 of 4 servers`, or why there is no report. */
  readonly reason: string
}

export const NOT_REPORTED: Reported = { availability: 1, reason: 'no report yet' }

/** Takes what was read at `now` (monotonic ms), or that nothing could be. */
export function takeReading(before: Reported, reading: Reading, now: number, rules: ReportRules): Reported {
  const problem = 'problem' in reading ? reading.problem : impossible(reading.sample)
  if (problem !== undefined) return withoutReading(before, problem, now, rules)
  const last = { sample: (reading as { sample: TimedSample['sample'] }).sample, at: now }
  const report = reportOf(before.last, last)
  const wanted = availabilityOf(report, rules)
  const availability = Math.min(wanted, before.availability + RISE * weightOf(before.last, now, rules))
  const rising = availability < wanted ? `; recovering, ${percent(availability)} of its share` : ''
  return { report, last, availability, reason: describe(report) + rising }
}

/** Who pushes may tell far more often than agreed. */
function weightOf(last: TimedSample | undefined, now: number, { intervalMs }: ReportRules): number {
  const intervals = last === undefined ? 1 : (now - last.at) / intervalMs
  return intervals < 1 / 2 ? intervals : 1
}

/** What was told last holds while it is fresh; then there is no report, and probes alone rule. */
function withoutReading(before: Reported, problem: string, now: number, { intervalMs }: ReportRules): Reported {
  const isFresh = before.last !== undefined && now - before.last.at <= FRESH_INTERVALS * intervalMs
  if (isFresh) return { ...before, reason: `${problem}; the report before holds` }
  return { availability: 1, reason: `no report: ${problem}` }
}

/** The part of its share that such a region can take: by its errors, by its servers, and by what it can hold. */
export function availabilityOf(report: Report, { tolerated }: Pick<ReportRules, 'tolerated'>): number {
  const { errorRate = 0, healthyServers, totalServers = 0, utilisation = 0 } = report
  const byErrors = errorRate <= tolerated ? 1 : errorRate >= GONE ? 0 : 1 - errorRate
  const byServers = healthyServers === undefined || totalServers === 0 ? 1 : healthyServers / totalServers
  const byRoom = utilisation > 1 ? 1 / utilisation : 1
  return byErrors * byServers * byRoom
}

function describe({ errorRate, healthyServers, totalServers, utilisation }: Report): string {
  const words = [
    errorRate === undefined ? undefined : `${percent(errorRate)} errors`,
    healthyServers === undefined || totalServers === undefined
      ? undefined
      : `${healthyServers} of ${totalServers} servers`,
    utilisation === undefined ? undefined : `${percent(utilisation)} utilised`,
  ].filter((word) => word !== undefined)
  return words.length === 0 ? 'reports no errors and no servers' : words.join(', ')
}

function percent(fraction: number): string {
  return `${Number((fraction * 100).toFixed(1))} %`
}
