// The one place that touches chance, and the one hash that promises depend on.
import { randomInt } from 'node:crypto'

/** A fraction in [0, 1). */
export type Random = () => number

export const systemRandom: Random = () => randomInt(2 ** 32) / 2 ** 32

/** A repeatable source (mulberry32), for tests and for whatever must be alike on every node. */
export function seededRandom(seed: number): Random {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The finaliser of MurmurHash3: every bit of the input moves every bit of the (unsigned) result. */
export function mix32(value: number): number {
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}

/** A 32-bit hash of text, the same on every node and for ever: pinned tables are keyed by it. */
export function hashText(text: string, seed = 0): number {
  let hash = seed ^ 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return mix32(hash)
}
