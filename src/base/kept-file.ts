// A small value kept in the state folder so that neither a crash nor a bad disk block loses it: two copies, each written to
// a new file, synced, and renamed into place, with a version and a checksum. What was acknowledged is in both. A copy that
// is torn or corrupt is put aside and told of, and the other one counts. What the value means is the caller's.
import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Fault } from './fault.ts'
import { Turns } from './turns.ts'

/** The value as last kept. */
export interface Kept<Value> {
  /** Missing: nothing was ever kept, or nothing sound is left of it. */
  readonly value?: Value
  /** Counts writes; 0: none. */
  readonly version: number
  /** Copies that were torn or corrupt. */
  readonly faults: readonly Fault[]
}

export interface KeptFileOptions<Value> {
  readonly folder: string
  /** Of the files, without an ending: `overrides` is kept in `overrides.json` and `overrides.copy.json`. */
  readonly name: string
  /** Undefined: this is no such value. */
  readonly parse: (json: unknown) => Value | undefined
  /** Who may read the files: 0o644 unless it is a secret. */
  readonly mode?: number
}

export class KeptFile<Value> {
  readonly #options: KeptFileOptions<Value>
  readonly #paths: readonly string[]
  #version = 0
  readonly #writes = new Turns()

  constructor(options: KeptFileOptions<Value>) {
    this.#options = options
    this.#paths = ['', '.copy'].map((which) => join(options.folder, `${options.name}${which}.json`))
  }

  /** How often it was written, as far as this process knows. */
  get version(): number {
    return this.#version
  }

  /** Where the first copy is. */
  get path(): string {
    return this.#paths[0]!
  }

  /** The newest sound copy. Corrupt ones are renamed to end in `.corrupt`. Throws what the disk says but that there is nothing. */
  async read(): Promise<Kept<Value>> {
    const copies = await Promise.all(this.#paths.map((path) => this.#readCopy(path)))
    const sound = copies.filter((copy) => 'value' in copy)
    const newest = sound.reduce<(typeof sound)[number] | undefined>(
      (best, copy) => (best && best.version >= copy.version ? best : copy),
      undefined,
    )
    this.#version = newest?.version ?? 0
    const faults = copies.flatMap((copy, i) =>
      'problem' in copy ? [this.#corrupt(this.#paths[i]!, copy.problem, newest?.version)] : [],
    )
    for (const [i, copy] of copies.entries()) {
      if ('problem' in copy) await rename(this.#paths[i]!, `${this.#paths[i]!}.corrupt`)
    }
    return { ...(newest && { value: newest.value }), version: this.#version, faults }
  }

  /** Resolves when both copies are on the disk; one write at a time. Rejects with what the disk says. */
  write(value: Value): Promise<void> {
    return this.#writes.take(() => this.#writeCopies(value))
  }

  async #writeCopies(value: Value): Promise<void> {
    const { folder, mode = 0o644 } = this.#options
    const version = this.#version + 1
    const body = JSON.stringify(value)
    const text = `${JSON.stringify({ version, sha256: checksum(version, body) })}\n${body}\n`
    await mkdir(folder, { recursive: true })
    for (const path of this.#paths) await writeAtomically(path, text, mode)
    this.#version = version
  }

  async #readCopy(path: string): Promise<Copy<Value>> {
    try {
      return this.#parseCopy(await readFile(path, 'utf8'))
    } catch (error) {
      if (isAbsence(error)) return { missing: true }
      throw error
    }
  }

  #parseCopy(text: string): Copy<Value> {
    const [head = '', body = ''] = text.split('\n')
    const { version, sha256 } = (tryParse(head) ?? {}) as { version?: unknown; sha256?: unknown }
    if (typeof version !== 'number' || sha256 !== checksum(version, body)) return { problem: 'its checksum is wrong' }
    const value = this.#options.parse(tryParse(body))
    return value === undefined ? { problem: 'it holds something else' } : { value, version }
  }

  #corrupt(file: string, problem: string, used: number | undefined): Fault {
    const instead = used === undefined ? 'no sound copy is left' : `the copy of version ${used} is used`
    return {
      ...{ code: 'kept-file-corrupt', severity: used === undefined ? 'error' : 'warning', place: { file } },
      message: `${basename(file)} is torn or corrupt (${problem}); ${instead}`,
      hint: `it was put aside as ${basename(file)}.corrupt; look after the disk`,
    }
  }
}

type Copy<Value> =
  { readonly value: Value; readonly version: number } | { readonly problem: string } | { readonly missing: true }

/** There is no such file, or its folder is none. */
function isAbsence(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}

function checksum(version: number, body: string): string {
  return createHash('sha256').update(`${version}\n${body}`).digest('hex')
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A new file beside it, synced, renamed into its place, and the folder synced: after a crash the old or the new one is there, whole. */
export async function writeAtomically(path: string, text: string, mode = 0o644): Promise<void> {
  const file = await open(`${path}.new`, 'w', mode)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
  const folder = await open(join(path, '..'), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
