// Faults as text for people, with the line that each one stands in, or as JSON for programs.
import { compareFaults, formatPlace, isError, type Fault } from '../base/fault.ts'
import { printable, type Paint } from './paint.ts'

/** Gives a line of a file (from 1), or undefined where there is none to show. */
export type SourceLine = (file: string, line: number) => string | undefined

/** Every fault in the order of reading, then their number. Empty text when there is none. */
export function formatFaults(faults: readonly Fault[], paint: Paint, sourceLine: SourceLine): string {
  if (faults.length === 0) return ''
  const blocks = faults.toSorted(compareFaults).map((fault) => formatOne(fault, paint, sourceLine))
  return `${blocks.join('\n')}\n${countFaults(faults)}\n`
}

/** `{ ok, errors, warnings, faults }`; `ok` is false when an error is among them. */
export function faultsAsJson(faults: readonly Fault[]): object {
  const errors = faults.filter(isError).length
  return { ok: errors === 0, errors, warnings: faults.length - errors, faults: faults.toSorted(compareFaults) }
}

/** `2 errors and 1 warning in 2 files`. */
export function countFaults(faults: readonly Fault[]): string {
  const errors = faults.filter(isError).length
  const warnings = faults.length - errors
  const counts = [errors > 0 ? count(errors, 'error') : '', warnings > 0 ? count(warnings, 'warning') : '']
  const files = new Set(faults.map(({ place }) => place.file)).size
  return `${counts.filter((text) => text !== '').join(' and ')} in ${count(files, 'file')}`
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}

function formatOne(fault: Fault, paint: Paint, sourceLine: SourceLine): string {
  const severity = paint(isError(fault) ? 'red' : 'yellow', `${fault.severity}:`)
  const place = paint('bold', printable(formatPlace(fault.place)))
  const lines = [`${place}: ${severity} ${printable(fault.message)} ${paint('dim', `[${fault.code}]`)}`]
  lines.push(...excerpt(fault, paint, sourceLine))
  if (fault.hint !== undefined) lines.push(`    ${paint('cyan', 'hint:')} ${printable(fault.hint)}`)
  return lines.join('\n')
}

/** The columns before a fault that its excerpt shows at most: a line may be very long. */
const EXCERPT_LEAD = 60
const EXCERPT_WIDTH = 100

function excerpt({ place }: Fault, paint: Paint, sourceLine: SourceLine): string[] {
  const text = place.line === undefined ? undefined : sourceLine(place.file, place.line)
  if (text === undefined || text.trim() === '') return []
  const column = Math.max(1, place.column ?? 1)
  const from = Math.max(0, column - 1 - EXCERPT_LEAD)
  const gutter = `    ${place.line ?? ''} | `
  const shown = printable(text.replaceAll('\t', ' ')).slice(from, from + EXCERPT_WIDTH)
  const lines = [paint('dim', gutter) + shown]
  if (place.column !== undefined) lines.push(' '.repeat(gutter.length + column - 1 - from) + paint('red', '^'))
  return lines
}
