// Observations become states here: a pure machine with time as an argument. It stands between the prober and everybody
// who wants to know who is alive. It starts no probe, reads no clock and knows no region; the worker feeds it.
//
// Thresholds say when a target turns. One that has fallen by them comes back only when its failback rules allow, too: not
// while it owes for flapping (damping.ts), not before it has succeeded for long enough, not before somebody has said so.
import { decay, fall, NO_PENALTY, type Penalty } from './damping.ts'
import type { Observation, TargetHealth } from './health.ts'
import type { Failback, ProbeMonitor } from './monitor.ts'

/** Why a target that succeeds again is still down. */
export type Hold = 'hold-down' | 'damping' | 'manual failback'

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
  /** It went down by its thresholds, now or before a restart: to come up again is a failback. */
  readonly fell: boolean
  /** Monotonic ms at which the first of the successes in a row began. */
  readonly succeedsSince: number
  readonly penalty: Penalty
  /** Somebody has said that it may come back. Ends with the next fall. */
  readonly released: boolean
  /** Thresholds would have it up. */
  readonly held: Hold | undefined
}

export type Rules = Pick<ProbeMonitor, 'healthyThreshold' | 'unhealthyThreshold' | 'failback'>

const UNSEEN = {
  provisional: true,
  observed: false,
  joining: false,
  successes: 0,
  failures: 0,
  newestAt: -Infinity,
  fell: false,
  succeedsSince: 0,
  penalty: NO_PENALTY,
  released: false,
  held: undefined,
}

/** A target at cold start: unknown until its first observation decides provisionally. `at`: wall-clock ms. */
export function coldCheck(at: number): Check {
  return { ...UNSEEN, state: 'unknown', reason: 'not probed yet', since: at }
}

/** A target added by a reload: out until its first success. `at`: wall-clock ms. */
export function joiningCheck(at: number): Check {
  return { ...UNSEEN, state: 'down', reason: 'added, no success yet', since: at, joining: true }
}

/** A target whose state is remembered from before a restart; it stands in until the first observation. */
export function savedCheck({ state, reason, since }: Pick<TargetHealth, 'state' | 'reason' | 'since'>): Check {
  return { ...UNSEEN, state, reason, since, fell: state === 'down' }
}

/** A target whose way of being probed has changed: its state stands until thresholds turn it, and counts begin anew. */
export function carriedCheck(health: TargetHealth): Check {
  return { ...UNSEEN, ...health, observed: health.state !== 'unknown', fell: health.state === 'down' }
}

/**
 * Counts one observation. `none`, and one that began before the newest counted (probes may overlap), change nothing.
 * The first decides provisionally; later ones turn the state when their threshold is reached and nothing holds it.
 * `at`: wall-clock ms.
 */
export function observe(check: Check, seen: Observation, rules: Rules, at: number): Check {
  if (seen.outcome === 'none' || seen.startedAt < check.newestAt) return check
  const counted = count(check, seen.outcome === 'success', seen.startedAt)
  return seen.outcome === 'success' ? succeed(check, counted, seen, rules, at) : fail(check, counted, seen, rules, at)
}

/** Somebody says that it may come back, whatever its failback rules; thresholds hold all the same. */
export function release(check: Check): Check {
  return { ...check, released: true }
}

/** Whether the next observation should come soon: there is none yet that counts, or thresholds have not decided. */
export function isUndecided(check: Check): boolean {
  if (check.held !== undefined) return false
  return check.provisional || (check.state === 'up' ? check.failures > 0 : check.successes > 0)
}

/** What others may see of a check. */
export function healthOf(check: Check): TargetHealth {
  const { state, reason, since, provisional, held } = check
  const undecided = tendencyOf(check)
  return {
    state,
    reason: held === undefined ? reason : `${reason}; succeeds again: ${held}`,
    since,
    provisional,
    ...(undecided && { undecided }),
  }
}

function tendencyOf({ state, successes, failures, held }: Check): TargetHealth['undecided'] {
  if (state === 'up' && failures > 0) return 'failing'
  return state === 'down' && successes > 0 && held === undefined ? 'recovering' : undefined
}

function succeed(before: Check, counted: Check, { reason, startedAt }: Observation, rules: Rules, at: number): Check {
  const confirmed = counted.successes >= rules.healthyThreshold
  if (before.state === 'up') return { ...counted, provisional: before.provisional && !confirmed }
  if (!confirmed && before.observed && !before.joining) return counted
  const penalty = decayed(counted.penalty, startedAt, rules.failback)
  const held = before.fell ? holdOf({ ...counted, penalty }, startedAt, rules.failback) : undefined
  if (held !== undefined) return { ...counted, penalty, held }
  return { ...counted, penalty, state: 'up', reason, since: at, provisional: !confirmed, fell: false }
}

function fail(before: Check, counted: Check, { reason, startedAt }: Observation, rules: Rules, at: number): Check {
  const confirmed = counted.failures >= rules.unhealthyThreshold
  const turns = before.state !== 'down' && (confirmed || !before.observed)
  const provisional = turns ? !confirmed : before.provisional && !(confirmed && before.state === 'down')
  const falls = confirmed && (turns || (before.state === 'down' && !before.fell && !counted.joining))
  const fallen = falls ? { fell: true, released: false } : {}
  const damping = rules.failback?.damping
  const penalty =
    turns && before.state === 'up' && damping ? fall(counted.penalty, startedAt, damping) : counted.penalty
  return { ...counted, ...fallen, penalty, provisional, ...(turns && { state: 'down' as const, reason, since: at }) }
}

function holdOf(check: Check, now: number, failback: Failback | undefined): Hold | undefined {
  if (failback === undefined || check.released) return undefined
  if (check.penalty.suppressed) return 'damping'
  if (now - check.succeedsSince < failback.holdDownMs) return 'hold-down'
  return failback.mode === 'manual' ? 'manual failback' : undefined
}

function decayed(penalty: Penalty, now: number, failback: Failback | undefined): Penalty {
  return failback?.damping === undefined ? penalty : decay(penalty, now, failback.damping)
}

function count(check: Check, success: boolean, startedAt: number): Check {
  return {
    ...check,
    observed: true,
    joining: check.joining && !success,
    successes: success ? check.successes + 1 : 0,
    failures: success ? 0 : check.failures + 1,
    newestAt: startedAt,
    succeedsSince: success && check.successes === 0 ? startedAt : check.succeedsSince,
    held: undefined,
  }
}
