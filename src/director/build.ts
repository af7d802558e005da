// Heavy builds run in a short-lived thread of their own (build-worker.ts).
import { extname } from 'node:path'
import { runThreadTask } from '../base/thread-task.ts'
import type { ClientMapBuildInput, ClientMapBuildOutput } from './client-map-build.ts'
import type { KeepCopiesInput, KeepCopiesOutput } from './keep-copies.ts'
import type { FoundLocation } from '../geo/geo.ts'
import type { LocateInput } from './locate.ts'
import type { ZoneBuildInput, ZoneBuildOutput } from './zone-build.ts'

/** What can be built, by name: what goes in and what comes out. */
export interface Builds {
  readonly zones: { readonly input: ZoneBuildInput; readonly output: ZoneBuildOutput }
  readonly copies: { readonly input: KeepCopiesInput; readonly output: KeepCopiesOutput }
  readonly clientMaps: { readonly input: ClientMapBuildInput; readonly output: ClientMapBuildOutput }
  readonly location: { readonly input: LocateInput; readonly output: FoundLocation | undefined }
}

/** Heap of a build worker, MiB. Columns and images lie outside it. */
const MAX_HEAP_MIB = 2048

const SCRIPT = new URL(`./build-worker${extname(import.meta.filename)}`, import.meta.url)

/** Runs one build. Rejects when its thread failed, which is a fault of ours or of memory, never of a file's text. */
export function runBuild<Name extends keyof Builds>(
  name: Name,
  input: Builds[Name]['input'],
): Promise<Builds[Name]['output']> {
  return runThreadTask(SCRIPT, { name, input }, MAX_HEAP_MIB)
}
