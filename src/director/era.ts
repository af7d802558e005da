// An era: the time between two changes of the configuration, its zones or the geo data, and what names and clients were
// then. While it lasts it reads the memory that answers; when it ends, that memory is about to be written again, so what
// the history is to remember is copied, if it is not too large.
import { createHash } from 'node:crypto'
import type { GeoSource } from '../geo/geo.ts'
import type { Binding } from '../snapshot/zone-image.ts'
import type { BuiltClientMap } from './client-map-build.ts'
import type { Definitions } from './service.ts'

/** A part of a snapshot as an era reads it. Eras with the same memory share it. */
export interface Image {
  /** Undefined: it was too large to be copied when its memory was given back. */
  memory: ArrayBufferLike | undefined
  /** What of the memory is used. */
  readonly byteLength: number
  /** A copy: the history's own. */
  isKept: boolean
}

export interface EraParts {
  readonly definitions: Definitions
  readonly geo: GeoSource | undefined
  readonly bindings: readonly Binding[]
  readonly clientMaps: readonly BuiltClientMap[]
  readonly images: Readonly<Record<'zones' | 'clientMaps', Image>>
}

export interface Era extends EraParts {
  /** Wall-clock ms when it began to answer. */
  readonly since: number
  /** When the next one did; missing while it lasts. */
  until?: number
  /** Equal for definitions that are alike: eras then share one object. */
  readonly digest: string
  /** About what it takes to keep it, without its images; what it shares with the era before is not counted. */
  readonly bytes: number
}

/** Of one binding or client class, about. */
const RECORD_BYTES = 160

export function beginEra(parts: EraParts, since: number, before: Era | undefined): Era {
  const text = textOf(parts.definitions)
  const digest = createHash('sha256').update(text).digest('base64')
  const isSame = before?.digest === digest
  const shared = isSame ? before.definitions : parts.definitions
  const classes = parts.clientMaps.reduce((sum, map) => sum + map.classes.length, 0)
  const bytes = (isSame ? 0 : text.length * 2) + (parts.bindings.length + classes) * RECORD_BYTES
  return { ...parts, images: shareImages(parts.images, before), definitions: shared, since, digest, bytes }
}

/** JSON knows no maps. */
function textOf({ regions, services, roundTrips }: Definitions): string {
  return JSON.stringify([[...regions], [...services], [...(roundTrips ?? [])]])
}

/** One object for one memory, so that it is copied once. */
function shareImages(images: EraParts['images'], before: Era | undefined): EraParts['images'] {
  const shared = (part: keyof EraParts['images']): Image => {
    const earlier = before?.images[part]
    return earlier && earlier.memory === images[part].memory ? earlier : images[part]
  }
  return { zones: shared('zones'), clientMaps: shared('clientMaps') }
}

/** The memory of an era that ends, unless the next one reads it too, is copied, or shared with a copy that is alike. */
export function endEra(era: Era, next: Era, copies: readonly Image[], limitBytes: number): void {
  era.until = next.since
  for (const part of ['zones', 'clientMaps'] as const) {
    const image = era.images[part]
    if (image === next.images[part] || image.isKept || image.memory === undefined) continue
    image.memory = image.byteLength > limitBytes ? undefined : copyOf(image.memory, image.byteLength, copies)
    image.isKept = image.memory !== undefined
  }
}

function copyOf(memory: ArrayBufferLike, byteLength: number, copies: readonly Image[]): ArrayBufferLike {
  const used = new Uint8Array(memory, 0, byteLength)
  const alike = copies.find(
    (copy) => copy.isKept && copy.byteLength === byteLength && Buffer.compare(new Uint8Array(copy.memory!), used) === 0,
  )
  return alike?.memory ?? used.slice().buffer
}
