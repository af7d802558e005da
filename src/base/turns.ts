// Asynchronous work that must not overlap: one job after the other, in the order in which they were asked for.

export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  /** Runs a job once those before it are over, and settles as it does. One that rejects holds nobody up. */
  take<T>(job: () => Promise<T>): Promise<T> {
    const done = this.#last.then(job)
    this.#last = done.catch(() => undefined)
    return done
  }

  /** Resolves when every job that was asked for before is over. */
  async over(): Promise<void> {
    await this.#last
  }
}
