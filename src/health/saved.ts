// Last known health on disk, for a restart: what was decided shortly before stands in for targets whose first observation
// does not come in time. The clock of these files is the wall clock, the only one that survives a restart.
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fault } from '../base/fault.ts'
import { writeAtomically } from '../base/kept-file.ts'
import type { Target, TargetHealth } from './health.ts'
import { leavesOf, type Monitor } from './monitor.ts'

/** The file within the state folder. */
export const SAVED_HEALTH = 'health.json'

const VERSION = 1

export type SavedState = Pick<TargetHealth, 'state' | 'reason' | 'since'>

export interface SavedHealth {
  /** Only what is decided and fresh, by target id. */
  readonly states: ReadonlyMap<string, SavedState>
  /** Why the file was ignored; a missing file is no fault. */
  readonly faults: readonly Fault[]
}

interface SavedFile {
  readonly version: typeof VERSION
  /** Wall-clock ms. */
  readonly savedAt: number
  readonly targets: Readonly<Record<string, SavedState>>
}

/** Writes atomically. `at`: wall-clock ms. Throws what the disk says. */
export async function saveHealth(folder: string, health: ReadonlyMap<string, TargetHealth>, at: number): Promise<void> {
  const decided = [...health].filter(([, { state }]) => state !== 'unknown')
  const targets = Object.fromEntries(decided.map(([id, { state, reason, since }]) => [id, { state, reason, since }]))
  await mkdir(folder, { recursive: true })
  const path = join(folder, SAVED_HEALTH)
  await writeAtomically(path, JSON.stringify({ version: VERSION, savedAt: at, targets } satisfies SavedFile))
}

/**
 * Reads what is still fresh for these targets: saved no longer ago than 2 × interval × threshold (the greater of the
 * two), and not in the future. `now`: wall-clock ms.
 */
export async function readSavedHealth(folder: string, targets: readonly Target[], now: number): Promise<SavedHealth> {
  const path = join(folder, SAVED_HEALTH)
  try {
    const file = parseSaved(await readFile(path, 'utf8'))
    if (file === undefined) return { states: new Map(), faults: [unreadable(path, 'this is not saved health')] }
    return { states: freshStates(file, targets, now), faults: [] }
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return { states: new Map(), faults: missing ? [] : [unreadable(path, String(error))] }
  }
}

function freshStates(file: SavedFile, targets: readonly Target[], now: number): ReadonlyMap<string, SavedState> {
  const ageMs = now - file.savedAt
  const fresh = targets.filter(({ id, monitor }) => {
    return Object.hasOwn(file.targets, id) && ageMs >= 0 && ageMs <= freshForMs(monitor)
  })
  return new Map(fresh.map(({ id }) => [id, file.targets[id]!]))
}

function freshForMs(monitor: Monitor): number {
  const spans = leavesOf(monitor).map(({ intervalMs, healthyThreshold, unhealthyThreshold }) => {
    return 2 * intervalMs * Math.max(healthyThreshold, unhealthyThreshold)
  })
  return Math.max(...spans)
}

function parseSaved(text: string): SavedFile | undefined {
  const value: unknown = tryParse(text)
  if (!isRecord(value) || value.version !== VERSION || !Number.isFinite(value.savedAt)) return undefined
  if (!isRecord(value.targets) || !Object.values(value.targets).every(isSavedState)) return undefined
  return value as unknown as SavedFile
}

function isSavedState(value: unknown): boolean {
  if (!isRecord(value) || typeof value.reason !== 'string' || !Number.isFinite(value.since)) return false
  return value.state === 'up' || value.state === 'down'
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function unreadable(file: string, message: string): Fault {
  return {
    code: 'saved-health-unreadable',
    severity: 'warning',
    place: { file },
    message: `saved health is ignored: ${message}`,
    hint: 'it is written anew while the director runs; until then targets without an answer count as up',
  }
}
