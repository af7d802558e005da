// Heavy builds run in a short-lived worker of their own: the main thread stays responsive, and what a build used is
// gone with its thread. A build that runs out of its memory fails alone.
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { ClientMapBuildInput, ClientMapBuildOutput } from './client-map-build.ts'
import type { KeepCopiesInput, KeepCopiesOutput } from './keep-copies.ts'
import type { FoundLocation, LocateInput } from './locate.ts'
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
  return new Promise((resolve, reject) => {
    const worker = new Worker(SCRIPT, {
      workerData: { name, input },
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
    })
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`building ${name} ended with code ${code} and no result`)))
  })
}
