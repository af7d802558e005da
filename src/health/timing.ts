// When the next probe of a target starts: pure arithmetic for the scheduler. Starts lie on a grid that is fixed for each
// target, so they cannot drift; extra ones fall between its points while the state is undecided.
import { hashText } from '../base/random.ts'
import type { ProbeMonitor } from './monitor.ts'

/** Where in its interval a target is probed: whole ms in [0, intervalMs), the same on every run, spread by a hash. */
export function phaseOf(id: string, intervalMs: number): number {
  return Math.floor((hashText(id) / 2 ** 32) * intervalMs)
}

/** The first point of the grid later than `after` (monotonic ms). */
export function nextTurn(phaseMs: number, intervalMs: number, after: number): number {
  return phaseMs + (Math.floor((after - phaseMs) / intervalMs) + 1) * intervalMs
}

/**
 * When to probe next after a start at `startedAt`: at the grid point `turnAt`, or `fastIntervalMs` after the start if
 * `hurried` and that is sooner; but two starts are never closer than half a fast interval (the delayed one keeps its
 * place in the grid, so the gap between two starts never exceeds the interval).
 */
export function nextStart(startedAt: number, turnAt: number, fastIntervalMs: number, hurried: boolean): number {
  const wanted = hurried ? Math.min(turnAt, startedAt + fastIntervalMs) : turnAt
  return Math.max(wanted, startedAt + fastIntervalMs / 2)
}

/** Probes of one target that may be outstanding together: a start never waits for the one before it. */
export function mostInFlight({ timeoutMs, fastIntervalMs }: ProbeMonitor): number {
  return Math.ceil(timeoutMs / fastIntervalMs) + 1
}
