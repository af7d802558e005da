import { SocketAddress } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatAddress, parseAddress, readWords } from '../../src/base/address.ts'
import { writeClient } from '../../src/server/client.ts'

const read = (text: string) => {
  const words = new Int32Array(5).fill(-1)
  writeClient(text, words)
  return words
}

test.each([
  ['0.0.0.0', '0.0.0.0'],
  ['255.1.20.3', '255.1.20.3'],
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['2001:db8::ff00:42:8329', '2001:db8::ff00:42:8329'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ['fe80::1%eth0', 'fe80::1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::ffff:c000:201', '192.0.2.1'],
  ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
])('%s is %s', (text, address) => {
  expect(formatAddress(readWords(read(text)))).toBe(address)
})

test('every address that the system prints is read as base/address reads it', () => {
  const ipv6 = fc.ipV6().map((text) => new SocketAddress({ family: 'ipv6', address: text }).address)
  fc.assert(
    fc.property(
      fc.oneof(
        fc.ipV4(),
        ipv6,
        fc.ipV6().map((text) => text.toLowerCase()),
      ),
      (text) => {
        expect(readWords(read(text))).toEqual(parseAddress(text))
      },
    ),
    { numRuns: 500 },
  )
})
