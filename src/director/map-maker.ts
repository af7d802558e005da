// The client maps of a change: those that answer, when neither the geo data nor the questions changed (zones are edited far more
// often); else new ones from a build worker; and where new data has faults, the old maps for the same questions.
import { isError, type Fault } from '../base/fault.ts'
import { filesOf, type GeoSource } from '../geo/geo.ts'
import { dataFilesOf } from '../geo/locator/data-files.ts'
import { stampOf } from '../geo/stamp.ts'
import { runBuild } from './build.ts'
import type { ClientMapBuildInput, ClientMapBuildOutput } from './client-map-build.ts'
import type { Question } from './question.ts'

export interface MadeMaps extends ClientMapBuildOutput {
  /** Equal for equal sources and questions. */
  readonly key: string
  /** Of the geo data's files, when they were last looked at. */
  readonly stamp: string
  /** The files hold newer data that has faults (`faults` says which): these maps are older. */
  readonly isStale: boolean
}

export interface MapsWanted {
  readonly source: GeoSource | undefined
  readonly questions: readonly Question[]
  /** Those that answer now. */
  readonly before: MadeMaps | undefined
  /** Memory of an idle arena. */
  readonly idle: () => Promise<SharedArrayBuffer>
}

/** Never rejects for data that a person wrote; a build that breaks down rejects only where there are no maps to keep. */
export async function makeMaps({ source, questions, before, idle }: MapsWanted): Promise<MadeMaps> {
  const asked = source ? questions : questions.filter(({ prefixes }) => prefixes.length > 0)
  const key = JSON.stringify([source, asked.map((question) => question.key)])
  const stamp = source ? await stampOf(dataFilesOf(source)) : ''
  const old = before?.key === key ? before : undefined
  if (old?.stamp === stamp) return old
  const about = { key, stamp, isStale: false }
  const buffer = await idle()
  if (!source && asked.length === 0) return { byteLength: 0, maps: [], faults: [], buffer, ...about }
  const building = build({ source, questions: asked, buffer })
  if (!old) return { ...(await building), ...about }
  const built = await building.catch((error: unknown) => ({ faults: [brokenDown(source, error)] }))
  if ('buffer' in built && !built.faults.some(isError)) return { ...built, ...about }
  return { ...old, faults: built.faults, stamp, isStale: true }
}

function build(input: ClientMapBuildInput): Promise<ClientMapBuildOutput> {
  return runBuild('clientMaps', input)
}

/** Memory, or threads. */
function brokenDown(source: GeoSource | undefined, error: unknown): Fault {
  const file = (source && filesOf(source)[0]) ?? 'geo data'
  return { code: 'build-failed', severity: 'error', place: { file }, message: `could not be built: ${String(error)}` }
}
