// The seam of the probers: one probe of one target becomes one observation. What all kinds share stands here (the time
// limit, giving up, clearing away); a kind adds only its attempt. Whose fault an error is stands in trouble.ts. When to
// probe, and what follows from it, is for others to say.
//
// A prober must: open a new connection each time unless its monitor says otherwise (keep-alive hides a dead listener),
// bound what it reads, leave nothing open when it has settled, and never reject. test/health/prober/prober.test.ts holds
// every kind to that.
import type { Clock } from '../../base/clock.ts'
import type { Observation, ProbeTarget } from '../health.ts'
import type { ProbeMonitor } from '../monitor.ts'

/** What a probe reads of an answer at most, in bytes. */
export const MAX_ANSWER_BYTES = 64 * 1024

/**
 * Probes once, within the monitor's timeout for everything (connection, answer, bounded body). Never rejects. When the
 * signal aborts, it gives up and the outcome is `none`.
 */
export type Probe<M extends ProbeMonitor = ProbeMonitor> = (
  target: TargetOf<M>,
  signal: AbortSignal,
  clock: Clock,
) => Promise<Observation>

export type TargetOf<M extends ProbeMonitor> = ProbeTarget & { readonly monitor: M }

export type Verdict = Pick<Observation, 'outcome' | 'reason' | 'waited'>

/** What an attempt tells, and asks. */
export interface Telling {
  /** It knows. The first call counts. */
  readonly done: (verdict: Verdict) => void
  /** How far it has come, for the reason of a timeout: `connected, no answer`. */
  readonly reach: (stage: string) => void
  /** Wall-clock ms. */
  readonly wall: () => number
}

/** Begins; calls `done` when it knows; returns what closes everything that it opened. */
export type Attempt<M extends ProbeMonitor> = (target: TargetOf<M>, telling: Telling) => () => void

/** `firstStage`: what a timeout is told with before the attempt has reached anything. */
export function createProbe<M extends ProbeMonitor>(attempt: Attempt<M>, firstStage = 'not connected'): Probe<M> {
  return (target, signal, clock) =>
    new Promise((resolve) => {
      const { timeoutMs } = target.monitor
      const startedAt = clock.now()
      const state = { stage: firstStage, ended: false, close: (): void => undefined }
      const done = (verdict: Verdict): void => {
        if (state.ended) return
        state.ended = true
        clearTimeout(timer)
        signal.removeEventListener('abort', giveUp)
        state.close()
        resolve(observationOf(verdict, startedAt, clock.now()))
      }
      const giveUp = (): void => done(none('given up'))
      const lose = (): void => done(patienceLost(`timeout after ${formatMs(timeoutMs)}: ${state.stage}`))
      const timer = setTimeout(lose, timeoutMs)
      signal.addEventListener('abort', giveUp)
      state.close = begin(attempt, target, { done, reach: (stage) => (state.stage = stage), wall: clock.wall })
      if (state.ended) state.close()
    })
}

export function success(reason: string): Verdict {
  return { outcome: 'success', reason }
}

export function failure(reason: string): Verdict {
  return { outcome: 'failure', reason }
}

/** A failure that a blocked loop of ours could have caused. */
export function patienceLost(reason: string): Verdict {
  return { outcome: 'failure', reason, waited: true }
}

/** For trouble of our own, which says nothing of the target. */
export function none(reason: string): Verdict {
  return { outcome: 'none', reason }
}

/** What was said, in short and in quotes, for a reason. */
export function quote(said: Uint8Array): string {
  const line = Buffer.from(said)
    .toString('latin1')
    .split(/[\r\n]/)[0]!
  return JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}…` : line)
}

function observationOf(verdict: Verdict, startedAt: number, now: number): Observation {
  const tookMs = now - startedAt
  const latency = verdict.outcome === 'success' ? ` in ${Math.round(tookMs)} ms` : ''
  return { ...verdict, reason: verdict.reason + latency, startedAt, tookMs }
}

/** An attempt that cannot even begin (a broken request, a file that is missing) is trouble of our own. */
function begin<M extends ProbeMonitor>(attempt: Attempt<M>, target: TargetOf<M>, telling: Telling): () => void {
  try {
    return attempt(target, telling)
  } catch (error) {
    telling.done(none(`our own trouble: ${(error as Error).message}`))
    return () => undefined
  }
}

function formatMs(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`
}
