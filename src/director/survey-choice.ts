// Which balancers of a region answer, by health and by operators' words: for each kind of answer apart, since a region may
// have balancers of several. What one kind can give says nothing of another: with its host name drained, a region has
// drained CNAMEs, however many addresses stand beside it. What follows for the region is survey.ts.
import type { TargetHealth } from '../health/health.ts'
import type { Answerable, HostName } from '../snapshot/slot-table.ts'
import type { AliasAnswers } from './aliases.ts'
import { goodFor, isStale, resolvedName, unknownFamilies, type Answerer } from './answerers.ts'
import { textOf } from './address-text.ts'
import type { Word } from './overrides/words.ts'
import type { Balancer, Region } from './service.ts'

/** What an answer is asked to carry; undefined: addresses of either family. */
export type Family = Answerable['family'] | undefined

/** The key of a choice of all balancers, each of its own weight. */
export const WHOLE = 'all'

export interface AnsweringBalancer extends Pick<Balancer, 'address' | 'weight'> {
  /** Of an address that a host name resolves to. */
  readonly host?: HostName
  /** Its host name cannot be resolved anew: it is the last that was known. */
  readonly isStale?: boolean
}

/** Balancers that answer for a region with one kind of answer. */
export interface Answering {
  /** Tells this choice from others of the same region and kind; mostly `WHOLE`. */
  readonly key: string
  /** Addresses of one host name share its weight, by family. */
  readonly balancers: readonly AnsweringBalancer[]
  /** Families of which nobody knows whether the region has an address: a host name that could not be resolved. */
  readonly unknown: readonly (4 | 6)[]
  /** Seconds until one of them could turn; Infinity while none has begun to. */
  readonly turnsIn: number
  /** Seconds for which the addresses of host names are good; Infinity without any. */
  readonly goodFor: number
}

export interface Choices {
  /** The balancers that are not down and have weight. */
  readonly live: Answering
  /** Those that answer when a fallback takes the region as up: the live ones, or all that have weight if none is. */
  readonly inFallback: Answering
  /** Somebody is healthy, drained or not. */
  readonly isHealthy: boolean
  /** Those who are healthy are all drained. */
  readonly isDrained: boolean
}

/** All of one region; what is by answerer is parallel to `answerers`. */
export interface Seen {
  readonly region: Region
  readonly answerers: readonly Answerer[]
  readonly hosts: AliasAnswers
  /** As operators force it. */
  readonly known: readonly (TargetHealth | undefined)[]
  readonly told: readonly (Word | undefined)[]
  /** Of the region. */
  readonly word: Word | undefined
  /** Weights of this moment; of the addresses of a host name, its own. */
  readonly weights: readonly number[]
  /** Seconds until each could turn. */
  readonly turns: readonly number[]
}

/** Who answers for the region with that kind of answer. */
export function chooseAll(seen: Seen, family: Family): Choices {
  const { known, told, word, weights } = seen
  const left = weights.map((weight, i) => weight * (told[i]?.part ?? 1))
  const isUp = (i: number) => known[i]?.state !== 'down'
  const live = choose(seen, family, left, isUp)
  const spared = live.balancers.length > 0 ? live : choose(seen, family, weights, isUp)
  const failed = () => choose(seen, family, weights, (i) => told[i]?.forced !== 'down')
  const inFallback = spared.balancers.length > 0 ? spared : failed()
  const answering = word?.forced === 'up' && live.balancers.length === 0 ? inFallback : live
  return {
    live: answering,
    inFallback,
    isHealthy: spared.balancers.length > 0 || answering.balancers.length > 0,
    isDrained: answering.balancers.length === 0 && spared.balancers.length > 0,
  }
}

/** Balancers with weight 0 never answer. */
function choose(
  { answerers, hosts, turns }: Seen,
  family: Family,
  weights: readonly number[],
  mayAnswer: (index: number) => boolean,
): Answering {
  const all = [...answerers.keys()].filter((i) => weights[i]! > 0 && mayAnswer(i))
  const chosen = all.filter((i) => isOf(answerers[i]!.address, family))
  const own = chosen.map((i) => answerers[i]!)
  const unknown = unknownAmong(
    all.map((i) => answerers[i]!),
    family,
    hosts,
  )
  const isWhole = isAllOf(own, answerers, family) && chosen.every((i) => isAsConfigured(answerers[i]!, weights[i]!))
  const key = isWhole ? WHOLE : chosen.map((i) => keyOf(i, answerers[i]!, weights[i]!, hosts)).join()
  return {
    key: unknown.length === 0 ? key : `${key}?${unknown.join()}`,
    balancers: chosen.map((i) => withWeight(answerers[i]!, weights[i]!, own, hosts)),
    unknown,
    turnsIn: Math.min(...chosen.map((i) => turns[i]!)),
    goodFor: Math.min(...own.map(({ host }) => (host ? goodFor(hosts(resolvedName(host))) : Infinity))),
  }
}

function isOf(address: Answerable, family: Family): boolean {
  return family === undefined ? address.family !== 'host' : address.family === family
}

/** Of which families a host name among them, that may answer, could have addresses which nobody knows. */
function unknownAmong(answerers: readonly Answerer[], family: Family, hosts: AliasAnswers): readonly (4 | 6)[] {
  if (family === 'host') return []
  const unknown = answerers.flatMap(({ address }) => unknownOf(address, hosts))
  return [...new Set(unknown)].filter((each) => family === undefined || each === family)
}

export function unknownOf(address: Answerable, hosts: AliasAnswers): readonly (4 | 6)[] {
  return address.family === 'host' ? unknownFamilies(hosts(resolvedName(address))) : []
}

function isAllOf(chosen: readonly Answerer[], answerers: readonly Answerer[], family: Family): boolean {
  return chosen.length === answerers.filter(({ address }) => isOf(address, family)).length && chosen.length > 0
}

function isAsConfigured({ host, balancer }: Answerer, weight: number): boolean {
  return host === undefined && weight === balancer.weight
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
  return { address, host, weight: weight / siblings.length, isStale: isStale(answerer, hosts) }
}

/** Text that is equal while all choices are: what is said of each who can answer, and how good its addresses are. */
export function describeSeen({ answerers, hosts, known, told, weights, turns }: Seen): string {
  let text = ''
  for (const [i, answerer] of answerers.entries()) {
    const { address, host } = answerer
    const word = told[i]
    const name = host ? keyOf(i, answerer, weights[i]!, hosts) : ''
    const resolved = address.family === 'host' ? describeResolved(address, hosts) : ''
    const state = known[i]?.state === 'down' ? 'down' : 'up'
    text += `${name}${resolved} ${state} ${weights[i]!} ${word?.part ?? 1} ${word?.forced ?? ''} ${turns[i]!};`
  }
  return text
}

function describeResolved(host: HostName, hosts: AliasAnswers): string {
  return `${unknownOf(host, hosts).join()}/${goodFor(hosts(resolvedName(host)))}`
}
