// Overrides as the API writes them: what was asked for is checked, kept, audited, and then in force. Writes come one
// after the other, so that each is judged with all before it.
import type { Caller, Outcome } from '../admin/api.ts'
import { READ_AGAIN } from '../admin/api.ts'
import type { AuditEntry, AuditLog } from '../admin/audit.ts'
import type {
  EndOverride,
  NewOverride,
  OverrideChange,
  OverrideSources,
  OverrideView,
  Written,
} from '../admin/overrides.ts'
import type { Forecast } from '../admin/plan.ts'
import type { Problem } from '../admin/problem.ts'
import type { Clock } from '../base/clock.ts'
import type { Turns } from '../base/turns.ts'
import type { OverrideBook } from '../director/overrides/override-book.ts'
import { endsAt, formatTarget, strengthAt, undoOf, type Override } from '../director/overrides/override.ts'
import type { Moves } from '../director/movement-book.ts'
import type { Definitions } from '../director/service.ts'
import { readOverride, refuse } from './override-reading.ts'
import type { Judgement } from './what-if.ts'

export interface OverrideWritesParts {
  /** Of everything that is judged by what else moves users: nothing comes between a judgement and what it lets pass. */
  readonly turns: Turns
  readonly clock: Clock
  readonly book: OverrideBook
  readonly audit: AuditLog
  readonly definitions: () => Definitions
  readonly view: (override: Override) => OverrideView
  /** What it would do, and which safety rules it would break. */
  readonly judge: (before: Override | undefined, after: Override) => Promise<Judgement>
  /** Remembers, on the disk, that users move so. */
  readonly move: (moves: Moves) => Promise<void>
  /** A change is kept: it comes into force. */
  readonly turn: () => void
  readonly tell: (level: 'info' | 'warn', text: string) => void
}

export class OverrideWrites implements OverrideSources {
  readonly #parts: OverrideWritesParts

  constructor(parts: OverrideWritesParts) {
    this.#parts = parts
  }

  readonly list: OverrideSources['list'] = () => {
    const { book, view } = this.#parts
    return { overrides: book.all.map(view), version: book.version }
  }

  readonly create: OverrideSources['create'] = (wanted, by, isDry) =>
    this.#inTurn({ what: 'override.create', target: wanted.target, why: wanted.reason }, by, isDry, () =>
      this.#create(wanted, by),
    )

  readonly change: OverrideSources['change'] = (id, change, by, isDry) =>
    this.#inTurn({ what: 'override.change', target: id, why: change.reason ?? '' }, by, isDry, () =>
      this.#change(id, change),
    )

  readonly end: OverrideSources['end'] = (id, how, by, isDry) =>
    this.#inTurn({ what: 'override.end', target: id, why: how.reason }, by, isDry, () => this.#end(id, how, by))

  #create(wanted: NewOverride, { actor }: Caller): Outcome<Change> {
    const { book, clock, definitions } = this.#parts
    const now = clock.wall()
    const read = readOverride(wanted, actor.name, definitions(), now)
    if ('problem' in read) return read
    const twin = book.twinOf(read.value.kind, read.value.target)
    const isGoing = twin !== undefined && (undoOf(twin)?.at ?? Infinity) <= now
    if (twin && !isGoing) return refuse(409, 'is-there', describeTwin(twin), `end override ${twin.id} first`)
    const after = twin ? goOn(read.value, strengthAt(twin, now), now) : read.value
    return { value: { ...(twin && { before: twin }), after } }
  }

  #change(id: string, change: OverrideChange): Outcome<Change> {
    const before = this.#parts.book.find(id)
    if (!before) return notFound(id)
    const { reason, expiresAt } = change
    const { expiresAt: old, ...rest } = before
    const expires = expiresAt === undefined ? old : expiresAt === null ? undefined : Date.parse(expiresAt)
    if (typeof expiresAt === 'string' && expires! <= this.#parts.clock.wall()) {
      return refuse(400, 'bad-body', 'expiresAt has gone by', 'DELETE ends it now', '/expiresAt')
    }
    const after = {
      ...rest,
      ...(expires !== undefined && { expiresAt: expires }),
      ...(reason !== undefined && { reason }),
    }
    return { value: { before, after } }
  }

  #end(id: string, { reason, rampMs, overrule }: EndOverride, { actor }: Caller): Outcome<Change> {
    const before = this.#parts.book.find(id)
    if (!before) return notFound(id)
    const at = this.#parts.clock.wall()
    const undo = { at, overMs: rampMs ?? before.rampMs, owner: actor.name, reason }
    return { value: { before, after: { ...before, undo }, ...(overrule !== undefined && { overrule }) } }
  }

  /** One write after the other: judged, kept, audited, told, in force. */
  #inTurn(
    entry: Omit<Entry, 'who'>,
    by: Caller,
    isDry: boolean,
    decide: () => Outcome<Change>,
  ): Promise<Outcome<Written>> {
    return this.#parts.turns.take(() => this.#write({ ...entry, who: by.actor.name }, by, isDry, decide))
  }

  async #write(
    entry: Entry,
    { version }: Caller,
    isDry: boolean,
    decide: () => Outcome<Change>,
  ): Promise<Outcome<Written>> {
    const { book, view, judge } = this.#parts
    if (version !== undefined && version !== book.version) return changedMeanwhile(book.version)
    const decided = decide()
    if ('problem' in decided) return await this.#refuse(entry, decided.problem, isDry)
    const { before, after } = decided.value
    const { forecast, moves } = await judge(before, after)
    if (isDry) return { value: { override: view(after), version: book.version, forecast } }
    const { overrule = after.overruled } = decided.value
    if (forecast.rules.length > 0 && overrule === undefined) {
      return await this.#refuse(entry, unsafe(forecast.rules), isDry)
    }
    const kept = await this.#keep(before, after, moves)
    if (kept) return { problem: kept }
    await this.#done(entry, decided.value, forecast)
    return { value: { override: view(after), version: book.version, forecast } }
  }

  async #done(entry: Entry, { before, after, overrule }: Change, { rules }: Forecast): Promise<void> {
    const { tell, turn, view } = this.#parts
    const views = { ...(before && { before: view(before) }), after: view(after) }
    const overruled = rules.length > 0 ? { rules: [...rules, { overruled: overrule ?? after.overruled }] } : {}
    await this.#audit({ ...entry, target: formatTarget(after.target) }, { outcome: 'done', ...views, ...overruled })
    tell('info', `${entry.who}: ${entry.what} ${after.kind} ${formatTarget(after.target)}: ${entry.why}`)
    turn()
  }

  async #refuse(entry: Entry, problem: Problem, isDry: boolean): Promise<{ readonly problem: Problem }> {
    const rules = problem.rules ?? [{ code: problem.code }]
    if (!isDry) await this.#audit(entry, { outcome: 'refused', rules })
    return { problem }
  }

  async #keep(before: Override | undefined, after: Override, moves: Moves): Promise<Problem | undefined> {
    const { book, clock, move, tell } = this.#parts
    const isOver = endsAt(after) <= clock.wall()
    try {
      await move(moves)
      await book.change((all) => [...all.filter(({ id }) => id !== before?.id), ...(isOver ? [] : [after])])
      return undefined
    } catch (error) {
      tell('warn', `an override could not be kept: ${String(error)}`)
      const hint = 'nothing was changed; see to the disk of the state folder'
      return { status: 503, code: 'not-kept', detail: 'it could not be written to the disk', hint }
    }
  }

  #audit(entry: Entry, rest: Pick<AuditEntry, 'outcome' | 'before' | 'after' | 'rules'>): Promise<void> {
    const { audit, clock } = this.#parts
    return audit.append({ at: new Date(clock.wall()).toISOString(), ...entry, ...rest })
  }
}

type Entry = Pick<AuditEntry, 'who' | 'what' | 'target' | 'why'>

interface Change {
  readonly before?: Override
  readonly after: Override
  /** Why safety rules shall not hold for this change alone. */
  readonly overrule?: string
}

/** A safety rule refuses: which, with its numbers, and how to go on. */
export function unsafe(rules: readonly { readonly rule: string; readonly detail: string }[]): Problem {
  const detail = rules.map((each) => `${each.rule}: ${each.detail}`).join('; ')
  const hint =
    'give a longer ramp where users would move too fast, or say with "overrule" (--overrule REASON) why it shall be done all the same'
  return { status: 409, code: 'unsafe', detail, hint, rules }
}

/** One that begins where another, which was on its way out, has come to. */
function goOn(override: Override, strength: number, now: number): Override {
  const isNow = override.startsAt === now
  return isNow ? { ...override, startsAt: now - strength * override.rampMs } : override
}

function describeTwin({ kind, target, owner, reason }: Override): string {
  return `there is a ${kind} of ${formatTarget(target)} by ${owner}: ${reason}`
}

function notFound(id: string): { readonly problem: Problem } {
  return refuse(404, 'no-such-override', `there is no override ${id}`)
}

function changedMeanwhile(version: number): { readonly problem: Problem } {
  return refuse(412, 'changed-meanwhile', `overrides have changed since: they are at version ${version}`, READ_AGAIN)
}
