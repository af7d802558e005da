// What health says of one region, as planning needs it: whether it is up, why, and which of its balancers can answer.
// A plan surveys each region once, whatever the number of services and client classes.
import { textOf } from './address-text.ts'
import type { State, TargetHealth } from '../health/health.ts'
import { judgeRegion } from '../health/region.ts'
import type { Reported } from '../health/report/judge.ts'
import type { Candidate, Standing } from '../steer/steer.ts'
import { NO_WORDS, type Word, type Words } from './overrides/words.ts'
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
  /** By health, or by an operator's force. */
  readonly isUp: boolean
  readonly reason: string
  readonly balancers: readonly SurveyedBalancer[]
  /** The part of its share that the region can take: 0 to 1. What it is made of stands beside it. */
  readonly availability: number
  readonly standing: Standing
  /** The balancers that are not down and have weight. */
  readonly live: Answering
  /** Those that answer when a fallback takes the region as up: the live ones, or all that have weight if none is. */
  readonly inFallback: Answering
  /** A balancer has begun to fail. */
  readonly isFailing: boolean
}

/** `reported`: the part of its share that it can take by its own reports, and why; missing: it tells nothing. */
export function surveyRegion(region: Region, health: HealthById, reported?: Takes, words: Words = NO_WORDS): Survey {
  const recovering = words.recovering.get(region.name) ?? 1
  const ids = region.balancers.map(({ address }) => targetId(region.name, textOf(address)))
  const told = ids.map((id) => words.balancers.get(id))
  const known = ids.map((id, i) => forceBalancer(health.get(id), told[i]))
  const { state, reason } = judgeRegion(
    region.balancers.map(({ address: { family } }, i) => ({ family, ...(known[i] && { health: known[i] }) })),
    region.minHealthy,
    undefined,
    0,
  ).overall
  const word = words.regions.get(region.name)
  const choices = chooseAll(region, known, told, word)
  const isUp = word?.forced === undefined ? state === 'up' : word.forced === 'up'
  const standing = standingOf({ isUp: isUp && choices.healthy, word, recovering, reported, drained: choices.drained })
  return {
    ...{ region, isUp, standing, live: choices.live, inFallback: choices.inFallback },
    reason: reasonOf(reason, reported, word, recovering),
    balancers: region.balancers.map((balancer, i) => surveyBalancer(balancer, known[i])),
    availability: standing.health * standing.part,
    isFailing: known.some((each) => each?.undecided === 'failing'),
  }
}

function reasonOf(health: string, reported: Takes | undefined, word: Word | undefined, recovering: number): string {
  const parts = [health]
  if (reported && reported.availability < 1) parts.push(`reports ${reported.reason}`)
  if (recovering < 1) parts.push(`recovering: takes ${Math.round(recovering * 100)} % of its share so far`)
  if (word) parts.push(word.note)
  return parts.join('; ')
}

function standingOf(of: {
  readonly isUp: boolean
  readonly word: Word | undefined
  readonly recovering: number
  readonly reported: Takes | undefined
  readonly drained: boolean
}): Standing {
  const { isUp, word, recovering, reported, drained } = of
  const isForcedDown = word?.forced === 'down'
  const byReport = word?.forced === 'up' ? 1 : (reported?.availability ?? 1)
  const ramp = word?.forced === 'up' ? 1 : recovering
  const part = isForcedDown || drained ? 0 : (word?.part ?? 1) * ramp
  return { health: isUp ? byReport : 0, part, isForcedDown }
}

interface Choices {
  readonly live: Answering
  readonly inFallback: Answering
  /** Somebody is healthy, drained or not. */
  readonly healthy: boolean
  /** Those who are healthy are all drained. */
  readonly drained: boolean
}

/** Who answers for the region, by the health of its balancers and by operators' words on them and on it. */
function chooseAll(
  region: Region,
  known: readonly (TargetHealth | undefined)[],
  told: readonly (Word | undefined)[],
  word: Word | undefined,
): Choices {
  const turns = known.map((each, i) =>
    word?.isTurning || told[i]?.isTurning ? 0 : turnsIn(region.monitor, each?.undecided),
  )
  const weighed = region.balancers.map((balancer, i) => weighBalancer(balancer, told[i]))
  const left = weighed.map((balancer, i) => drainBalancer(balancer, told[i]))
  const isDown = (i: number) => known[i]?.state === 'down'
  const live = choose(region, left, turns, (i) => !isDown(i))
  const spared = live.balancers.length > 0 ? live : choose(region, weighed, turns, (i) => !isDown(i))
  const failed = choose(region, weighed, turns, (i) => told[i]?.forced !== 'down')
  const inFallback = spared.balancers.length > 0 ? spared : failed
  const answering = word?.forced === 'up' && live.balancers.length === 0 ? inFallback : live
  return {
    live: answering,
    inFallback,
    healthy: spared.balancers.length > 0 || answering.balancers.length > 0,
    drained: answering.balancers.length === 0 && spared.balancers.length > 0,
  }
}

/** Health as an operator forces it. */
function forceBalancer(health: TargetHealth | undefined, word: Word | undefined): TargetHealth | undefined {
  if (word?.forced === undefined) return health
  const { forced: state, note: reason } = word
  return { state, reason, since: health?.since ?? 0, provisional: false }
}

function weighBalancer(balancer: Balancer, word: Word | undefined): Balancer {
  return word?.weight === undefined ? balancer : { ...balancer, weight: word.weight }
}

function drainBalancer(balancer: Balancer, word: Word | undefined): Balancer {
  return word === undefined || word.part === 1 ? balancer : { ...balancer, weight: balancer.weight * word.part }
}

/** Whether plans made from both are the same. */
export function sameSurvey(before: Survey | undefined, now: Survey): boolean {
  if (before?.region !== now.region || before.availability !== now.availability) return false
  const { health, part, isForcedDown } = before.standing
  const { standing } = now
  if (health !== standing.health || part !== standing.part || isForcedDown !== standing.isForcedDown) return false
  return (['live', 'inFallback'] as const).every(
    (choice) => before[choice].key === now[choice].key && before[choice].turnsIn === now[choice].turnsIn,
  )
}

/** Balancers with weight 0 never answer. `weighed`: those of the region, with their weights of this moment. */
function choose(
  { balancers }: Region,
  weighed: readonly Balancer[],
  turns: readonly number[],
  mayAnswer: (index: number) => boolean,
): Answering {
  const chosen = [...weighed.keys()].filter((i) => weighed[i]!.weight > 0 && mayAnswer(i))
  const soonest = Math.min(...chosen.map((i) => turns[i]!))
  const keys = chosen.map((i) => (weighed[i] === balancers[i] ? i : `${i}*${weighed[i]!.weight}`))
  return { key: keys.join(), balancers: chosen.map((i) => weighed[i]!), turnsIn: soonest }
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
export function availabilityFor(survey: Survey, family: 4 | 6 | undefined): number {
  const { health, part } = standingFor(survey, family, undefined)
  return health * part
}

/** The same, by what it is made of. `word`: an operator's, on this region of one service. */
export function standingFor(
  { standing, live, inFallback }: Survey,
  family: 4 | 6 | undefined,
  word: Word | undefined,
): Standing {
  const { balancers } = standing.part === 0 || word?.forced === 'up' ? inFallback : live
  const canAnswer = family === undefined || balancers.some(({ address }) => address.family === family)
  return applyWord(canAnswer ? standing : { ...standing, health: 0 }, word, balancers.length > 0)
}

/** An operator's word on a region, or on a service in its place, within one service. */
export function applyWord(standing: Standing, word: Word | undefined, canAnswer: boolean): Standing {
  if (!word) return standing
  const isForcedDown = standing.isForcedDown || word.forced === 'down'
  if (isForcedDown) return { ...standing, part: 0, isForcedDown }
  if (word.forced === 'up' && canAnswer) return { health: 1, part: standing.part * word.part, isForcedDown }
  return { ...standing, part: standing.part * word.part }
}

/** The region as the first step sees it. `told`: an operator's word on it within the service. */
export function candidateOf(survey: Survey, family: 4 | 6 | undefined, told?: Word): Candidate {
  const { region, isUp, reason } = survey
  const standing = standingFor(survey, family, told)
  const availability = standing.health * standing.part
  const note = `${describeStanding(standing, isUp)}: ${told ? `${reason}; ${told.note}` : reason}`
  return { region: region.name, tier: 0, share: 1, availability, standing, note }
}

function describeStanding({ health, part, isForcedDown }: Standing, isUp: boolean): string {
  if (isForcedDown) return 'forced down'
  if (health === 0) return isUp ? 'no balancer can answer' : 'down'
  return part === 0 ? 'drained' : 'up'
}
