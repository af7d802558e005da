// The last step of every change: a plan, or a prepared change whole, becomes the snapshot that answers, and it is told which
// one, of when. Who asks for it, and why, is not known here.
import type { Clock } from '../base/clock.ts'
import { trimFreedMemory } from '../base/freed-memory.ts'
import type { Director } from '../director/director.ts'
import type { Prepared } from '../director/preparation.ts'
import type { HealthById } from '../director/survey.ts'
import type { Publisher } from '../snapshot/publication.ts'
import type { Journal } from './journal.ts'

export interface PlanDeskParts {
  readonly clock: Clock
  readonly director: Director
  readonly publisher: Publisher
  readonly health: () => HealthById
  readonly journal: Journal
}

export class PlanDesk {
  readonly #parts: PlanDeskParts
  #publishedAt: number
  #copying: Promise<void> = Promise.resolve()

  constructor(parts: PlanDeskParts) {
    this.#parts = parts
    this.#publishedAt = parts.clock.now()
  }

  /** The number of the snapshot that answers; 0 before the first. */
  get generation(): number {
    return this.#parts.publisher.generation
  }

  get snapshot(): { readonly number: number; readonly ageMs: number } {
    return { number: this.generation, ageMs: this.#parts.clock.now() - this.#publishedAt }
  }

  /** `publication`: of the director; false when no answer changed. `level`: ramps publish every second. */
  async publish(publication: Promise<boolean>, cause: string, level: 'info' | 'debug' = 'info'): Promise<void> {
    if (!(await publication)) return
    this.#publishedAt = this.#parts.clock.now()
    this.#parts.journal.log[level]({ snapshot: this.generation, cause }, 'plan published')
  }

  /** Resolves when it answers. */
  async commit(prepared: Prepared): Promise<void> {
    const { clock, director, health } = this.#parts
    await director.commit(prepared, health())
    this.#publishedAt = clock.now()
  }

  /** Behind what answers: ten thousand files take the disk a while. Then memory that the change freed is given back. */
  keepCopies(prepared: Prepared, kept: () => void = () => undefined): void {
    this.#copying = this.#keepCopies(prepared).then(kept)
  }

  async #keepCopies(prepared: Prepared): Promise<void> {
    const { director, journal } = this.#parts
    journal.faults(await director.keepCopies(prepared))
    trimFreedMemory()
  }

  /** Resolves when the copies that were asked for last are kept. */
  copied(): Promise<void> {
    return this.#copying
  }
}
