// A worker thread that has loaded its code and waits for orders, so that who dies or stalls is replaced within
// milliseconds and not after the 50 to 150 that a thread takes to start. One stands by, whatever the number of workers.
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { UdpSockets } from './descriptors.ts'
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
  #standingBy: Spare | undefined
  #stopped = false

  constructor(responder: string, udpSockets: UdpSockets) {
    this.#setup = { responder, udpSockets }
  }

  /** The one that stands by, else a new one. Its owner is told of all that befalls it. Throws when threads run out. */
  take(): Spare {
    const spare = this.#standingBy ?? this.#start()
    spare.worker.off('error', this.#dismiss).off('exit', this.#dismiss)
    this.#standingBy = undefined
    return spare
  }

  /** Has one stand by from now on. To be called when nobody waits for a processor, for it takes one to start. */
  prepare(): void {
    if (this.#standingBy || this.#stopped) return
    try {
      this.#standingBy = this.#start()
      // Whatever is wrong with it, `take` starts another, whose owner hears of it.
      this.#standingBy.worker.on('error', this.#dismiss).on('exit', this.#dismiss)
    } catch {
      // A passing shortage of threads: `take` tries again and tells.
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#standingBy?.worker.terminate()
  }

  readonly #dismiss = (): void => {
    this.#standingBy = undefined
  }

  #start(): Spare {
    const control = createControl()
    const workerData: SpareSetup = { ...this.#setup, control }
    return { control, worker: new Worker(WORKER_URL, { workerData, resourceLimits: RESOURCE_LIMITS, name: 'answers' }) }
  }
}
