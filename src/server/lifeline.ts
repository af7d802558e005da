// What ties a worker to the main thread: a few words of shared memory, since a thread in a loop gets no messages.
// The main thread writes `stop` and `hook` and reads the others; the worker does the contrary.
import { ownThread } from '../base/thread.ts'

const STOP = 0
const BEAT = 1
const ADOPTED = 2
const HOOK = 3
const THREAD = 4
const LEAVING = 5
const CONTROL_WORDS = 6

/** A worker beats at least this often, milliseconds. */
export const PULSE_MS = 25

/** In the STOP word. */
const STOP_SOON = 1
const STOP_UNHURRIED = 2

/** Test hooks, in the HOOK word; a positive number spins for so many milliseconds. */
const HOOK_DIE = -1

export type Control = Int32Array

export function createControl(): Control {
  return new Int32Array(new SharedArrayBuffer(CONTROL_WORDS * Int32Array.BYTES_PER_ELEMENT))
}

/** How a worker ends: as soon as nothing under way is lost, or, for the sake of open connections, when these are done. */
export type Ending = 'soon' | 'unhurried'

/** The main thread's end. */
export const control = {
  stop: (words: Control, ending: Ending): void => {
    Atomics.store(words, STOP, ending === 'soon' ? STOP_SOON : STOP_UNHURRIED)
  },
  /** Changes while the worker lives. */
  beat: (words: Control): number => Atomics.load(words, BEAT),
  /** How many of its sockets the worker took over. */
  adopted: (words: Control): number => Atomics.load(words, ADOPTED),
  /** The worker's number for `readThreadUse`; 0 when it is not known. */
  thread: (words: Control): number => Atomics.load(words, THREAD),
  /** The worker is ending and closes its sockets. */
  isLeaving: (words: Control): boolean => Atomics.load(words, LEAVING) === 1,
  hookDie: (words: Control): void => void Atomics.store(words, HOOK, HOOK_DIE),
  hookSpin: (words: Control, ms: number): void => void Atomics.store(words, HOOK, ms),
}

/** The worker's end. */
export interface Lifeline {
  /** To be called at least every PULSE_MS: says that we live. False when it is time to end. */
  readonly pulse: () => boolean
  /** Once it is time to end: how. */
  readonly ending: () => Ending
  /**
   * Right before each socket is taken over, in the order of the loan: from now on it is closed with the thread. Before,
   * since a thread may end between any two steps, and a descriptor left open is better than a stranger's closed.
   */
  readonly adopt: () => void
  /**
   * What to do when the thread ends, be it by an exception: it must stop reading there and then, for the event loop goes
   * round once more and what it reads then is lost.
   */
  readonly atEnd: (close: () => void) => void
  /** When every socket is being read. */
  readonly ready: () => void
  /** Tells the main thread of something that should not happen; bounded in number, so call it freely. */
  readonly report: (error: unknown) => void
}

/** `tell` hands `ready` and reports to the main thread; reports come at most one in `reportEveryMs`. */
export function createLifeline(
  words: Control,
  tell: (message: WorkerMessage) => void,
  now: () => number,
  reportEveryMs = 1000,
): Lifeline {
  let silentUntil = -Infinity
  Atomics.store(words, THREAD, ownThread())
  process.once('exit', () => void Atomics.store(words, LEAVING, 1))
  return {
    pulse: () => {
      Atomics.add(words, BEAT, 1)
      const hook = Atomics.exchange(words, HOOK, 0)
      if (hook !== 0) obeyHook(hook, now)
      return Atomics.load(words, STOP) === 0
    },
    ending: () => (Atomics.load(words, STOP) === STOP_UNHURRIED ? 'unhurried' : 'soon'),
    adopt: () => void Atomics.add(words, ADOPTED, 1),
    atEnd: (close) => void process.once('exit', close),
    ready: () => tell({ kind: 'ready' }),
    report: (error) => {
      if (now() < silentUntil) return
      silentUntil = now() + reportEveryMs
      tell({ kind: 'trouble', text: describeError(error) })
    },
  }
}

/** From a worker to the main thread. */
export type WorkerMessage = { readonly kind: 'ready' } | { readonly kind: 'trouble'; readonly text: string }

/** Beats on the event loop's timer until it is time to end; `tick` runs with each beat. For listeners without a loop of their own. */
export function untilStopped(lifeline: Lifeline, tick: () => void = () => undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      tick()
      if (lifeline.pulse()) return
      clearInterval(timer)
      resolve()
    }, PULSE_MS)
  })
}

export function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

function obeyHook(hook: number, now: () => number): void {
  if (hook === HOOK_DIE) throw new Error('killed by the test hook')
  const until = now() + hook
  while (now() < until);
}
