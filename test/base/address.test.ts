import fc from 'fast-check'
import { isIPv4, isIPv6 } from 'node:net'
import { expect, test } from 'vitest'
import { formatAddress, parseAddress, readWords, writeWords } from '../../src/base/address.ts'
import { formatPrefix, maskAddress, parsePrefix, prefixContains } from '../../src/base/prefix.ts'

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['2001:DB8::1', '2001:db8::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
])('%s prints as %s (RFC 5952)', (text, printed) => {
  expect(formatAddress(parseAddress(text)!)).toBe(printed)
})

test.each(['', '1.2.3', '1.2.3.256', 'fe80::1%eth0', '1::2::3', 'host'])('%j is no address', (text) => {
  expect(parseAddress(text)).toBeUndefined()
})

const anyAddress = fc.oneof(fc.ipV4(), fc.ipV6()).filter((text) => parseAddress(text) !== undefined)

test('parse, print and words agree for any address', () => {
  fc.assert(
    fc.property(anyAddress, (text) => {
      const address = parseAddress(text)!
      const printed = formatAddress(address)
      expect(address.family === 4 ? isIPv4(printed) : isIPv6(printed)).toBe(true)
      expect(parseAddress(printed)).toEqual(address)
      expect(readWords(writeWords(address))).toEqual(address)
    }),
  )
})

test('a prefix contains exactly what masks to it', () => {
  fc.assert(
    fc.property(anyAddress, anyAddress, fc.nat(128), (a, b, bits) => {
      const [one, other] = [parseAddress(a)!, parseAddress(b)!]
      const prefix = maskAddress(one, Math.min(bits, one.bytes.length * 8))
      expect(parsePrefix(formatPrefix(prefix))).toEqual(prefix)
      expect(prefixContains(prefix, one)).toBe(true)
      const contained =
        one.family === other.family && formatPrefix(maskAddress(other, prefix.length)) === formatPrefix(prefix)
      expect(prefixContains(prefix, other)).toBe(contained)
    }),
  )
})

test('stray host bits are no prefix', () => {
  expect(parsePrefix('192.0.2.1/24')).toBeUndefined()
  expect(parsePrefix('192.0.2.0/33')).toBeUndefined()
  expect(parsePrefix('192.0.2.0/24/24')).toBeUndefined()
})
