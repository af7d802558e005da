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

export interface KeepCopiesOutput {
  /** The zone files whose versions are kept now. */
  readonly kept: readonly string[]
  /** Warnings: a copy that cannot be kept costs nothing until a restart after a bad edit. */
  readonly faults: readonly Fault[]
}

export function checksumsOf(files: SourceFiles): ReadonlyMap<string, number> {
  return new Map([...files].map(([path, bytes]) => [path, crc32(bytes)]))
}

export function sameSources({ checksums }: ZoneSources, other: ZoneSources | undefined): boolean {
  const hasAll = [...checksums].every(([path, checksum]) => other?.checksums.get(path) === checksum)
  return hasAll && other?.checksums.size === checksums.size
}

/** All are written before the first is put in place (last-good.ts). */
export function keepCopies({ folder, state, zones }: KeepCopiesInput): KeepCopiesOutput {
  const kept: string[] = []
  const faults: Fault[] = []
  const staged: StagedCopy[] = []
  const attempt = (zoneFile: string, act: () => void): void => {
    try {
      act()
    } catch (error) {
      faults.push(copyFault('kept', join(folder, zoneFile), error))
    }
  }
  for (const { zoneFile, checksums } of zones) {
    attempt(zoneFile, () => {
      const files = readSources(checksums)
      if (!files) return
      const copy = stageLastGood(state, zoneFile, files)
      if (copy) staged.push(copy)
      else kept.push(zoneFile)
    })
  }
  for (const copy of staged) {
    attempt(copy.zoneFile, () => {
      installLastGood(copy)
      kept.push(copy.zoneFile)
    })
  }
  return { kept, faults }
}

/** Undefined when they are no longer what was loaded. */
function readSources(checksums: ReadonlyMap<string, number>): SourceFiles | undefined {
  const files = new Map([...checksums.keys()].map((path) => [path, readFileSync(path)]))
  return [...files].every(([path, bytes]) => crc32(bytes) === checksums.get(path)) ? files : undefined
}
