// The one place that reads clocks. State machines take time as an argument; whoever calls them takes it from here.

export interface Clock {
  /** Monotonic milliseconds: for intervals, timeouts and states. */
  readonly now: () => number
  /** Milliseconds since the epoch: for expiries, saved files and what people read. */
  readonly wall: () => number
}

export const systemClock: Clock = { now: () => performance.now(), wall: () => Date.now() }
