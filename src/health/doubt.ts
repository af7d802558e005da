// Self-doubt: whether what looks like the end of the world is our own broken network. When most targets fail at once and
// most beacons (addresses that should always answer) fail with them, the plan freezes as it was, for a bounded time. Pure.
// Whoever loses half of his targets or fewer, one region of two, still fails over; and without beacons nobody can tell.
import type { TargetHealth } from './health.ts'

export interface DoubtRules {
  /** Failures within so much time of each other come at once. */
  readonly togetherMs: number
  /** A frozen plan thaws after this, whatever is the matter, and does not freeze again before things are better. */
  readonly longestMs: number
}

export interface Doubt {
  /** `spent`: it was frozen for as long as it may be, and the trouble goes on. */
  readonly state: 'sure' | 'frozen' | 'spent'
  /** Wall-clock ms at which the plan froze; 0 when it did not. */
  readonly since: number
  /** For people: `9 of 10 targets and 2 of 2 beacons fail`. */
  readonly reason: string
}

export const SURE: Doubt = { state: 'sure', since: 0, reason: '' }

/** `now`: wall-clock ms, as `since` of health is. */
export function doubt(
  before: Doubt,
  targets: readonly TargetHealth[],
  beacons: readonly TargetHealth[],
  now: number,
  rules: DoubtRules,
): Doubt {
  const ours = tally(targets, before.state === 'sure' ? now : before.since, rules)
  const theirs = tally(beacons, -Infinity, rules)
  if (!isMost(ours) || !isMost(theirs)) return SURE
  const reason = `${ours.failing} of ${ours.of} targets and ${theirs.failing} of ${theirs.of} beacons fail`
  const since = before.state === 'sure' ? now : before.since
  return { state: now - since >= rules.longestMs ? 'spent' : 'frozen', since, reason }
}

interface Tally {
  readonly failing: number
  readonly of: number
}

/** Those that were down long before `at` are no part of what happens at once: neither failing nor counted. */
function tally(all: readonly TargetHealth[], at: number, { togetherMs }: DoubtRules): Tally {
  const counted = all.filter(({ state, since }) => state !== 'down' || since >= at - togetherMs)
  return { failing: counted.filter(isFailing).length, of: counted.length }
}

/** Also one that has only begun to: phases differ, and all fail within an interval. */
function isFailing({ state, undecided }: TargetHealth): boolean {
  return state === 'down' || undecided === 'failing'
}

function isMost({ failing, of }: Tally): boolean {
  return failing > of / 2
}
