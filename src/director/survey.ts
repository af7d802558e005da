// What health says of one region, as planning needs it: whether it is up, why, and which of its balancers can answer.
// A plan surveys each region once, whatever the number of services and client classes.
import type { State, TargetHealth } from '../health/health.ts'
import { judgeRegion, type RegionBalancer } from '../health/region.ts'
import type { Reported } from '../health/report/judge.ts'
import type { Answerable, HostName } from '../snapshot/slot-table.ts'
import type { Candidate } from '../steer/steer.ts'
import { unresolved, type AliasAnswers } from './aliases.ts'
import { answerersOf, goodFor, resolvedName, unknownFamilies, type Answerer } from './answerers.ts'
import { textOf } from './address-text.ts'
import type { Balancer, Region } from './service.ts'

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

/** Balancers that answer for a region. */
export interface Answering {
  /** Tells this choice from others of the same region. */
  readonly key: string
  /** Host names, and beside them their addresses: those share the weight, by family. */
  readonly balancers: readonly Pick<Balancer, 'address' | 'weight'>[]
  /** Families of which nobody knows whether the region has an address: a host name that could not be resolved. */
  readonly unknown: readonly (4 | 6)[]
  /** Seconds until one of them could turn; Infinity while none has begun to. */
  readonly turnsIn: number
  /** Seconds for which the addresses of host names are good; Infinity without any. */
  readonly goodFor: number
}

export interface Survey {
  readonly region: Region
  readonly isUp: boolean
  readonly reason: string
  /** Host names, each followed by its addresses, and addresses. */
  readonly balancers: readonly SurveyedBalancer[]
  /** What it has in answers, up or not, as far as that is known. */
  readonly families: ReadonlySet<Answerable['family']>
  /** The part of its share that the region can take if anybody in it can answer: 0 to 1. */
  readonly takes: number
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
  hosts: AliasAnswers = unresolved,
): Survey {
  const answerers = answerersOf(region, hosts)
  const known = answerers.map((answerer) => healthOf(answerer, answerers, region, health))
  const { state, reason } = judgeRegion(balancersIn(answerers, known), region.minHealthy, undefined, 0).overall
  const isUp = state === 'up'
  const seen = { answerers, hosts, turns: known.map((each) => turnsIn(region.monitor, each?.undecided)) }
  const live = choose(seen, (i) => known[i]?.state !== 'down')
  return {
    region,
    isUp,
    reason: reported && reported.availability < 1 ? `${reason}; reports ${reported.reason}` : reason,
    balancers: answerers.map((answerer, i) => surveyBalancer(answerer, known[i])),
    families: familiesOf(answerers, hosts),
    takes: isUp ? (reported?.availability ?? 1) : 0,
    live,
    inFallback: live.balancers.length > 0 ? live : choose(seen, () => true),
    isFailing: known.some((each) => each?.undecided === 'failing'),
  }
}

/** The balancers as configured, as a region's state follows from theirs; parallel to `answerers`: their health. */
export function balancersIn(
  answerers: readonly Answerer[],
  known: readonly (TargetHealth | undefined)[],
): readonly RegionBalancer[] {
  return answerers.flatMap(({ address, host }, i) => {
    const health = known[i]
    return host ? [] : { family: address.family, ...(health && { health }) }
  })
}

/** Its own, or of a host name whose addresses have states of their own, that of the best of them; undefined: not probed. */
export function healthOf(
  answerer: Answerer,
  all: readonly Answerer[],
  { monitor }: Region,
  health: HealthById,
): TargetHealth | undefined {
  const { target, address } = answerer
  const known = target === undefined ? undefined : health.get(target)
  if (known || !monitor || address.family !== 'host') return known
  const addresses = all.filter(({ host }) => host === address)
  if (addresses.length === 0) {
    return answerer.balancer.probeAddress
      ? undefined
      : { state: 'down', reason: 'its addresses are not known', since: 0, provisional: false }
  }
  const states = addresses.map((each) => health.get(each.target!))
  const isUp = states.findIndex((each) => each?.state !== 'down')
  return states[isUp < 0 ? 0 : isUp]
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
  if (before?.region !== now.region || before.takes !== now.takes) return false
  return (['live', 'inFallback'] as const).every((choice) => sameAnswering(before[choice], now[choice]))
}

function sameAnswering(before: Answering, now: Answering): boolean {
  return before.key === now.key && before.turnsIn === now.turnsIn && before.goodFor === now.goodFor
}

interface Seen {
  readonly answerers: readonly Answerer[]
  readonly hosts: AliasAnswers
  /** Parallel to them: seconds until each could turn. */
  readonly turns: readonly number[]
}

/** Balancers with weight 0 never answer. */
function choose({ answerers, hosts, turns }: Seen, mayAnswer: (index: number) => boolean): Answering {
  const chosen = [...answerers.keys()].filter((i) => answerers[i]!.balancer.weight > 0 && mayAnswer(i))
  const own = chosen.map((i) => answerers[i]!)
  const unknown = [...new Set(own.flatMap(({ address }) => unknownOf(address, hosts)))]
  const key = chosen.map((i) => (answerers[i]!.host ? `${i}=${textOf(answerers[i]!.address)}` : i)).join()
  return {
    key: unknown.length === 0 ? key : `${key}?${unknown.join()}`,
    balancers: own.map((answerer) => (answerer.host ? withPart(answerer, own) : answerer.balancer)),
    unknown,
    turnsIn: Math.min(...chosen.map((i) => turns[i]!)),
    goodFor: Math.min(
      ...own.map(({ address }) => (address.family === 'host' ? goodFor(hosts(resolvedName(address))) : Infinity)),
    ),
  }
}

/** An address with its part of the host name's weight. */
function withPart({ address, host, balancer }: Answerer, all: readonly Answerer[]): Answering['balancers'][number] {
  const siblings = all.filter((other) => other.host === host && other.address.family === address.family)
  return { address, weight: balancer.weight / siblings.length }
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
export function availabilityFor({ takes, live }: Survey, family: Family): number {
  const canAnswer = live.balancers.some(({ address }) => isOf(address, family))
  return canAnswer ? takes : 0
}

function isOf(address: Answerable, family: Family): boolean {
  return family === undefined ? address.family !== 'host' : address.family === family
}

/** The region as the first step sees it. */
export function candidateOf(survey: Survey, family: Family): Candidate {
  const { region, isUp, reason } = survey
  const availability = availabilityFor(survey, family)
  const word = availability > 0 ? 'up' : isUp ? 'no balancer can answer' : 'down'
  return { region: region.name, tier: 0, share: 1, availability, note: `${word}: ${reason}` }
}
