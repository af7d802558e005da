// What health says of one region, as planning needs it: whether it is up, why, and which of its balancers can answer.
// A plan surveys each region once, whatever the number of services and client classes.
import { textOf } from './address-text.ts'
import type { State, TargetHealth } from '../health/health.ts'
import { judgeRegion } from '../health/region.ts'
import type { Reported } from '../health/report/judge.ts'
import type { Candidate } from '../steer/steer.ts'
import { targetId, type Balancer, type Region } from './service.ts'

/** Of what reaches it, 0 to 1. */
export type Takes = Pick<Reported, 'availability' | 'reason'>

export type HealthById = ReadonlyMap<string, TargetHealth>

export interface SurveyedBalancer {
  readonly balancer: Balancer
  /** `not monitored` counts as up, and so does `unknown`. */
  readonly state: State | 'not monitored'
  readonly reason: string
}

/** Balancers that answer for a region. */
export interface Answering {
  /** Tells this choice from others of the same region. */
  readonly key: string
  readonly balancers: readonly Balancer[]
  /** Seconds until one of them could turn; Infinity while none has begun to. */
  readonly turnsIn: number
}

export interface Survey {
  readonly region: Region
  readonly isUp: boolean
  readonly reason: string
  readonly balancers: readonly SurveyedBalancer[]
  /** The part of its share that the region can take: 0 to 1. */
  readonly availability: number
  /** The balancers that are not down and have weight. */
  readonly live: Answering
  /** Those that answer when a fallback takes the region as up: the live ones, or all that have weight if none is. */
  readonly inFallback: Answering
  /** A balancer has begun to fail. */
  readonly isFailing: boolean
}

/** `reported`: the part of its share that it can take by its own reports, and why; missing: it tells nothing. */
export function surveyRegion(region: Region, health: HealthById, reported?: Takes): Survey {
  const known = region.balancers.map(({ address }) => health.get(targetId(region.name, textOf(address))))
  const { state, reason } = judgeRegion(
    region.balancers.map(({ address: { family } }, i) => ({ family, ...(known[i] && { health: known[i] }) })),
    region.minHealthy,
    undefined,
    0,
  ).overall
  const isUp = state === 'up'
  const turns = known.map((each) => turnsIn(region.monitor, each?.undecided))
  const live = choose(region, turns, (i) => known[i]?.state !== 'down')
  return {
    region,
    isUp,
    reason: reported && reported.availability < 1 ? `${reason}; reports ${reported.reason}` : reason,
    balancers: region.balancers.map((balancer, i) => surveyBalancer(balancer, known[i])),
    availability: isUp && live.balancers.length > 0 ? (reported?.availability ?? 1) : 0,
    live,
    inFallback: live.balancers.length > 0 ? live : choose(region, turns, () => true),
    isFailing: known.some((each) => each?.undecided === 'failing'),
  }
}

/** Whether plans made from both are the same. */
export function sameSurvey(before: Survey | undefined, now: Survey): boolean {
  if (before?.region !== now.region || before.availability !== now.availability) return false
  return (['live', 'inFallback'] as const).every(
    (choice) => before[choice].key === now[choice].key && before[choice].turnsIn === now[choice].turnsIn,
  )
}

/** Balancers with weight 0 never answer. */
function choose({ balancers }: Region, turns: readonly number[], mayAnswer: (index: number) => boolean): Answering {
  const chosen = [...balancers.keys()].filter((i) => balancers[i]!.weight > 0 && mayAnswer(i))
  const soonest = Math.min(...chosen.map((i) => turns[i]!))
  return { key: chosen.join(), balancers: chosen.map((i) => balancers[i]!), turnsIn: soonest }
}

/** Seconds from the first observation that contradicts a state until as many have come as turn it, at the fast interval. */
function turnsIn(monitor: Region['monitor'], undecided: TargetHealth['undecided']): number {
  if (undecided === undefined || !monitor || !('fastIntervalMs' in monitor)) return Infinity
  const { fastIntervalMs, healthyThreshold, unhealthyThreshold } = monitor
  const needed = undecided === 'failing' ? unhealthyThreshold : healthyThreshold
  return ((needed - 1) * fastIntervalMs) / 1000
}

/** Whether so many regions fail at once that shorter TTLs would bring the most queries at the worst of times. */
export function manyFail(surveys: Iterable<Survey>): boolean {
  const all = [...surveys]
  const failing = all.filter(({ isFailing }) => isFailing).length
  return failing >= 2 && failing > all.length / 4
}

function surveyBalancer(balancer: Balancer, health: TargetHealth | undefined): SurveyedBalancer {
  return { balancer, state: health?.state ?? 'not monitored', reason: health?.reason ?? 'not monitored' }
}

/** The part of its share that the region can take of one family alone, or of both together. */
export function availabilityFor({ availability, live }: Survey, family: 4 | 6 | undefined): number {
  const canAnswer = family === undefined || live.balancers.some(({ address }) => address.family === family)
  return canAnswer ? availability : 0
}

/** The region as the first step sees it. */
export function candidateOf(survey: Survey, family: 4 | 6 | undefined): Candidate {
  const { region, isUp, reason } = survey
  const availability = availabilityFor(survey, family)
  const word = availability > 0 ? 'up' : isUp ? 'no balancer can answer' : 'down'
  return { region: region.name, tier: 0, share: 1, availability, note: `${word}: ${reason}` }
}
