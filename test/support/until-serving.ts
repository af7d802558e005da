// When a director that was started as a program of its own serves.
import type { ChildProcess } from 'node:child_process'

/** Throws with what was logged when it ends instead. */
export function untilServing(director: ChildProcess): Promise<void> {
  let log = ''
  return new Promise((resolve, reject) => {
    director.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log += text
      if (log.includes('serving on')) resolve()
    })
    director.once('exit', () => reject(new Error(`the director did not serve:\n${log}`)))
  })
}
