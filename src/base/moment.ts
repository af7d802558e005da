// Durations and moments as people write them. Nothing here reads a clock: whoever asks says what time it is.

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** The pattern of a duration. */
export const DURATION = '^[0-9]{1,9}(ms|s|m|h)$'

/** Reads `1500ms`, `10s`, `5m` or `1h` into milliseconds. */
export function parseDuration(written: string): number | undefined {
  const unit = new RegExp(DURATION).exec(written)?.[1]
  return unit === undefined ? undefined : parseInt(written, 10) * UNIT_MS[unit]!
}

const DAY_MS = 86_400_000

const TIME_OF_DAY = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(\.\d{1,9})?)?$/

/** RFC 3339 §5.6: a zone must be given, and a space may stand in the place of the T. */
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/

/** What `parseMoment` reads, for people. */
export const MOMENT_FORMS = '10m (ago), 14:05:30 (the last time it was that), or 2026-11-24T14:05:30Z'

/**
 * Reads a moment at or before `now`: a duration before it, a time of day in the local zone (today's, or yesterday's while
 * today's is yet to come), or RFC 3339, which may lie in the future. All are wall-clock ms.
 */
export function parseMoment(written: string, now: number): number | undefined {
  const ago = parseDuration(written)
  if (ago !== undefined) return now - ago
  const [, hours, minutes, seconds = '0', fraction = '0'] = TIME_OF_DAY.exec(written) ?? []
  if (hours !== undefined) return lastTime(now, [hours, minutes, seconds].map(Number), Number(fraction))
  if (!RFC_3339.test(written)) return undefined
  const at = Date.parse(written.toUpperCase().replace(' ', 'T'))
  return Number.isNaN(at) ? undefined : at
}

function lastTime(now: number, [hours, minutes, seconds]: readonly number[], fraction: number): number {
  const on = (moment: number): number =>
    new Date(moment).setHours(hours!, minutes, seconds, Math.round(fraction * 1000))
  const today = on(now)
  return today <= now ? today : on(now - DAY_MS)
}
