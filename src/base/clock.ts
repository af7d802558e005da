// The one place that reads clocks. State machines take time as an argument; whoever calls them takes it from here.

export interface Clock {
  /** Monotonic milliseconds: for intervals, timeouts and states. */
  readonly now: () => number
  /** Milliseconds since the epoch: for expiries, saved files and what people read. */
  readonly wall: () => number
}

export const systemClock: Clock = { now: () => performance.now(), wall: () => Date.now() }

/** CLOCK_MONOTONIC, which all processes of the machine share, in microseconds: for who compares it with theirs. */
export function monotonicMicroseconds(): bigint {
  return process.hrtime.bigint() / 1000n
}
