// Whether geo data on the disk is still what was read, and word of it when it is not: `geoipupdate` and its like rename a new
// file into the place of the old one. Looked for, not listened for: a rename escapes a watched file, and no folder on a
// network tells its changes.
import { stat } from 'node:fs/promises'

/** Between two looks, ms. */
const POLL_MS = 1000

/** Text that changes when one of the files is replaced, written to, or gone. */
export async function stampOf(files: readonly string[]): Promise<string> {
  const stamps = files.map(async (file) => {
    const found = await stat(file, { bigint: true }).catch(() => undefined)
    return found ? `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs}` : 'missing'
  })
  return (await Promise.all(stamps)).join('; ')
}

/** Tells of changes once they have come to rest: what is alike for two looks is no longer being written. */
export class FileWatch {
  readonly #onChange: () => void
  readonly #pollMs: number
  #files: readonly string[] = []
  /** The stamp that was told last, and the one that was seen last. */
  #told = ''
  #seen = ''
  #timer: NodeJS.Timeout | undefined
  /** Counts the calls of `watch`: a look that began before is void. */
  #turn = 0

  constructor(onChange: () => void, pollMs = POLL_MS) {
    this.#onChange = onChange
    this.#pollMs = pollMs
  }

  /** From now on these files and no others. `stamp`: theirs when they were read. */
  watch(files: readonly string[], stamp: string): void {
    this.stop()
    this.#files = files
    this.#told = this.#seen = stamp
    if (files.length > 0) this.#wait(this.#turn)
  }

  stop(): void {
    this.#turn++
    clearTimeout(this.#timer)
  }

  #wait(turn: number): void {
    this.#timer = setTimeout(() => void this.#look(turn), this.#pollMs).unref()
  }

  async #look(turn: number): Promise<void> {
    const stamp = await stampOf(this.#files)
    if (turn !== this.#turn) return
    if (stamp !== this.#told && stamp === this.#seen) {
      this.#told = stamp
      this.#onChange()
    }
    this.#seen = stamp
    this.#wait(turn)
  }
}
