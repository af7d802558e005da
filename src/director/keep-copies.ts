// Keeps a last good version of each zone that was committed. Runs in a build worker behind the commit: nobody waits for it
// to be answered. The sources are read again, and kept only if they are still what was loaded: an edit since then is for
// the next reload to judge.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Fault } from '../base/fault.ts'
import { copyFault, installLastGood, stageLastGood, type SourceFiles, type StagedCopy } from './last-good.ts'

/** What a loaded zone was made of. */
export interface ZoneSources {
  /** The base name of its file. */
  readonly zoneFile: string
  /** By absolute path: the zone file, and what it includes. */
  readonly checksums: ReadonlyMap<string, number>
}

export interface KeepCopiesInput {
  /** The folder of zone files, for faults. */
  readonly folder: string
  readonly state: string
  readonly zones: readonly ZoneSources[]
}

/** Warnings: a copy that cannot be kept costs nothing until a restart after a bad edit. */
export interface KeepCopiesOutput {
  readonly faults: readonly Fault[]
}

export function checksumsOf(files: SourceFiles): ReadonlyMap<string, number> {
  return new Map([...files].map(([path, bytes]) => [path, crc32(bytes)]))
}

/** All are written before the first is put in place (last-good.ts). */
export function keepCopies({ folder, state, zones }: KeepCopiesInput): KeepCopiesOutput {
  const faults: Fault[] = []
  const attempt = <Result>(zoneFile: string, act: () => Result): Result | undefined => {
    try {
      return act()
    } catch (error) {
      faults.push(copyFault('kept', join(folder, zoneFile), error))
      return undefined
    }
  }
  const staged = zones.flatMap((zone) => attempt(zone.zoneFile, () => stage(state, zone)) ?? [])
  for (const copy of staged) attempt(copy.zoneFile, () => installLastGood(copy))
  return { faults }
}

/** Undefined when there is nothing to keep. */
function stage(state: string, { zoneFile, checksums }: ZoneSources): StagedCopy | undefined {
  const files = new Map([...checksums.keys()].map((path) => [path, readFileSync(path)]))
  const isUnchanged = [...files].every(([path, bytes]) => crc32(bytes) === checksums.get(path))
  return isUnchanged ? stageLastGood(state, zoneFile, files) : undefined
}
