// The plans of one configuration, kept up to date: which of them an event touches, and what came out. Services of one
// policy (alike in all but their name) share a planner, its plan and its body in the image. Nothing is published here.
import { textOf } from './address-text.ts'
import { unresolved, type AliasAnswers } from './aliases.ts'
import { encodeRows, type PlanBody, type RowTables } from '../snapshot/plan-body.ts'
import type { Preferences } from '../snapshot/pinned-slots.ts'
import type { PlacedService } from '../snapshot/plan-image.ts'
import type { Answer } from '../snapshot/slot-table.ts'
import type { Client, Scores } from '../steer/steer.ts'
import { NO_WORDS, type Words } from './overrides/words.ts'
import { policyKey } from './outline.ts'
import { createPlanner, findShapes, type Planner, type ServicePlan } from './plan.ts'
import { askQuestion } from './question.ts'
import { regionsOf, servicesOf, type Definitions, type Service } from './service.ts'
import type { Moment } from './settle.ts'
import type { Shape } from './shape.ts'
import { manyFail, sameSurvey, surveyRegion, type HealthById, type Survey, type Takes } from './survey.ts'

/** A client map that is built: the question that it answers, and who falls into its classes. */
export interface AnsweredQuestion {
  readonly key: string
  readonly classes: readonly { readonly representative: Client | undefined }[]
}

/** Services that answer alike. */
interface Policy {
  readonly services: readonly Service[]
  /** Services whose load its shares depend on: its own, and those of services within it. */
  readonly within: ReadonlySet<string>
  readonly regions: ReadonlySet<string>
  planner: Planner | undefined
  plan: ServicePlan | undefined
  /** The newest first: health often returns to where it was, and bodies that are there need no writing. */
  made: readonly Made[]
}

/** A plan as the image has it. */
interface Made {
  readonly rows: readonly RowTables[]
  readonly body: PlanBody
}

/** Plans of a policy that are remembered. */
const REMEMBERED = 3

export interface PlanBookParts {
  readonly definitions: Definitions
  readonly clientMaps: readonly AnsweredQuestion[]
  /** What pinned slots prefer: outlives configurations. */
  readonly preferences: Map<string, Preferences>
  /** Where answers of a service with addresses of a region are tallied; of NODATA without one. */
  readonly tallyOf: (service: string, region: string) => number
}

export class PlanBook {
  readonly #parts: PlanBookParts
  #policies: readonly Policy[]
  readonly #shapes = new Map<string, readonly Shape[]>()
  readonly #stale: Set<Policy>
  /** By service, in the order of its plan's regions, NODATA first. */
  readonly #tallies = new Map<string, readonly number[]>()
  #surveys: ReadonlyMap<string, Survey> = new Map()
  #scores: ReadonlyMap<string, Scores> = new Map()
  #words = NO_WORDS
  #isChanged = true

  constructor(parts: PlanBookParts) {
    this.#parts = parts
    this.#policies = groupPolicies(parts.definitions)
    this.#stale = new Set(this.#policies)
  }

  /** By service. Complete after the first `replan`. */
  get plans(): ReadonlyMap<string, ServicePlan> {
    const plans = this.#policies.flatMap(({ services, plan }) =>
      plan ? services.map((service) => ({ ...plan, service })) : [],
    )
    const byName = new Map(plans.map((plan) => [plan.service.name, plan]))
    return new Map(
      [...this.#parts.definitions.services.keys()].flatMap((name) =>
        byName.has(name) ? [[name, byName.get(name)!]] : [],
      ),
    )
  }

  /** True when something came out that was not yet published. */
  get isChanged(): boolean {
    return this.#isChanged
  }

  /** Takes the health and load of this moment, and what host names resolve to: whoever is touched by what changed is planned anew next. */
  look(
    health: HealthById,
    scores: ReadonlyMap<string, Scores>,
    movedLoads: Iterable<string>,
    reported: ReadonlyMap<string, Takes> = new Map(),
    words: Words = NO_WORDS,
    hosts: AliasAnswers = unresolved,
  ): void {
    const before = this.#moment
    this.#surveys = new Map(
      Array.from(this.#parts.definitions.regions, ([name, region]) => [
        name,
        surveyRegion(region, health, reported.get(name), words, hosts),
      ]),
    )
    this.#scores = scores
    this.#hear(words)
    const turned = [...this.#surveys].flatMap(([name, now]) =>
      sameSurvey(before.surveys.get(name), now) ? [] : [name],
    )
    const moved = new Set(movedLoads)
    const spokenOf = changedWords(before.words, words)
    const isOver = this.#moment.manyFail !== before.manyFail
    for (const policy of this.#policies) {
      const { regions, within } = policy
      const isTouched = turned.some((region) => regions.has(region)) || [...within].some((name) => moved.has(name))
      const isSpokenOf =
        [...within].some((name) => spokenOf.has(name)) || [...regions].some((name) => spokenOf.has(name))
      if (isOver || isTouched || isSpokenOf) this.#stale.add(policy)
    }
  }

  /** Plans whoever has to be, with a pause after each. */
  *replan(): Generator<void> {
    const moment = this.#moment
    for (const policy of this.#stale) {
      const planner = (policy.planner ??= yield* this.#createPlanner(policy))
      yield
      const plan = yield* planner.plan(moment)
      yield
      const { rows } = plan.rows
      const [last] = policy.made
      const same = policy.made.find((made) => sameRows(made.rows, rows))
      const body = same?.body ?? encodeRows(rows, this.#tallyFinder(plan))
      policy.plan = plan
      policy.made = [{ rows, body }, ...policy.made.filter((made) => made !== same)].slice(0, REMEMBERED)
      if (body !== last?.body) this.#isChanged = true
      this.#stale.delete(policy)
      yield
    }
  }

  /** Every service as an image holds it, in the order of their definitions. */
  place(): readonly PlacedService[] {
    const placed = new Map<string, PlacedService>()
    for (const { services, plan, made } of this.#policies) {
      if (!plan) throw new Error('a policy was never planned')
      for (const { name } of services) placed.set(name, this.#placeOne(name, plan, made[0]!.body))
    }
    return Array.from(this.#parts.definitions.services.keys(), (name) => placed.get(name)!)
  }

  #placeOne(name: string, { rows, regions }: ServicePlan, body: PlanBody): PlacedService {
    const { clientMap, pin, leastTtl, ignoresSubnet = false, answers = 'addresses' } = rows
    let tallies = this.#tallies.get(name)
    if (!tallies) {
      tallies = ['', ...regions].map((region) => this.#parts.tallyOf(name, region))
      this.#tallies.set(name, tallies)
    }
    return { name, clientMap, pin, leastTtl, ignoresSubnet, answers, classes: rows.rows.length, body, tallies }
  }

  /** What `place` gave was published. */
  published(): void {
    this.#isChanged = false
  }

  get #moment(): Moment {
    const words = this.#words
    return { surveys: this.#surveys, scores: this.#scores, manyFail: manyFail(this.#surveys.values()), words }
  }

  /** Services of which operators say something of their own are planned apart from others of the same policy. */
  #hear(words: Words): void {
    const before = this.#words
    this.#words = words
    if (sameKeys(before.services, words.services)) return
    const known = new Map(this.#policies.map((policy) => [namesOf(policy.services), policy]))
    this.#policies = groupPolicies(this.#parts.definitions, words.services).map(
      (policy) => known.get(namesOf(policy.services)) ?? policy,
    )
    const stale = this.#policies.filter((policy) => policy.made.length === 0 || this.#stale.has(policy))
    this.#stale.clear()
    for (const policy of stale) this.#stale.add(policy)
  }

  *#createPlanner({ services: [service] }: Policy): Generator<void, Planner> {
    const { definitions, clientMaps, preferences } = this.#parts
    const question = askQuestion(service!, definitions)
    const clientMap = question ? clientMaps.findIndex(({ key }) => key === question.key) : -1
    const clients = clientMaps[clientMap]?.classes.map(({ representative }) => representative ?? {}) ?? []
    const classes = { clients, clientMap, shapes: this.#shapes }
    yield* findShapes(service!, definitions, classes)
    return createPlanner(service!, definitions, preferences, classes)
  }

  /** An answer counts for the first region that has its first address; NODATA for none. */
  #tallyFinder({ regions }: ServicePlan): (answer: Answer) => number {
    const numberOf = new Map<string, number>()
    regions.forEach((name, i) => {
      for (const { address } of this.#surveys.get(name)!.balancers) {
        const text = textOf(address)
        if (!numberOf.has(text)) numberOf.set(text, i + 1)
      }
    })
    return ([first]) => (first ? numberOf.get(textOf(first))! : 0)
  }
}

function sameKeys(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  return a.size === b.size && [...a.keys()].every((key) => b.has(key))
}

function namesOf(services: readonly Service[]): string {
  return services.map(({ name }) => name).join('\n')
}

/** Services and regions of which something else is said than before, and that no survey shows: words on services, weights. */
function changedWords(before: Words, now: Words): ReadonlySet<string> {
  const services = [...new Set([...before.services.keys(), ...now.services.keys()])]
  const regions = [...new Set([...before.regions.keys(), ...now.regions.keys()])]
  return new Set([
    ...services.filter((name) => !sameOwn(before.services.get(name), now.services.get(name))),
    ...regions.filter((name) => before.regions.get(name)?.weight !== now.regions.get(name)?.weight),
  ])
}

function sameOwn(before: Words['regions'] | undefined, now: Words['regions'] | undefined): boolean {
  return JSON.stringify(before && [...before]) === JSON.stringify(now && [...now])
}

/** `apart`: services that are alone in their policies, and so are those around them. */
function groupPolicies(definitions: Definitions, apart: ReadonlyMap<string, unknown> = new Map()): readonly Policy[] {
  const groups = new Map<string, Service[]>()
  for (const service of definitions.services.values()) {
    const isApart = apart.size > 0 && [...servicesOf(service, definitions)].some((name) => apart.has(name))
    const key = `${policyKey(service, definitions)}${isApart ? service.name : ''}`
    const group = groups.get(key)
    if (group) group.push(service)
    else groups.set(key, [service])
  }
  return [...groups.values()].map((services) => ({
    services,
    within: new Set(services.flatMap((service) => [...servicesOf(service, definitions)])),
    regions: regionsOf(services[0]!, definitions),
    planner: undefined,
    plan: undefined,
    made: [],
  }))
}

/** Whether the image would be the same: planners give the same table object for the same outcome. */
function sameRows(before: readonly RowTables[], now: readonly RowTables[]): boolean {
  return now.every(({ ttl, ipv4, ipv6, hints }, i) => {
    const tables = before[i]!
    return tables.ttl === ttl && tables.ipv4 === ipv4 && tables.ipv6 === ipv6 && tables.hints === hints
  })
}
