// A worker thread that has loaded its code and waits for orders, so that who dies or stalls is replaced within
// milliseconds and not after the 50 to 150 that a thread takes to start. One stands by, whatever the number of workers; and
// before the start as many as there will be, for they load their code while zones are read.
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { createControl, type Control } from './lifeline.ts'
import type { SpareSetup } from './worker.ts'

const WORKER_URL = new URL(`./worker${extname(import.meta.filename)}`, import.meta.url)

/** A worker out of memory is replaced and the process lives. A worker needs a few MB; buffers are not counted. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 256 }

export interface Spare {
  readonly worker: Worker
  readonly control: Control
}

export class Spares {
  readonly #setup: Omit<SpareSetup, 'control'>
  readonly #standingBy: Spare[] = []
  #stopped = false

  constructor(setup: Omit<SpareSetup, 'control'>) {
    this.#setup = setup
  }

  /** One that stands by, else a new one. Its owner is told of all that befalls it. Throws when threads run out. */
  take(): Spare {
    const spare = this.#standingBy.shift() ?? this.#start()
    spare.worker.removeAllListeners('error').removeAllListeners('exit')
    return spare
  }

  /** Has so many stand by from now on. To be called when nobody waits for a processor, for each takes one to start. */
  prepare(count = 1): void {
    try {
      while (this.#standingBy.length < count && !this.#stopped) this.#standBy(this.#start())
    } catch {
      // A passing shortage of threads: `take` tries again and tells.
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#standingBy.map(({ worker }) => worker.terminate()))
  }

  /** Whatever is wrong with it, `take` starts another, whose owner hears of it. */
  #standBy(spare: Spare): void {
    const dismiss = (): void => {
      const at = this.#standingBy.indexOf(spare)
      if (at >= 0) this.#standingBy.splice(at, 1)
    }
    spare.worker.on('error', dismiss).on('exit', dismiss)
    this.#standingBy.push(spare)
  }

  #start(): Spare {
    const control = createControl()
    const workerData: SpareSetup = { ...this.#setup, control }
    return { control, worker: new Worker(WORKER_URL, { workerData, resourceLimits: RESOURCE_LIMITS, name: 'answers' }) }
  }
}
