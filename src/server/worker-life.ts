// One worker thread from its orders to its end, seen from the main thread. It is lent sockets and a lane by which it gets
// snapshots, and gives both back when it is gone. Whether another follows is the slot's affair (slot.ts).
import type { MessagePort, Worker } from 'node:worker_threads'
import type { Descriptors, Loan } from './descriptors.ts'
import { control, describeError, type Control, type Ending, type WorkerMessage } from './lifeline.ts'
import type { Transport } from './listen-fault.ts'
import type { Spare } from './spares.ts'
import { readThreadUse } from './thread-use.ts'
import { DEAR_STALL_MS, look, STALL_MS, START_LIMIT_MS, UNSEEN } from './watch.ts'
import type { WorkerOrders } from './worker.ts'

/** How a worker gets its snapshots: the Publisher of snapshot/publication.ts. A lane is one of its slots. */
export interface Publication {
  readonly control: SharedArrayBuffer
  /** For the new worker on that lane. */
  readonly attach: (lane: number) => MessagePort
  /** After a worker's end: it reads nothing any more. */
  readonly detach: (lane: number) => void
}

export interface LifeOptions {
  readonly spare: Spare
  /** Nobody else's. */
  readonly lane: number
  readonly transport: Transport
  readonly publication: Publication
  readonly descriptors: Descriptors
  /** Of the slot's worker, counting from 0. */
  readonly slot: number
  readonly orders: Pick<WorkerOrders, 'counters' | 'picks' | 'tallies' | 'queryLog' | 'limits'>
  readonly onReady: () => void
  readonly onTrouble: (text: string) => void
  /** An exception ends it: it reads nothing more, though it takes a while to be gone. */
  readonly onFailed: (cause: string) => void
  /** When it is gone, with what it ended of. */
  readonly onEnd: (cause: string) => void
}

export class WorkerLife {
  readonly lane: number
  readonly #options: LifeOptions
  readonly #worker: Worker
  readonly #control: Control
  readonly #loan: Loan
  #watch = UNSEEN
  #isServing = false
  #cause = ''

  /** Throws when descriptors run out; nothing is lent then, and the spare is ended. */
  constructor(options: LifeOptions) {
    const { spare, lane } = options
    this.#options = options
    this.lane = lane
    this.#worker = spare.worker
    this.#control = spare.control
    this.#loan = lend(options)
    this.#worker.on('message', (message: WorkerMessage) => this.#hear(message))
    this.#worker.on('error', (error) => this.#fail(describeError(error)))
    this.#worker.once('exit', (code) => this.#end(`exited with code ${code}`))
    this.#order()
  }

  /** For how long it has been silent, ms, when that is too long; undefined when all is well. `elapsedMs` since the last look. */
  silence(elapsedMs: number): number | undefined {
    const readUse = () => readThreadUse(control.thread(this.#control))
    this.#watch = look(this.#watch, control.beat(this.#control), elapsedMs, readUse)
    const stallMs = this.#options.descriptors.outliveWorkers ? STALL_MS : DEAR_STALL_MS
    const limitMs = this.#isServing ? stallMs : START_LIMIT_MS
    return this.#watch.silentMs > limitMs ? this.#watch.silentMs : undefined
  }

  /** Lets it finish what it has in hand and end, when it can. */
  leave(ending: Ending): void {
    control.stop(this.#control, ending)
  }

  /** Ends it by force. What it read it loses, so it reads nothing more from now on. */
  async terminate(): Promise<void> {
    if (!control.isLeaving(this.#control)) this.#options.descriptors.blind(this.#loan)
    await this.#worker.terminate()
  }

  /** Test hook: the worker throws. */
  kill(): void {
    control.hookDie(this.#control)
  }

  /** Test hook: the worker's loop stands still. */
  spin(ms: number): void {
    control.hookSpin(this.#control, ms)
  }

  #order(): void {
    const { publication, lane, slot, transport, orders, descriptors } = this.#options
    const snapshotPort = publication.attach(lane)
    const message: WorkerOrders = {
      ...orders,
      ...{ slot, lane, transport, snapshotPort, snapshotControl: publication.control, loan: this.#loan },
      udpSockets: descriptors.udpSockets,
    }
    this.#worker.postMessage(message, [snapshotPort])
  }

  #hear(message: WorkerMessage): void {
    if (message.kind === 'trouble') {
      this.#options.onTrouble(message.text)
      return
    }
    this.#isServing = true
    this.#watch = { ...this.#watch, silentMs: 0 }
    this.#options.onReady()
  }

  #fail(cause: string): void {
    this.#cause ||= cause
    this.#options.onFailed(cause)
  }

  #end(exit: string): void {
    const { publication, descriptors, onEnd } = this.#options
    publication.detach(this.lane)
    descriptors.settle(this.#loan, control.adopted(this.#control))
    onEnd(this.#cause || exit)
  }
}

function lend({ transport, slot, descriptors, spare }: LifeOptions): Loan {
  try {
    return transport === 'udp' ? descriptors.lendUdp(slot) : descriptors.lendTcp()
  } catch (error) {
    void spare.worker.terminate()
    throw error
  }
}
