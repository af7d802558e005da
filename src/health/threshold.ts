// Observations become states here: a pure machine with time as an argument. It stands between the prober and everybody
// who wants to know who is alive. It starts no probe, reads no clock and knows no region; the worker feeds it.
import type { Monitor, Observation, State, TargetHealth } from './health.ts'

/** All that is remembered of one target. Plain data: it crosses threads, so that a replaced worker forgets nothing. */
export interface Check extends TargetHealth {
  /** A success or failure has been counted; until then `state` is a guess (unknown, saved, or waiting to join). */
  readonly observed: boolean
  /** Added while others already served: the first success brings it in, however many failures came before. */
  readonly joining: boolean
  /** Successes in a row up to now. */
  readonly successes: number
  /** Failures in a row up to now. */
  readonly failures: number
  /** Monotonic ms (one clock for all threads of a process) at which the newest counted observation began. */
  readonly newestAt: number
}

type Thresholds = Pick<Monitor, 'healthyThreshold' | 'unhealthyThreshold'>

const UNSEEN = { provisional: true, observed: false, joining: false, successes: 0, failures: 0, newestAt: -Infinity }

/** A target at cold start: unknown until its first observation decides provisionally. `at`: wall-clock ms. */
export function coldCheck(at: number): Check {
  return { ...UNSEEN, state: 'unknown', reason: 'not probed yet', since: at }
}

/** A target added by a reload: out until its first success. `at`: wall-clock ms. */
export function joiningCheck(at: number): Check {
  return { ...UNSEEN, state: 'down', reason: 'added, no success yet', since: at, joining: true }
}

/** A target whose state is remembered from before a restart; it stands in until the first observation. */
export function savedCheck(saved: Pick<TargetHealth, 'state' | 'reason' | 'since'>): Check {
  return { ...UNSEEN, state: saved.state, reason: saved.reason, since: saved.since }
}

/**
 * Counts one observation. `none`, and one that began before the newest counted (probes may overlap), change nothing.
 * The first decides provisionally; later ones turn the state when their threshold is reached. `at`: wall-clock ms.
 */
export function observe(check: Check, seen: Observation, thresholds: Thresholds, at: number): Check {
  if (seen.outcome === 'none' || seen.startedAt < check.newestAt) return check
  const success = seen.outcome === 'success'
  const counted = count(check, success, seen.startedAt)
  const confirmed = success
    ? counted.successes >= thresholds.healthyThreshold
    : counted.failures >= thresholds.unhealthyThreshold
  const state: State = success ? 'up' : 'down'
  if (state === check.state) return { ...counted, provisional: check.provisional && !confirmed }
  const decides = !check.observed || (check.joining && success)
  if (!decides && !confirmed) return counted
  return { ...counted, state, reason: seen.reason, since: at, provisional: !confirmed }
}

/** Whether the next observation should come soon: there is none yet that counts, or thresholds have not decided. */
export function isUndecided(check: Check): boolean {
  return check.provisional || (check.state === 'up' ? check.failures > 0 : check.successes > 0)
}

/** What others may see of a check. */
export function healthOf({ state, reason, since, provisional }: Check): TargetHealth {
  return { state, reason, since, provisional }
}

function count(check: Check, success: boolean, startedAt: number): Check {
  return {
    ...check,
    observed: true,
    joining: check.joining && !success,
    successes: success ? check.successes + 1 : 0,
    failures: success ? 0 : check.failures + 1,
    newestAt: startedAt,
  }
}
