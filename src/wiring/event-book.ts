// The last things that happened, for status, the demo and the API's streams, and whoever listens to them. Each has a number
// that grows over restarts too, so that a reader can go on after the last one that it has seen.
import type { NumberedEvent } from '../admin/events.ts'
import type { EventStatus } from '../admin/status.ts'
import type { Clock } from '../base/clock.ts'

const MAX_EVENTS = 2000

/** Shown in status. */
const LATEST = 100

export class EventBook {
  readonly #clock: Clock
  #events: NumberedEvent[] = []
  readonly #listeners = new Set<(event: EventStatus) => void>()
  /** Events are rarer than milliseconds, so that numbers from the clock grow over restarts. */
  #last: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#last = Math.floor(clock.wall())
  }

  /** The latest last. */
  get latest(): readonly EventStatus[] {
    return this.#events.slice(-LATEST)
  }

  add(text: string): void {
    const event = { id: ++this.#last, at: new Date(this.#clock.wall()).toISOString(), text }
    this.#events.push(event)
    if (this.#events.length > MAX_EVENTS) this.#events = this.#events.slice(-MAX_EVENTS / 2)
    for (const listener of this.#listeners) listener(event)
  }

  listen(listener: (event: EventStatus) => void): void {
    this.#listeners.add(listener)
  }

  /** Those after an id; not whole when some between were forgotten, or happened before the start. */
  since(id: number): { readonly events: readonly NumberedEvent[]; readonly isWhole: boolean } {
    const events = this.#events.filter((event) => event.id > id)
    const first = this.#events[0]
    return { events, isWhole: first === undefined || id >= first.id - 1 }
  }

  /** Resolves when something happens, or when the signal aborts. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#listeners.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#listeners.add(done)
      signal.addEventListener('abort', done)
      if (signal.aborted) done()
    })
  }
}
