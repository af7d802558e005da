// What the fuzzer has seen happen, as a bitmap of hashed outcomes: an input that sets a new bit is interesting and is kept.
// Outcomes of answers, not of branches: V8's block coverage cannot be asked after each input (a sample costs milliseconds),
// so it only judges the corpus afterwards (coverage.ts).
import { mix32 } from '../../src/base/random.ts'

const BITS = 1 << 20

export interface Features {
  /** Features seen so far. */
  count: number
  readonly seen: Uint8Array
}

export function createFeatures(): Features {
  return { count: 0, seen: new Uint8Array(BITS) }
}

/** Marks one outcome, a few small integers; true when it is new. `kind` keeps outcomes of different sorts apart. */
export function mark(features: Features, kind: number, a: number, b = 0, c = 0): boolean {
  const hash = mix32(mix32(mix32(mix32(kind) ^ a) ^ b) ^ c) & (BITS - 1)
  if (features.seen[hash] !== 0) return false
  features.seen[hash] = 1
  features.count++
  return true
}

/** A number's order of magnitude: few values, so that more of the same is no news. */
export function magnitude(value: number): number {
  return value < 4 ? value : 35 - Math.clz32(value)
}
