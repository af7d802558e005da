// The doubt of our own network in words: for the log and events when it turns, and for status at any time.
import type { DoubtStatus } from '../admin/status.ts'
import type { Checker } from '../health/checker.ts'
import type { DoubtNews } from '../health/doubter.ts'

export interface Told {
  readonly level: 'info' | 'warn' | 'error'
  readonly text: string
}

/** What to tell of a turn; undefined: nothing that anybody must know. */
export function describeTurn(now: DoubtNews, before: DoubtNews['state']): Told | undefined {
  const fail = describeStorm(now)
  switch (now.state) {
    case 'frozen':
      return {
        level: 'error',
        text: `frozen: ${fail} and no beacon answers, so our own network is in doubt: health stays as it was before, for ${formatMs(now.leftMs)} at most`,
      }
    case 'overruled':
      return {
        level: 'error',
        text: `no longer frozen, for it has lasted too long: what probes see rules, and ${fail}`,
      }
    case 'storm':
      return {
        level: 'warn',
        text: `${fail}; ${now.sight.beacons === 0 ? 'there are no beacons to tell whether our own network is at fault' : 'beacons answer, so it is not our own network'}`,
      }
    case 'calm':
      return before === 'storm' ? undefined : { level: 'info', text: `${whyCalm(now)}: what probes see rules again` }
  }
}

export function describeDoubt(checker: Checker): DoubtStatus {
  const { state, sight, leftMs } = checker.doubt()
  const { failing, of, regions } = sight
  const beacons = checker.beacons().map(({ id, last }) => ({
    name: id,
    answers: last?.outcome === 'success',
    reason: last?.reason ?? 'not probed yet',
  }))
  return { state, ...(state === 'frozen' && { leftMs }), failing, of, regions, beacons }
}

function describeStorm({ sight: { failing, of, regions } }: DoubtNews): string {
  return `${failing} of ${of} healthy targets in ${regions} regions fail at once`
}

function whyCalm({ sight: { beacons, silent } }: DoubtNews): string {
  if (beacons === 0) return 'there are no beacons any more'
  return silent < beacons ? 'a beacon answers' : 'most targets answer'
}

function formatMs(ms: number): string {
  return ms < 60_000 ? `${Math.round(ms / 1000)} s` : `${Number((ms / 60_000).toFixed(1))} min`
}
