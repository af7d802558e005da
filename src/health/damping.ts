// Flap damping (the idea of RFC 2439): each fall costs 1, what was paid decays by halves, and whoever owes too much stays
// down until little is left. Pure arithmetic; threshold.ts asks before it lets a fallen target come back.
//
// The rule that follows, for any input: within w ms a target falls at most (suppressAt + 1) × (1 + w × ln 2 / halfLifeMs)
// times, and after it was suppressed it stays down for at least halfLifeMs × log2(suppressAt / reuseAt).
import type { Damping } from './monitor.ts'

/** What a target owes. Plain data. */
export interface Penalty {
  /** As of `at`. */
  readonly owed: number
  /** Monotonic ms. */
  readonly at: number
  /** It owed `suppressAt` or more, and has not yet come below `reuseAt`. */
  readonly suppressed: boolean
}

export const NO_PENALTY: Penalty = { owed: 0, at: 0, suppressed: false }

/** After a fall at `now`. */
export function fall(penalty: Penalty, now: number, damping: Damping): Penalty {
  const owed = owedAt(penalty, now, damping) + 1
  return { owed, at: now, suppressed: penalty.suppressed || owed >= damping.suppressAt }
}

/** As of `now`: what has decayed, and whether that ends the suppression. */
export function decay(penalty: Penalty, now: number, damping: Damping): Penalty {
  const owed = owedAt(penalty, now, damping)
  return { owed, at: now, suppressed: penalty.suppressed && owed >= damping.reuseAt }
}

function owedAt({ owed, at }: Penalty, now: number, { halfLifeMs }: Damping): number {
  return owed * 2 ** (-Math.max(0, now - at) / halfLifeMs)
}
