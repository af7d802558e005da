// Query parameters of the HTTP API: each known one at most once, and no other.
import { nearestWord } from '../base/fault.ts'
import type { Problem } from './problem.ts'

/** By name; only those that were given. */
export type Parameters = Readonly<Record<string, string>>

/** `what`: of which resource they are, for people. */
export function readParameters(
  parameters: URLSearchParams,
  known: readonly string[],
  what: string,
): { readonly values: Parameters } | { readonly problem: Problem } {
  for (const key of parameters.keys()) {
    if (!known.includes(key)) return bad('unknown-parameter', key, `is no parameter of ${what}`, nearest(key, known))
    if (parameters.getAll(key).length > 1) return bad('repeated-parameter', key, 'is given more than once')
  }
  return { values: Object.fromEntries(parameters) }
}

function nearest(key: string, known: readonly string[]): string {
  const near = nearestWord(key, known)
  return `known are ${known.join(', ')}${near === undefined ? '' : `; did you mean ${near}?`}`
}

/** A parameter that cannot be used. */
export function bad(code: string, parameter: string, what: string, hint?: string): { readonly problem: Problem } {
  const problem: Problem = { status: 400, code, parameter, detail: `the parameter "${parameter}" ${what}` }
  return { problem: hint === undefined ? problem : { ...problem, hint } }
}
