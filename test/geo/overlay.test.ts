import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatAddress, parseAddress, writeWords, type Address } from '../../src/base/address.ts'
import { formatPrefix, maskAddress, parsePrefix, prefixContains, type Prefix } from '../../src/base/prefix.ts'
import type { Location, NetworkColumns, Networks } from '../../src/geo/geo.ts'
import { flattenPrefixes } from '../../src/geo/locator/flatten.ts'
import { overlayPrefixes } from '../../src/geo/overlay.ts'

function networksOf(prefixes: readonly Prefix[]): Networks {
  const placed = prefixes.map((prefix, location) => ({ prefix, location }))
  const locations = prefixes.map((_, i): Location => ({ asn: i }))
  return { ipv4: flattenPrefixes(4, placed), ipv6: flattenPrefixes(6, placed), locations }
}

/** By linear search: what the networks say of an address. */
function find({ ipv4, ipv6, locations }: Networks, address: Address): Location | undefined {
  const columns = address.family === 4 ? ipv4 : ipv6
  const words = writeWords(address).subarray(1, address.family === 4 ? 2 : 5)
  for (let i = 0; i < columns.count; i++) {
    if (compare(words, columns.first, i) >= 0 && compare(words, columns.last, i) <= 0) {
      return locations[columns.location[i]!]
    }
  }
  return undefined
}

function compare(words: Int32Array, bounds: Int32Array, at: number): number {
  for (const [i, word] of words.entries()) {
    const difference = (word >>> 0) - (bounds[at * words.length + i]! >>> 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Sorted, not overlapping: what every reader of columns relies on. */
function isInOrder({ family, count, first, last }: NetworkColumns): boolean {
  const width = family === 4 ? 1 : 4
  const at = (bounds: Int32Array, i: number) => bounds.subarray(i * width, (i + 1) * width)
  for (let i = 0; i < count; i++) {
    if (compare(at(first, i), last, i) > 0) return false
    if (i > 0 && compare(at(last, i - 1), first, i) >= 0) return false
  }
  return true
}

function prefixes(...texts: readonly string[]): Prefix[] {
  return texts.map((text) => parsePrefix(text)!)
}

test('a network is cut at the bounds of own prefixes, and says which hold it', () => {
  const laid = overlayPrefixes(
    networksOf(prefixes('192.0.0.0/16')),
    prefixes('192.0.2.0/24', '192.0.2.128/25', '198.51.100.0/24', '2001:db8::/32'),
  )
  const says = (text: string) => find(laid, parseAddress(text)!)
  expect(says('192.0.1.255')).toEqual({ asn: 0 })
  expect(says('192.0.2.0')).toEqual({ asn: 0, prefixes: ['192.0.2.0/24'] })
  expect(says('192.0.2.200')).toEqual({ asn: 0, prefixes: ['192.0.2.128/25', '192.0.2.0/24'] })
  expect(says('192.0.3.0')).toEqual({ asn: 0 })
  expect(says('198.51.100.9')).toEqual({ prefixes: ['198.51.100.0/24'] })
  expect(says('2001:db8::1')).toEqual({ prefixes: ['2001:db8::/32'] })
  expect(says('203.0.113.1')).toBeUndefined()
})

test('without own prefixes the networks stay as they are', () => {
  const networks = networksOf(prefixes('192.0.2.0/24'))
  expect(overlayPrefixes(networks, [])).toBe(networks)
})

const anyPrefix = fc
  .oneof(
    fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })),
    fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })),
    // Close together, so that they nest and touch.
    fc.tuple(
      fc.integer({ min: 0, max: 255 }).map((last) => `192.0.2.${last}`),
      fc.integer({ min: 22, max: 32 }),
    ),
  )
  .map(([text, length]) => {
    const address = parseAddress(text)!
    return maskAddress(address, Math.min(length, address.bytes.length * 8))
  })
const somePrefixes = fc.uniqueArray(anyPrefix, { selector: formatPrefix, maxLength: 12 })

test('each address keeps its location and learns exactly the prefixes that hold it', () => {
  fc.assert(
    fc.property(somePrefixes, somePrefixes, fc.array(fc.ipV4()), fc.array(fc.ipV6()), (geo, own, four, six) => {
      const networks = networksOf(geo)
      const laid = overlayPrefixes(networks, own)
      expect(isInOrder(laid.ipv4) && isInOrder(laid.ipv6)).toBe(true)
      const edges = [...geo, ...own].flatMap(edgesOf)
      for (const address of [...[...four, ...six].map((text) => parseAddress(text)!), ...edges]) {
        const holding = own
          .filter((prefix) => prefixContains(prefix, address))
          .sort((a, b) => b.length - a.length)
          .map(formatPrefix)
        const before = find(networks, address)
        const expected = holding.length === 0 ? before : { ...before, prefixes: holding }
        expect(find(laid, address), formatAddress(address)).toEqual(expected)
      }
    }),
  )
})

/** The first and last address of a prefix, and their neighbours. */
function edgesOf({ address, length }: Prefix): Address[] {
  const first = address.bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)
  const bits = address.bytes.length * 8
  const last = first + (1n << BigInt(bits - length)) - 1n
  return [first - 1n, first, last, last + 1n]
    .filter((value) => value >= 0n && value < 1n << BigInt(bits))
    .map((value) => ({
      family: address.family,
      bytes: Uint8Array.from({ length: bits / 8 }, (_, i) => Number((value >> BigInt(bits - 8 - i * 8)) & 0xffn)),
    }))
}
