// What a director says of itself: lines of its log, and the events that operators follow. Everybody who has something to
// tell is handed one of these functions; where lines go and how many events are kept is decided elsewhere.
import { formatFault, isError, type Fault } from '../base/fault.ts'
import type { Log, Logger } from '../base/log.ts'
import type { EventBook } from './event-book.ts'

export type Level = 'info' | 'warn' | 'error'

export class Journal {
  readonly log: Logger
  /** Lines that went nowhere since the start. */
  readonly dropped: () => number
  readonly events: EventBook

  constructor({ logger, dropped }: Log, events: EventBook) {
    this.log = logger
    this.dropped = dropped
    this.events = events
  }

  /** A line in the log, and an event. */
  readonly tell = (level: Level, text: string, facts: object = {}): void => {
    this.log[level](facts, text)
    this.events.add(text)
  }

  /** One line a fault; no events. */
  faults(faults: readonly Fault[]): void {
    for (const fault of faults) this.log[isError(fault) ? 'error' : 'warn']({ fault }, formatFault(fault))
  }
}
