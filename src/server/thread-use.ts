// What a thread of this process is doing, as Linux tells it: so that a worker which gets no processor, on a machine that
// is overloaded, is not taken for one that hangs. Where there is no /proc, nothing is known.
import { readFileSync } from 'node:fs'

export interface ThreadUse {
  /** Running or waiting for a processor; false when it waits for something else. */
  readonly isRunnable: boolean
  /** Processor time that it has had since its start, milliseconds. */
  readonly cpuMs: number
}

/** The kernel's USER_HZ, the same on every platform of Node. */
const MS_PER_TICK = 10

/** About 30 µs. Undefined when the thread is gone or cannot be seen. */
export function readThreadUse(thread: number): ThreadUse | undefined {
  if (thread === 0) return undefined
  const stat = readText(`/proc/self/task/${thread}/stat`)
  if (stat === undefined) return undefined
  const schedstat = readText(`/proc/self/task/${thread}/schedstat`)
  return parseUse(stat, schedstat)
}

/** `stat` counts processor time in steps of 10 ms, `schedstat` (nanoseconds, in field 1) is not in every kernel. */
export function parseUse(stat: string, schedstat: string | undefined): ThreadUse {
  const coarse = parseStat(stat)
  return schedstat === undefined ? coarse : { ...coarse, cpuMs: parseInt(schedstat, 10) / 1e6 }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}

/** proc_pid_stat(5): the name, in parentheses, may hold anything; state is field 3, utime and stime are 14 and 15. */
function parseStat(line: string): ThreadUse {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return { isRunnable: fields[0] === 'R', cpuMs: (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK }
}
