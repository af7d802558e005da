// Our own JSON: the figures of a sample by their own names, as a region's agent pushes them or lets them be polled.
//
//   { "requests": 120034, "errors": 12, "healthyServers": 4, "totalServers": 4, "activeConnections": 87 }
//
// It is read strictly: a figure that is misspelt would otherwise look like one that is not told.
import { nearestWord } from '../../base/fault.ts'
import { SAMPLE_FIELDS, type Reading } from './report.ts'

export function readFigures(text: string): Reading {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return { problem: 'not JSON' }
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return { problem: 'no JSON object' }
  const problems = Object.entries(document).flatMap(([name, value]) => problemOf(name, value) ?? [])
  return problems.length > 0 ? { problem: problems.join(', ') } : { sample: document }
}

function problemOf(name: string, value: unknown): string | undefined {
  if (!(SAMPLE_FIELDS as readonly string[]).includes(name)) {
    const near = nearestWord(name, SAMPLE_FIELDS)
    return `${name.slice(0, 40)} is no figure of a report${near === undefined ? '' : ` (did you mean ${near}?)`}`
  }
  return typeof value === 'number' ? undefined : `${name} is no number`
}
