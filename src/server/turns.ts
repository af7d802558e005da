// Connections that have more to be answered than one turn allows wait here for their next. The event loop accepts one
// connection each time round, so what is done for those who wait must be short: a newcomer stands behind every other
// newcomer, and each of them would wait for all turns (200 connections that ask without end: 600 → 40 ms for a new one,
// test/hostile/run.ts).

/** How long those who wait are served before newcomers have their turn, ms. */
const SLICE_MS = 0.25

export class Turns {
  readonly #now: () => number
  readonly #waiting: (() => void)[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  /** Has `take` called when all that wait have been served; it may ask again. */
  wait(take: () => void): void {
    if (this.#waiting.push(take) === 1) setImmediate(() => this.#serve())
  }

  #serve(): void {
    const until = this.#now() + SLICE_MS
    do this.#waiting[0]!()
    while (this.#drop() && this.#now() < until)
    if (this.#waiting.length > 0) setImmediate(() => this.#serve())
  }

  /** Whoever has had its turn stays first until now, so that one who asks again does not begin a second round beside. */
  #drop(): boolean {
    this.#waiting.shift()
    return this.#waiting.length > 0
  }
}
