// Networks as columns, filled in order of address: what every locator reads its data into.
import type { NetworkColumns } from '../geo.ts'

/** Columns that grow at the end. Bounds are signed 32-bit words, most significant first. */
export interface ColumnsBuilder {
  readonly family: 4 | 6
  /** Signed 32-bit words in a bound: 1 or 4. */
  readonly words: number
  count: number
  readonly first: Int32Array
  readonly last: Int32Array
  readonly location: Int32Array
}

/** Room for `capacity` networks; pages that stay unused cost nothing. */
export function createColumns(family: 4 | 6, capacity: number): ColumnsBuilder {
  const words = family === 4 ? 1 : 4
  return {
    family,
    words,
    count: 0,
    first: new Int32Array(capacity * words),
    last: new Int32Array(capacity * words),
    location: new Int32Array(capacity),
  }
}

/** The filled part, without a copy. */
export function finishColumns({ family, words, count, first, last, location }: ColumnsBuilder): NetworkColumns {
  return {
    family,
    count,
    first: first.subarray(0, count * words),
    last: last.subarray(0, count * words),
    location: location.subarray(0, count),
  }
}
