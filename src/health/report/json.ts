// Any JSON, of which a mapping says where the fields of a sample stand: by JSON pointer or dotted path.
import { valueAtPath } from '../json-path.ts'
import type { Mapping } from './prometheus.ts'
import { SAMPLE_FIELDS, type Reading } from './report.ts'

export function readJson(text: string, mapping: Mapping): Reading {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return { problem: 'not JSON' }
  }
  const sample: Record<string, number> = {}
  for (const field of SAMPLE_FIELDS) {
    const written = mapping[field]
    if (written === undefined) continue
    const { of, times } = typeof written === 'string' ? { of: written, times: 1 } : written
    const value = valueAtPath(document, of)
    if (value === undefined) continue
    if (typeof value !== 'number') return { problem: `${of} is no number` }
    sample[field] = value * times
  }
  return Object.keys(sample).length === 0 ? { problem: 'none of the mapped values is there' } : { sample }
}
