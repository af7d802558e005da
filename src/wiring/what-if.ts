// What if: a change that is asked for is made to the words or the health that plans are made from, the director plans it,
// and both plans are compared and judged by the safety rules. Writes are judged by the same.
import type { Outcome } from '../admin/api.ts'
import type { Forecast, PlanRequest } from '../admin/plan.ts'
import type { Problem } from '../admin/problem.ts'
import { isError } from '../base/fault.ts'
import type { Config } from '../config/config.ts'
import { textOf } from '../director/address-text.ts'
import { answerersOf } from '../director/answerers.ts'
import { Director } from '../director/director.ts'
import type { Prepared } from '../director/preparation.ts'
import { compare, type ServiceForecast } from '../director/forecast.ts'
import { NO_WORDS, wordsAt, type Words } from '../director/overrides/words.ts'
import { endsAt, type Override } from '../director/overrides/override.ts'
import { readTarget } from '../director/overrides/target.ts'
import { footingsOf, judgeFootings, judgeMovement, relate, type Breach, type Ground } from '../director/safety.ts'
import { PlaceBook } from '../director/place-book.ts'
import type { HealthById } from '../director/survey.ts'
import type { TargetHealth } from '../health/health.ts'
import type { Reported } from '../health/report/judge.ts'
import type { Server } from '../server/server.ts'
import { Publisher } from '../snapshot/publication.ts'
import { readOverride } from './override-writes.ts'

export interface WhatIfParts {
  readonly config: () => Config
  readonly director: Director
  readonly server: () => Server
  readonly health: () => HealthById
  readonly reported: () => ReadonlyMap<string, Reported>
  readonly overrides: () => readonly Override[]
  readonly recovering: () => Words['recovering']
  /** Wall-clock ms. */
  readonly now: () => number
}

interface Side {
  readonly health: HealthById
  readonly words: Words
}

export class WhatIf {
  readonly #parts: WhatIfParts

  constructor(parts: WhatIfParts) {
    this.#parts = parts
  }

  /** Answers a request of the API. */
  async plan(request: PlanRequest): Promise<Outcome<Forecast>> {
    const now = this.#parts.now()
    const overrides = this.#readWanted(request, now)
    if ('problem' in overrides) return overrides
    const health = this.#fail(request.fail ?? [])
    if ('problem' in health) return health
    const before = { health: this.#parts.health(), words: this.#wordsOf(this.#parts.overrides(), now) }
    const words = this.#wordsOf([...this.#parts.overrides(), ...overrides.value], now)
    const after = { health: health.value, words }
    if (request.config !== undefined) return await this.#planConfig(request.config, before, after)
    const isFailure = request.fail !== undefined && request.fail.length > 0
    return { value: await this.#forecast(before, after, request.rampMs ?? 0, isFailure) }
  }

  /** What one override in the place of another does: once it is in full force, beside all others as they are then. */
  async judge(before: Override | undefined, after: Override): Promise<Forecast> {
    const now = this.#parts.now()
    const isEnding = after.undo !== undefined
    const at = isEnding
      ? Math.min(endsAt(after), Number.MAX_SAFE_INTEGER)
      : Math.max(now, after.startsAt + after.rampMs)
    const others = this.#parts.overrides().filter(({ id }) => id !== after.id && id !== before?.id)
    const was = before ? [...others, before] : others
    const health = this.#parts.health()
    const rampMs = isEnding ? after.undo.overMs : after.rampMs
    const [words, next] = [was, [...others, after]].map((each) => this.#wordsOf(each, at))
    return await this.#forecast({ health, words: words! }, { health, words: next! }, rampMs, false)
  }

  /** The rules that a reload breaks, by what both configurations declare: as if everything were healthy. */
  async judgeReload(prepared: Prepared): Promise<readonly Breach[]> {
    const now = this.#parts.now()
    const side = { health: new Map(), words: this.#wordsOf(this.#parts.overrides(), now) }
    const { director, config } = this.#parts
    const { safety } = config()
    const before = footingsOf(this.#groundOf(side))
    const after = footingsOf({ ...this.#groundOf(side), ...prepared.config })
    const breaches = judgeFootings(safety, before, relate(before, after))
    if (safety.movement === 1) return breaches
    const plans = [
      await director.forecast(side.health, side.words),
      await director.forecastOf(prepared, side.health, side.words),
    ] as const
    const moved = new Map(compare(...plans, () => undefined).map((one) => [one.service, one.moved]))
    return [...breaches, ...judgeMovement(safety, moved, 0)]
  }

  /** The part of the users of any service, at most, that come back with a region. */
  async movedBy(region: string): Promise<number> {
    const { director, health } = this.#parts
    const words = { ...this.#wordsOf(this.#parts.overrides(), this.#parts.now()), recovering: NO_WORDS.recovering }
    const without = this.#fail([region])
    if ('problem' in without) return 0
    const plans = [await director.forecast(without.value, words), await director.forecast(health(), words)] as const
    return Math.max(0, ...compare(...plans, (service) => this.#queriesOf(service)).map(({ moved }) => moved))
  }

  /** How services stand with these overrides alone. */
  footings(overrides: readonly Override[], health = this.#parts.health()) {
    return footingsOf(this.#groundOf({ health, words: this.#wordsOf(overrides, this.#parts.now()) }))
  }

  async #forecast(before: Side, after: Side, rampMs: number, isFailure: boolean): Promise<Forecast> {
    const { director } = this.#parts
    const plans = [
      await director.forecast(before.health, before.words),
      await director.forecast(after.health, after.words),
    ] as const
    const services = compare(...plans, (service) => this.#queriesOf(service))
    const rules = this.#judge(this.#groundOf(before), this.#groundOf(after), services, rampMs, isFailure)
    return this.#describe(services, rules)
  }

  /** A failure moves users at once, and may: only a change that somebody makes is judged by its movement. */
  #judge(
    before: Ground,
    after: Ground,
    services: readonly ServiceForecast[],
    rampMs: number,
    isFailure: boolean,
  ): Breach[] {
    const { safety } = this.#parts.config()
    const moved = new Map(services.map(({ service, moved: part }) => [service, part]))
    return [
      ...judgeFootings(safety, footingsOf(before), footingsOf(after)),
      ...(isFailure ? [] : judgeMovement(safety, moved, rampMs)),
    ]
  }

  /** In a director of its own: what answers is not touched. */
  async #planConfig(text: string, before: Side, after: Side): Promise<Outcome<Forecast>> {
    const { config, director } = this.#parts
    const { parseConfig } = await import('../config/load.ts')
    const loaded = parseConfig(text, config().file)
    if (!loaded.config) return refuseConfig(loaded.faults)
    const publisher = new Publisher(1)
    const apart = new Director(publisher, new PlaceBook(0), new PlaceBook(0), director.hosts)
    const prepared = await apart.prepare({ ...loaded.config, state: config().state }, 'no-copies')
    const faults = [...loaded.faults, ...prepared.faults]
    if (prepared.refused || faults.some(isError)) return refuseConfig(faults)
    const plans = [
      await director.forecast(before.health, before.words),
      await apart.forecastOf(prepared, after.health, after.words),
    ] as const
    publisher.close()
    const services = compare(...plans, (service) => this.#queriesOf(service))
    const rules = this.#judge(
      this.#groundOf(before),
      { ...this.#groundOf(after), ...prepared.config },
      services,
      0,
      false,
    )
    return { value: this.#describe(services, rules) }
  }

  #describe(services: readonly ServiceForecast[], rules: readonly Breach[]): Forecast {
    const weights = this.#serviceWeights(services)
    return {
      moved: services.reduce((sum, { moved }, i) => sum + moved * weights.parts[i]!, 0),
      isMeasured: weights.isMeasured,
      services: services.map((one) => ({ ...one, classes: mostMoved(one.classes) })),
      regions: this.#describeRegions(services, weights.parts),
      rules: [...rules],
    }
  }

  #describeRegions(services: readonly ServiceForecast[], weights: readonly number[]): Forecast['regions'] {
    const sum = (side: 'before' | 'after', region: string) =>
      services.reduce((all, one, i) => all + (one[side][region] ?? 0) * weights[i]!, 0)
    return Array.from(this.#parts.config().regions, ([region, { capacity }]) => {
      const [before, after] = [sum('before', region), sum('after', region)]
      const requestRate = this.#parts.reported().get(region)?.report?.requestRate
      const expectedRate = requestRate !== undefined && before > 0 ? (requestRate * after) / before : undefined
      return {
        ...{ region, before, after },
        ...(requestRate !== undefined && { requestRate }),
        ...(expectedRate !== undefined && { expectedRate }),
        ...(capacity !== undefined && { capacity }),
      }
    })
  }

  #serviceWeights(services: readonly ServiceForecast[]) {
    const counts = services.map(({ service }) => this.#queriesOf(service).reduce((a, b) => a + b, 0))
    const total = counts.reduce((a, b) => a + b, 0)
    const isMeasured = total > 0
    return { isMeasured, parts: counts.map((count) => (isMeasured ? count / total : 1 / counts.length)) }
  }

  /** Since the start, by class, over all workers. */
  #queriesOf(service: string): readonly number[] {
    const { director, server } = this.#parts
    const { picks } = server()
    const countAt = (place: number) => picks.reduce((sum, words) => sum + (words[place]! >>> 0), 0)
    return director.picksOf(service).map((places) => places.reduce((sum, place) => sum + countAt(place), 0))
  }

  #groundOf({ health, words }: Side): Ground {
    const { config, director, reported } = this.#parts
    return { ...config(), health, reported: reported(), words, hosts: director.hosts }
  }

  #wordsOf(overrides: readonly Override[], at: number): Words {
    return wordsAt(overrides, at, 0, this.#parts.recovering())
  }

  #readWanted({ drain = [], weight = [], share = [] }: PlanRequest, now: number): Outcome<Override[]> {
    const wanted = [
      ...drain.map((target, i) => ({ kind: 'drain' as const, target, at: `/drain/${i}` })),
      ...weight.map((one, i) => ({ kind: 'weight' as const, ...one, at: `/weight/${i}` })),
      ...share.map((one, i) => ({ kind: 'share' as const, ...one, at: `/share/${i}` })),
    ]
    const read = wanted.map(({ at, ...one }) => {
      const outcome = readOverride({ ...one, reason: 'what if' }, 'what-if', this.#parts.config(), now)
      return 'problem' in outcome ? { problem: { ...outcome.problem, pointer: at } } : outcome
    })
    const failed = read.find((one) => 'problem' in one)
    return failed ?? { value: read.flatMap((one) => ('value' in one ? [one.value] : [])) }
  }

  /** Health as it is, but for those that are to be down. */
  #fail(names: readonly string[]): Outcome<HealthById> {
    const health = new Map(this.#parts.health())
    const { regions } = this.#parts.config()
    for (const [i, name] of names.entries()) {
      const target = readTarget(name, this.#parts.config())
      if ('detail' in target) return { problem: { ...noTarget(target), pointer: `/fail/${i}` } }
      const region = regions.get(target.region)
      for (const { balancer, target: id } of region ? answerersOf(region, this.#parts.director.hosts) : []) {
        const isMeant = target.balancer === undefined || target.balancer === textOf(balancer.address)
        if (isMeant && id !== undefined) health.set(id, DOWN)
      }
    }
    return { value: health }
  }
}

const DOWN: TargetHealth = { state: 'down', reason: 'what if', since: 0, provisional: false }

const SHOWN_CLASSES = 100

function mostMoved(classes: ServiceForecast['classes']): ServiceForecast['classes'][number][] {
  return classes.toSorted((a, b) => b.moved * b.weight - a.moved * a.weight).slice(0, SHOWN_CLASSES)
}

function noTarget({ detail, hint }: { readonly detail: string; readonly hint?: string }): Problem {
  return { status: 422, code: 'no-such-target', detail, ...(hint !== undefined && { hint }) }
}

function refuseConfig(faults: readonly object[]): { readonly problem: Problem } {
  return { problem: { status: 422, code: 'configuration-refused', detail: 'this configuration has faults', faults } }
}
