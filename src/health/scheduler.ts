// When probes start. Each target has its own grid of starts (timing.ts) and one timer serves them all, so starts never
// drift and never wait for an earlier probe to end. The number of probes outstanding is bounded; those that wait for a
// place do so in the order in which they became due. What a probe does and what its outcome means is not known here.
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../base/clock.ts'
import { DueHeap } from './due-heap.ts'
import type { Observation, ProbeTarget } from './health.ts'
import { Lateness, type LatenessFigures } from './lateness.ts'
import { mostInFlight, nextStart, nextTurn, phaseOf } from './timing.ts'

/** Probes outstanding at a time, of all targets. Each holds a descriptor. */
export const MAX_IN_FLIGHT = 1000

/** Probes started in one turn of the loop, so that a great first round does not itself make the loop lag. */
const STARTS_PER_TURN = 32

export interface SchedulerOptions {
  readonly clock: Clock
  readonly probe: (target: ProbeTarget, signal: AbortSignal) => Promise<Observation>
  /** Takes what was seen and says whether the target's next probe should hurry. */
  readonly onObservation: (target: ProbeTarget, seen: Observation) => boolean
  /** MAX_IN_FLIGHT by default. */
  readonly maxInFlight?: number
}

/** Lateness is that of the last minute or so; the first start of each target, which all come together, is left out. */
export interface SchedulerFigures extends LatenessFigures {
  readonly inFlight: number
  /** Starts left out because the target, or all together, had too many probes outstanding. */
  readonly skipped: number
}

interface Entry {
  readonly target: ProbeTarget
  readonly phaseMs: number
  readonly aborter: AbortController
  /** Monotonic ms. */
  dueAt: number
  /** Monotonic ms; 0 before the first. */
  startedAt: number
  inFlight: number
  hurried: boolean
  /** Due, and in the line for a place. */
  waiting: boolean
}

export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #maxInFlight: number
  readonly #entries = new Map<string, Entry>()
  readonly #heap = new DueHeap<Entry>()
  readonly #lateness = new Lateness()
  #line: Entry[] = []
  #inFlight = 0
  #skipped = 0
  #timer: NodeJS.Timeout | undefined
  /** Monotonic ms for which the timer is set. */
  #armedFor = Infinity
  #turnPending = false

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#maxInFlight = options.maxInFlight ?? MAX_IN_FLIGHT
  }

  /**
   * Probes these targets from now on, and no others. New ones and those whose definition changed are probed at once;
   * the rest go on undisturbed. Outstanding probes of those that left or changed are given up and not told of. An empty
   * list ends everything.
   */
  setTargets(targets: readonly ProbeTarget[]): void {
    const stay = new Set(targets.map(({ id }) => id))
    for (const [id, entry] of this.#entries) if (!stay.has(id)) this.#remove(entry)
    for (const target of targets) {
      const known = this.#entries.get(target.id)
      if (known !== undefined && isDeepStrictEqual(known.target, target)) continue
      if (known !== undefined) this.#remove(known)
      this.#add(target, known?.hurried ?? false)
    }
    this.#advance()
  }

  figures(): SchedulerFigures {
    return { inFlight: this.#inFlight, skipped: this.#skipped, ...this.#lateness.figures() }
  }

  #add(target: ProbeTarget, hurried: boolean): void {
    const phaseMs = phaseOf(target.id, target.monitor.intervalMs)
    const aborter = new AbortController()
    const entry: Entry = { target, phaseMs, aborter, dueAt: 0, startedAt: 0, inFlight: 0, hurried, waiting: false }
    this.#entries.set(target.id, entry)
    this.#setDue(entry, this.#options.clock.now())
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.target.id)
    entry.aborter.abort()
  }

  #setDue(entry: Entry, at: number): void {
    entry.dueAt = at
    this.#heap.push({ at, item: entry })
  }

  /** Puts whoever is due in the line, starts as many as may start now, and sets the timer for the next. */
  #advance(): void {
    const now = this.#options.clock.now()
    for (let top = this.#heap.peek(); top !== undefined; top = this.#heap.peek()) {
      const current = isCurrent(top.item, top.at)
      if (current && top.at > now) break
      this.#heap.pop()
      if (current) this.#enqueue(top.item)
    }
    if (this.#startWaiting()) this.#goOnSoon()
    this.#arm(now)
  }

  #goOnSoon(): void {
    if (this.#turnPending) return
    this.#turnPending = true
    setImmediate(() => {
      this.#turnPending = false
      this.#advance()
    })
  }

  /** A timer that fires too soon costs less than setting it anew for each probe. */
  #arm(now: number): void {
    const at = this.#heap.peek()?.at ?? Infinity
    if (at >= this.#armedFor && at !== Infinity) return
    clearTimeout(this.#timer)
    this.#armedFor = at
    if (at !== Infinity) this.#timer = setTimeout(() => this.#wake(), Math.max(1, Math.ceil(at - now)))
  }

  #wake(): void {
    this.#armedFor = Infinity
    this.#advance()
  }

  #enqueue(entry: Entry): void {
    entry.waiting = true
    this.#line.push(entry)
  }

  /** True when some still wait though there is room: they start in the next turn of the loop. */
  #startWaiting(): boolean {
    const line = this.#line
    let taken = 0
    for (let started = 0; taken < line.length && this.#inFlight < this.#maxInFlight; taken++) {
      if (started === STARTS_PER_TURN) break
      const entry = line[taken]!
      entry.waiting = false
      if (entry.aborter.signal.aborted) continue
      if (this.#mayStart(entry)) {
        this.#start(entry)
        started++
      } else {
        this.#skip(entry)
      }
    }
    this.#line = line.slice(taken)
    return this.#line.length > 0 && this.#inFlight < this.#maxInFlight
  }

  /** Overlapping probes of one target never take the last half of the places: hung targets must not delay the others. */
  #mayStart(entry: Entry): boolean {
    if (entry.inFlight === 0) return true
    return entry.inFlight < mostInFlight(entry.target.monitor) && this.#inFlight < this.#maxInFlight / 2
  }

  #skip(entry: Entry): void {
    this.#skipped++
    this.#setDue(entry, this.#turnAfter(entry, Math.max(entry.dueAt, this.#options.clock.now())))
  }

  #start(entry: Entry): void {
    const now = this.#options.clock.now()
    if (entry.startedAt > 0) this.#lateness.record(now - entry.dueAt, now)
    entry.startedAt = Math.max(now, entry.dueAt)
    entry.inFlight++
    this.#inFlight++
    this.#reschedule(entry)
    void this.#probe(entry)
  }

  async #probe(entry: Entry): Promise<void> {
    const seen = await this.#options.probe(entry.target, entry.aborter.signal)
    entry.inFlight--
    this.#inFlight--
    if (!entry.aborter.signal.aborted) this.#take(entry, seen)
    this.#advance()
  }

  #take(entry: Entry, seen: Observation): void {
    const hurried = this.#options.onObservation(entry.target, seen)
    if (hurried === entry.hurried) return
    entry.hurried = hurried
    if (!entry.waiting) this.#reschedule(entry)
  }

  #reschedule(entry: Entry): void {
    const turnAt = this.#turnAfter(entry, entry.startedAt)
    const wanted = nextStart(entry.startedAt, turnAt, entry.target.monitor.fastIntervalMs, entry.hurried)
    // A failure that took longer than the fast interval hurries now, not in the past.
    this.#setDue(entry, Math.max(wanted, this.#options.clock.now()))
  }

  #turnAfter(entry: Entry, after: number): number {
    return nextTurn(entry.phaseMs, entry.target.monitor.intervalMs, after)
  }
}

/** False for what the heap still holds of an entry that has left, or whose time has changed since. */
function isCurrent(entry: Entry, at: number): boolean {
  return entry.dueAt === at && !entry.waiting && !entry.aborter.signal.aborted
}
