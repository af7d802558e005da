// The lab's clock: one for all of its processes, so that what the users tell can be laid beside the faults.
import { monotonicMicroseconds } from '../../../src/base/clock.ts'

/** Monotonic ms. */
export function now(): number {
  return Number(monotonicMicroseconds()) / 1000
}
