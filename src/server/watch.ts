// When a worker counts as stalled and how soon a dead one is replaced: pure rules, the caller brings the time.
import type { ThreadUse } from './thread-use.ts'

/** What the main thread has seen of one worker's beat. */
export interface Watch {
  readonly beat: number
  /** For how long the beat has not changed although the worker could have beaten. */
  readonly silentMs: number
  /** Its processor time at the last look, once it was overdue. */
  readonly cpuMs: number | undefined
}

export const UNSEEN: Watch = { beat: 0, silentMs: 0, cpuMs: undefined }

/** How often the main thread looks. */
export const LOOK_MS = 20

/**
 * A worker that is silent for longer, while we looked on time, has stalled; it beats every 25 ms. Seen within 140 ms and
 * followed by a spare that needs a few more, so that nobody waits for 200. One that is taken for stalled by mistake loses
 * nothing: it is left to finish what it has in hand.
 */
export const STALL_MS = 100

/** The same where whoever is replaced takes its sockets and connections along: a mistake costs answers there. */
export const DEAR_STALL_MS = 300

/** From this silence on it is worth asking what the thread does. */
const OVERDUE_MS = 35

/** How much a millisecond of processor time counts for a thread that has to wait for it. */
const SPIN_FACTOR = 4

/** For how long a stalled worker may yet come to itself and end in good order. */
export const GRACE_MS = 1000

/** A worker that takes longer from its start to its first beat hangs: it loads its code and waits for a processor. */
export const START_LIMIT_MS = 10_000

/** A life shorter than this is a sign that the next one will be short too. */
const SHORT_LIFE_MS = 1000
const FIRST_BACK_OFF_MS = 100
const LONGEST_BACK_OFF_MS = 5000

/**
 * After another look, `elapsedMs` after the last one. Time counts against the worker when it could have beaten:
 * - A look that came late says that the main thread (or the whole machine) stood still, so it counts as two at most.
 * - A thread that waits for a processor is not to blame: what counts then is the processor time that it had, four times
 *   over. Between two beats it needs a few milliseconds, so one that spins is known by 25 of them, on a quarter of a
 *   processor too.
 * - One that sleeps may wait for helpers that get none (V8 collects garbage with several threads): it counts half.
 */
export function look(watch: Watch, beat: number, elapsedMs: number, readUse: () => ThreadUse | undefined): Watch {
  if (beat !== watch.beat) return { beat, silentMs: 0, cpuMs: undefined }
  const seenMs = Math.min(elapsedMs, 2 * LOOK_MS)
  const use = watch.silentMs >= OVERDUE_MS ? readUse() : undefined
  return { beat, silentMs: watch.silentMs + Math.min(seenMs, hadMs(watch, use, seenMs)), cpuMs: use?.cpuMs }
}

/** For how long the thread could have beaten. */
function hadMs({ cpuMs }: Watch, use: ThreadUse | undefined, seenMs: number): number {
  if (use === undefined || cpuMs === undefined) return seenMs
  return use.isRunnable ? SPIN_FACTOR * (use.cpuMs - cpuMs) : seenMs / 2
}

/** How many short lives there have been in a row, after one more life. */
export function countShortLives(before: number, livedMs: number): number {
  return livedMs < SHORT_LIFE_MS ? before + 1 : 0
}

/** How long to wait before the next start: nothing at first, doubling with each short life, bounded for ever. */
export function backOffMs(shortLives: number): number {
  if (shortLives < 2) return 0
  return Math.min(FIRST_BACK_OFF_MS * 2 ** (shortLives - 2), LONGEST_BACK_OFF_MS)
}
