// Whether the probe worker hangs, judged by the main thread from the worker's heartbeat: a pure machine. The main thread
// looks every so often; when its own looks come late, it has no right to judge and begins anew.

export interface Watch {
  readonly beat: number
  /** Monotonic ms of the last look. */
  readonly lookedAt: number
  /** Monotonic ms since which the beat has stood still under looks that came in time. */
  readonly stillSince: number
}

export function startWatch(beat: number, now: number): Watch {
  return { beat, lookedAt: now, stillSince: now }
}

/** One look. A look that comes later than twice `everyMs` after the one before it forgives everything up to now. */
export function look(watch: Watch, beat: number, now: number, everyMs: number): Watch {
  const forgiven = beat !== watch.beat || now - watch.lookedAt > 2 * everyMs
  return { beat, lookedAt: now, stillSince: forgiven ? now : watch.stillSince }
}

export function hangs(watch: Watch, hungAfterMs: number): boolean {
  return watch.lookedAt - watch.stillSince >= hungAfterMs
}
