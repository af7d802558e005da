// Keeps last known health on disk while the director runs: every few seconds, soon after a change, and at the end. One
// write at a time, and none right after another: a storm of events has better uses for the disk and the processor. What the file holds and how it is read is in saved.ts.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../base/clock.ts'
import type { TargetHealth } from './health.ts'
import { saveHealth } from './saved.ts'

/** Ms between two writes when nothing changes: a file that ages is of no use after a crash. */
const EVERY_MS = 10_000

/** Ms between the end of a write and the next, at the least. */
const APART_MS = 1000

export interface KeeperOptions {
  readonly folder: string
  readonly health: () => ReadonlyMap<string, TargetHealth>
  readonly clock: Clock
  /** A write failed; one sentence. The next one is tried all the same. */
  readonly onTrouble: (what: string) => void
}

export class HealthKeeper {
  readonly #options: KeeperOptions
  readonly #timer: NodeJS.Timeout
  #writing: Promise<void> | undefined
  #again = false
  readonly #end = new AbortController()

  constructor(options: KeeperOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.save(), EVERY_MS)
  }

  /** Writes what is known now; during a write and soon after, one more follows, however often this is called. Never rejects. */
  save(): Promise<void> {
    this.#again = true
    this.#writing ??= this.#writeWhileAsked()
    return this.#writing
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#end.abort()
    await this.save()
  }

  async #writeWhileAsked(): Promise<void> {
    const { folder, health, clock, onTrouble } = this.#options
    while (this.#again) {
      this.#again = false
      await saveHealth(folder, health(), clock.wall()).catch((error: unknown) => {
        onTrouble(`health could not be saved: ${String(error)}`)
      })
      await sleep(APART_MS, undefined, { signal: this.#end.signal }).catch(() => undefined)
    }
    this.#writing = undefined
  }
}
