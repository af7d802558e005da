// Which rows of a plan an event leaves as they were: nine in ten, when one region of many turns.
import { judgeHealth } from '../steer/availability.ts'
import type { Moment, Settling } from './settle.ts'
import type { Shape } from './shape.ts'
import { sameSurvey, standingFor } from './survey.ts'
import type { Family } from './survey-choice.ts'

/** What was planned last, by shape, and from which health: so that an event replans the rows that it touches. */
export class PlanMemory<Plan> {
  /** By shape. */
  readonly plans: Plan[] = []
  /** By shape: how many tiers its outcome reached. */
  readonly reached: number[] = []
  readonly #settling: Settling
  readonly #family: Family | 'apart'
  #before: Moment | undefined

  /** `family`: what answers carry; `apart`: each family is settled alone. */
  constructor(settling: Settling, family: Family | 'apart') {
    this.#settling = settling
    this.#family = family
  }

  /**
   * Goes on to the health of a moment. Gives whether a shape's outcome may have changed by it: a region turned in a tier
   * that is reached. Where load, services within, families apart or a fallback decide, any change may matter.
   */
  turnTo(moment: Moment): (shape: Shape, reached: number) => boolean {
    const before = this.#before
    this.#before = moment
    const { names, nested, shares, weights } = this.#settling
    const family = this.#family
    const isPlain = shares && nested.every((within) => !within)
    if (!before || !isPlain || family === 'apart' || before.manyFail !== moment.manyFail) return () => true
    if (this.#isSpokenOf(before) || this.#isSpokenOf(moment)) return () => true
    const turned = names.map((name) => !sameSurvey(before.surveys.get(name), moment.surveys.get(name)!))
    const standings = names.map((name) => standingFor(moment.surveys.get(name)!, family, undefined))
    const availability = standings.map(({ health, part }) => health * part)
    const parts = standings.map(({ part }) => part)
    if (judgeHealth(availability, weights, this.#settling, parts).panic) return () => true
    return ({ tiers, members }, reached) => {
      // A fence may leave nobody healthy where the whole is.
      if (reached > tiers.length || members.length < names.length) return true
      for (let tier = 0; tier < reached; tier++) {
        for (const position of tiers[tier]!) if (turned[position]) return true
      }
      return false
    }
  }

  /** An operator set weights, or said something of the service's own regions: any row may depend on that. */
  #isSpokenOf({ words }: Moment): boolean {
    const { service, names } = this.#settling
    return words.services.has(service) || names.some((name) => words.regions.get(name)?.weight !== undefined)
  }
}
