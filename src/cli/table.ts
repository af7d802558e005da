// Rows of cells to lines of aligned columns, and durations as people read them.
import { widthOf } from './paint.ts'

/** Left-aligned columns two spaces apart. Cells may be painted; rows may be of different lengths. */
export function formatTable(rows: readonly (readonly string[])[], indent = ''): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => widthOf(row[i] ?? ''))))
  const line = (row: readonly string[]): string => row.map((cell, i) => padTo(cell, widths[i]!)).join('  ')
  return rows.map((row) => `${indent}${line(row)}`.trimEnd())
}

/** Adds spaces up to a width in columns. */
export function padTo(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - widthOf(cell)))
}

/** `0 s`, `42 s`, `3 min 5 s`, `2 h 10 min`, `4 d 3 h`: the two greatest units, rounded down. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return twoUnits(seconds, 60, 'min', 1, 's')
  if (seconds < 86_400) return twoUnits(seconds, 3600, 'h', 60, 'min')
  return twoUnits(seconds, 86_400, 'd', 3600, 'h')
}

function twoUnits(seconds: number, great: number, greatName: string, small: number, smallName: string): string {
  const rest = Math.floor((seconds % great) / small)
  return `${Math.floor(seconds / great)} ${greatName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`
}

/** `75 %`; a share that rounds to nothing, yet is not, reads `<1 %`. */
export function formatShare(share: number): string {
  return share > 0 && share < 0.005 ? '<1 %' : `${Math.round(share * 100)} %`
}

/** The time of day of a moment, in the zone of whoever reads it: `10:00:27`. */
export function formatTime(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}
