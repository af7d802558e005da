// Overrides as time goes by: their words go to the plan whenever they change, what begins and ends is told, and loads of
// drained regions are remembered so that "safe to stop" can be told. Who may change them, and by which rules, is elsewhere.
import type { Clock } from '../base/clock.ts'
import type { Fault } from '../base/fault.ts'
import type { Load } from '../director/overrides/drain.ts'
import type { OverrideBook } from '../director/overrides/override-book.ts'
import { formatTarget, strengthAt, undoOf, type Override } from '../director/overrides/override.ts'
import { wordsAt, type Words } from '../director/overrides/words.ts'
import type { RecoveryRamps } from './recovery.ts'

export interface OverrideDeskOptions {
  readonly clock: Clock
  readonly book: OverrideBook
  /** How long before a drain TTLs fall: the greatest TTL of all services, ms. */
  readonly leadMs: () => number
  readonly apply: (words: Words) => void
  readonly recovery: RecoveryRamps
  /** Those that a safety rule holds back. */
  readonly suspend: (overrides: readonly Override[]) => ReadonlySet<string>
  readonly tell: (level: 'info' | 'warn', text: string) => void
  /** The load that a region reports; missing: none, or nothing fresh. */
  readonly loadOf: (region: string) => number | undefined
}

/** The wall clock may be set: nothing is waited for longer, ms. */
const LONGEST_WAIT_MS = 10_000

const JUDGE_EVERY_MS = 1000

const HELD = 'without its target too little would serve, by a safety rule'

/** Newest loads that are remembered of a drained target. */
const LOADS = 30

type Stage = 'scheduled' | 'rising' | 'full' | 'falling'

interface Seen {
  readonly stage: Stage
  readonly before?: Load
  readonly loads: readonly Load[]
}

export class OverrideDesk {
  readonly #options: OverrideDeskOptions
  #suspended: ReadonlySet<string> = new Set()
  #judgedAt = -Infinity
  #seen = new Map<string, Seen>()
  #timer: NodeJS.Timeout | undefined
  #isStopped = false
  /** Words were applied last. */
  #isSpoken = false

  constructor(options: OverrideDeskOptions) {
    this.#options = options
  }

  /** Reads what was kept, before the first plan. Time goes by from then on, until `stop`; may be started again after it. */
  async start(): Promise<readonly Fault[]> {
    this.#isStopped = false
    const faults = await this.#options.book.read()
    this.turn()
    return faults
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  /** Ids of those that a safety rule holds back. */
  get suspended(): ReadonlySet<string> {
    return this.#suspended
  }

  /** Loads of a drained region: when its drain began, and the newest since, up to now, oldest first. */
  loadsOf(override: Override): Pick<Seen, 'before' | 'loads'> {
    return this.#see(override, this.#options.clock.wall())
  }

  /** Something changed, or time went by. `isNew`: what overrides or health are has changed. */
  turn(isNew = true): void {
    if (this.#isStopped) return
    clearTimeout(this.#timer)
    const { book, clock, leadMs, apply, recovery } = this.#options
    const now = clock.wall()
    this.#look(now)
    this.#judge(now, isNew)
    const recovering = recovery.partsAt(now)
    const isSpoken = book.all.length > 0 || recovering.size > 0
    const counting = book.all.filter(({ id }) => !this.#suspended.has(id))
    if (isSpoken || this.#isSpoken) apply(wordsAt(counting, now, leadMs(), recovering))
    this.#isSpoken = isSpoken
    void this.#prune(now)
    const next = Math.min(book.turnsAt(now, leadMs()), recovery.turnsAt(now))
    this.#timer = setTimeout(() => this.turn(false), Math.min(LONGEST_WAIT_MS, Math.max(1, next - now)))
  }

  /** Along a ramp once a second: it takes all services. */
  #judge(now: number, isNew: boolean): void {
    if (!isNew && now < this.#judgedAt + JUDGE_EVERY_MS) return
    this.#judgedAt = now
    const { book, suspend, tell } = this.#options
    const before = this.#suspended
    this.#suspended = book.all.length === 0 ? new Set() : suspend(book.all)
    for (const override of book.all) {
      const isHeld = this.#suspended.has(override.id)
      if (isHeld && !before.has(override.id)) tell('warn', `${describe(override)} is suspended: ${HELD}`)
      if (!isHeld && before.has(override.id)) tell('info', `${describe(override)} is no longer suspended`)
    }
  }

  #look(now: number): void {
    const before = this.#seen
    this.#seen = new Map(this.#options.book.all.map((override) => [override.id, this.#see(override, now)]))
    for (const override of this.#options.book.all) {
      const stage = this.#seen.get(override.id)!.stage
      const last = before.get(override.id)?.stage
      if (last !== undefined && last !== stage) this.#options.tell('info', `${describe(override)} ${STAGES[stage]}`)
    }
  }

  #see(override: Override, now: number): Seen {
    const known = this.#seen.get(override.id)
    const stage = stageOf(override, now)
    const level = override.kind === 'drain' ? this.#options.loadOf(override.target.region) : undefined
    if (level === undefined) return { loads: [], ...known, stage }
    const load = { level, at: now }
    const before = known?.before ?? load
    const loads = known?.loads ?? []
    const isNew = stage === 'full' && loads.at(-1)?.level !== level
    return { stage, before, loads: isNew ? [...loads, load].slice(-LOADS) : loads }
  }

  async #prune(now: number): Promise<void> {
    const { book, tell } = this.#options
    try {
      const ended = await book.prune(now)
      for (const override of ended) tell('info', `${describe(override)} has ended`)
    } catch (error) {
      tell('warn', `overrides that ended could not be let go on the disk: ${String(error)}`)
    }
  }
}

/** `drain of eu-west by oncall`. */
export function describe({ kind, target, owner }: Override): string {
  return `${kind} of ${formatTarget(target)} by ${owner}`
}

const STAGES: Readonly<Record<Stage, string>> = {
  scheduled: 'is scheduled',
  rising: 'begins',
  full: 'is in force',
  falling: 'is being undone',
}

function stageOf(override: Override, now: number): Stage {
  if (now < override.startsAt) return 'scheduled'
  const undo = undoOf(override)
  if (undo && now >= undo.at) return 'falling'
  return strengthAt(override, now) < 1 ? 'rising' : 'full'
}
