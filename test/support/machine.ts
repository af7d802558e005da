// How busy the machine is while something is measured: a bound that breaks because others took the processors must be told
// from one that breaks by a fault of ours. Bounds are never loosened; what could not be measured is measured again.
import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** A loop with little to do that is later than this, ms, did not get a processor when it needed one. */
const BUSY_MS = 25

/**
 * Runs, then judges. A judgement that fails (throws) is final, unless this very process could not run on time: then the
 * measurement says nothing of the program under test and is made again, `attempts` times in all.
 */
export async function measure<Result>(
  attempts: number,
  run: () => Promise<Result>,
  judge: (result: Result, machine: string) => void,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const watch = watchMachine()
    const result = await run()
    const { lateMs, line } = watch.stop()
    try {
      judge(result, line)
      return
    } catch (error) {
      if (lateMs <= BUSY_MS || attempt === attempts) throw error
      console.warn(`measured again, for ${line}`)
    }
  }
}

/** From now to `stop`: how late our own loop was at worst, and a line for people that also tells of waiting processes. */
function watchMachine(): { readonly stop: () => { readonly lateMs: number; readonly line: string } } {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const waitedBefore = waitedForProcessorMs()
  delay.enable()
  const stop = () => {
    delay.disable()
    const lateMs = delay.max / 1e6
    const waited = waitedForProcessorMs() - waitedBefore
    const line = `the test's own loop was ${lateMs.toFixed(0)} ms late at worst, processes waited ${waited.toFixed(0)} ms for a processor`
    return { lateMs, line }
  }
  return { stop }
}

/** Linux's pressure stall information, ms since boot; NaN where there is none. */
function waitedForProcessorMs(): number {
  try {
    return Number(/^some .*total=(\d+)/m.exec(readFileSync('/proc/pressure/cpu', 'utf8'))?.[1]) / 1000
  } catch {
    return NaN
  }
}
