import { expect, test } from 'vitest'
import { readTree } from '../../../src/geo/locator/mmdb-tree.ts'

/** One node over IPv4, whose halves point to these offsets of the data; or to nothing. */
function halves(recordSize: number, offsets: readonly [number | undefined, number | undefined]) {
  const [left, right] = offsets.map((offset) => (offset === undefined ? 1 : 1 + 16 + offset)) as [number, number]
  const value = (BigInt(left) << BigInt(recordSize)) | BigInt(right)
  const hex = value.toString(16).padStart((recordSize * 2) / 4, '0')
  // Of 28 bits the upper four of both stand together in the middle: the left one's move there.
  const digits = recordSize === 28 ? `${hex.slice(1, 7)}${hex[0]}${hex.slice(7)}` : hex
  const bytes = Uint8Array.from(Buffer.from(digits, 'hex'))
  const result = readTree({ bytes, nodeCount: 1, recordSize, ipVersion: 4, dataBytes: 2 ** 31 - 1 })
  return 'found' in result ? [...result.found.ipv4.location] : result.problem
}

test.each([
  [24, 0xfffff0 - 17, 5],
  [28, 0xa123456, 0xb654321],
  [32, 0x7a123456, 0x7b654321],
])('records of %i bits use all of them', (recordSize, left, right) => {
  expect(halves(recordSize, [left, right])).toEqual([left, right])
  expect(halves(recordSize, [undefined, right])).toEqual([right])
  expect(halves(recordSize, [left, undefined])).toEqual([left])
})
