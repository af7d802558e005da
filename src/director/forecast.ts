// What if: two sets of plans compared, client class by client class. Both come from the planner itself (PlanBook); here is
// only who gets what before and after, and how many users move.
import type { ServicePlan } from './plan.ts'
import type { ClassPlan } from './plan-rows.ts'
import type { Member } from './tables.ts'

/** The part of the answers that each region gets: 0 to 1. */
export type Shares = Readonly<Record<string, number>>

export interface ClassForecast {
  /** The client class, counted from 0. */
  readonly class: number
  /** Its part of the service's queries: 0 to 1. */
  readonly weight: number
  readonly before: Shares
  readonly after: Shares
  /** The part of its users who meet another region: 0 to 1. */
  readonly moved: number
}

export interface ServiceForecast {
  readonly service: string
  readonly before: Shares
  readonly after: Shares
  readonly moved: number
  /** The service's fallback applies, for some class. */
  readonly fallbackBefore: boolean
  readonly fallbackAfter: boolean
  /** Classes count by their queries; otherwise alike, as none were seen. */
  readonly isMeasured: boolean
  /** Those whose shares change. */
  readonly classes: readonly ClassForecast[]
}

/** Queries by class; missing or all 0: none were counted. */
export type QueriesOf = (service: string) => readonly number[] | undefined

/** Services of both plans, in the order of `after`. */
export function compare(
  before: ReadonlyMap<string, ServicePlan>,
  after: ReadonlyMap<string, ServicePlan>,
  queriesOf: QueriesOf,
): ServiceForecast[] {
  return [...after].flatMap(([service, now]) => {
    const old = before.get(service)
    return old ? [compareService(service, old, now, queriesOf(service))] : []
  })
}

/** With classes that are no longer the same, as after a change of geo data, the means are compared. */
function compareService(
  service: string,
  old: ServicePlan,
  now: ServicePlan,
  queries: readonly number[] | undefined,
): ServiceForecast {
  const isAlike = old.classes.length === now.classes.length
  const weights = weigh(now.classes.length, isAlike ? queries : undefined)
  const oldWeights = isAlike ? weights : weigh(old.classes.length, undefined)
  const known = new Map<ClassPlan, Shares>()
  const sharesOf = (plan: ClassPlan): Shares => {
    const shares = known.get(plan) ?? flatten(plan.members)
    known.set(plan, shares)
    return shares
  }
  const classes = isAlike
    ? now.classes.map((plan, i): ClassForecast => {
        const [before, after] = [sharesOf(old.classes[i]!), sharesOf(plan)]
        return { class: i, weight: weights.parts[i]!, before, after, moved: movedBetween(before, after) }
      })
    : []
  const before = mean(old.classes.map(sharesOf), oldWeights.parts)
  const after = mean(now.classes.map(sharesOf), weights.parts)
  return {
    ...{ service, before, after },
    moved: isAlike ? classes.reduce((sum, { weight, moved }) => sum + weight * moved, 0) : movedBetween(before, after),
    fallbackBefore: old.classes.some(({ panic }) => panic),
    fallbackAfter: now.classes.some(({ panic }) => panic),
    isMeasured: weights.isMeasured,
    classes: classes.filter(({ moved }) => moved > 0),
  }
}

function weigh(classes: number, queries: readonly number[] | undefined) {
  const total = queries?.reduce((sum, count) => sum + count, 0) ?? 0
  const isMeasured = queries?.length === classes && total > 0
  const parts = Array.from({ length: classes }, (_, i) => (isMeasured ? queries[i]! / total : 1 / classes))
  return { isMeasured, parts }
}

/** Of regions, those of services in a region's place among them. */
function flatten(members: readonly Member[], whole = 1, into: Record<string, number> = {}): Shares {
  for (const { name, share, members: inner } of members) {
    if (inner) flatten(inner, whole * share, into)
    else into[name] = (into[name] ?? 0) + whole * share
  }
  return into
}

function mean(shares: readonly Shares[], weights: readonly number[]): Shares {
  const sums: Record<string, number> = {}
  shares.forEach((each, i) => {
    for (const [region, share] of Object.entries(each)) sums[region] = (sums[region] ?? 0) + share * weights[i]!
  })
  return sums
}

/** Users who get another answer: what some regions lose, or were nobody's before. */
function movedBetween(before: Shares, after: Shares): number {
  const regions = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  const [lost, won] = [0, 1].map((side) =>
    regions.reduce((sum, region) => {
      const change = (after[region] ?? 0) - (before[region] ?? 0)
      return sum + Math.max(0, side === 0 ? -change : change)
    }, 0),
  )
  return Math.max(lost!, won!)
}
