// Our own JSON: the figures of a sample by their own names, as a region's agent pushes them or lets them be polled; beside
// them it may tell the round-trip times that the region measured, in ms by network.
//
//   { "requests": 120034, "errors": 12, "healthyServers": 4, "totalServers": 4, "roundTrips": { "203.0.113.0/24": 12.5 } }
//
// It is read strictly: a figure that is misspelt would otherwise look like one that is not told.
import { nearestWord } from '../../base/fault.ts'
import { formatPrefix, parsePrefix } from '../../base/prefix.ts'
import { SAMPLE_FIELDS, type Reading } from './report.ts'

const ROUND_TRIPS = 'roundTrips'

/** A minute: beyond it no answer comes, and the unit is another. */
const MAX_ROUND_TRIP_MS = 60_000

/** Problems told of one report. */
const MOST_PROBLEMS = 3

export function readFigures(text: string): Reading {
  const document = parseObject(text)
  if (typeof document === 'string') return { problem: document }
  const { [ROUND_TRIPS]: times, ...sample } = document
  const problems = [
    ...Object.entries(sample).flatMap(([name, value]) => figureProblem(name, value) ?? []),
    ...(times === undefined ? [] : timesProblems(times)),
  ]
  if (problems.length > 0) return { problem: problems.slice(0, MOST_PROBLEMS).join(', ') }
  return { sample, ...(times !== undefined && { roundTrips: toTimes(times as Times) }) }
}

type Times = Readonly<Record<string, number>>

/** Or what is wrong with it. */
function parseObject(text: string): Readonly<Record<string, unknown>> | string {
  try {
    const document = JSON.parse(text) as unknown
    return isObject(document) ? document : 'no JSON object'
  } catch {
    return 'not JSON'
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function figureProblem(name: string, value: unknown): string | undefined {
  if (!(SAMPLE_FIELDS as readonly string[]).includes(name)) {
    const near = nearestWord(name, [...SAMPLE_FIELDS, ROUND_TRIPS])
    return `${name.slice(0, 40)} is no figure of a report${near === undefined ? '' : ` (did you mean ${near}?)`}`
  }
  return typeof value === 'number' ? undefined : `${name} is no number`
}

function timesProblems(times: unknown): string[] {
  if (!isObject(times)) return [`${ROUND_TRIPS} is no object`]
  return Object.entries(times).flatMap(([network, ms]) => {
    if (parsePrefix(network) === undefined) return `${network.slice(0, 50)} is no CIDR prefix`
    const isTime = typeof ms === 'number' && ms >= 0 && ms <= MAX_ROUND_TRIP_MS
    return isTime ? [] : `${network} is no time from 0 to ${MAX_ROUND_TRIP_MS} ms away`
  })
}

function toTimes(times: Times): ReadonlyMap<string, number> {
  return new Map(Object.entries(times).map(([network, ms]) => [formatPrefix(parsePrefix(network)!), ms]))
}
