// The life of one worker slot, seen from the main thread:
//
//   starting ──ready──> serving ──dies or stalls──> (back-off) ──> starting, on the same sockets
//                          └────────stop────────> stopped
//
// It never gives up: a worker that dies as soon as it starts is started again, ever more slowly. What outlives a worker
// (counters, picks, sockets) is handed to the next one. Whoever owns the slots calls `look` at a steady pace.
import { extname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Worker, type MessagePort } from 'node:worker_threads'
import type { Counters } from '../metrics/counters.ts'
import type { QueryLog } from '../query/query-log.ts'
import type { Descriptors, Loan } from './descriptors.ts'
import { control, createControl, describeError, type WorkerMessage } from './lifeline.ts'
import type { Transport } from './listen-fault.ts'
import type { Limits } from './limits.ts'
import { readThreadUse } from './thread-use.ts'
import { backOffMs, countShortLives, look, STALL_MS, START_LIMIT_MS, UNSEEN } from './watch.ts'
import type { WorkerSetup } from './worker.ts'

const WORKER_URL = new URL(`./worker${extname(import.meta.filename)}`, import.meta.url)

/** A worker out of memory is replaced and the process lives. A worker needs a few MB; buffers are not counted. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 256 }

/** How a worker gets its snapshots: the Publisher of snapshot/publication.ts. */
export interface Publication {
  readonly control: SharedArrayBuffer
  /** For the new worker of that slot. */
  readonly attach: (slot: number) => MessagePort
  /** After a worker's end: it reads nothing any more. */
  readonly detach: (slot: number) => void
}

export interface WorkerStatus {
  readonly slot: number
  readonly transport: Transport
  readonly state: 'starting' | 'serving' | 'waiting' | 'stopped'
  readonly replacements: number
  /** Why the last one ended, if one did. */
  readonly lastCause: string | undefined
}

export interface Loss {
  readonly slot: number
  /** What the worker threw, or why it was ended. */
  readonly cause: string
}

export interface Replacement extends Loss {
  /** From the loss seen to the replacement's first read; what came meanwhile waited in the socket. */
  readonly gapMs: number
}

/** All are called on the main thread; none may throw. */
export interface ServerEvents {
  /** At once, before a replacement is tried. */
  readonly onLost?: (loss: Loss) => void
  readonly onReplaced?: (replacement: Replacement) => void
  /** An exception in a worker that lives on: answered SERVFAIL, counted. At most one a second and worker. */
  readonly onTrouble?: (slot: number, text: string) => void
}

export interface SlotOptions {
  readonly slot: number
  readonly transport: Transport
  readonly descriptors: Descriptors
  readonly publication: Publication
  readonly counters: Counters
  readonly picks: Int32Array
  readonly tallies: Float64Array
  readonly queryLog: QueryLog
  readonly limits: Limits
  readonly responder: string
  readonly events: ServerEvents
  /** Monotonic milliseconds. */
  readonly now: () => number
}

export class WorkerSlot {
  readonly #options: SlotOptions
  readonly #control = createControl()
  readonly #firstReady: PromiseWithResolvers<void> = Promise.withResolvers()
  readonly #stopped: PromiseWithResolvers<void> = Promise.withResolvers()
  #state: WorkerStatus['state'] = 'starting'
  #worker: Worker | undefined
  #loan: Loan = []
  #watch = UNSEEN
  #cause = ''
  #stopping = false
  #startedAt = 0
  #lostAt: number | undefined
  #retryAt = 0
  #shortLives = 0
  #replacements = 0
  #lastCause: string | undefined

  constructor(options: SlotOptions) {
    this.#options = options
  }

  /** Resolves when the first worker reads its sockets; rejects with the cause when it dies before. */
  start(): Promise<void> {
    this.#launch()
    return this.#firstReady.promise
  }

  status(): WorkerStatus {
    const { slot, transport } = this.#options
    return {
      slot,
      transport,
      state: this.#state,
      replacements: this.#replacements,
      lastCause: this.#lastCause,
    }
  }

  /** Ends a stalled worker, starts one that is due. `elapsedMs` since the last call. */
  look(elapsedMs: number): void {
    if (this.#stopping) return
    if (this.#state === 'waiting' && this.#options.now() >= this.#retryAt) this.#launch()
    if (this.#worker) this.#watchWorker(this.#worker, elapsedMs)
  }

  /** Lets the worker end in good order, by force after `limitMs`. Resolves when it is gone. */
  async stop(limitMs: number): Promise<void> {
    this.#stopping = true
    control.stop(this.#control)
    if (!this.#worker) this.#end()
    const timer = new AbortController()
    const late = wait(limitMs, undefined, { signal: timer.signal }).then(
      () => this.#worker?.terminate(),
      () => undefined,
    )
    await this.#stopped.promise
    timer.abort()
    await late
  }

  /** Test hook: the worker throws. */
  kill(): void {
    control.hookDie(this.#control)
  }

  /** Test hook: the worker's loop stands still. */
  spin(ms: number): void {
    control.hookSpin(this.#control, ms)
  }

  #watchWorker(worker: Worker, elapsedMs: number): void {
    const readUse = () => readThreadUse(control.thread(this.#control))
    this.#watch = look(this.#watch, control.beat(this.#control), elapsedMs, readUse)
    const limit = this.#state === 'serving' ? STALL_MS : START_LIMIT_MS
    if (this.#watch.silentMs <= limit || this.#cause !== '') return
    this.#cause = `stalled: no beat for ${Math.round(this.#watch.silentMs)} ms`
    this.#lostAt ??= this.#options.now()
    if (!control.isLeaving(this.#control)) this.#options.descriptors.blind(this.#loan)
    void worker.terminate()
  }

  #launch(): void {
    this.#state = 'starting'
    this.#cause = ''
    this.#watch = UNSEEN
    this.#startedAt = this.#options.now()
    control.reset(this.#control)
    try {
      this.#loan = this.#lend()
      this.#worker = this.#createWorker()
    } catch (error) {
      // Out of descriptors or threads: a passing shortage, so the slot tries again.
      this.#cause = describeError(error)
      this.#lost()
      return
    }
    this.#worker.on('message', (message: WorkerMessage) => this.#hear(message))
    this.#worker.on('error', (error) => (this.#cause ||= describeError(error)))
    this.#worker.once('exit', (code) => {
      this.#cause ||= `exited with code ${code}`
      this.#lost()
    })
  }

  #lend(): Loan {
    const { descriptors, slot, transport } = this.#options
    return transport === 'udp' ? descriptors.lendUdp(slot) : descriptors.lendTcp()
  }

  #createWorker(): Worker {
    const { slot, transport, descriptors, publication, counters, limits, responder } = this.#options
    const { picks, tallies, queryLog } = this.#options
    const snapshotPort = publication.attach(slot)
    const workerData: WorkerSetup = {
      ...{ slot, transport, counters, picks, tallies, queryLog, limits, responder },
      ...{ snapshotPort, snapshotControl: publication.control },
      ...{ loan: this.#loan, control: this.#control, udpSockets: descriptors.udpSockets },
    }
    const options = { workerData, transferList: [snapshotPort], resourceLimits: RESOURCE_LIMITS }
    return new Worker(WORKER_URL, { ...options, name: `${transport}-${slot}` })
  }

  #hear(message: WorkerMessage): void {
    const { slot, events } = this.#options
    if (message.kind === 'trouble') events.onTrouble?.(slot, message.text)
    else this.#serve()
  }

  #serve(): void {
    const { slot, events, now } = this.#options
    this.#state = 'serving'
    this.#watch = { ...this.#watch, silentMs: 0 }
    this.#firstReady.resolve()
    if (this.#lostAt === undefined) return
    this.#replacements++
    events.onReplaced?.({ slot, cause: this.#lastCause!, gapMs: now() - this.#lostAt })
    this.#lostAt = undefined
  }

  /** The worker is gone: takes back what it was lent and has the next one started. */
  #lost(): void {
    const { slot, descriptors, publication, events, now } = this.#options
    this.#worker = undefined
    publication.detach(slot)
    descriptors.settle(this.#loan, control.adopted(this.#control))
    this.#loan = []
    if (this.#stopping) {
      this.#end()
      return
    }
    this.#lostAt ??= now()
    this.#lastCause = this.#cause
    this.#firstReady.reject(new Error(`worker ${slot} did not start: ${this.#cause}`))
    events.onLost?.({ slot, cause: this.#cause })
    this.#retry()
  }

  #retry(): void {
    const now = this.#options.now()
    this.#shortLives = countShortLives(this.#shortLives, now - this.#startedAt)
    this.#state = 'waiting'
    this.#retryAt = now + backOffMs(this.#shortLives)
    this.look(0)
  }

  #end(): void {
    this.#state = 'stopped'
    this.#stopped.resolve()
  }
}
