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
import { endsAt, strengthAt, type Override } from '../director/overrides/override.ts'
import { movementsOf, scale } from '../director/overrides/movements.ts'
import { readTarget } from '../director/overrides/target.ts'
import type { MovementBook, Moves } from '../director/movement-book.ts'
import { judgeMovement, type Movement } from '../director/movement.ts'
import { footingsOf, judgeFootings, relate, type Breach, type Ground } from '../director/safety.ts'
import { PlaceBook } from '../director/place-book.ts'
import type { HealthById } from '../director/survey.ts'
import type { TargetHealth } from '../health/health.ts'
import type { Reported } from '../health/report/judge.ts'
import type { Server } from '../server/server.ts'
import { Publisher } from '../snapshot/publication.ts'
import { viewForecast } from './forecast-view.ts'
import { readOverride } from './override-reading.ts'

export interface WhatIfParts {
  readonly config: () => Config
  readonly director: Director
  readonly server: () => Server
  readonly health: () => HealthById
  readonly reported: () => ReadonlyMap<string, Reported>
  readonly overrides: () => readonly Override[]
  readonly recovering: () => Words['recovering']
  readonly movements: MovementBook
  /** Wall-clock ms. */
  readonly now: () => number
}

interface Side {
  readonly health: HealthById
  readonly words: Words
}

/** What a write would do, and which safety rules it would break. */
export interface Judgement {
  readonly forecast: Forecast
  readonly moves: Moves
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
    const coming = (parts: Movement['parts']) => [{ parts, from: now, overMs: request.rampMs ?? 0 }]
    return {
      value: await this.#forecast(before, after, isFailure ? NO_MOVES : (parts) => this.#judgeMoves(coming(parts))),
    }
  }

  /** What one override in the place of another does: once it is in full force, beside all others as they are then. */
  async judge(before: Override | undefined, after: Override): Promise<Judgement> {
    const now = this.#parts.now()
    const at = after.undo ? Math.min(endsAt(after), Number.MAX_SAFE_INTEGER) : fullAt(after, now)
    const others = this.#parts.overrides().filter(({ id }) => id !== after.id && id !== before?.id)
    const was = before ? [...others, before] : others
    const health = this.#parts.health()
    const [words, next] = [was, [...others, after]].map((each) => this.#wordsOf(each, at))
    const moves = await this.#movesOf(before, after, others, now)
    let made: Moves | undefined
    const forecast = await this.#forecast({ health, words: words! }, { health, words: next! }, (moved) => {
      made = moves(moved, at)
      return this.#judgeMoves(made.movements, made)
    })
    return { forecast, moves: made! }
  }

  /** What a write moves, given what it moves at once in full force. */
  async #movesOf(
    before: Override | undefined,
    after: Override,
    others: readonly Override[],
    now: number,
  ): Promise<(moved: Movement['parts'], at: number) => Moves> {
    const by = after.id
    const { undo } = after
    if (undo && before) {
      return (moved, at) => {
        const part = strengthAt(before, undo.at) / Math.max(strengthAt(before, at), LEAST_STRENGTH)
        const going = { parts: scale(moved, Math.min(1, part)), from: undo.at, overMs: undo.overMs }
        return { by, movements: [going], instead: by, since: now }
      }
    }
    if (before?.id !== by) {
      return (parts) => ({ by, movements: movementsOf(after, parts), instead: before?.id ?? by, since: now })
    }
    // Another moment of its end: its words are the same until then.
    const isSame = before.expiresAt === after.expiresAt
    if (isSame) return () => ({ by, movements: [], instead: by, since: Infinity })
    const movements = movementsOf(after, await this.#movedByWord(after, others, now))
    return () => ({ by, movements, instead: by, since: after.startsAt - 1 })
  }

  /** The parts of users that an override in full force moves. */
  async #movedByWord(override: Override, others: readonly Override[], now: number): Promise<Movement['parts']> {
    const at = fullAt(override, now)
    const health = this.#parts.health()
    const [without, with_] = [others, [...others, { ...override, expiresAt: Infinity }]].map((each) =>
      this.#wordsOf(each, at),
    )
    return partsOf(await this.#compare({ health, words: without! }, { health, words: with_! }))
  }

  #judgeMoves(asked: readonly Movement[], instead?: Pick<Moves, 'instead' | 'since'>): readonly Breach[] {
    const { config, movements, now } = this.#parts
    const known = instead ? movements.without(instead.instead, instead.since) : movements.all
    return judgeMovement(config().safety, known, asked, now())
  }

  /**
   * The rules that a reload breaks, by what both configurations declare: as if everything were healthy. And the parts of users
   * that it moves, where that is limited.
   */
  async judgeReload(
    prepared: Prepared,
  ): Promise<{ readonly breaches: readonly Breach[]; readonly moved: Movement['parts'] }> {
    const now = this.#parts.now()
    const side = { health: new Map(), words: this.#wordsOf(this.#parts.overrides(), now) }
    const { director, config } = this.#parts
    const { safety } = config()
    const before = footingsOf(this.#groundOf(side))
    const after = footingsOf({ ...this.#groundOf(side), ...prepared.config })
    const breaches = judgeFootings(safety, before, relate(before, after))
    if (safety.movement === 1) return { breaches, moved: {} }
    const plans = [
      await director.forecast(side.health, side.words),
      await director.forecastOf(prepared, side.health, side.words),
    ] as const
    const moved = partsOf(compare(...plans, () => undefined))
    return { breaches: [...breaches, ...this.#judgeMoves([{ parts: moved, from: now, overMs: 0 }])], moved }
  }

  /** The parts of users that come back with a region. */
  async movedBy(region: string): Promise<Movement['parts']> {
    const { health, overrides, now } = this.#parts
    const words = { ...this.#wordsOf(overrides(), now()), recovering: NO_WORDS.recovering }
    const without = this.#fail([region])
    if ('problem' in without) return {}
    return partsOf(await this.#compare({ health: without.value, words }, { health: health(), words }))
  }

  /** How services stand with these overrides alone. */
  footings(overrides: readonly Override[], health = this.#parts.health()) {
    return footingsOf(this.#groundOf({ health, words: this.#wordsOf(overrides, this.#parts.now()) }))
  }

  async #forecast(
    before: Side,
    after: Side,
    judgeMoves: (moved: Movement['parts']) => readonly Breach[],
  ): Promise<Forecast> {
    const services = await this.#compare(before, after)
    return this.#describe(services, [
      ...this.#judgeGrounds(this.#groundOf(before), this.#groundOf(after)),
      ...judgeMoves(partsOf(services)),
    ])
  }

  async #compare(before: Side, after: Side): Promise<ServiceForecast[]> {
    const { director } = this.#parts
    const plans = [
      await director.forecast(before.health, before.words),
      await director.forecast(after.health, after.words),
    ] as const
    return compare(...plans, (service) => this.#queriesOf(service))
  }

  #judgeGrounds(before: Ground, after: Ground): readonly Breach[] {
    return judgeFootings(this.#parts.config().safety, footingsOf(before), footingsOf(after))
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
    const rules = [
      ...this.#judgeGrounds(this.#groundOf(before), { ...this.#groundOf(after), ...prepared.config }),
      ...this.#judgeMoves([{ parts: partsOf(services), from: this.#parts.now(), overMs: 0 }]),
    ]
    return { value: this.#describe(services, rules) }
  }

  #describe(services: readonly ServiceForecast[], rules: readonly Breach[]): Forecast {
    const { config, reported } = this.#parts
    const queries = services.map(({ service }) => this.#queriesOf(service).reduce((a, b) => a + b, 0))
    return viewForecast({ services, rules, queries, regions: config().regions, reported: reported() })
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

/** A failure moves users at once, and may: only a change that somebody makes is judged by its movement. */
const NO_MOVES = (): readonly Breach[] => []

const LEAST_STRENGTH = 1e-9

function fullAt({ startsAt, rampMs }: Override, now: number): number {
  return Math.max(now, startsAt + rampMs)
}

function partsOf(services: readonly ServiceForecast[]): Movement['parts'] {
  return Object.fromEntries(services.map(({ service, moved }) => [service, moved]))
}

const DOWN: TargetHealth = { state: 'down', reason: 'what if', since: 0, provisional: false }

function noTarget({ detail, hint }: { readonly detail: string; readonly hint?: string }): Problem {
  return { status: 422, code: 'no-such-target', detail, ...(hint !== undefined && { hint }) }
}

function refuseConfig(faults: readonly object[]): { readonly problem: Problem } {
  return { problem: { status: 422, code: 'configuration-refused', detail: 'this configuration has faults', faults } }
}
