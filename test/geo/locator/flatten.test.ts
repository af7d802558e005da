import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readWords, type Address } from '../../../src/base/address.ts'
import { formatPrefix, maskAddress, prefixContains, type Prefix } from '../../../src/base/prefix.ts'
import type { NetworkColumns } from '../../../src/geo/geo.ts'
import { flattenPrefixes } from '../../../src/geo/locator/flatten.ts'

/** Few bits vary, so that prefixes nest and touch; the ends of the family are among them. */
function arbitraryAddress(family: 4 | 6): fc.Arbitrary<Address> {
  const byte = fc.constantFrom(0, 1, 127, 128, 255)
  const size = family === 4 ? 4 : 16
  return fc
    .array(byte, { minLength: size, maxLength: size })
    .map((bytes) => ({ family, bytes: Uint8Array.from(bytes) }))
}

function arbitraryPrefix(family: 4 | 6): fc.Arbitrary<Prefix> {
  const width = family === 4 ? 32 : 128
  return fc.tuple(arbitraryAddress(family), fc.integer({ min: 0, max: width })).map(([a, n]) => maskAddress(a, n))
}

function longestMatch(prefixes: readonly Prefix[], address: Address): number {
  let best = -1
  for (const [i, prefix] of prefixes.entries()) {
    if (prefixContains(prefix, address) && prefix.length > (prefixes[best]?.length ?? -1)) best = i
  }
  return best
}

function boundsAt(columns: NetworkColumns, i: number): readonly [Buffer, Buffer] {
  const width = columns.family === 4 ? 1 : 4
  const bound = (words: Int32Array): Buffer =>
    Buffer.from(readWords(Int32Array.of(columns.family, ...words.subarray(i * width, (i + 1) * width), 0, 0, 0)).bytes)
  return [bound(columns.first), bound(columns.last)]
}

function locationAt(columns: NetworkColumns, address: Address): number {
  for (let i = 0; i < columns.count; i++) {
    const [first, last] = boundsAt(columns, i)
    if (Buffer.compare(first, address.bytes) <= 0 && Buffer.compare(address.bytes, last) <= 0) {
      return columns.location[i]!
    }
  }
  return -1
}

test.each([4, 6] as const)(
  'IPv%i: the longest prefix wins at every edge, and networks are sorted and disjoint',
  (family) => {
    const prefixes = fc.uniqueArray(arbitraryPrefix(family), { maxLength: 12, selector: formatPrefix })
    fc.assert(
      fc.property(prefixes, fc.array(arbitraryAddress(family)), (prefixes, addresses) => {
        const columns = flattenPrefixes(
          family,
          prefixes.map((prefix, location) => ({ prefix, location })),
        )
        const bounds = Array.from({ length: columns.count }, (_, i) => boundsAt(columns, i))
        for (const [i, [first, last]] of bounds.entries()) {
          expect(Buffer.compare(first, last)).toBeLessThanOrEqual(0)
          if (i > 0) expect(Buffer.compare(bounds[i - 1]![1], first)).toBe(-1)
        }
        const edges = bounds.flat().map((bytes): Address => ({ family, bytes }))
        for (const address of [...addresses, ...edges]) {
          expect(locationAt(columns, address)).toBe(longestMatch(prefixes, address))
        }
      }),
    )
  },
)
