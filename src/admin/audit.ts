// The audit log: who did what, why, and what was before and after. One JSON line for each, only ever appended, synced,
// and rotated by size. It is never read to decide anything.
import { appendFile, mkdir, open, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'

export interface AuditEntry {
  /** RFC 3339, UTC. */
  readonly at: string
  /** The token's name, or `local`. */
  readonly who: string
  /** `override.create`, `override.change`, `override.end`, `reload`, `challenge.set` … */
  readonly what: string
  readonly target: string
  readonly why: string
  readonly outcome: 'done' | 'refused'
  /** What it was, what it became, and by which rules it was refused, as far as there is any. */
  readonly before?: object
  readonly after?: object
  readonly rules?: readonly object[]
}

export interface AuditLogOptions {
  readonly folder: string
  /** An entry could not be kept; one sentence. */
  readonly onTrouble: (what: string) => void
  /** A file that has reached this is rotated, bytes. */
  readonly maxBytes?: number
}

const FILE = 'audit.log'
/** `audit.log.1` is the newest. */
const KEPT_FILES = 9

export class AuditLog {
  readonly #options: AuditLogOptions
  #writing: Promise<void> = Promise.resolve()

  constructor(options: AuditLogOptions) {
    this.#options = options
  }

  /** Resolves when the entry is on the disk, or cannot be: then `onTrouble` is told. Never rejects. */
  append(entry: AuditEntry): Promise<void> {
    this.#writing = this.#writing
      .then(() => this.#write(`${JSON.stringify(entry)}\n`))
      .catch((error: unknown) => this.#options.onTrouble(`an entry of the audit log is lost: ${String(error)}`))
    return this.#writing
  }

  /** The newest entries, oldest first: of the file, and of the one before it. */
  async latest(limit: number): Promise<readonly AuditEntry[]> {
    await this.#writing
    const texts = await Promise.all([1, 0].map((number) => readIfThere(this.#path(number))))
    const lines = texts
      .join('')
      .split('\n')
      .slice(-limit - 1)
    return lines.flatMap((line) => parseLine(line)).slice(-limit)
  }

  async #write(line: string): Promise<void> {
    const { folder, maxBytes = 4 << 20 } = this.#options
    await mkdir(folder, { recursive: true })
    const size = await stat(this.#path(0)).then(
      (stats) => stats.size,
      () => 0,
    )
    if (size >= maxBytes) await this.#rotate()
    await appendFile(this.#path(0), line, { mode: 0o600 })
    const file = await open(this.#path(0), 'r')
    await file.sync().finally(() => file.close())
  }

  async #rotate(): Promise<void> {
    for (let number = KEPT_FILES - 1; number >= 0; number--) {
      await rename(this.#path(number), this.#path(number + 1)).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      })
    }
  }

  #path(number: number): string {
    return join(this.#options.folder, number === 0 ? FILE : `${FILE}.${number}`)
  }
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

/** A line torn by a crash is left out. */
function parseLine(line: string): AuditEntry[] {
  try {
    return [JSON.parse(line) as AuditEntry]
  } catch {
    return []
  }
}
