// The seam of the probers: one probe of one target becomes one observation. What all kinds share stands here (the time
// limit, giving up, clearing away, whose fault an error is); a kind adds only its attempt. When to probe, and what
// follows from it, is for others to say.
//
// A prober must: open a new connection each time (keep-alive hides a dead listener), bound what it reads, leave nothing
// open when it has settled, and never reject. test/health/prober/prober.test.ts holds every kind to that.
import type { Clock } from '../../base/clock.ts'
import type { Monitor, Observation, Target } from '../health.ts'

/**
 * Probes once, within the monitor's timeout for everything (connection, answer, bounded body). Never rejects. When the
 * signal aborts, it gives up and the outcome is `none`.
 */
export type Probe<M extends Monitor = Monitor> = (
  target: TargetOf<M>,
  signal: AbortSignal,
  clock: Clock,
) => Promise<Observation>

export type TargetOf<M extends Monitor> = Target & { readonly monitor: M }

export type Verdict = Pick<Observation, 'outcome' | 'reason' | 'waited'>

/** Begins; calls `done` when it knows (the first call counts); returns what closes everything that it opened. */
export type Attempt<M extends Monitor> = (target: TargetOf<M>, done: (verdict: Verdict) => void) => () => void

export function createProbe<M extends Monitor>(attempt: Attempt<M>): Probe<M> {
  return (target, signal, clock) =>
    new Promise((resolve) => {
      const { timeoutMs } = target.monitor
      const startedAt = clock.now()
      const end = new AbortController()
      const done = (verdict: Verdict): void => {
        if (end.signal.aborted) return
        clearTimeout(timer)
        end.abort()
        resolve(observationOf(verdict, startedAt, clock.now()))
      }
      const timer = setTimeout(() => done(patienceLost(`timeout after ${formatMs(timeoutMs)}`)), timeoutMs)
      signal.addEventListener('abort', () => done(none('given up')), { signal: end.signal })
      runAttempt(() => attempt(target, done), end.signal, done)
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

/** Whose fault a socket's error is, and its name for people. */
export function judgeError(error: NodeJS.ErrnoException): Verdict {
  const code = error.code ?? error.message
  if (OWN_TROUBLE.has(code)) return none(`our own trouble: ${code}`)
  const closed = CLOSED.get(code)
  return closed === undefined ? failure(THEIR_TROUBLE.get(code) ?? code) : patienceLost(closed)
}

/** Out of descriptors, ports or memory; no route, no such family, or forbidden to leave this host. */
const OWN_TROUBLE: ReadonlySet<string> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
  'ENETDOWN',
  'ENETUNREACH',
  'EACCES',
  'EPERM',
])

const THEIR_TROUBLE: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'refused'],
  ['EHOSTUNREACH', 'host unreachable'],
  ['EHOSTDOWN', 'host unreachable'],
])

const CLOSED: ReadonlyMap<string, string> = new Map([
  ['ECONNRESET', 'closed before answering'],
  ['EPIPE', 'closed before answering'],
  ['ETIMEDOUT', 'timeout of the connection'],
])

function observationOf(verdict: Verdict, startedAt: number, now: number): Observation {
  const tookMs = now - startedAt
  const latency = verdict.outcome === 'success' ? ` in ${Math.round(tookMs)} ms` : ''
  return { ...verdict, reason: verdict.reason + latency, startedAt, tookMs }
}

/** An attempt that cannot even begin (a broken request) is trouble of our own. */
function runAttempt(begin: () => () => void, ended: AbortSignal, done: (verdict: Verdict) => void): void {
  try {
    const close = begin()
    if (ended.aborted) close()
    else ended.addEventListener('abort', close)
  } catch (error) {
    done(none(`our own trouble: ${String(error)}`))
  }
}

function formatMs(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`
}
