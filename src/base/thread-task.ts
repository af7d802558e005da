// A task for a thread of its own: it starts, answers once and ends, and everything it loaded and used is gone with it. The
// thread that asked stays responsive meanwhile, and a task that runs out of its memory fails alone.
import { Worker } from 'node:worker_threads'

/**
 * Runs `script`, which is given `input` as its workerData and posts one message: the result. `maxHeapMiB` bounds its heap
 * (shared and external memory lie outside). Rejects when the thread failed, which is a fault of ours or of memory.
 */
export function runThreadTask<Output>(script: URL, input: unknown, maxHeapMiB: number): Promise<Output> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(script, { workerData: input, resourceLimits: { maxOldGenerationSizeMb: maxHeapMiB } })
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`${script.pathname} ended with code ${code} and no result`)))
  })
}
