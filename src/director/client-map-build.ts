// Geo data → the client maps of the next snapshot, one for each ordering question. Runs in a build worker: what the
// locator read is gone with it.
import type { Fault } from '../base/fault.ts'
import { parsePrefix } from '../base/prefix.ts'
import { compileRanges, type ClientClass, type ClientMap, type ClientMapResult } from '../geo/client-map.ts'
import { filesOf, type GeoSource, type LocatorLoad, type Networks } from '../geo/geo.ts'
import { flattenPrefixes } from '../geo/locator/flatten.ts'
import { openLocator } from '../geo/locator/locator.ts'
import { overlayPrefixes } from '../geo/overlay.ts'
import { roomFor } from '../snapshot/arena.ts'
import { clientMapWords, writeClientMap } from '../snapshot/client-map.ts'
import { makeClassifier, providersOf, type Question } from './question.ts'

export interface ClientMapBuildInput {
  /** Undefined: nothing is known of clients but their addresses. */
  readonly source: GeoSource | undefined
  readonly questions: readonly Question[]
  /** An idle arena's memory. When the maps outgrow it, they come in a new block. */
  readonly buffer: SharedArrayBuffer
}

/** One map in the part: where it stands, and who falls into it. */
export interface BuiltClientMap {
  readonly key: string
  /** In 32-bit words from the start of the part. */
  readonly offset: number
  readonly classes: readonly ClientClass[]
}

export interface ClientMapBuildOutput {
  readonly buffer: SharedArrayBuffer
  /** Of it, what is used. */
  readonly byteLength: number
  readonly maps: readonly BuiltClientMap[]
  /** Which data, of when; missing when faults forbid it. */
  readonly describe?: string
  readonly attribution?: string
  /** Any error forbids the whole part. */
  readonly faults: readonly Fault[]
}

export function buildClientMaps({ source, questions, buffer }: ClientMapBuildInput): ClientMapBuildOutput {
  const { locator, faults } = source ? openLocator(source) : NO_GEO
  if (!locator) return { buffer, byteLength: 0, maps: [], faults }
  const about = {
    ...(source && { describe: locator.describe() }),
    ...(locator.attribution !== undefined && { attribution: locator.attribution }),
  }
  if (questions.length === 0) return { buffer, byteLength: 0, maps: [], faults, ...about }
  const read = locator.read(new Set(questions.flatMap(providersOf)))
  if ('fault' in read) return { buffer, byteLength: 0, maps: [], faults: [...faults, read.fault], ...about }
  const results = compileQuestions(read.networks, questions)
  const refused = results.flatMap((result) => ('fault' in result ? [classFault(source, result.fault)] : []))
  const compiled = results.flatMap((result) => ('map' in result ? [result.map] : []))
  if (refused.length > 0) return { buffer, byteLength: 0, maps: [], faults: [...faults, ...refused], ...about }
  return { ...layOut(compiled, questions, buffer), faults, ...about }
}

const NO_NETWORKS: Networks = { ipv4: flattenPrefixes(4, []), ipv6: flattenPrefixes(6, []), locations: [] }

const NO_GEO: LocatorLoad = {
  locator: {
    describe: () => 'none',
    attribution: undefined,
    read: () => ({ networks: NO_NETWORKS }),
    locate: () => undefined,
  },
  faults: [],
}

/** Questions that tell the same own prefixes apart share one overlay. */
function compileQuestions(networks: Networks, questions: readonly Question[]): ClientMapResult[] {
  const overlays = new Map<string, Networks>()
  return questions.map((question) => {
    const key = question.prefixes.toSorted().join(' ')
    const laid =
      overlays.get(key) ??
      overlayPrefixes(
        networks,
        question.prefixes.map((text) => parsePrefix(text)!),
      )
    overlays.set(key, laid)
    return compileRanges(laid, makeClassifier(question))
  })
}

function layOut(
  maps: readonly ClientMap[],
  questions: readonly Question[],
  buffer: SharedArrayBuffer,
): Pick<ClientMapBuildOutput, 'buffer' | 'byteLength' | 'maps'> {
  const sizes = maps.map(clientMapWords)
  const byteLength = sizes.reduce((sum, size) => sum + size, 0) * Int32Array.BYTES_PER_ELEMENT
  const target = byteLength <= buffer.byteLength ? buffer : new SharedArrayBuffer(roomFor(byteLength))
  const words = new Int32Array(target)
  let offset = 0
  const built = maps.map((map, i) => {
    writeClientMap(map, words, offset)
    const placed = { key: questions[i]!.key, offset, classes: map.classes }
    offset += sizes[i]!
    return placed
  })
  return { buffer: target, byteLength, maps: built }
}

function classFault(source: GeoSource | undefined, fault: Pick<Fault, 'code' | 'message' | 'hint'>): Fault {
  const file = source === undefined ? 'no geo data' : (filesOf(source)[0] ?? source.source)
  return { ...fault, severity: 'error', place: { file } }
}
