// Who answered lately: shares of regions from the director's counts of answers, or from its plan while there are none.
import type { Status } from '../../admin/status.ts'

/** Answers of each region since the start, at a moment. */
export interface ShareSample {
  /** Monotonic ms. */
  readonly at: number
  readonly answered: ReadonlyMap<string, number>
}

export interface Shares {
  /** Of the answers in the window, of all answers since the start, or of the plan (nobody asked yet, or nobody counts). */
  readonly basis: 'recent' | 'since start' | 'planned'
  readonly byRegion: ReadonlyMap<string, number>
}

/** The window that `recent` looks at. */
export const RECENT_MS = 10_000

/** Adds the counts of now and drops what is older than the window; the first sample left is the window's start. */
export function addSample(samples: readonly ShareSample[], status: Status, now: number): ShareSample[] {
  return [...samples.filter(({ at }) => at >= now - RECENT_MS), { at: now, answered: countAnswers(status) }]
}

export function measureShares(samples: readonly ShareSample[], status: Status): Shares {
  const now = countAnswers(status)
  const before = samples[0]?.answered ?? new Map<string, number>()
  const recent = new Map(Array.from(now, ([region, count]) => [region, count - (before.get(region) ?? 0)]))
  if (sum(recent) > 0) return { basis: 'recent', byRegion: normalise(recent) }
  if (sum(now) > 0) return { basis: 'since start', byRegion: normalise(now) }
  return { basis: 'planned', byRegion: normalise(sumByRegion(status, ({ planned }) => planned)) }
}

function countAnswers(status: Status): Map<string, number> {
  return sumByRegion(status, ({ answered }) => answered ?? 0)
}

function sumByRegion(
  status: Status,
  value: (share: Status['services'][number]['shares'][number]) => number,
): Map<string, number> {
  const sums = new Map(status.regions.map(({ name }) => [name, 0]))
  for (const share of status.services.flatMap(({ shares }) => shares)) {
    sums.set(share.region, (sums.get(share.region) ?? 0) + value(share))
  }
  return sums
}

function sum(values: ReadonlyMap<string, number>): number {
  return values.values().reduce((total, value) => total + value, 0)
}

function normalise(values: ReadonlyMap<string, number>): Map<string, number> {
  const total = sum(values)
  return new Map(Array.from(values, ([region, value]) => [region, total === 0 ? 0 : value / total]))
}
