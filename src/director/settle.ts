// From a shape and the health of this moment to who answers with what share: the second half of the fold (judgement of
// health, fallback, spread, spill) in numbers alone, since a plan settles a hundred thousand rows. The steps, the judgement
// and the spill are steer's own; the trace that explain shows is the same fold in words (steer/fold.ts).
// All arrays are by position: the place of a region, or of a service in its place, in the service's configured order.
import { judgeHealth, passOn, spillTiers, takenAsUp, type Verdict } from '../steer/availability.ts'
import { applyAll, beginCandidate, NOBODY_MAY, weigh } from '../steer/fold.ts'
import type { Candidate, RegionFacts, Scores, Standing, Step } from '../steer/steer.ts'
import { type Word, type Words, weightsFor } from './overrides/words.ts'
import { gather, nobody, oneAlone, type Cast, type Outcome, type Room } from './settle-outcome.ts'
import type { Shape } from './shape.ts'
import { applyWord, standingIn, type Offer, type Survey } from './survey.ts'
import type { Family } from './survey-choice.ts'

/** A service made ready to be settled: everything that neither client nor health can change. */
export interface Settling {
  readonly service: string
  readonly names: readonly string[]
  readonly fallback: string
  readonly panic: number
  /** Addresses in one answer. */
  readonly take: number
  /** By position: the region, or those behind a service in its place. */
  readonly behind: readonly (readonly string[])[]
  readonly facts: ReadonlyMap<string, RegionFacts>
  /** Those of the spread phase. */
  readonly spreads: readonly Step[]
  /** Regions whose weights a step of the service gives. */
  readonly ownWeights: ReadonlySet<string>
  /** Weights that operators set, while they do. */
  readonly told?: ReadonlyMap<string, number>
  /** What counts in the judgement of health. */
  readonly weights: readonly number[]
  /** What spreads give, or undefined when that depends on load. */
  readonly shares: readonly number[] | undefined
  /** Services in a region's place. */
  readonly nested: readonly (Settling | undefined)[]
  readonly room: Room
}

/** What changes from event to event. */
export interface Moment {
  /** By region. */
  readonly surveys: ReadonlyMap<string, Survey>
  /** By service: scores of its load steps. */
  readonly scores: ReadonlyMap<string, Scores>
  /** Many regions fail at once: TTLs do not follow. */
  readonly manyFail: boolean
  /** What operators say. */
  readonly words: Words
}

export type SettleShape = (shape: Shape) => Outcome

/** What spread steps and the judgement of health make of the service's regions, whatever their health. */
export function prepareSpread(
  steps: readonly Step[],
  names: readonly string[],
  facts: ReadonlyMap<string, RegionFacts>,
  told?: ReadonlyMap<string, number>,
): Pick<Settling, 'spreads' | 'weights' | 'shares'> {
  const spreads = steps.filter(({ phase }) => phase === 'spread')
  const start = names.map(beginCandidate)
  const context = { client: {}, regions: facts, ...(told && { weights: told }) }
  const isFixed = spreads.every(({ load }) => !load)
  return {
    spreads,
    weights: weigh(start, steps, context),
    shares: isFixed ? applyAll(spreads, start, context).map(({ share }) => share) : undefined,
  }
}

/** Whether one of those regions has, up or not, what an answer is asked to carry: who has none takes no part. */
export function mayHave(regions: readonly string[], family: Family, { surveys }: Moment): boolean {
  return family === undefined || regions.some((name) => surveys.get(name)!.families.has(family))
}

/**
 * Settles the shapes of one service at one moment: what they share is worked out once. `family`: a host name for a service
 * of CNAMEs, and for one whose families are independent each of them alone.
 */
export function prepareSettle(given: Settling, moment: Moment, family: Family): SettleShape {
  const settling = weighAnew(given, moment)
  const { names, nested, service } = settling
  const words = moment.words.services.get(service)
  const inner = nested.map((within) => within && prepareSettle(within, moment, family))
  const isPlain = inner.every((within) => !within)
  const offers = names.map((name) => moment.surveys.get(name)?.offer(family))
  const known = takingOf(offers.map((offer, i) => (offer ? standingIn(offer, words?.get(names[i]!)) : NOTHING)))
  const verdict = judgeHealth(known.availability, settling.weights, settling, known.parts)
  const hasFamily = familyFilter(settling, moment, family)
  const ready = { settling, moment, family, cast: castOf(settling, offers, words) }
  return (given) => {
    const shape = hasFamily ? narrow(given, hasFamily) : given
    const outcomes = isPlain ? NONE : inner.map((settle, position) => settle?.(shape.nested[position]!))
    const taking = isPlain ? known : takeNested(known.standings, outcomes, names, words)
    const judged = isPlain && shape.members.length === names.length ? verdict : judge(settling, shape, taking)
    return settle(ready, shape, outcomes, taking, judged)
  }
}

/** Of a service in a region's place, until its own outcome is known. */
const NOTHING: Standing = { health: 0, part: 1, isForcedDown: false }

/** By position: who takes part; undefined: everybody does. */
function familyFilter({ behind }: Settling, moment: Moment, family: Family): readonly boolean[] | undefined {
  if (family === undefined) return undefined
  const hasFamily = behind.map((regions) => mayHave(regions, family, moment))
  return hasFamily.every(Boolean) ? undefined : hasFamily
}

function castOf(
  { names, take }: Settling,
  offers: readonly (Offer | undefined)[],
  words: ReadonlyMap<string, Word> | undefined,
): Cast {
  const inFallback = offers.map((offer) => offer?.inFallback)
  const live = offers.map((offer, i) => (words?.get(names[i]!)?.forced === 'up' ? inFallback[i] : offer?.live))
  return { names, take, live, inFallback, isTurning: names.map((name) => words?.get(name)?.isTurning ?? false) }
}

/** By position: what each can take, and what that is made of. */
interface Taking {
  readonly standings: readonly Standing[]
  readonly availability: readonly number[]
  readonly parts: readonly number[]
  /** Operators or recoveries take something from somebody. */
  readonly isPartial: boolean
}

function takingOf(standings: readonly Standing[]): Taking {
  return {
    standings,
    availability: standings.map(({ health, part }) => health * part),
    parts: standings.map(({ part }) => part),
    isPartial: standings.some(({ part }) => part !== 1),
  }
}

/** With the weights that operators set. */
function weighAnew(settling: Settling, { words }: Moment): Settling {
  const { service, names, spreads, facts } = settling
  const told = weightsFor(words, service, names, settling.ownWeights)
  return told ? { ...settling, told, ...prepareSpread(spreads, names, facts, told) } : settling
}

function takeNested(
  standings: readonly Standing[],
  outcomes: readonly (Outcome | undefined)[],
  names: readonly string[],
  words: ReadonlyMap<string, Word> | undefined,
): Taking {
  return takingOf(standings.map((standing, i) => standingWithin(outcomes[i], standing, words?.get(names[i]!))))
}

const NONE: readonly undefined[] = []

/** The shape without those who have no balancer of the family. */
function narrow(shape: Shape, stays: readonly boolean[]): Shape {
  const tiers = shape.tiers.map((tier) => tier.filter((position) => stays[position]))
  return {
    ...shape,
    members: shape.members.filter((position) => stays[position]),
    tiers: tiers.filter((tier) => tier.length > 0),
  }
}

/** A service in a region's place counts as down while its own fallback applies, or when it may meet nobody. */
function standingWithin(within: Outcome | undefined, own: Standing, word: Word | undefined): Standing {
  if (!within) return own
  const answers = within.shares.some((share) => share > 0)
  const health = within.panic || !answers ? 0 : 1
  return applyWord({ health, part: 1, isForcedDown: false }, word, answers)
}

function judge(settling: Settling, { members, hasLastResort }: Shape, { availability, parts }: Taking): Verdict {
  if (members.length === 0 && !hasLastResort) return NOBODY_MAY
  return judgeHealth(
    members.map((position) => availability[position]!),
    members.map((position) => settling.weights[position]!),
    settling,
    members.map((position) => parts[position]!),
  )
}

/** One service at one moment. */
interface Ready {
  readonly settling: Settling
  readonly moment: Moment
  readonly family: Family
  readonly cast: Cast
}

/** `outcomes`: of services in a region's place. */
function settle(
  { settling, moment, family, cast }: Ready,
  shape: Shape,
  outcomes: readonly (Outcome | undefined)[],
  taking: Taking,
  verdict: Verdict,
): Outcome {
  const { panic } = verdict
  if (panic && settling.fallback !== 'all') {
    if (!shape.hasLastResort || !mayResort(settling, moment)) return nobody(verdict)
    const { fallback, take } = settling
    return oneAlone(fallback, moment.surveys.get(fallback)!.offer(family).inFallback, take, verdict)
  }
  const { room } = settling
  const availability = panic ? takenIn(shape, taking) : taking.availability
  const shares = settling.shares ?? sharesByLoad(settling, shape, availability, moment)
  const reached = spillTiers(shape.tiers, shares, availability, room.final, room.reaching)
  if (!panic && taking.isPartial) passOn(room.final, shape.tiers.slice(0, reached).flat(), taking.parts)
  return gather(cast, room, shape.tiers, reached, outcomes, verdict)
}

/** By position: who answers where a fallback takes all as up. Only those whom the client may meet are looked at. */
function takenIn({ members }: Shape, { availability, standings }: Taking): number[] {
  const taken = takenAsUp(
    members.map((position) => availability[position]!),
    members.map((position) => standings[position]),
  )
  const parts = availability.map(() => 0)
  members.forEach((position, i) => (parts[position] = taken[i]!))
  return parts
}

/** What the spread steps give when it depends on load, and so on the tier and on who can answer. */
function sharesByLoad(
  { service, names, spreads, facts, told }: Settling,
  { members, tiers }: Shape,
  availability: readonly number[],
  { scores }: Moment,
): readonly number[] {
  const tierOf = new Map(tiers.flatMap((tier, i) => tier.map((position) => [position, i] as const)))
  const candidates = members.map((position): Candidate => ({
    ...beginCandidate(names[position]!),
    tier: tierOf.get(position)!,
    availability: availability[position]!,
  }))
  const own = scores.get(service)
  const context = { client: {}, regions: facts, ...(own && { scores: own }), ...(told && { weights: told }) }
  const shares = availability.map(() => 0)
  applyAll(spreads, candidates, context).forEach(({ share }, i) => (shares[members[i]!] = share))
  return shares
}

function mayResort({ fallback, service }: Settling, { surveys, words }: Moment): boolean {
  const word = words.services.get(service)?.get(fallback)
  return !surveys.get(fallback)!.isForcedDown && word?.forced !== 'down'
}
