// From a shape and the health of this moment to who answers with what share: the second half of the fold (judgement of
// health, fallback, spread, spill) in numbers alone, since a plan settles a hundred thousand rows. The steps, the judgement
// and the spill are steer's own; the trace that explain shows is the same fold in words (steer/fold.ts).
import { judgeHealth, spillTiers, type Verdict } from '../steer/availability.ts'
import { applyAll, beginCandidate, NOBODY_MAY, weigh } from '../steer/fold.ts'
import type { Candidate, RegionFacts, Scores, Step } from '../steer/steer.ts'
import type { Shape } from './shape.ts'
import { availabilityFor, type Survey } from './survey.ts'
import type { Member } from './tables.ts'

/** A service made ready to be settled: everything that neither client nor health can change. */
export interface Settling {
  readonly service: string
  /** In configured order. */
  readonly names: readonly string[]
  readonly fallback: string
  readonly panic: number
  /** Addresses in one answer. */
  readonly take: number
  /** By position: families of which there is a balancer, up or not. */
  readonly families: readonly ReadonlySet<4 | 6>[]
  readonly facts: ReadonlyMap<string, RegionFacts>
  /** Those of the spread phase. */
  readonly spreads: readonly Step[]
  /** By position: what counts in the judgement of health. */
  readonly weights: readonly number[]
  /** By position: what spreads give, or undefined when that depends on load. */
  readonly shares: readonly number[] | undefined
  readonly nested: readonly (Settling | undefined)[]
}

/** What changes from event to event. */
export interface Moment {
  /** By region. */
  readonly surveys: ReadonlyMap<string, Survey>
  /** By service: scores of its load steps. */
  readonly scores: ReadonlyMap<string, Scores>
  /** Many regions fail at once: TTLs do not follow. */
  readonly manyFail: boolean
}

export interface Outcome extends Verdict {
  /** Those who answer; empty: nobody does. */
  readonly members: readonly Member[]
  /** Equal for outcomes with equal slot tables. */
  readonly key: string
}

/** What spread steps and the judgement of health make of the service's regions, whatever their health. */
export function prepareSpread(
  steps: readonly Step[],
  names: readonly string[],
  facts: ReadonlyMap<string, RegionFacts>,
): Pick<Settling, 'spreads' | 'weights' | 'shares'> {
  const spreads = steps.filter(({ phase }) => phase === 'spread')
  const start = names.map(beginCandidate)
  const context = { client: {}, regions: facts }
  const isFixed = spreads.every(({ load }) => !load)
  return {
    spreads,
    weights: weigh(start, steps, context),
    shares: isFixed ? applyAll(spreads, start, context).map(({ share }) => share) : undefined,
  }
}

/** For a service whose families are independent, one of them alone: who has none of it takes no part. */
export type Family = 4 | 6 | undefined

export function settle(settling: Settling, whole: Shape, moment: Moment, family: Family): Outcome {
  const shape = family ? narrow(whole, (position) => settling.families[position]!.has(family)) : whole
  const { members, hasLastResort } = shape
  const inner = settling.nested.map((nested, i) => nested && settle(nested, shape.nested[i]!, moment, family))
  const availability = members.map((position) => availabilityOf(settling, position, inner, moment, family))
  const isShutOut = members.length === 0 && !hasLastResort
  const weights = members.map((position) => settling.weights[position]!)
  const verdict = isShutOut ? NOBODY_MAY : judgeHealth(availability, weights, settling)
  if (verdict.panic && settling.fallback !== 'all') {
    const answers = hasLastResort ? [lastResort(settling, moment)] : []
    return { ...verdict, members: answers.map(({ member }) => member), key: answers.map(({ key }) => key).join() }
  }
  if (verdict.panic) availability.fill(1)
  const final = new Float64Array(members.length)
  spillTiers(shape.tiers, sharesOf(settling, shape, availability, moment), availability, final)
  return { ...verdict, ...gather(settling, shape, final, inner, moment, verdict.panic) }
}

/** The shape without some of its members. */
function narrow(shape: Shape, stays: (position: number) => boolean): Shape {
  const kept = shape.members.filter(stays)
  const indexOf = new Map(kept.map((position, i) => [position, i]))
  const tiers = shape.tiers.map((tier) => tier.flatMap((i) => indexOf.get(shape.members[i]!) ?? []))
  return { ...shape, members: kept, tiers: tiers.filter((tier) => tier.length > 0) }
}

/** A service in a region's place counts as down while its own fallback applies, or when it may meet nobody. */
function availabilityOf(
  { names }: Settling,
  position: number,
  inner: readonly (Outcome | undefined)[],
  { surveys }: Moment,
  family: Family,
): number {
  const within = inner[position]
  if (within) return within.panic || within.members.length === 0 ? 0 : 1
  return availabilityFor(surveys.get(names[position]!)!, family)
}

/** What the spread steps give, parallel to the shape's members. */
function sharesOf(
  { service, shares, names, spreads, facts }: Settling,
  { members, tiers }: Shape,
  availability: readonly number[],
  { scores }: Moment,
): readonly number[] {
  if (shares) return members.map((position) => shares[position]!)
  const tierOf = new Map(tiers.flatMap((tier, i) => tier.map((member) => [member, i] as const)))
  const candidates = members.map((position, i): Candidate => ({
    ...beginCandidate(names[position]!),
    tier: tierOf.get(i)!,
    availability: availability[i]!,
  }))
  const own = scores.get(service)
  const context = { client: {}, regions: facts, ...(own && { scores: own }) }
  return applyAll(spreads, candidates, context).map(({ share }) => share)
}

interface KeyedMember {
  readonly member: Member
  readonly key: string
}

function lastResort({ fallback, take }: Settling, { surveys }: Moment): KeyedMember {
  const { key, ...answering } = surveys.get(fallback)!.inFallback
  return { member: { name: fallback, tier: 0, share: 1, take, ...answering }, key: `${fallback}:1[${key}]` }
}

function gather(
  settling: Settling,
  { members, tiers }: Shape,
  final: Float64Array,
  inner: readonly (Outcome | undefined)[],
  moment: Moment,
  panic: boolean,
): Pick<Outcome, 'members' | 'key'> {
  const total = final.reduce((sum, share) => sum + share, 0)
  const gathered: Member[] = []
  let key = ''
  for (let i = 0; i < final.length; i++) {
    if (final[i] === 0) continue
    const position = members[i]!
    const tier = tiers.findIndex((tier) => tier.includes(i))
    const share = final[i]! / total
    const found = memberOf(settling, position, { tier, share }, inner[position], moment, panic)
    gathered.push(found.member)
    key += `${found.key} `
  }
  return { members: gathered, key }
}

function memberOf(
  { names, take }: Settling,
  position: number,
  { tier, share }: Pick<Member, 'tier' | 'share'>,
  within: Outcome | undefined,
  { surveys }: Moment,
  panic: boolean,
): KeyedMember {
  const name = names[position]!
  const place = `${name}:${tier}:${share}`
  if (within) {
    const soonest = Math.min(...within.members.map(({ turnsIn }) => turnsIn))
    const member = { name, tier, share, take, balancers: [], turnsIn: soonest, members: within.members }
    return { member, key: `${place}(${within.key})` }
  }
  const survey = surveys.get(name)!
  const { key, ...answering } = panic ? survey.inFallback : survey.live
  return { member: { name, tier, share, take, ...answering }, key: `${place}[${key}]` }
}
