// Regions that come back, from their turn to the end of their ramps: how many users each brings back is measured, and it
// begins when there is room beside everything else that moves users. What is under way is kept, so that a restart cuts no
// ramp short.
import type { Clock } from '../base/clock.ts'
import type { Turns } from '../base/turns.ts'
import type { Config } from '../config/config.ts'
import type { MovementBook } from '../director/movement-book.ts'
import { makeRoom, rampFor, type Movement } from '../director/movement.ts'
import { RecoveryRamps } from './recovery.ts'

export interface RecoveryParts {
  readonly clock: Clock
  readonly config: () => Config
  readonly movements: MovementBook
  /** Of everything that is judged by what else moves users. */
  readonly turns: Turns
  /** The parts of users that come back with a region. */
  readonly movedBy: (region: string) => Promise<Movement['parts']>
  /** Ramps are other than before. */
  readonly turn: () => void
  readonly tell: (level: 'info' | 'warn' | 'error', text: string) => void
}

/** So long a region that came back waits for the measure of its users, ms. */
const MEASURED_WITHIN_MS = 5000

export class RecoveryDesk {
  readonly ramps = new RecoveryRamps()
  readonly #parts: RecoveryParts
  #isAnswering = false
  /** Regions that came back before the first plan. */
  readonly #unmeasured = new Set<string>()

  constructor(parts: RecoveryParts) {
    this.#parts = parts
  }

  /** Those that were under way when the director before this one ended. */
  resume(): void {
    const { clock, config, movements } = this.#parts
    for (const region of config().regions.keys()) {
      const known = movements.all.findLast(({ by }) => by === makerOf(region))
      if (known) this.ramps.begin(region, known.from, known.overMs, clock.wall())
    }
  }

  /** A region turned, before the plan that knows of it. */
  regionTurned(region: string, to: 'up' | 'down'): void {
    const { movement, recoveryMs } = this.#parts.config().safety
    if (to === 'down') this.#end(region)
    else if (movement < 1) this.#hold(region)
    else if (recoveryMs > 0) this.#begin(region, {})
  }

  /** There is a plan, and from now on it can be told how many users move. */
  measure(): void {
    this.#isAnswering = true
    for (const region of this.#unmeasured) this.#measure(region)
    this.#unmeasured.clear()
  }

  /** Until it is known how many users it brings back; and slowly, if that takes long. */
  #hold(region: string): void {
    const { clock, config, turn } = this.#parts
    const { movement, recoveryMs } = config().safety
    const now = clock.wall()
    const [from, overMs] = [now + MEASURED_WITHIN_MS, Math.max(recoveryMs, rampFor(1, movement))]
    this.ramps.begin(region, from, overMs, now)
    this.#keep(region, [{ parts: {}, from, overMs }])
    turn()
    if (this.#isAnswering) this.#measure(region)
    else this.#unmeasured.add(region)
  }

  #measure(region: string): void {
    const { movedBy, tell, turns } = this.#parts
    const measured = turns.take(async () => {
      const moved = await movedBy(region)
      if (this.ramps.has(region)) this.#begin(region, moved)
    })
    measured.catch((error: unknown) => {
      tell('error', `how many users ${region} brings back could not be told: ${String(error)}`)
    })
  }

  #begin(region: string, parts: Movement['parts']): void {
    const { clock, config, movements, tell, turn } = this.#parts
    const { movement, recoveryMs } = config().safety
    const now = clock.wall()
    const known = movements.without(makerOf(region), now)
    const { from, overMs } = makeRoom(movement, known, parts, now, recoveryMs)
    this.ramps.begin(region, from, overMs, now)
    this.#keep(region, [{ parts, from, overMs }])
    turn()
    if (from + overMs <= now) return
    const wait = from > now ? `, in ${Math.ceil((from - now) / 1000)} s: others move until then` : ''
    tell('info', `region ${region} gets its share again over ${Math.round(overMs / 1000)} s${wait}`)
  }

  #end(region: string): void {
    if (this.ramps.has(region)) this.#keep(region, [])
    this.ramps.end(region)
  }

  /** Nobody waits for it: what cannot be kept is told, and counts until the end of this process. */
  #keep(region: string, ramps: readonly Movement[]): void {
    const { clock, movements, tell } = this.#parts
    const now = clock.wall()
    const by = makerOf(region)
    movements.record({ by, movements: ramps, instead: by, since: now }, now).catch((error: unknown) => {
      tell('warn', `the ramp of ${region} could not be kept: ${String(error)}`)
    })
  }
}

/** As movements of its recovery are kept. */
function makerOf(region: string): string {
  return `recovery ${region}`
}
