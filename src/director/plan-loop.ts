// When plans are made and published: at once when that is quick, else in slices, and never two at a time. What comes in
// meanwhile is planned next, so that the newest plan wins and a storm of events makes few plans.
import { systemClock } from '../base/clock.ts'
import type { Arena, Part } from '../snapshot/arena.ts'
import { PlanLayout, type PlanInput } from '../snapshot/plan-image.ts'
import type { Publisher } from '../snapshot/publication.ts'
import type { PlanBook } from './plan-book.ts'
import { runInSlices } from './slices.ts'

/** One round: what is to be planned, with all that has happened by now. */
export interface Round {
  readonly book: PlanBook
  /** True: it is to be published though no plan changed. */
  readonly isDue: boolean
  /** Parts that are published with the plan. */
  readonly parts: Partial<Readonly<Record<Part, Arena>>>
  /** The image, once everything is planned. */
  readonly input: () => PlanInput
  /** It answers now. */
  readonly published: () => void
  /** What was looked at is what answers: it was published, or nothing changed by it. */
  readonly settled: () => void
}

/** Between tries when every arena of the plan is still being read, ms. */
const RETRY_MS = 5

export class PlanLoop {
  readonly #publisher: Publisher
  readonly #begin: () => Round
  readonly #layout = new PlanLayout()
  #isAsked = false
  /** The last round had something to publish, and no memory for it. */
  #isOwed = false
  #isWorking = false
  #waiting: ((isPublished: boolean) => void)[] = []
  #slices: { readonly stop: () => void } | undefined
  #retry: NodeJS.Timeout | undefined

  /** `begin` looks at what has happened and says what is to be planned. */
  constructor(publisher: Publisher, begin: () => Round) {
    this.#publisher = publisher
    this.#begin = begin
  }

  /**
   * Something happened. Small plans are published before this returns. Resolves when a snapshot that knows of it answers:
   * true; or, when no answer changes by it, without one: false.
   */
  ask(): Promise<boolean> {
    this.#isAsked = true
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      if (!this.#isWorking) this.#start()
    })
  }

  stop(): void {
    clearTimeout(this.#retry)
    this.#slices?.stop()
  }

  #start(): void {
    clearTimeout(this.#retry)
    this.#isWorking = true
    this.#slices = runInSlices(this.#work(), systemClock.now, () => {
      this.#isWorking = false
      // No memory was free. The plan is made anew, with the health of then.
      if (this.#isAsked) this.#retry = setTimeout(() => this.#start(), RETRY_MS)
    })
  }

  *#work(): Generator<void> {
    while (this.#isAsked) {
      this.#isAsked = false
      const waiting = this.#waiting
      this.#waiting = []
      const round = this.#begin()
      yield* round.book.replan()
      const isChanged = this.#isOwed || round.isDue || round.book.isChanged
      this.#isOwed = isChanged && !(yield* this.#publish(round))
      if (this.#isOwed) {
        this.#waiting.unshift(...waiting)
        this.#isAsked = true
        return
      }
      round.settled()
      for (const tell of waiting) tell(isChanged)
    }
  }

  /** False when workers still read all the memory there is. */
  *#publish({ book, input, parts, published }: Round): Generator<void, boolean> {
    const image = input()
    const placement = this.#layout.place(image)
    const plan = this.#publisher.free('plan', placement.byteLength)
    if (!plan) return false
    yield* this.#layout.write(image, placement, plan.buffer)
    if (!this.#publisher.publish({ ...parts, plan })) return false
    book.published()
    published()
    return true
  }
}
