// Zone files → the zone image of the next snapshot. A zone with faults keeps its last good version, and one that never
// loaded answers SERVFAIL; the others go on. Runs in a build worker.
import { readFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { isError, type Fault } from '../base/fault.ts'
import { formatName, parseName, type Name } from '../dns/name.ts'
import type { Binding } from '../snapshot/zone-image.ts'
import { ZoneImageWriter } from '../snapshot/zone-image-writer.ts'
import { assignChallenges, withChallenges, type Challenge } from '../zone/challenges.ts'
import { findZoneFiles, ZONE_EXTENSION } from '../zone/find.ts'
import { loadZone, type LoadOptions } from '../zone/load.ts'
import type { ZoneLimits } from '../zone/reading.ts'
import type { Zone } from '../zone/zone.ts'
import { checksumsOf, type ZoneSources } from './keep-copies.ts'
import { copyFault, readLastGood, type SourceFiles } from './last-good.ts'

export interface ZoneBuildInput {
  /** The folder of zone files. */
  readonly folder: string
  /** Where last good versions are kept; undefined: none are used. */
  readonly state: string | undefined
  /** Names that LB records may give. */
  readonly services: readonly string[]
  /** Those of them that answer a CNAME. */
  readonly cnameServices?: readonly string[]
  /** TXT records behind those of the files; missing: none. */
  readonly challenges?: readonly Challenge[]
  readonly limits: ZoneLimits
  /** An idle arena's memory. When the image outgrows it, it comes in a new block. */
  readonly buffer: SharedArrayBuffer
}

export interface ZoneStatus {
  /** Presentation form, with the final dot. */
  readonly origin: string
  readonly file: string
  /** Missing when nothing is loaded. */
  readonly serial?: number
  /** `last-good`: its file has faults, and the version before them answers. `failed`: SERVFAIL. */
  readonly state: 'current' | 'last-good' | 'failed'
  /** Errors in its file. */
  readonly errors: number
}

export interface ZoneBuildOutput {
  readonly buffer: SharedArrayBuffer
  /** Of it, what is used. */
  readonly byteLength: number
  readonly bindings: readonly Binding[]
  readonly zones: readonly ZoneStatus[]
  /** Names of challenges that no zone could take. */
  readonly unserved: readonly string[]
  /** What zones that are current were made of: to be kept once they are committed (keep-copies.ts). */
  readonly sources: readonly ZoneSources[]
  readonly faults: readonly Fault[]
  /** True: the folder itself could not be read. */
  readonly refused: boolean
}

/** What a zone may know of services. */
type Known = Required<Pick<LoadOptions, 'services' | 'cnameServices'>>

interface Within {
  readonly known: Known
  readonly limits: ZoneLimits
}

interface LoadedFile {
  readonly file: string
  readonly origin: Name
  readonly zone: Zone | undefined
  readonly state: ZoneStatus['state']
  readonly faults: readonly Fault[]
  /** Names of challenges that it could not take. */
  readonly unserved?: readonly string[]
  /** Of a zone whose file is sound. */
  readonly sources?: ZoneSources
}

/** Zones are loaded one after the other, and let go once they are written: only their images are held all at once. */
export function buildZones({
  folder,
  state,
  services,
  cnameServices = [],
  limits,
  challenges = [],
  buffer,
}: ZoneBuildInput): ZoneBuildOutput {
  const listed = listFolder(folder)
  if (!Array.isArray(listed)) {
    return {
      buffer,
      byteLength: 0,
      bindings: [],
      zones: [],
      unserved: [],
      sources: [],
      faults: [listed],
      refused: true,
    }
  }
  const known = { services: new Set(services), cnameServices: new Set(cnameServices) }
  const image = new ZoneImageWriter(buffer)
  const served = new Map<string, ZoneStatus>()
  const faults: Fault[] = []
  const sources: ZoneSources[] = []
  const unserved: string[] = []
  const added = assignChallenges(challenges, listed.map(originOf))
  for (const [i, file] of listed.entries()) {
    const loaded = loadFile(file, state, { known, limits }, added[i]!)
    faults.push(...loaded.faults)
    unserved.push(...(loaded.unserved ?? []))
    if (loaded.sources) sources.push(loaded.sources)
    const origin = formatName(loaded.origin)
    const twin = served.get(origin)
    if (twin) faults.push(twinFault(origin, file, twin.file))
    else {
      served.set(origin, statusOf(loaded))
      if (loaded.zone) image.add(loaded.zone)
      else image.addFailed(loaded.origin)
    }
  }
  return { ...image.finish(), zones: [...served.values()], unserved, sources, faults, refused: false }
}

function listFolder(folder: string): string[] | Fault {
  try {
    return [...findZoneFiles(folder)]
  } catch (error) {
    return {
      code: 'zones-unreadable',
      severity: 'error',
      place: { file: folder },
      message: `the zone folder cannot be read: ${(error as Error).message}`,
      hint: 'zones: names a folder of *.zone files',
    }
  }
}

function statusOf({ file, origin, zone, state, faults }: LoadedFile): ZoneStatus {
  return {
    origin: formatName(origin),
    file,
    ...(zone && { serial: zone.serial }),
    state,
    errors: faults.filter(isError).length,
  }
}

/** The file as it is, else the last good version of it, else nothing under the origin that its name gives. */
function loadFile(
  file: string,
  state: string | undefined,
  { known, limits }: Within,
  challenges: readonly Challenge[],
): LoadedFile {
  const read = new Map<string, Uint8Array>()
  const readFile = (path: string): Uint8Array => {
    const bytes = readFileSync(path)
    read.set(path, bytes)
    return path === resolve(file) ? withChallenges(bytes, challenges) : bytes
  }
  const { zone, faults } = loadZone(file, { ...known, limits, readFile })
  if (!zone && challenges.length > 0) return withoutChallenges(loadFile(file, state, { known, limits }, []), challenges)
  if (zone)
    return {
      file,
      origin: zone.origin,
      zone,
      state: 'current',
      faults,
      sources: { zoneFile: basename(file), checksums: checksumsOf(read) },
    }
  const kept = loadKept(file, state, known)
  const origin = kept.zone?.origin ?? originOf(file)
  const all = [...faults, ...kept.faults]
  return { file, origin, zone: kept.zone, state: kept.zone ? 'last-good' : 'failed', faults: all }
}

/** A zone is not given up for a challenge: one that does not fit its file, or comes while that has faults, is not served. */
function withoutChallenges(loaded: LoadedFile, challenges: readonly Challenge[]): LoadedFile {
  const unserved = challenges.map(({ name }) => name)
  const message = `${unserved.join(', ')} cannot be served beside what this zone holds`
  const hint = 'a CNAME or a delegation stands there, or the file has faults of its own'
  const fault: Fault = { code: 'challenge-unserved', severity: 'warning', place: { file: loaded.file }, message, hint }
  return { ...loaded, unserved, faults: [...loaded.faults, fault] }
}

/** A copy that cannot be read is told: its zone has nothing to answer with. */
function loadKept(
  file: string,
  state: string | undefined,
  known: Known,
): { readonly zone: Zone | undefined; readonly faults: readonly Fault[] } {
  try {
    const kept = state === undefined ? undefined : readLastGood(state, basename(file))
    return { zone: kept && parseKept(file, kept, known), faults: [] }
  } catch (error) {
    return { zone: undefined, faults: [copyFault('read', file, error)] }
  }
}

/** Whatever the limits are now: it was within them when it was kept. */
function parseKept(file: string, kept: SourceFiles, known: Known): Zone | undefined {
  const readFile = (path: string): Uint8Array => {
    const bytes = kept.get(path)
    if (!bytes) throw new Error(`${path} is not part of the kept version`)
    return bytes
  }
  return loadZone(file, { ...known, readFile }).zone
}

/** `example.com.zone` holds `example.com.` until a SOA says otherwise. */
function originOf(file: string): Name {
  const name = parseName(basename(file, ZONE_EXTENSION))
  return typeof name === 'string' ? Uint8Array.of(0) : name
}

/** Of two files with one origin the first (by name) is served, and the other is a fault. */
function twinFault(origin: string, file: string, first: string): Fault {
  return {
    code: 'zone-twice',
    severity: 'error',
    place: { file },
    message: `the zone ${origin} stands in ${basename(first)} already`,
    hint: 'keep one file a zone',
  }
}
