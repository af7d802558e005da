// What health says of one region, as planning needs it: whether it is up, why, and which of its balancers can answer.
// A plan surveys each region once, whatever the number of services and client classes.
import type { State, TargetHealth } from '../health/health.ts'
import { judgeRegion } from '../health/region.ts'
import type { Reported } from '../health/report/judge.ts'
import type { Answerable, HostName } from '../snapshot/slot-table.ts'
import type { Candidate, Standing } from '../steer/steer.ts'
import { unresolved, type AliasAnswers } from './aliases.ts'
import { balancersIn, healthOf } from './answerer-health.ts'
import { answerersOf, goodFor, isStale, resolvedName, unknownFamilies, type Answerer } from './answerers.ts'
import { textOf } from './address-text.ts'
import { NO_WORDS, type Word, type Words } from './overrides/words.ts'
import { targetId, type Balancer, type Region } from './service.ts'

/** Of what reaches it, 0 to 1. */
export type Takes = Pick<Reported, 'availability' | 'reason'>

export type HealthById = ReadonlyMap<string, TargetHealth>

/** What an answer is asked to carry; undefined: addresses of either family. */
export type Family = Answerable['family'] | undefined

export interface SurveyedBalancer {
  readonly address: Answerable
  /** Of an address that a host name resolves to. */
  readonly host?: HostName
  /** `not monitored` counts as up, and so does `unknown`. */
  readonly state: State | 'not monitored'
  readonly reason: string
}

/** The key of a choice of all balancers, each of its own weight. */
export const WHOLE = 'all'

export interface AnsweringBalancer extends Pick<Balancer, 'address' | 'weight'> {
  /** Of an address that a host name last resolved to; asking again fails. */
  readonly isStale?: boolean
}

/** Balancers that answer for a region. */
export interface Answering {
  /** Tells this choice from others of the same region; mostly `WHOLE`. */
  readonly key: string
  /** Host names, and beside them their addresses: those share the weight, by family. */
  readonly balancers: readonly AnsweringBalancer[]
  /** Families of which nobody knows whether the region has an address: a host name that could not be resolved. */
  readonly unknown: readonly (4 | 6)[]
  /** Seconds until one of them could turn; Infinity while none has begun to. */
  readonly turnsIn: number
  /** Seconds for which the addresses of host names are good; Infinity without any. */
  readonly goodFor: number
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

/**
 * `reported`: the part of its share that it can take by its own reports, and why; missing: it tells nothing. `hosts`: what
 * host names resolve to.
 */
export function surveyRegion(
  region: Region,
  health: HealthById,
  reported?: Takes,
  words: Words = NO_WORDS,
  hosts: AliasAnswers = unresolved,
): Survey {
  const recovering = words.recovering.get(region.name) ?? 1
  const answerers = answerersOf(region, hosts)
  const told = answerers.map((answerer) => wordOn(answerer, region, words))
  const known = answerers.map((answerer, i) => forceBalancer(healthOf(answerer, answerers, region, health), told[i]))
  const { state, reason } = judgeRegion(balancersIn(answerers, known), region.minHealthy, undefined, 0).overall
  const word = words.regions.get(region.name)
  const choices = chooseAll({ region, answerers, hosts, known, told, word })
  const isUp = word?.forced === undefined ? state === 'up' : word.forced === 'up'
  const standing = standingOf({ isUp: isUp && choices.healthy, word, recovering, reported, drained: choices.drained })
  return {
    ...{ region, isUp, standing, live: choices.live, inFallback: choices.inFallback },
    reason: reasonOf(reason, reported, word, recovering),
    balancers: answerers.map((answerer, i) => surveyBalancer(answerer, known[i])),
    families: familiesOf(answerers, hosts),
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

/** All of one region; what is by answerer is parallel to `answerers`. */
interface Seen {
  readonly region: Region
  readonly answerers: readonly Answerer[]
  readonly hosts: AliasAnswers
  /** As operators force it. */
  readonly known: readonly (TargetHealth | undefined)[]
  readonly told: readonly (Word | undefined)[]
  /** Of the region. */
  readonly word: Word | undefined
}

/** Who answers for the region, by the health of its balancers and by operators' words on them and on it. */
function chooseAll(seen: Seen): Choices {
  const { region, answerers, known, told, word } = seen
  const turns = known.map((each, i) =>
    word?.isTurning || told[i]?.isTurning ? 0 : turnsIn(region.monitor, each?.undecided),
  )
  const weights = answerers.map(({ balancer }, i) => told[i]?.weight ?? balancer.weight)
  const left = weights.map((weight, i) => weight * (told[i]?.part ?? 1))
  const isDown = (i: number) => known[i]?.state === 'down'
  const live = choose(seen, left, turns, (i) => !isDown(i))
  const spared = live.balancers.length > 0 ? live : choose(seen, weights, turns, (i) => !isDown(i))
  const failed = choose(seen, weights, turns, (i) => told[i]?.forced !== 'down')
  const inFallback = spared.balancers.length > 0 ? spared : failed
  const answering = word?.forced === 'up' && live.balancers.length === 0 ? inFallback : live
  return {
    live: answering,
    inFallback,
    healthy: spared.balancers.length > 0 || answering.balancers.length > 0,
    drained: answering.balancers.length === 0 && spared.balancers.length > 0,
  }
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

function unknownOf(address: Answerable, hosts: AliasAnswers): readonly (4 | 6)[] {
  return address.family === 'host' ? unknownFamilies(hosts(resolvedName(address))) : []
}

/** Whether plans made from both are the same. */
export function sameSurvey(before: Survey | undefined, now: Survey): boolean {
  if (before?.region !== now.region || before.availability !== now.availability) return false
  const { health, part, isForcedDown } = before.standing
  const { standing } = now
  if (health !== standing.health || part !== standing.part || isForcedDown !== standing.isForcedDown) return false
  return (['live', 'inFallback'] as const).every((choice) => sameAnswering(before[choice], now[choice]))
}

function sameAnswering(before: Answering, now: Answering): boolean {
  return before.key === now.key && before.turnsIn === now.turnsIn && before.goodFor === now.goodFor
}

/** Balancers with weight 0 never answer. `weights`: of this moment; of the addresses of a host name, its own. */
function choose(
  { answerers, hosts }: Seen,
  weights: readonly number[],
  turns: readonly number[],
  mayAnswer: (index: number) => boolean,
): Answering {
  const chosen = [...answerers.keys()].filter((i) => weights[i]! > 0 && mayAnswer(i))
  const own = chosen.map((i) => answerers[i]!)
  const unknown = [...new Set(own.flatMap(({ address }) => unknownOf(address, hosts)))]
  const isWhole = chosen.length === answerers.length && own.every(isAsConfigured(weights))
  const key = isWhole ? WHOLE : chosen.map((i) => keyOf(i, answerers[i]!, weights[i]!, hosts)).join()
  return {
    key: unknown.length === 0 ? key : `${key}?${unknown.join()}`,
    balancers: chosen.map((i) => withWeight(answerers[i]!, weights[i]!, own, hosts)),
    unknown,
    turnsIn: Math.min(...chosen.map((i) => turns[i]!)),
    goodFor: Math.min(
      ...own.map(({ address }) => (address.family === 'host' ? goodFor(hosts(resolvedName(address))) : Infinity)),
    ),
  }
}

function isAsConfigured(weights: readonly number[]) {
  return ({ host, balancer }: Answerer, i: number): boolean => host === undefined && weights[i] === balancer.weight
}

function keyOf(index: number, answerer: Answerer, weight: number, hosts: AliasAnswers): string {
  const { address, host, balancer } = answerer
  const own = host ? `${index}=${textOf(address)}${isStale(answerer, hosts) ? '~' : ''}` : `${index}`
  return weight === balancer.weight ? own : `${own}*${weight}`
}

/** With its weight of this moment, or an address with its part of the host name's. */
function withWeight(
  answerer: Answerer,
  weight: number,
  all: readonly Answerer[],
  hosts: AliasAnswers,
): AnsweringBalancer {
  const { address, host, balancer } = answerer
  if (!host) return weight === balancer.weight ? balancer : { ...balancer, weight }
  const siblings = all.filter((other) => other.host === host && other.address.family === address.family)
  return { address, weight: weight / siblings.length, isStale: isStale(answerer, hosts) }
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
export function standingFor({ standing, live, inFallback }: Survey, family: Family, word: Word | undefined): Standing {
  const { balancers } = standing.part === 0 || word?.forced === 'up' ? inFallback : live
  const canAnswer = balancers.some(({ address }) => isOf(address, family))
  const isOfKind = balancers.some(({ address }) => isOf(address, family === 'host' ? family : undefined))
  return applyWord(canAnswer ? standing : { ...standing, health: 0 }, word, isOfKind)
}

function isOf(address: Answerable, family: Family): boolean {
  return family === undefined ? address.family !== 'host' : address.family === family
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
