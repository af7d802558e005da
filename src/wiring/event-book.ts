// The last things that happened, for status and the demo, and whoever listens to them.
import type { EventStatus } from '../admin/status.ts'
import type { Clock } from '../base/clock.ts'

const MAX_EVENTS = 100

export class EventBook {
  readonly #clock: Clock
  readonly #events: EventStatus[] = []
  readonly #listeners = new Set<(event: EventStatus) => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The latest last. */
  get latest(): readonly EventStatus[] {
    return this.#events
  }

  add(text: string): void {
    const event = { at: new Date(this.#clock.wall()).toISOString(), text }
    this.#events.push(event)
    if (this.#events.length > MAX_EVENTS) this.#events.shift()
    for (const listener of this.#listeners) listener(event)
  }

  listen(listener: (event: EventStatus) => void): void {
    this.#listeners.add(listener)
  }
}
