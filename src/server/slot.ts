// The life of one worker slot, seen from the main thread:
//
//   starting ──ready──> serving ──dies──> (back-off) ──> starting, on the same sockets
//                          ├──stalls──> starting at once; who stalled may yet finish what it has in hand, and then ends
//                          └───stop───> stopped
//
// It never gives up: a worker that dies as soon as it starts is started again, ever more slowly. What outlives a worker
// (counters, picks, sockets) is handed to the next one. Several may be alive for a moment, so each slot has several lanes
// for snapshots. Whoever owns the slots calls `look` at a steady pace.
import { setTimeout as wait } from 'node:timers/promises'
import type { Counters } from '../metrics/counters.ts'
import type { QueryLog } from '../query/query-log.ts'
import type { Descriptors } from './descriptors.ts'
import { describeError, type Ending } from './lifeline.ts'
import type { Transport } from './listen-fault.ts'
import type { Limits } from './limits.ts'
import type { Spares } from './spares.ts'
import { backOffMs, countShortLives, GRACE_MS } from './watch.ts'
import { WorkerLife, type Publication } from './worker-life.ts'

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
  /** Of the publication, for this slot alone: as many workers as may be alive at a time. */
  readonly lanes: readonly number[]
  readonly transport: Transport
  readonly spares: Spares
  readonly descriptors: Descriptors
  readonly publication: Publication
  readonly counters: Counters
  readonly picks: Int32Array
  readonly tallies: Float64Array
  readonly queryLog: QueryLog
  readonly limits: Limits
  readonly events: ServerEvents
  /** Monotonic milliseconds. */
  readonly now: () => number
}

export class WorkerSlot {
  readonly #options: SlotOptions
  readonly #firstReady: PromiseWithResolvers<void> = Promise.withResolvers()
  readonly #stopped: PromiseWithResolvers<void> = Promise.withResolvers()
  #state: WorkerStatus['state'] = 'starting'
  #life: WorkerLife | undefined
  /** Who stalled or failed and is not yet gone: until when each may take to end by itself. */
  readonly #passing = new Map<WorkerLife, number>()
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

  /** Replaces a stalled worker, starts one that is due. `elapsedMs` since the last call. */
  look(elapsedMs: number): void {
    if (this.#stopping) return
    const now = this.#options.now()
    if (this.#state === 'waiting' && now >= this.#retryAt && this.#mayLaunch()) this.#launch()
    const silentMs = this.#life?.silence(elapsedMs)
    if (silentMs !== undefined) this.#abandon(this.#life!, `stalled: no beat for ${Math.round(silentMs)} ms`)
    for (const [life, graceUntil] of this.#passing) {
      if (now >= graceUntil) void life.terminate()
    }
  }

  /** Lets the worker end in good order, by force after `limitMs`. Resolves when it is gone. */
  async stop(ending: Ending, limitMs: number): Promise<void> {
    this.#stopping = true
    this.#life?.leave(ending)
    this.#endWhenEmpty()
    const timer = new AbortController()
    const late = wait(limitMs, undefined, { signal: timer.signal }).then(
      () => Promise.all([...(this.#life ? [this.#life] : []), ...this.#passing.keys()].map((life) => life.terminate())),
      () => undefined,
    )
    await this.#stopped.promise
    timer.abort()
    await late
  }

  /** Test hook: the worker throws. */
  kill(): void {
    this.#life?.kill()
  }

  /** Test hook: the worker's loop stands still. */
  spin(ms: number): void {
    this.#life?.spin(ms)
  }

  /**
   * It may be stuck for ever or only be late: it gets time to come to itself, and its place goes to another at once. Where
   * that one could not read the same sockets, or has no lane left, whoever is in the way has had its time.
   */
  #abandon(life: WorkerLife, cause: string): void {
    const { descriptors, now } = this.#options
    this.#life = undefined
    life.leave('soon')
    this.#passing.set(life, descriptors.outliveWorkers ? now() + GRACE_MS : 0)
    if (!this.#mayLaunch()) void this.#passing.keys().next().value!.terminate()
    this.#lost(cause)
  }

  #mayLaunch(): boolean {
    const { descriptors, lanes } = this.#options
    return this.#passing.size < (descriptors.outliveWorkers ? lanes.length : 1)
  }

  #launch(): void {
    this.#state = 'starting'
    this.#startedAt = this.#options.now()
    try {
      this.#life = this.#begin()
    } catch (error) {
      // Out of descriptors or threads: a passing shortage, so the slot tries again.
      this.#lost(describeError(error))
    }
  }

  #begin(): WorkerLife {
    const { slot, transport, spares, descriptors, publication, events } = this.#options
    const { counters, picks, tallies, queryLog, limits } = this.#options
    const life = new WorkerLife({
      ...{ slot, transport, descriptors, publication, orders: { counters, picks, tallies, queryLog, limits } },
      spare: spares.take(),
      lane: this.#freeLane(),
      onReady: () => this.#serve(life),
      onTrouble: (text) => events.onTrouble?.(slot, text),
      onFailed: (cause) => this.#fail(life, cause),
      onEnd: (cause) => this.#gone(life, cause),
    })
    return life
  }

  #freeLane(): number {
    const taken = [...this.#passing.keys()].map(({ lane }) => lane)
    return this.#options.lanes.find((lane) => !taken.includes(lane))!
  }

  #serve(life: WorkerLife): void {
    if (life !== this.#life) return
    const { slot, spares, events, now } = this.#options
    this.#state = 'serving'
    this.#firstReady.resolve()
    if (this.#lostAt === undefined) return
    this.#replacements++
    events.onReplaced?.({ slot, cause: this.#lastCause!, gapMs: now() - this.#lostAt })
    this.#lostAt = undefined
    spares.prepare()
  }

  /** Its place is free before it is gone, which takes a thread some 10 ms, and 100 on a busy machine. */
  #fail(life: WorkerLife, cause: string): void {
    const { outliveWorkers } = this.#options.descriptors
    if (life === this.#life && outliveWorkers && !this.#stopping) this.#abandon(life, cause)
  }

  /** A worker has ended: its sockets and its lane are free. */
  #gone(life: WorkerLife, cause: string): void {
    this.#passing.delete(life)
    const wasServing = life === this.#life
    if (wasServing) this.#life = undefined
    if (this.#stopping) this.#endWhenEmpty()
    else if (wasServing) this.#lost(cause)
    else this.look(0)
  }

  /** Nobody serves: has the next one started. */
  #lost(cause: string): void {
    const { slot, events, now } = this.#options
    this.#lostAt ??= now()
    this.#lastCause = cause
    this.#firstReady.reject(new Error(`worker ${slot} did not start: ${cause}`))
    events.onLost?.({ slot, cause })
    this.#retry()
  }

  #retry(): void {
    const now = this.#options.now()
    this.#shortLives = countShortLives(this.#shortLives, now - this.#startedAt)
    this.#state = 'waiting'
    this.#retryAt = now + backOffMs(this.#shortLives)
    this.look(0)
  }

  #endWhenEmpty(): void {
    if (this.#life || this.#passing.size > 0) return
    this.#state = 'stopped'
    this.#stopped.resolve()
  }
}
