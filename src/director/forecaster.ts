// Plans of what might be, for whoever asks: made by the planner itself, in a book of their own, and published nowhere.
import { Turns } from '../base/turns.ts'
import type { AliasAnswers } from './aliases.ts'
import type { LoadBoard } from './load-board.ts'
import type { Words } from './overrides/words.ts'
import type { ServicePlan } from './plan.ts'
import type { PlanBook } from './plan-book.ts'
import type { Prepared } from './preparation.ts'
import { runApart } from './slices.ts'
import type { HealthById, Takes } from './survey.ts'

/** What is as it is, whatever is supposed. */
export interface ForecastGround {
  readonly scores: LoadBoard['scores']
  readonly reported: ReadonlyMap<string, Takes>
  readonly hosts: AliasAnswers
}

export class Forecaster {
  readonly #createBook: (prepared: Prepared) => PlanBook
  /** One at a time: they share a book. */
  readonly #turns = new Turns()
  #shadow: { readonly of: Prepared; readonly book: PlanBook } | undefined

  constructor(createBook: (prepared: Prepared) => PlanBook) {
    this.#createBook = createBook
  }

  /** The plans that would answer for a change, were health and words so. */
  forecast(
    prepared: Prepared,
    health: HealthById,
    words: Words,
    ground: () => ForecastGround,
  ): Promise<ReadonlyMap<string, ServicePlan>> {
    return this.#turns.take(async () => {
      if (this.#shadow?.of !== prepared) this.#shadow = { of: prepared, book: this.#createBook(prepared) }
      const { book } = this.#shadow
      const { scores, reported, hosts } = ground()
      book.look(health, scores, [], reported, words, hosts)
      await runApart(book.replan())
      return book.plans
    })
  }
}
