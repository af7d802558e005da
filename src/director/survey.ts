// What health says of one region, as planning needs it: whether it is up, why, and which of its balancers can answer.
// A plan surveys each region of a service once, whatever the number of client classes.
import { formatAddress } from '../base/address.ts'
import type { State, TargetHealth } from '../health/health.ts'
import { judgeRegion } from '../health/region.ts'
import type { Candidate } from '../steer/steer.ts'
import { targetId, type Balancer, type Region } from './service.ts'

export type HealthById = ReadonlyMap<string, TargetHealth>

export interface SurveyedBalancer {
  readonly balancer: Balancer
  /** `not monitored` counts as up, and so does `unknown`. */
  readonly state: State | 'not monitored'
  readonly reason: string
}

export interface Survey {
  readonly region: Region
  readonly isUp: boolean
  readonly reason: string
  readonly balancers: readonly SurveyedBalancer[]
  /** The balancers that are not down and have weight. */
  readonly live: readonly Balancer[]
}

export function surveyRegion(region: Region, health: HealthById): Survey {
  const known = region.balancers.map(({ address }) => health.get(targetId(region.name, formatAddress(address))))
  const { state, reason } = judgeRegion(
    region.balancers.map(({ address: { family } }, i) => ({ family, ...(known[i] && { health: known[i] }) })),
    region.minHealthy,
    undefined,
    0,
  ).overall
  const live = region.balancers.filter(({ weight }, i) => weight > 0 && known[i]?.state !== 'down')
  const balancers = region.balancers.map((balancer, i) => surveyBalancer(balancer, known[i]))
  return { region, isUp: state === 'up', reason, balancers, live }
}

function surveyBalancer(balancer: Balancer, health: TargetHealth | undefined): SurveyedBalancer {
  return { balancer, state: health?.state ?? 'not monitored', reason: health?.reason ?? 'not monitored' }
}

/** The region as the first step sees it. */
export function candidateOf({ region, isUp, reason, live }: Survey): Candidate {
  const canAnswer = isUp && live.length > 0
  const word = canAnswer ? 'up' : isUp ? 'no balancer can answer' : 'down'
  return { region: region.name, tier: 0, share: 1, availability: canAnswer ? 1 : 0, note: `${word}: ${reason}` }
}

/** Who answers for the region: the live ones; when a fallback takes it as up and none is, all that have weight. */
export function answering({ region, live }: Survey, isFallback: boolean): readonly Balancer[] {
  return live.length > 0 || !isFallback ? live : region.balancers.filter(({ weight }) => weight > 0)
}
