// Child processes of tests: ended by their process id, at the latest when the test's own process ends.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

const running = new Set<ChildProcess>()

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
// A test runner that is interrupted ends this process so, and 'exit' would not come.
process.once('SIGTERM', () => process.exit(143))

/** Watches over a child just started; resolves when it has ended and all that it said is read. */
export async function watchChild(child: ChildProcess): Promise<Exit> {
  running.add(child)
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
    return { code, signal }
  } finally {
    running.delete(child)
  }
}
