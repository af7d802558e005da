// The last good version of each zone, kept under the state folder, so that a restart after a bad edit is no outage.
// One file a zone, written to a temporary name, synced and renamed: a line of JSON that names the source files and their
// lengths, then their bytes as they were read.
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Source files by absolute path: the zone file and what it includes. */
export type SourceFiles = ReadonlyMap<string, Uint8Array>

interface Entry {
  readonly path: string
  readonly length: number
}

function copyPath(state: string, zoneFile: string): string {
  return join(state, 'zones', `${zoneFile}.last-good`)
}

/** Keeps the sources of a zone; `zoneFile` is its file's base name. Does nothing when they are kept already. */
export function saveLastGood(state: string, zoneFile: string, files: SourceFiles): void {
  const entries: Entry[] = [...files].map(([path, bytes]) => ({ path, length: bytes.length }))
  const copy = Buffer.concat([Buffer.from(`${JSON.stringify(entries)}\n`), ...files.values()])
  const path = copyPath(state, zoneFile)
  if (readIfThere(path)?.equals(copy)) return
  mkdirSync(join(state, 'zones'), { recursive: true })
  const temporary = `${path}.new`
  const file = openSync(temporary, 'w')
  try {
    for (let at = 0; at < copy.length;) at += writeSync(file, copy, at)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(temporary, path)
}

/** The kept sources of a zone, or undefined when there are none or the copy is damaged. */
export function readLastGood(state: string, zoneFile: string): SourceFiles | undefined {
  const copy = readIfThere(copyPath(state, zoneFile))
  if (!copy) return undefined
  const headEnd = copy.indexOf(0x0a)
  const entries = parseEntries(copy.subarray(0, Math.max(headEnd, 0)).toString())
  if (!entries || entries.reduce((sum, { length }) => sum + length, headEnd + 1) !== copy.length) return undefined
  const files = new Map<string, Uint8Array>()
  let at = headEnd + 1
  for (const { path, length } of entries) {
    files.set(path, copy.subarray(at, at + length))
    at += length
  }
  return files
}

function parseEntries(line: string): Entry[] | undefined {
  try {
    const entries = JSON.parse(line) as unknown
    return Array.isArray(entries) && entries.every(isEntry) ? entries : undefined
  } catch {
    return undefined
  }
}

function isEntry(value: unknown): value is Entry {
  const entry = value as Partial<Entry> | null
  return typeof entry?.path === 'string' && Number.isSafeInteger(entry.length)
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
