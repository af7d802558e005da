// Long work on the main thread in short slices: between two of them sockets, signals and health events get their turn.

import { systemClock } from '../base/clock.ts'

/** The main thread is kept busy no longer than this, ms (and whatever the work does between two of its pauses). */
export const SLICE_MS = 6

/** Runs work through all its pauses. */
export function runAtOnce<T>(work: Generator<void, T>): T {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
  }
}

/** Runs work that pauses wherever it may be left for a moment. Done at once if it takes no longer than a slice. */
export function runInSlices(
  work: Iterator<void>,
  now: () => number,
  whenDone: () => void,
): { readonly stop: () => void } {
  let turn: NodeJS.Immediate | undefined
  const advance = (): void => {
    const until = now() + SLICE_MS
    while (!work.next().done) {
      if (now() < until) continue
      turn = setImmediate(advance)
      return
    }
    whenDone()
  }
  advance()
  return { stop: () => clearImmediate(turn) }
}

/** Runs work to its end in slices that others take turns with. */
export async function runApart(work: Generator<void>): Promise<void> {
  let until = systemClock.now() + SLICE_MS
  while (!work.next().done) {
    if (systemClock.now() < until) continue
    await new Promise((resolve) => setImmediate(resolve))
    until = systemClock.now() + SLICE_MS
  }
}
