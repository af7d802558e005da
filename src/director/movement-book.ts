// The movements of users of the last minute, and those that are under way or to come, each by what makes it. Kept in the
// state folder: a director that starts anew goes on with what the one before began.
import { z } from 'zod'
import type { Fault } from '../base/fault.ts'
import { KeptFile } from '../base/kept-file.ts'
import { cutAt, MINUTE_MS, type Movement } from './movement.ts'

const keptSchema = z.array(
  z.strictObject({
    by: z.string(),
    parts: z.record(z.string(), z.number().min(0)),
    from: z.number(),
    overMs: z.number().min(0),
  }),
)

/** `by`: the id of an override, `reload`, or `recovery REGION`. */
export interface KnownMovement extends Movement {
  readonly by: string
}

/** What something moves from now on. */
export interface Moves {
  readonly by: string
  readonly movements: readonly Movement[]
  /** In the place of what this one would move from `since` on (wall-clock ms). */
  readonly instead: string
  readonly since: number
}

/** Of those that are over, the oldest beyond these are taken together: more than so many changes are not made by hand. */
const MOST = 500

export class MovementBook {
  readonly #file: KeptFile<readonly KnownMovement[]>
  #movements: readonly KnownMovement[] = []

  constructor(folder: string) {
    this.#file = new KeptFile({ folder, name: 'movements', parse: (json) => keptSchema.safeParse(json).data })
  }

  get all(): readonly KnownMovement[] {
    return this.#movements
  }

  /** Reads what was kept; the faults of torn and corrupt copies, and of a disk that does not read. */
  async read(): Promise<readonly Fault[]> {
    try {
      const { value = [], faults } = await this.#file.read()
      this.#movements = value
      return faults
    } catch (error) {
      const message = `movements of users cannot be read: ${(error as Error).message}`
      return [{ code: 'movements-unreadable', severity: 'error', place: { file: this.#file.path }, message }]
    }
  }

  /** All, were those made by something broken off at a moment (wall-clock ms). */
  without(by: string | undefined, at: number): readonly KnownMovement[] {
    return this.#movements.flatMap((each) => {
      const rest = each.by === by ? cutAt(each, at) : each
      return rest ? [{ ...rest, by: each.by }] : []
    })
  }

  /** Known at once; resolves when it is on the disk, and rejects with what that says. `now`: wall-clock ms. */
  async record({ by, movements, instead, since }: Moves, now: number): Promise<void> {
    const rest = this.without(instead, since)
    const recent = rest.filter(({ from, overMs }) => from + overMs > now - MINUTE_MS)
    const isNew = movements.length > 0 || recent.length < this.#movements.length || since < Infinity
    this.#movements = condense([...recent, ...movements.map((each) => ({ ...each, by }))], now)
    if (isNew) await this.#file.write(this.#movements)
  }
}

/** Takes the oldest together, as if they had been made when the last of them was: never fewer users than moved. */
function condense(movements: readonly KnownMovement[], now: number): readonly KnownMovement[] {
  if (movements.length <= MOST) return movements
  const isOver = ({ from, overMs }: Movement) => from + overMs <= now
  const old = movements.filter(isOver).slice(0, movements.length - MOST + 1)
  const from = Math.max(...old.map((each) => each.from + each.overMs))
  const parts: Record<string, number> = {}
  for (const each of old) {
    for (const [service, part] of Object.entries(each.parts)) parts[service] = (parts[service] ?? 0) + part
  }
  const rest = movements.filter((each) => !old.includes(each))
  return old.length === 0 ? movements : [{ by: 'several', parts, from, overMs: 0 }, ...rest]
}
