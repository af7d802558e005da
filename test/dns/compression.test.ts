import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readName } from '../../src/dns/compression.ts'
import { formatName } from '../../src/dns/name.ts'
import { Reader } from '../../src/dns/reader.ts'
import { Writer } from '../../src/dns/writer.ts'
import { arbitraryName } from '../support/arbitrary-name.ts'

/** The name at `at`, and where the reader stands behind it; undefined when it is malformed. */
function read(bytes: readonly number[], at = 0, pointers?: 'refused'): [string, number] | undefined {
  const reader = new Reader(Uint8Array.from(bytes), at)
  const out = new Writer()
  if (readName(reader, out, pointers)) return [formatName(out.slice()), reader.at]
  expect(out.length).toBe(0)
  return undefined
}

test('follows pointers backwards, also over several hops', () => {
  const bytes = [1, 0x61, 0, 1, 0x62, 0xc0, 0, 1, 0x63, 0xc0, 3, 9]
  expect(read(bytes, 7)).toEqual(['c.b.a.', 11])
  expect(read([1, 0x41, 0, 0xc0, 0], 3)).toEqual(['A.', 5])
})

test.each<[string, number[], number]>([
  ['a pointer to itself', [0xc0, 0], 0],
  ['a pointer forward', [0xc0, 2, 1, 0x61, 0], 0],
  ['a pointer to its own labels', [1, 0x61, 0xc0, 0], 0],
  ['two pointers at each other', [0xc0, 2, 0xc0, 0], 2],
  ['half a pointer', [0, 0xc0], 1],
  ['a label cut short', [3, 0x61, 0x62], 0],
  ['a name without a root', [1, 0x61], 0],
  ['a label type of old', [0x41, 0x61, 0], 0],
  ['nothing', [], 0],
])('refuses %s', (_what, bytes, at) => {
  expect(read(bytes, at)).toBeUndefined()
})

test('refuses every pointer where none may be', () => {
  expect(read([0, 1, 0x61, 0xc0, 0], 1, 'refused')).toBeUndefined()
  expect(read([0, 1, 0x61, 0], 1, 'refused')).toEqual(['a.', 4])
})

test('refuses names that grow beyond 255 bytes by pointers', () => {
  const label = [63, ...Array<number>(63).fill(0x61)]
  const name = [...label, ...label, ...label, 61, ...Array<number>(61).fill(0x61), 0]
  expect(read(name)?.[1]).toBe(255)
  expect(read([...name, 1, 0x62, 0xc0, 0], 255)).toBeUndefined()
})

test('never throws and never loops on random bytes', () => {
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 0xc0))
  fc.assert(
    fc.property(fc.array(byte, { minLength: 1, maxLength: 40 }), fc.nat(39), (bytes, at) => {
      const name = read(bytes, at % bytes.length)
      if (name) expect(name[1]).toBeLessThanOrEqual(bytes.length)
    }),
    { numRuns: 3000 },
  )
})

test('reads uncompressed names as they are', () => {
  fc.assert(
    fc.property(arbitraryName(), (name) => {
      expect(read([...name])).toEqual([formatName(name), name.length])
    }),
  )
})
