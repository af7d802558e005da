// From what the clients saw to what users felt: pure functions over samples and the times of faults.

export interface Sample {
  /** Monotonic ms at which the user asked. */
  readonly at: number
  /** The region at home where the user is. */
  readonly home: string
  /** What was resolved. */
  readonly name: string
  /** The region that the name led to; missing when it led nowhere. */
  readonly met?: string
  readonly tookMs: number
  /** Why it was lost; missing when all was well. */
  readonly lost?: string
}

/** What the director thinks that regions can take, by their reports. */
export interface Look {
  /** Monotonic ms. */
  readonly at: number
  /** By region: the part of its share, 0 to 1. */
  readonly parts: Readonly<Record<string, number>>
}

export interface Times {
  readonly begunAt: number
  readonly faultAt: number
  readonly healedAt: number
  readonly endedAt: number
}

/** Shares that the region had of its own users' requests: before the fault, at its end, and at the end of all. */
export interface Shares {
  readonly before: number
  readonly during: number
  readonly after: number
}

export interface Felt {
  readonly asked: number
  readonly lost: number
  /** From the fault to the last request that was lost for it; 0 when none was. */
  readonly lostUntilMs: number
  /** From the fault until the region had lost a twentieth of its share, over two seconds then past; missing: it kept it. */
  readonly movedAfterMs?: number
  /** From the healing until the region had nine tenths of its former share again, for a second; missing: it never had. */
  readonly backAfterMs?: number
  readonly shares: Shares
  readonly medianMs: number
  readonly worstMs: number
  readonly reasons: Readonly<Record<string, number>>
  /** Missing: its reports took nothing from it, or there are none. */
  readonly reports?: FeltReports
}

/** How a fault went by the region's own reports, before any resolver's cache. */
export interface FeltReports {
  /** From the fault until the director had taken a twentieth of its share. */
  readonly takenAfterMs: number
  /** The part of its share that was left to it before it was healed, at the least. */
  readonly least: number
  /** Each part that it was given after it was healed, rising, in their order. */
  readonly ramp: readonly number[]
  /** From the healing until it was given all; missing: it was not. */
  readonly wholeAfterMs?: number
}

/** The time at either end over which a share is counted. */
const WINDOW_MS = 4000
const BACK_PART = 0.9
const MOVED_PART = 0.95
const STEP_MS = 250

export function feel(samples: readonly Sample[], looks: readonly Look[], region: string, times: Times): Felt {
  const { begunAt, faultAt, healedAt, endedAt } = times
  const during = within(samples, faultAt, endedAt)
  const lost = during.filter((sample) => sample.lost !== undefined)
  const sound = during.filter((sample) => sample.lost === undefined).map(({ tookMs }) => tookMs)
  const shares = {
    before: shareOf(within(samples, begunAt, faultAt), region),
    during: shareOf(within(samples, Math.max(faultAt, healedAt - WINDOW_MS), healedAt), region),
    after: shareOf(within(samples, Math.max(healedAt, endedAt - WINDOW_MS), endedAt), region),
  }
  const movedAfterMs = movedAfter(during, region, shares.before, times)
  const backAfterMs = backAfter(samples, region, shares.before, times)
  const reports = feelReports(looks, region, times)
  return {
    asked: during.length,
    lost: lost.length,
    lostUntilMs: Math.max(0, ...lost.map(({ at }) => at - faultAt)),
    ...(movedAfterMs !== undefined && { movedAfterMs }),
    ...(backAfterMs !== undefined && { backAfterMs }),
    shares,
    medianMs: quantile(sound, 0.5),
    worstMs: quantile(sound, 1),
    reasons: countBy(lost, ({ lost = '' }) => lost),
    ...(reports && { reports }),
  }
}

function feelReports(
  looks: readonly Look[],
  region: string,
  { faultAt, healedAt, endedAt }: Times,
): FeltReports | undefined {
  const seen = (from: number, to: number) =>
    within(looks, from, to).map(({ at, parts }) => ({ at, part: Math.round((parts[region] ?? 1) * 1000) / 1000 }))
  const [during, after] = [seen(faultAt, healedAt), seen(healedAt, endedAt)]
  const taken = during.find(({ part }) => part <= MOVED_PART)
  if (!taken) return undefined
  const whole = after.find(({ part }) => part === 1)
  return {
    takenAfterMs: taken.at - faultAt,
    least: Math.min(...during.map(({ part }) => part)),
    ramp: after.map(({ part }) => part).filter((part, i, all) => part !== all[i - 1]),
    ...(whole && { wholeAfterMs: whole.at - healedAt }),
  }
}

/** The part of the requests of its own users that the region got; 0 when nobody asked. */
export function shareOf(samples: readonly Sample[], region: string): number {
  const own = samples.filter(({ home }) => home === region)
  return own.length === 0 ? 0 : own.filter(({ met }) => met === region).length / own.length
}

/** Those of [from, to). */
export function within<Timed extends { readonly at: number }>(
  all: readonly Timed[],
  from: number,
  to: number,
): Timed[] {
  return all.filter(({ at }) => at >= from && at < to)
}

/** 0 for nothing. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0
}

function movedAfter(
  samples: readonly Sample[],
  region: string,
  before: number,
  { faultAt, healedAt }: Times,
): number | undefined {
  for (let from = faultAt; from + 2000 <= healedAt; from += STEP_MS) {
    if (shareOf(within(samples, from, from + 2000), region) < MOVED_PART * before) return from + 2000 - faultAt
  }
  return undefined
}

function backAfter(
  samples: readonly Sample[],
  region: string,
  before: number,
  { healedAt, endedAt }: Times,
): number | undefined {
  for (let from = healedAt; from + 1000 <= endedAt; from += STEP_MS) {
    const second = within(samples, from, from + 1000)
    if (shareOf(second, region) >= BACK_PART * before && second.every(({ lost }) => lost === undefined)) {
      return from - healedAt
    }
  }
  return undefined
}

function countBy<Value>(values: readonly Value[], keyOf: (value: Value) => string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const value of values) counts[keyOf(value)] = (counts[keyOf(value)] ?? 0) + 1
  return counts
}
