// Arenas: blocks of shared memory that parts of a snapshot are written into. They are pooled and rewritten in place,
// since a worker that loops without allocating never collects a dropped SharedArrayBuffer (300 dropped ones of 10 MB
// left 3.1 GB resident).

/** The parts of a snapshot, published apart: zones change with files, client maps with geo data, plans with health. */
export const PARTS = ['zones', 'clientMaps', 'plan'] as const
export type Part = (typeof PARTS)[number]

export interface Arena {
  /** Unique for the life of the process. */
  readonly id: number
  readonly buffer: SharedArrayBuffer
  readonly words: Int32Array
  readonly halves: Uint16Array
  readonly bytes: Uint8Array
}

/** Offsets into `bytes` must stay below 2³¹: reads beyond it cost 50 ns instead of 2.8. */
export const MAX_ARENA_BYTES = 2 ** 31 - 8

const GRAIN_BYTES = 64 * 1024

/** The size to allocate for a need: a quarter more, so that a growing part fits the same arena for a while. */
export function roomFor(bytes: number): number {
  const room = Math.ceil((bytes * 1.25) / GRAIN_BYTES) * GRAIN_BYTES
  if (room > MAX_ARENA_BYTES) throw new RangeError(`a part of ${bytes} bytes exceeds the limit of an arena`)
  return room
}

export function openArena(id: number, buffer: SharedArrayBuffer): Arena {
  return {
    id,
    buffer,
    words: new Int32Array(buffer),
    halves: new Uint16Array(buffer),
    bytes: new Uint8Array(buffer),
  }
}
