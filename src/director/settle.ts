// From a shape and the health of this moment to who answers with what share: the second half of the fold (judgement of
// health, fallback, spread, spill) in numbers alone, since a plan settles a hundred thousand rows. The steps, the judgement
// and the spill are steer's own; the trace that explain shows is the same fold in words (steer/fold.ts).
// All arrays are by position: the place of a region, or of a service in its place, in the service's configured order.
import { judgeHealth, passOn, spillTiers, takenAsUp, type Verdict } from '../steer/availability.ts'
import { applyAll, beginCandidate, NOBODY_MAY, weigh } from '../steer/fold.ts'
import type { Candidate, RegionFacts, Scores, Standing, Step } from '../steer/steer.ts'
import { type Word, type Words, weightsFor } from './overrides/words.ts'
import type { Shape } from './shape.ts'
import { applyWord, standingFor, type Family, type Survey } from './survey.ts'
import type { Member } from './tables.ts'

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

export interface Outcome extends Verdict {
  /** Those who answer; empty: nobody does. */
  readonly members: readonly Member[]
  /** Equal for outcomes with equal slot tables. */
  readonly key: string
  /** How many tiers are reached: what happens in those beyond changes nothing. Infinity when a fallback decides. */
  readonly reached: number
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
  const { names, nested, behind, service } = settling
  const words = moment.words.services.get(service)
  const inner = nested.map((within) => within && prepareSettle(within, moment, family))
  const surveys = names.map((name) => moment.surveys.get(name))
  const standings = surveys.map((survey, i) => (survey ? standingFor(survey, family, words?.get(names[i]!)) : NOTHING))
  const availability = standings.map(({ health, part }) => health * part)
  const parts = standings.map(({ part }) => part)
  const hasFamily = behind.map((regions) => mayHave(regions, family, moment))
  const whole = hasFamily.every(Boolean)
  const verdict = judgeHealth(availability, settling.weights, settling, parts)
  const isPlain = inner.every((within) => !within)
  const scratch = { final: new Float64Array(names.length), reaching: new Float64Array(names.length) }
  const ready = { settling, moment, surveys, words, ...scratch }
  const known = { standings, availability, parts }
  return (given) => {
    const shape = whole ? given : narrow(given, hasFamily)
    const outcomes = isPlain ? NONE : inner.map((settle, position) => settle?.(shape.nested[position]!))
    const taking = isPlain ? known : takeNested(standings, outcomes, names, words)
    const judged = isPlain && shape.members.length === names.length ? verdict : judge(settling, shape, taking)
    return settle(ready, shape, outcomes, taking, judged)
  }
}

/** By position: what each can take, and what that is made of. */
interface Taking {
  readonly standings: readonly Standing[]
  readonly availability: readonly number[]
  readonly parts: readonly number[]
}

/** Of a service in a region's place, until its own outcome is known. */
const NOTHING: Standing = { health: 0, part: 1, isForcedDown: false }

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
  const all = standings.map((standing, i) => standingWithin(outcomes[i], standing, words?.get(names[i]!)))
  return {
    standings: all,
    availability: all.map(({ health, part }) => health * part),
    parts: all.map(({ part }) => part),
  }
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
  const health = within.panic || within.members.length === 0 ? 0 : 1
  return applyWord({ health, part: 1, isForcedDown: false }, word, within.members.length > 0)
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

/** One service at one moment, and room to reckon in. */
interface Ready {
  readonly settling: Settling
  readonly moment: Moment
  readonly surveys: readonly (Survey | undefined)[]
  /** Operators', on regions of the service. */
  readonly words: ReadonlyMap<string, Word> | undefined
  readonly final: Float64Array
  readonly reaching: Float64Array
}

/** `outcomes`: of services in a region's place. */
function settle(
  ready: Ready,
  shape: Shape,
  outcomes: readonly (Outcome | undefined)[],
  taking: Taking,
  { healthy, panic }: Verdict,
): Outcome {
  const { settling, moment, final, reaching } = ready
  if (panic && settling.fallback !== 'all') {
    const answers = shape.hasLastResort && mayResort(settling, moment) ? [lastResort(settling, moment)] : []
    const [members, key] = [answers.map(({ member }) => member), answers.map((answer) => answer.key).join()]
    return { healthy, panic, members, key, reached: Infinity }
  }
  const availability = panic ? takenIn(shape, taking) : taking.availability
  const shares = settling.shares ?? sharesByLoad(settling, shape, availability, moment)
  const reached = spillTiers(shape.tiers, shares, availability, final, reaching)
  if (!panic) passOn(final, shape.tiers.slice(0, reached).flat(), taking.parts)
  const { members, key } = gather(ready, shape, outcomes, panic, reached)
  return { healthy, panic, members, key, reached: panic ? Infinity : reached }
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

interface KeyedMember {
  readonly member: Member
  readonly key: string
}

function mayResort({ fallback, service }: Settling, { surveys, words }: Moment): boolean {
  const word = words.services.get(service)?.get(fallback)
  return !surveys.get(fallback)!.standing.isForcedDown && word?.forced !== 'down'
}

function lastResort({ fallback, take }: Settling, { surveys }: Moment): KeyedMember {
  const { key, ...answering } = surveys.get(fallback)!.inFallback
  return { member: { name: fallback, tier: 0, share: 1, take, ...answering }, key: `${fallback}:1[${key}]` }
}

/** Those with a share, in configured order. */
function gather(
  ready: Ready,
  { tiers }: Shape,
  outcomes: readonly (Outcome | undefined)[],
  panic: boolean,
  reached: number,
): Pick<Outcome, 'members' | 'key'> {
  const found: Found[] = []
  let total = 0
  for (let tier = 0; tier < reached; tier++) {
    for (const position of tiers[tier]!) {
      const share = ready.final[position]!
      if (share === 0) continue
      total += share
      found.push({ position, tier, share })
    }
  }
  if (found.length > 1) found.sort((a, b) => a.position - b.position)
  const members: Member[] = []
  let key = ''
  for (const one of found) {
    const { member, key: own } = memberOf(ready, { ...one, share: one.share / total }, outcomes[one.position], panic)
    members.push(member)
    key += `${own} `
  }
  return { members, key }
}

interface Found {
  readonly position: number
  readonly tier: number
  readonly share: number
}

function memberOf(
  { settling: { names, take }, surveys, words }: Ready,
  { position, tier, share }: Found,
  within: Outcome | undefined,
  panic: boolean,
): KeyedMember {
  const name = names[position]!
  const place = `${position}:${tier}:${share}`
  if (within) {
    const isTurning = words?.get(name)?.isTurning
    const turnsIn = isTurning ? 0 : Math.min(...within.members.map((member) => member.turnsIn))
    const goodFor = Math.min(...within.members.map((member) => member.goodFor))
    const member = { name, tier, share, take, balancers: [], unknown: [], turnsIn, goodFor, members: within.members }
    return { member, key: `${place}(${within.key})` }
  }
  const survey = surveys[position]!
  const word = words?.get(name)
  const { key, ...answering } = panic || word?.forced === 'up' ? survey.inFallback : survey.live
  const turnsIn = word?.isTurning ? 0 : answering.turnsIn
  return { member: { name, tier, share, take, ...answering, turnsIn }, key: `${place}[${key}]` }
}
