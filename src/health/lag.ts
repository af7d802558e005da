// How late our own loop is. A probe that ran out of time while its loop was blocked says nothing of its target (a blocked
// loop must never look like a dead region), so such verdicts are weighed against what this class has seen.
import type { Clock } from '../base/clock.ts'
import type { Observation } from './health.ts'

/** Ms between two looks; also how late a look must be to count as a blockage rather than as ordinary work. */
export const TICK_MS = 20

/** The part of its timeout for which the loop may be blocked before a probe's waiting counts for nothing. */
const TOLERATED_PART = 1 / 2

/** Blockages remembered; the oldest goes first. */
const MOST_BLOCKAGES = 256

interface Blockage {
  /** Monotonic ms. */
  readonly from: number
  readonly to: number
}

export class LoopLag {
  readonly #clock: Clock
  readonly #onTick: () => void
  readonly #blockages: Blockage[] = []
  #tickedAt: number
  #timer: NodeJS.Timeout

  /** `onTick` runs every TICK_MS while the loop turns. */
  constructor(clock: Clock, onTick: () => void) {
    this.#clock = clock
    this.#onTick = onTick
    this.#tickedAt = clock.now()
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Ms for which the loop was blocked within a span of monotonic time that may end now, before the next look. */
  blockedWithin(from: number, to: number): number {
    const sum = this.#blockages.reduce((ms, blockage) => ms + overlap(blockage, from, to), 0)
    const running = this.#blockageUpTo(this.#clock.now())
    return running === undefined ? sum : sum + overlap(running, from, to)
  }

  #tick(): void {
    const now = this.#clock.now()
    const blockage = this.#blockageUpTo(now)
    if (blockage !== undefined) this.#blockages.push(blockage)
    if (this.#blockages.length > MOST_BLOCKAGES) this.#blockages.shift()
    this.#tickedAt = now
    this.#onTick()
  }

  #blockageUpTo(now: number): Blockage | undefined {
    const from = this.#tickedAt + TICK_MS
    return now - from > TICK_MS ? { from, to: now } : undefined
  }
}

/**
 * The observation, or `none` in its place when it rests on waiting and our loop was blocked for too large a part of the
 * timeout. An answer and a refusal stay what they are: no lag of ours makes them.
 */
export function discardLagged(seen: Observation, blockedMs: number, timeoutMs: number): Observation {
  if (seen.waited === undefined || blockedMs <= timeoutMs * TOLERATED_PART) return seen
  return { outcome: 'none', reason: 'our loop lagged', startedAt: seen.startedAt, tookMs: seen.tookMs }
}

function overlap(blockage: Blockage, from: number, to: number): number {
  return Math.max(0, Math.min(blockage.to, to) - Math.max(blockage.from, from))
}
