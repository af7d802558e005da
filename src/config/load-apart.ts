// Loading a configuration in a thread of its own (load-worker.ts): the schema and YAML libraries, which a server needs for a
// moment at its start and at each reload, are gone with it (12 MB of resident memory), and the main thread goes on meanwhile.
import { extname } from 'node:path'
import { runThreadTask } from '../base/thread-task.ts'
import type { ConfigLoad } from './load.ts'

/** Heap of the thread, MiB. */
const MAX_HEAP_MIB = 1024

const SCRIPT = new URL(`./load-worker${extname(import.meta.filename)}`, import.meta.url)

/** As `loadConfig`. Rejects when the thread failed, which is a fault of ours or of memory, never of a file's text. */
export function loadConfigApart(file: string): Promise<ConfigLoad> {
  return runThreadTask(SCRIPT, file, MAX_HEAP_MIB)
}
