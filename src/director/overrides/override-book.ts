// All overrides that are, kept in the state folder: a change is on the disk before it counts. Those that have ended are
// let go. When something changes next is asked of here; nothing is timed here.
import { z } from 'zod'
import type { Fault } from '../../base/fault.ts'
import { KeptFile } from '../../base/kept-file.ts'
import { Turns } from '../../base/turns.ts'
import { endsAt, formatTarget, OVERRIDE_KINDS, turnsAt, type Override, type OverrideTarget } from './override.ts'

const moment = z.number().min(0)
const text = z.string().min(1).max(500)

/** How a kept override is read. */
const overrideSchema = z.strictObject({
  id: z.string().min(1),
  kind: z.enum(OVERRIDE_KINDS),
  target: z.strictObject({
    service: z.string().exactOptional(),
    region: z.string(),
    balancer: z.string().exactOptional(),
  }),
  value: z.number().min(0).exactOptional(),
  from: z.number().min(0).exactOptional(),
  owner: text,
  reason: text,
  createdAt: moment,
  startsAt: moment,
  rampMs: z.number().min(0),
  expiresAt: moment.exactOptional(),
  overruled: text.exactOptional(),
  undo: z.strictObject({ at: moment, overMs: z.number().min(0), owner: text, reason: text }).exactOptional(),
})

const keptSchema: z.ZodType<readonly Override[]> = z.array(overrideSchema)

export class OverrideBook {
  readonly #file: KeptFile<readonly Override[]>
  #overrides: readonly Override[] = []
  readonly #changes = new Turns()

  constructor(folder: string) {
    this.#file = new KeptFile({ folder, name: 'overrides', parse: (json) => keptSchema.safeParse(json).data })
  }

  get all(): readonly Override[] {
    return this.#overrides
  }

  /** Counts changes. */
  get version(): number {
    return this.#file.version
  }

  /** Reads what was kept; the faults of torn and corrupt copies, and of a disk that does not read. */
  async read(): Promise<readonly Fault[]> {
    try {
      const { value = [], faults } = await this.#file.read()
      this.#overrides = value
      return faults
    } catch (error) {
      return [unreadable(this.#file.path, error)]
    }
  }

  find(id: string): Override | undefined {
    return this.#overrides.find((override) => override.id === id)
  }

  /** That which says the same kind of thing of the same target, if there is one. */
  twinOf(kind: Override['kind'], target: OverrideTarget): Override | undefined {
    return this.#overrides.find((other) => other.kind === kind && formatTarget(other.target) === formatTarget(target))
  }

  /** Changes one after the other: `change` sees all that came before. Resolves once it is on the disk; rejects with what that says. */
  change(change: (overrides: readonly Override[]) => readonly Override[]): Promise<void> {
    return this.#changes.take(async () => {
      const next = change(this.#overrides)
      if (next === this.#overrides) return
      await this.#file.write(next)
      this.#overrides = next
    })
  }

  /** Lets go of those that have ended, and names them. */
  async prune(now: number): Promise<readonly Override[]> {
    const ended = this.#overrides.filter((override) => endsAt(override) <= now)
    if (ended.length > 0) await this.change((all) => all.filter((override) => !ended.includes(override)))
    return ended
  }

  /** The next moment at which words are others; Infinity when none. */
  turnsAt(now: number, leadMs: number): number {
    return Math.min(Infinity, ...this.#overrides.map((override) => turnsAt(override, now, leadMs)))
  }
}

function unreadable(file: string, error: unknown): Fault {
  return {
    ...{ code: 'overrides-unreadable', severity: 'error', place: { file } },
    message: `overrides cannot be read: ${(error as Error).message}`,
    hint: 'until the next start none is in force; mend the state folder',
  }
}
