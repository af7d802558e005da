// Finds the addresses of ALIAS targets and of balancers that are host names, ahead of any query: each target's A and AAAA is
// asked when its TTL is over, a few at a time, and whoever plans is told when an answer changed. What follows from an answer,
// or from none, is alias-state.ts.
import type { Clock } from '../base/clock.ts'
import { DueHeap } from '../health/due-heap.ts'
import {
  answerAt,
  reportAt,
  sameAnswer,
  settle,
  unasked,
  type FamilyAnswer,
  type FamilyReport,
  type FamilyState,
  type Outcome,
} from './alias-state.ts'

export type Family = 4 | 6

/** Asks a recursive resolver; gives up in good time by itself, and never rejects. */
export type AskAddresses = (target: string, family: Family) => Promise<Outcome>

/** The addresses of a target, by family. */
export interface AliasAnswer {
  readonly ipv4: FamilyAnswer
  readonly ipv6: FamilyAnswer
}

/** How a target stands, for people. */
export interface AliasReport {
  readonly target: string
  readonly ipv4: FamilyReport
  readonly ipv6: FamilyReport
}

/** What targets answer at this moment. */
export type AliasAnswers = (target: string) => AliasAnswer

/** Of targets, by name, that were looked up at one moment; nothing is known of others. */
export function answersIn(resolved: ReadonlyMap<string, AliasAnswer>): AliasAnswers {
  return (target) => resolved.get(target) ?? unresolved(target)
}

/** Where nothing is resolved: a check, and an explanation from files alone. */
export const unresolved: AliasAnswers = () => ({ ipv4: 'servfail', ipv6: 'servfail' })

export interface AliasPolicy {
  readonly ask: AskAddresses
  /** How long a last known answer stands in when its TTL is over. */
  readonly maxStaleMs: number
}

export interface AliasResolverOptions extends AliasPolicy {
  readonly clock: Clock
  /** An answer changed; called once for all that change within a moment. */
  readonly onChange: () => void
  /** A target began to fail, or has nothing left to answer with. */
  readonly onTrouble: (text: string) => void
}

interface Entry {
  readonly target: string
  readonly family: Family
  state: FamilyState
  /** What was last told to the planner. */
  told: FamilyAnswer
  wasAsked: boolean
  isDropped: boolean
}

const MAX_CONCURRENT = 16
const COALESCE_MS = 50
const FAMILIES: readonly Family[] = [4, 6]

export class AliasResolver {
  readonly #clock: Clock
  readonly #onChange: () => void
  readonly #onTrouble: (text: string) => void
  #policy: AliasPolicy
  readonly #entries = new Map<string, Entry>()
  readonly #due = new DueHeap<Entry>()
  #running = 0
  #isStopped = false
  #timer: NodeJS.Timeout | undefined
  #telling: NodeJS.Timeout | undefined
  #waiting: (() => void)[] = []

  constructor({ clock, onChange, onTrouble, ...policy }: AliasResolverOptions) {
    this.#clock = clock
    this.#onChange = onChange
    this.#onTrouble = onTrouble
    this.#policy = policy
  }

  /** Takes new settings; what is known stays. */
  configure(policy: AliasPolicy): void {
    this.#policy = policy
  }

  /** Begins to resolve targets that are not known yet. */
  include(targets: Iterable<string>): void {
    const now = this.#clock.now()
    for (const target of targets) {
      for (const family of FAMILIES) {
        const key = keyOf(target, family)
        if (this.#entries.has(key)) continue
        const entry: Entry = {
          ...{ target, family, state: unasked(now), told: 'servfail', wasAsked: false, isDropped: false },
        }
        this.#entries.set(key, entry)
        this.#due.push({ at: now, item: entry })
      }
    }
    this.#pump()
  }

  /** Forgets all targets but these. */
  retain(targets: ReadonlySet<string>): void {
    for (const [key, entry] of this.#entries) {
      if (targets.has(entry.target)) continue
      entry.isDropped = true
      this.#entries.delete(key)
    }
  }

  /** Waits until each target was asked once, or for so long; returns how many were not. */
  async firstRound(deadlineMs: number): Promise<number> {
    if (this.#unasked() === 0) return 0
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, deadlineMs)
      this.#waiting.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
    return this.#unasked()
  }

  /** The addresses of that target now; SERVFAIL when they are not known. */
  answer(target: string): AliasAnswer {
    return { ipv4: this.#familyAnswer(target, 4), ipv6: this.#familyAnswer(target, 6) }
  }

  /** Every target, in the order of its first mention. */
  report(): AliasReport[] {
    const targets = new Set(Array.from(this.#entries.values(), ({ target }) => target))
    return Array.from(targets, (target) => ({
      target,
      ipv4: this.#familyReport(target, 4),
      ipv6: this.#familyReport(target, 6),
    }))
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
    clearTimeout(this.#telling)
    this.#wakeWaiting()
  }

  #familyAnswer(target: string, family: Family): FamilyAnswer {
    const entry = this.#entries.get(keyOf(target, family))
    return entry ? answerAt(entry.state, this.#clock.now(), this.#policy.maxStaleMs) : 'servfail'
  }

  #familyReport(target: string, family: Family): FamilyReport {
    const { state } = this.#entries.get(keyOf(target, family))!
    return reportAt(state, this.#clock.now(), this.#policy.maxStaleMs)
  }

  #unasked(): number {
    const targets = [...this.#entries.values()].filter(({ wasAsked }) => !wasAsked).map(({ target }) => target)
    return new Set(targets).size
  }

  /** Asks what is due, as many at a time as may be, and wakes up for the next. */
  #pump(): void {
    clearTimeout(this.#timer)
    if (this.#isStopped) return
    const now = this.#clock.now()
    for (let next = this.#due.peek(); next && this.#running < MAX_CONCURRENT; next = this.#due.peek()) {
      if (next.item.isDropped) this.#due.pop()
      else if (next.at <= now) void this.#resolve(this.#due.pop()!.item)
      else {
        this.#timer = setTimeout(() => this.#pump(), next.at - now)
        return
      }
    }
  }

  async #resolve(entry: Entry): Promise<void> {
    this.#running++
    const outcome = await this.#policy.ask(entry.target, entry.family)
    this.#running--
    if (this.#isStopped) return
    if (!entry.isDropped) this.#take(entry, outcome)
    this.#pump()
  }

  #take(entry: Entry, outcome: Outcome): void {
    const now = this.#clock.now()
    const { maxStaleMs } = this.#policy
    entry.state = settle(entry.state, outcome, now, maxStaleMs)
    this.#due.push({ at: entry.state.dueAt, item: entry })
    const answer = answerAt(entry.state, now, maxStaleMs)
    const hasChanged = !sameAnswer(answer, entry.told)
    if (outcome.kind === 'failed' && (hasChanged || !entry.wasAsked)) this.#onTrouble(troubleOf(entry, answer))
    entry.told = answer
    entry.wasAsked = true
    if (hasChanged) this.#tell()
    if (this.#waiting.length > 0 && this.#unasked() === 0) this.#wakeWaiting()
  }

  #tell(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined
      this.#onChange()
    }, COALESCE_MS)
  }

  #wakeWaiting(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}

function keyOf(target: string, family: Family): string {
  return `${family} ${target}`
}

function troubleOf({ target, family, state }: Entry, answer: FamilyAnswer): string {
  const what = `${target} ${family === 4 ? 'A' : 'AAAA'} is not resolved: ${state.reason}`
  return answer === 'servfail' ? `${what}; nothing stands in` : `${what}; its last answer stands in`
}
