// What health says of one region, as planning needs it: whether it is up, why, and which of its balancers can answer.
// A plan surveys each region once, whatever the number of services and client classes.
import type { State, TargetHealth } from '../health/health.ts'
import { judgeRegion } from '../health/region.ts'
import type { Reported } from '../health/report/judge.ts'
import type { Answerable, HostName } from '../snapshot/slot-table.ts'
import type { Candidate, Standing } from '../steer/steer.ts'
import { unresolved, type AliasAnswers } from './aliases.ts'
import { balancersIn, healthOf } from './answerer-health.ts'
import { answerersOf, type Answerer } from './answerers.ts'
import { textOf } from './address-text.ts'
import { NO_WORDS, type Word, type Words } from './overrides/words.ts'
import { targetId, type Region } from './service.ts'
import { chooseAll, describeSeen, unknownOf, type Choices, type Family, type Seen } from './survey-choice.ts'

/** Of what reaches it, 0 to 1. */
export type Takes = Pick<Reported, 'availability' | 'reason'>

export type HealthById = ReadonlyMap<string, TargetHealth>

export interface SurveyedBalancer {
  readonly address: Answerable
  /** Of an address that a host name resolves to. */
  readonly host?: HostName
  /** `not monitored` counts as up, and so does `unknown`. */
  readonly state: State | 'not monitored'
  readonly reason: string
}

/** What the region can give of one kind of answer. */
export interface Offer extends Pick<Choices, 'live' | 'inFallback'> {
  /** What the part of its share that it can take is made of. */
  readonly standing: Standing
}

export interface Survey {
  readonly region: Region
  /** By health, or by an operator's force. */
  readonly isUp: boolean
  readonly reason: string
  /** Host names, each followed by its addresses, and addresses. */
  readonly balancers: readonly SurveyedBalancer[]
  /** What it has in answers, up or not, as far as that is known. */
  readonly families: ReadonlySet<Answerable['family']>
  /** By kind of answer; worked out when asked for, and once. */
  readonly offer: (family: Family) => Offer
  /** Equal while the region offers the same, whatever the kind. */
  readonly key: string
  readonly isForcedDown: boolean
  /** A balancer has begun to fail. */
  readonly isFailing: boolean
}

/**
 * `reported`: the part of its share that it can take by its own reports, and why; missing: it tells nothing. `resolve`: what
 * host names resolve to.
 */
export function surveyRegion(
  region: Region,
  health: HealthById,
  reported?: Takes,
  words: Words = NO_WORDS,
  resolve: AliasAnswers = unresolved,
): Survey {
  const hosts = remember(resolve)
  const recovering = words.recovering.get(region.name) ?? 1
  const answerers = answerersOf(region, hosts)
  const told = answerers.map((answerer) => wordOn(answerer, region, words))
  const known = answerers.map((answerer, i) => forceBalancer(healthOf(answerer, answerers, region, health), told[i]))
  const { state, reason } = judgeRegion(balancersIn(answerers, known), region.minHealthy, undefined, 0).overall
  const word = words.regions.get(region.name)
  const isUp = word?.forced === undefined ? state === 'up' : word.forced === 'up'
  const seen = see({ region, answerers, hosts, known, told, word })
  const taken = { isUp, word, recovering, reported }
  return {
    ...{ region, isUp, isForcedDown: word?.forced === 'down' },
    reason: reasonOf(reason, reported, word, recovering),
    balancers: answerers.map((answerer, i) => surveyBalancer(answerer, known[i])),
    families: familiesOf(answerers, hosts),
    offer: remember((family) => offerOf(seen, taken, family)),
    key: `${describeTaken(taken)}|${describeSeen(seen)}`,
    isFailing: known.some((each) => each?.undecided === 'failing'),
  }
}

/** With weights and times of this moment. */
function see(known: Omit<Seen, 'weights' | 'turns'>): Seen {
  const { region, answerers, told, word } = known
  const turns = known.known.map((each, i) =>
    word?.isTurning || told[i]?.isTurning ? 0 : turnsIn(region.monitor, each?.undecided),
  )
  return { ...known, turns, weights: answerers.map(({ balancer }, i) => told[i]?.weight ?? balancer.weight) }
}

/** Asks once for each, so that what was seen stays what it was. */
function remember<Key, Value>(find: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, Value>()
  return (key) => {
    const value = known.get(key) ?? find(key)
    known.set(key, value)
    return value
  }
}

function reasonOf(health: string, reported: Takes | undefined, word: Word | undefined, recovering: number): string {
  const parts = [health]
  if (reported && reported.availability < 1) parts.push(`reports ${reported.reason}`)
  if (recovering < 1) parts.push(`recovering: takes ${Math.round(recovering * 100)} % of its share so far`)
  if (word) parts.push(word.note)
  return parts.join('; ')
}

/** What of its share a region takes, whatever the kind of answer. */
interface Taken {
  readonly isUp: boolean
  readonly word: Word | undefined
  /** What a recovery's ramp leaves: 0 to 1. */
  readonly recovering: number
  readonly reported: Takes | undefined
}

function offerOf(seen: Seen, taken: Taken, family: Family): Offer {
  const choices = chooseAll(seen, family)
  const { live, inFallback } = choices
  return { live, inFallback, standing: standingOf(taken, choices) }
}

function standingOf({ isUp, word, recovering, reported }: Taken, { isHealthy, isDrained }: Choices): Standing {
  const isForcedDown = word?.forced === 'down'
  const byReport = word?.forced === 'up' ? 1 : (reported?.availability ?? 1)
  const ramp = word?.forced === 'up' ? 1 : recovering
  const part = isForcedDown || isDrained ? 0 : (word?.part ?? 1) * ramp
  return { health: isUp && isHealthy ? byReport : 0, part, isForcedDown }
}

function describeTaken({ isUp, word, recovering, reported }: Taken): string {
  return `${isUp} ${word?.forced ?? ''} ${word?.part ?? 1} ${recovering} ${reported?.availability ?? 1}`
}

/** What operators say of a balancer goes for the addresses of its host name too. */
function wordOn({ address, balancer }: Answerer, { name }: Region, { balancers }: Words): Word | undefined {
  return balancers.get(targetId(name, textOf(address))) ?? balancers.get(targetId(name, textOf(balancer.address)))
}

/** Health as an operator forces it. */
function forceBalancer(health: TargetHealth | undefined, word: Word | undefined): TargetHealth | undefined {
  if (word?.forced === undefined) return health
  const { forced: state, note: reason } = word
  return { state, reason, since: health?.since ?? 0, provisional: false }
}

function familiesOf(answerers: readonly Answerer[], hosts: AliasAnswers): Survey['families'] {
  const unknown = answerers.flatMap(({ address }) => unknownOf(address, hosts))
  return new Set([...answerers.map(({ address }) => address.family), ...unknown])
}

/** Whether plans made from both are the same. */
export function sameSurvey(before: Survey | undefined, now: Survey): boolean {
  return before?.region === now.region && before.key === now.key
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

function surveyBalancer({ address, host }: Answerer, health: TargetHealth | undefined): SurveyedBalancer {
  const { state = 'not monitored', reason = 'not monitored' } = health ?? {}
  return { address, ...(host && { host }), state, reason }
}

/** The part of its share that the region can take of one kind of answer: 0 when nobody in it can give such a one. */
export function availabilityFor(survey: Survey, family: Family): number {
  const { health, part } = standingFor(survey, family, undefined)
  return health * part
}

/** The same, by what it is made of. `word`: an operator's, on this region of one service. */
export function standingFor(survey: Survey, family: Family, word: Word | undefined): Standing {
  return standingIn(survey.offer(family), word)
}

export function standingIn({ standing, inFallback }: Offer, word: Word | undefined): Standing {
  return applyWord(standing, word, inFallback.balancers.length > 0)
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
export function candidateOf(survey: Survey, family: Family, told?: Word): Candidate {
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
