// A thread among those of its process, as Linux knows it. Where there is no /proc, nothing is known and nothing changes.
import { readlinkSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

/** How much nicer (nice(2)): about a tenth of the processor time of a thread that has not given way. */
const BEHIND_OTHERS = 10
const NICEST = 19

/** The calling thread's number, or 0. */
export function ownThread(): number {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1))
  } catch {
    return 0
  }
}

/**
 * From now on the calling thread has a processor when others of the process leave one: they answer, probe and keep time.
 * Linux counts niceness by thread. For ever: only a privileged thread could take it back.
 */
export function giveWay(): void {
  const thread = ownThread()
  if (thread !== 0) setPriority(thread, Math.min(NICEST, getPriority(thread) + BEHIND_OTHERS))
}
