// Why did this client get that answer: the trace of the fold that planned it, and the slots that answer it. Plain data
// that survives JSON; nothing is judged here, so that the explanation cannot differ from the plan. The zone look-up
// before it (name → service) and the client's class are the caller's; the text form is cli/explain.ts.
import type { Address } from '../base/address.ts'
import type { Answerable, SlotTable } from '../snapshot/slot-table.ts'
import { buildSteps, steer, type Steering, type TraceEntry } from '../steer/fold.ts'
import type { Candidate, Client } from '../steer/steer.ts'
import { textOf } from './address-text.ts'
import { answersIn } from './aliases.ts'
import { describeTarget } from './alias-rows.ts'
import { resolvedName } from './answerers.ts'
import { explainAnswers, explainPin, type ExplainedAnswer, type ExplainedPin } from './explain-answers.ts'
import { factsOf, regionsBehind, settlingOf } from './outline.ts'
import { type Word, weightsFor } from './overrides/words.ts'
import { createPlanner, momentOf, type Planner, type World } from './plan.ts'
import type { ClassPlan } from './plan-rows.ts'
import { askQuestion, knowClient } from './question.ts'
import { answersCname, resolveName, type Service } from './service.ts'
import { mayHave, type Moment } from './settle.ts'
import { applyWord, candidateOf, type Survey, type SurveyedBalancer } from './survey.ts'
import type { Family } from './survey-choice.ts'
import { buildTables, type Member } from './tables.ts'

/** A service of CNAMEs answers every type alike; HTTPS and SVCB records take addresses of others for hints. */
export const EXPLAINED_TYPES = ['A', 'AAAA', 'HTTPS', 'SVCB', 'CNAME'] as const

export type ExplainedType = (typeof EXPLAINED_TYPES)[number]

/** The client on whose behalf is asked. */
export interface ExplainedClient {
  readonly address: Address
  /** Missing: unknown to the geo data, or there is none. */
  readonly location?: Client
  /** Its class in the service's client map; missing when steering ignores the client. */
  readonly class?: number
  /** How it got into that class, for people: `geo data: 203.0.113.0/24, DE`. */
  readonly why: string
}

/** A moment of the past that is asked about. All are RFC 3339 in UTC. */
export interface ExplainedMoment {
  readonly at: string
  /** Since when what answered then had been what answers; and until when, if it is over. */
  readonly since: string
  readonly until?: string
  /** The number of the snapshot that answered. */
  readonly snapshot: number
  /** When the configuration of then (zones and geo data included) was replaced; missing: it is still the one. */
  readonly replaced?: string
}

export interface ExplainRequest {
  /** As asked. */
  readonly name: string
  readonly type: ExplainedType
  readonly client?: ExplainedClient
  /** The ECS scope that an answer to this client carries. */
  readonly scope?: number
  /** Missing: now. */
  readonly moment?: ExplainedMoment
}

/** One step that ran, of the service or of one that stands in a region's place. */
export interface ExplainedStep extends TraceEntry {
  /** Missing: the explained service itself. */
  readonly service?: string
}

export interface ExplainedRegion {
  readonly region: string
  /** Services in a region's place that led to it, outermost first; missing: none. */
  readonly via?: readonly string[]
  readonly isUp: boolean
  readonly reason: string
  readonly tier: number
  /** The part of the class's queries; sums to 1 over the regions, or to 0 when nobody answers. */
  readonly share: number
  /** Why that share. */
  readonly note: string
  /** Those that the asked type can carry. */
  readonly balancers: readonly ExplainedBalancer[]
}

export interface ExplainedBalancer {
  /** An address, or a host name without its final dot. */
  readonly address: string
  /** The host name that resolves to it. */
  readonly host?: string
  readonly state: string
  readonly reason: string
  /** Configured share of the answers: 0 to 1. */
  readonly share: number
  /** The share that the slots realise. */
  readonly realised: number
}

export interface Explanation {
  readonly name: string
  /** Missing: it is told of now. */
  readonly moment?: ExplainedMoment
  readonly type: ExplainedType
  readonly service: string
  /** What its answers to this type carry. */
  readonly carries: 'addresses' | 'cname' | 'hints'
  /** Seconds. */
  readonly ttl: number
  /** Why, when it is not as configured. */
  readonly ttlCause?: string
  readonly scope?: number
  readonly client?: Omit<ExplainedClient, 'address'> & { readonly address: string }
  /** Each phase and step in the order in which they ran: what it saw and what it left. */
  readonly steps: readonly ExplainedStep[]
  readonly fallback: {
    readonly rule: string
    readonly panic: number
    /** The healthy part of the weight: 0 to 1. */
    readonly healthy: number
    readonly engaged: boolean
  }
  /** In configured order; a last resort from outside the service stands last. */
  readonly regions: readonly ExplainedRegion[]
  /** Of the asked type's table. */
  readonly slots: number
  readonly answers: readonly ExplainedAnswer[]
  /** Of a pinned service and a known client: the slot that is its own, and what stands there. */
  readonly pinned?: ExplainedPin
}

export function explain(request: ExplainRequest, service: Service, world: World): Explanation {
  const { name, type, client, scope, moment: then } = request
  const planner = createPlanner(service, world, world.preferences)
  const moment = momentOf(world)
  const known = client ? knowClient(askQuestion(service, world), client.address, client.location) : {}
  const plan = planner.planClient(known, moment)
  const family = settledBy(service, type)
  const { members, healthy, panic } = planner.settleClient(known, moment, family)
  const story = retell(service, known, world, moment, family)
  const tables = tablesFor(service, type, plan)
  const carried = carriedFamilies(service, type)
  return {
    name,
    ...(then && { moment: then }),
    type,
    service: service.name,
    carries: answersCname(service) ? 'cname' : carried.length > 1 ? 'hints' : 'addresses',
    ttl: plan.tables.ttl,
    ...explainTtl(service, plan, moment),
    ...(scope !== undefined && { scope }),
    ...(client && { client: { ...client, ...describeClient(client, known) } }),
    steps: story.steps,
    fallback: { rule: service.fallback, panic: service.panic, healthy, engaged: panic },
    regions: explainRegions(story, members, { seats: seatShares(planner, members, carried), carried, world }),
    ...explainAnswers(tables, planner.pin),
    ...(planner.pin && client && { pinned: explainPin(planner.pin, client.address, tables) }),
  }
}

/** The family that the fold ran for; undefined: both as one. */
function settledBy(service: Service, type: ExplainedType): Family {
  if (answersCname(service)) return 'host'
  if (service.families === 'coherent') return undefined
  return type === 'AAAA' ? 6 : 4
}

function carriedFamilies(service: Service, type: ExplainedType): readonly Answerable['family'][] {
  if (answersCname(service)) return ['host']
  return type === 'A' ? [4] : type === 'AAAA' ? [6] : [4, 6]
}

/** One table, or the two that hints are made of. */
function tablesFor(service: Service, type: ExplainedType, { tables }: ClassPlan): readonly SlotTable[] {
  if (answersCname(service) || type === 'A') return [tables.ipv4]
  if (type === 'AAAA') return [tables.ipv6]
  const { ipv4, ipv6 } = tables.hints ?? tables
  return [ipv4, ipv6]
}

function explainTtl(service: Service, plan: ClassPlan, { manyFail }: Moment): Pick<Explanation, 'ttlCause'> {
  const { ttl } = service
  const soonest = Math.min(...plan.members.map(({ turnsIn }) => turnsIn))
  const goodFor = answersCname(service) ? Infinity : Math.min(...plan.members.map((member) => member.goodFor))
  if (goodFor < ttl && (manyFail || goodFor <= soonest)) {
    return { ttlCause: `${ttl} s, were not addresses of a host name in the answer good for ${goodFor} s` }
  }
  if (soonest === Infinity) return {}
  if (manyFail) return { ttlCause: 'a balancer in the answer could turn, but many regions fail at once' }
  const cause = `${ttl} s, were there not a balancer in the answer that could turn in ${soonest} s`
  return plan.tables.ttl === ttl ? {} : { ttlCause: cause }
}

function describeClient({ address, why }: ExplainedClient, known: Client) {
  const { prefixes } = known
  const also = prefixes ? `; it lies in ${prefixes.join(', ')}` : ''
  return { address: textOf(address), location: known, why: `${why}${also}` }
}

/** A service's fold in words, with those of the services in a region's place within it. */
interface Story {
  readonly steering: Steering
  readonly steps: readonly ExplainedStep[]
  /** By region. */
  readonly surveys: ReadonlyMap<string, Survey>
  /** By name: a service in a region's place. */
  readonly nested: ReadonlyMap<string, Story>
}

function retell(service: Service, client: Client, world: World, moment: Moment, family: Family): Story {
  const found = service.regions.map((name) => [name, resolveName(name, world)] as const)
  const nested = new Map(
    found.flatMap(([name, at]) =>
      'service' in at ? [[name, retell(at.service, client, world, moment, family)] as const] : [],
    ),
  )
  const candidates = service.regions.map((name) => {
    const story = nested.get(name)
    const word = moment.words.services.get(service.name)?.get(name)
    return story ? candidateOfService(name, story, word) : candidateOf(moment.surveys.get(name)!, family, word)
  })
  const context = { client, regions: factsOf(service, world), ...contextOf(service, world, moment) }
  const has = (name: string) => mayHave(regionsBehind(name, world), family, moment)
  const rule = { ...service, isLastResortDown: isLastResortDown(service, moment) }
  const steering = steer(candidates, buildSteps(service.steer), rule, context, family && has)
  const inner = Array.from(nested, ([name, story]) => story.steps.map((step) => ({ service: name, ...step })))
  return { steering, steps: [...inner.flat(), ...steering.trace], surveys: moment.surveys, nested }
}

function contextOf(service: Service, world: World, { words }: Moment) {
  const { roundTrips, scores } = world
  const own = scores?.get(service.name)
  const weights = weightsFor(words, service.name, service.regions, settlingOf(service, world).ownWeights)
  return { ...(roundTrips && { roundTrips }), ...(own && { scores: own }), ...(weights && { weights }) }
}

function isLastResortDown({ name, fallback }: Service, { surveys, words }: Moment): boolean {
  const isForced = surveys.get(fallback)?.isForcedDown ?? false
  return isForced || words.services.get(name)?.get(fallback)?.forced === 'down'
}

/** Counts as down while its own fallback applies, or when this client may meet nobody in it. */
function candidateOfService(name: string, { steering }: Story, word: Word | undefined): Candidate {
  const answers = steering.candidates.some(({ share }) => share > 0)
  const state = steering.panic ? 'down: its own fallback applies' : answers ? 'up' : 'no region may answer'
  const health = answers && !steering.panic ? 1 : 0
  const standing = applyWord({ health, part: 1, isForcedDown: false }, word, answers)
  const availability = standing.health * standing.part
  return { region: name, tier: 0, share: 1, availability, standing, note: word ? `${state}; ${word.note}` : state }
}

/** Of each seat by its path: what it should get and what the slots give it. */
type SeatShares = ReadonlyMap<string, { readonly share: number; readonly realised: number }>

function seatShares(
  { service, filling }: Planner,
  members: readonly Member[],
  carried: readonly unknown[],
): SeatShares {
  const { ipv4, ipv6 } = buildTables(members, service, filling)
  const tables = carried.map((family) => (family === 6 ? ipv6 : ipv4))
  const shares = tables.flatMap(({ seats, order }) => {
    const slots = seats.map(() => 0)
    for (const seat of order) slots[seat]!++
    return seats.map(({ path, address, share }, i) => {
      const key = typeof address === 'object' ? `${path}/${textOf(address)}` : path
      return [key, { share, realised: slots[i]! / order.length }] as const
    })
  })
  return new Map(shares)
}

/** How regions are told: what of them is asked for. */
interface Telling {
  readonly seats: SeatShares
  readonly carried: readonly Answerable['family'][]
  readonly world: World
}

function explainRegions(
  { steering, surveys, nested }: Story,
  members: readonly Member[],
  telling: Telling,
  outer: { readonly via: readonly string[]; readonly share: number } = { via: [], share: 1 },
): ExplainedRegion[] {
  return steering.candidates.flatMap((candidate) => {
    const member = members.find(({ name }) => name === candidate.region)
    const share = (member?.share ?? 0) * outer.share
    const story = nested.get(candidate.region)
    if (story) {
      return explainRegions(story, member?.members ?? [], telling, { via: [...outer.via, candidate.region], share })
    }
    return [explainRegion(candidate, surveys.get(candidate.region)!, telling, { ...outer, share })]
  })
}

function explainRegion(
  { region, tier, note }: Candidate,
  { isUp, reason, balancers }: Survey,
  { seats, carried, world }: Telling,
  { via, share }: { readonly via: readonly string[]; readonly share: number },
): ExplainedRegion {
  const path = [...via, region].join('/')
  const own = balancers
    .filter((balancer) => carried.includes(balancer.address.family) || isUnknown(balancer, carried, balancers))
    .map(({ address, host, state, reason }) => ({
      ...{ address: textOf(address), state },
      ...(host && { host: textOf(host) }),
      reason: address.family === 'host' ? `${reason}; ${describeHost(address, world)}` : reason,
      ...(seats.get(`${path}/${textOf(address)}`) ?? { share: 0, realised: 0 }),
    }))
  return { region, ...(via.length > 0 && { via }), isUp, reason, tier, share, note, balancers: own }
}

/** A host name of which no address is there to be told in its place. */
function isUnknown(
  { address }: SurveyedBalancer,
  carried: readonly Answerable['family'][],
  all: readonly SurveyedBalancer[],
): boolean {
  return (
    address.family === 'host' && !all.some((each) => each.host === address && carried.includes(each.address.family))
  )
}

function describeHost(host: Extract<Answerable, { family: 'host' }>, { resolved = new Map() }: World): string {
  return describeTarget(answersIn(resolved)(resolvedName(host)))
}
