// Whether the trouble is theirs or ours: a pure machine with time as an argument. Targets that were well and fail at once,
// in more than one region, are a storm; a storm in which no beacon answers either is taken for a broken network of our
// own. Then failures say nothing (they count as no observation), and targets are what they were before the storm; for a
// bounded time, after which what is seen rules again.
//
//   calm ⇄ storm             most fail at once, but a beacon answers, or there is none to ask: what is seen rules
//   calm, storm → frozen     most fail at once, and no beacon answers
//   frozen → calm            a beacon answers, or most targets do
//   frozen → overruled       it has lasted for too long: what is seen rules
//   overruled → calm         a beacon answers, or most targets do
//
// Who fails since when is counted in spread.ts; what follows for a target's check, and for a plan, is not known here.

export interface DoubtRules {
  /** Of the targets that were well, the part that must fail at once: above 0, at most 1. */
  readonly fraction: number
  /** So many must fail at least. */
  readonly leastTargets: number
  /** Failures that begin within so much time are at once. */
  readonly windowMs: number
  /** Nothing is frozen for longer than this beyond the time that it was not. */
  readonly longestMs: number
}

/** What is seen at a moment. */
export interface Sight {
  /** Targets that were well and have failed since, within the window. */
  readonly failing: number
  /** Those, and all that are well. */
  readonly of: number
  /** Of those that fail. */
  readonly regions: number
  readonly beacons: number
  /** Beacons whose newest probe was no success. */
  readonly silent: number
}

export interface Doubt {
  readonly state: 'calm' | 'storm' | 'frozen' | 'overruled'
  /** Monotonic ms of the last change of state. */
  readonly since: number
  /** Time frozen and not yet paid back, as of `since`, ms. */
  readonly spentMs: number
}

/** Unless configured. */
export const DOUBT_DEFAULTS: DoubtRules = { fraction: 0.6, leastTargets: 2, windowMs: 30_000, longestMs: 300_000 }

/** More than one region must be touched: the loss of one is a failover. */
const LEAST_REGIONS = 2

export function calmSince(now: number): Doubt {
  return { state: 'calm', since: now, spentMs: 0 }
}

/** The next state, by what is seen at `now` (monotonic ms). The same object when nothing changes. */
export function judgeDoubt(doubt: Doubt, sight: Sight, now: number, rules: DoubtRules): Doubt {
  const state = nextState(doubt, sight, now, rules)
  return state === doubt.state ? doubt : { state, since: now, spentMs: spentAt(doubt, now) }
}

/** Ms for which it may stay frozen yet, or could be. */
export function leftMs(doubt: Doubt, now: number, { longestMs }: DoubtRules): number {
  return Math.max(0, longestMs - spentAt(doubt, now))
}

/** Whether failures of targets say nothing now. */
export function discounts({ state }: Doubt): boolean {
  return state === 'frozen'
}

/** Whether targets that fail are remembered beyond the window, so that the end of the storm is seen by their successes. */
export function remembers({ state }: Doubt): boolean {
  return state === 'frozen' || state === 'overruled'
}

function nextState(doubt: Doubt, sight: Sight, now: number, rules: DoubtRules): Doubt['state'] {
  const isStorm = stormIn(sight, rules)
  const isDeaf = sight.beacons > 0 && sight.silent === sight.beacons
  if (remembers(doubt) && !(isStorm && isDeaf)) return 'calm'
  if (doubt.state === 'overruled') return 'overruled'
  if (isStorm && isDeaf) return leftMs(doubt, now, rules) > 0 ? 'frozen' : 'overruled'
  return isStorm ? 'storm' : 'calm'
}

function stormIn({ failing, of, regions }: Sight, { fraction, leastTargets }: DoubtRules): boolean {
  return failing >= leastTargets && regions >= LEAST_REGIONS && failing >= fraction * of
}

function spentAt({ state, since, spentMs }: Doubt, now: number): number {
  return state === 'frozen' ? spentMs + (now - since) : Math.max(0, spentMs - (now - since))
}
