import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatAddress, parseAddress, readWords, writeWords, type Address } from '../../src/base/address.ts'
import { formatPrefix, maskAddress, parsePrefix, prefixContains, type Prefix } from '../../src/base/prefix.ts'
import { compileRanges, type ClientMap } from '../../src/geo/client-map.ts'
import { flattenPrefixes } from '../../src/geo/locator/flatten.ts'
import { classOf, clientMapWords, findClass, scopeOf, writeClientMap } from '../../src/snapshot/client-map.ts'

/** Not 0, so that no offset is taken from the arena's beginning. */
const AT = 3

interface Placed {
  readonly prefix: Prefix
  readonly key: string
}

function compile(placed: readonly Placed[]): ClientMap {
  const locations = placed.map(({ key }) => ({ country: key }))
  const prefixes = placed.map(({ prefix }, location) => ({ prefix, location }))
  const networks = { ipv4: flattenPrefixes(4, prefixes), ipv6: flattenPrefixes(6, prefixes), locations }
  const result = compileRanges(networks, (location) => location?.country ?? '-')
  if ('fault' in result) throw new Error(result.fault.message)
  return result.map
}

/** A function that looks an address up in a map laid out in shared memory between other data. */
function lookupIn(placed: readonly Placed[]): (address: Address) => { key: string; scope: number } {
  const map = compile(placed)
  const words = new Int32Array(new SharedArrayBuffer((AT + clientMapWords(map) + 1) * 4)).fill(-1)
  writeClientMap(map, words, AT)
  expect([words[AT - 1], words.at(-1)]).toEqual([-1, -1])
  return (address) => {
    const found = findClass(words, AT, writeWords(address))
    return { key: map.classes[classOf(found)]!.key, scope: scopeOf(found) }
  }
}

/** `key/scope` for each address, by lines of `PREFIX KEY`. */
function look(lines: readonly string[], ...addresses: readonly string[]): readonly string[] {
  const lookup = lookupIn(
    lines.map((line) => {
      const [text, key] = line.split(' ') as [string, string]
      return { prefix: parsePrefix(text)!, key }
    }),
  )
  return addresses.map((text) => {
    const { key, scope } = lookup(parseAddress(text)!)
    return `${key}/${scope}`
  })
}

describe('finding the class of a client', () => {
  test('a map without networks: one class, and a scope of 1 that still means one family', () => {
    expect(look([], '0.0.0.0', '255.255.255.255', '::', 'ffff::')).toEqual(['-/1', '-/1', '-/1', '-/1'])
  })

  test('a scope is as wide as the range allows', () => {
    const lines = ['10.0.0.0/8 a', '10.1.2.3 b', '11.0.0.0/8 a', '192.0.2.0/24 b']
    expect(look(lines, '10.1.2.3', '10.1.2.2', '10.1.3.0', '11.0.0.0', '192.0.2.9', '128.0.0.0')).toEqual([
      'b/32',
      'a/32',
      'a/24',
      'a/8',
      'b/24',
      '-/2',
    ])
  })

  test('neighbouring networks of one class share a scope', () => {
    expect(look(['10.0.0.0/9 a', '10.128.0.0/9 a'], '10.200.0.1')).toEqual(['a/8'])
  })

  test('the last block of each family, and words with the sign bit set', () => {
    const lines = ['255.255.255.255 a', '128.0.0.0/8 b', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff a', '8000::/16 b']
    expect(look(lines, '255.255.255.255', '255.255.255.254', '128.0.0.0', '127.255.255.255')).toEqual([
      'a/32',
      '-/32',
      'b/8',
      '-/1',
    ])
    expect(
      look(lines, 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'ffff:ffff:ffff:ffff::', '8000::1', '7fff::'),
    ).toEqual(['a/128', '-/65', 'b/16', '-/1'])
  })

  test('IPv6 to the last bit, across a borrow over all words', () => {
    const lines = ['2001:db8::/32 a', '2001:db8::1:0:0:0 b']
    expect(look(lines, '2001:db8::1:0:0:0', '2001:db8::1:0:0:1', '2001:db8::ffff:ffff:ffff', '2001:db8:1::')).toEqual([
      'b/128',
      'a/128',
      'a/80',
      'a/48',
    ])
  })

  test('a map that does not fit its place is a broken invariant', () => {
    const map = compile([])
    expect(() => writeClientMap(map, new Int32Array(clientMapWords(map)), 1)).toThrow(RangeError)
  })
})

describe.each([4, 6] as const)('property, IPv%i', (family) => {
  const width = family === 4 ? 32 : 128
  const size = width / 8
  const edgeByte = fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xfe, 0xff), fc.nat(255))
  const anyAddress = fc
    .oneof(
      fc.array(edgeByte, { minLength: size, maxLength: size }),
      fc.array(fc.constantFrom(0, 0xff), { minLength: size, maxLength: size }),
    )
    .map((bytes): Address => ({ family, bytes: Uint8Array.from(bytes) }))

  /** Blocks of a geo source, own networks inside them, and single addresses. */
  const anyTable = fc
    .uniqueArray(fc.tuple(anyAddress, fc.integer({ min: 0, max: width }), fc.constantFrom('-', 'a', 'b', 'c')), {
      maxLength: 10,
      selector: ([address, length]) => formatPrefix(maskAddress(address, length)),
    })
    .chain((blocks) =>
      fc.array(fc.tuple(fc.nat(9), anyAddress, fc.integer({ min: 0, max: width })), { maxLength: 10 }).map((inner) => [
        ...blocks.map(([address, length, key]): Placed => ({ prefix: maskAddress(address, length), key })),
        ...inner.flatMap(([index, tail, more]): Placed[] => {
          const block = blocks[index]
          if (!block) return []
          const length = Math.min(width, Math.max(block[1] + 1, more))
          return [{ prefix: maskAddress(inside(maskAddress(block[0], block[1]), tail), length), key: `own${index}` }]
        }),
      ]),
    )
    .map((placed) => [...new Map(placed.map((entry) => [formatPrefix(entry.prefix), entry])).values()])

  test('the class is that of the longest prefix, and a scope is truthful, maximal and disjoint from all others', () => {
    fc.assert(
      fc.property(anyTable, fc.array(anyAddress, { minLength: 1, maxLength: 8 }), (placed, tails) => {
        const lookup = lookupIn(placed)
        const points = [...tails, ...placed.flatMap(({ prefix }) => edgesOf(prefix))]
        const blocks = points.map((address) => {
          const { key, scope } = lookup(address)
          const block = maskAddress(address, scope)
          const within = [...points.map((point) => inside(block, point)), ...edgesOf(block).slice(0, 2)]
          const others = within.map(lookup).filter((found) => found.key !== key || found.scope !== scope)
          expect(key, formatAddress(address)).toBe(longestKey(placed, address))
          expect(others, formatPrefix(block)).toEqual([])
          expect(isUniform(placed, block), formatPrefix(block)).toBe(true)
          if (scope > 1) expect(isUniform(placed, maskAddress(address, scope - 1)), 'a wider block').toBe(false)
          return block
        })
        const overlaps = blocks.flatMap((a) => blocks.filter((b) => !isEqualOrDisjoint(a, b)))
        expect(overlaps.map(formatPrefix)).toEqual([])
      }),
      { numRuns: 100 },
    )
  })

  /** The block's bits, then those of `tail`. */
  function inside({ address, length }: Prefix, tail: Address): Address {
    const host = maskAddress(tail, length).address.bytes
    return { family, bytes: address.bytes.map((byte, i) => byte | (tail.bytes[i]! ^ host[i]!)) }
  }

  /** First, last, and the addresses just outside (around the family's ends). */
  function edgesOf(prefix: Prefix): readonly Address[] {
    const first = toBig(prefix.address)
    const last = first + (1n << BigInt(width - prefix.length)) - 1n
    return [first, last, first - 1n, last + 1n].map(fromBig)
  }

  function toBig(address: Address): bigint {
    return BigInt(`0x${Buffer.from(address.bytes).toString('hex')}`)
  }

  function fromBig(value: bigint): Address {
    const words = Array.from({ length: 4 }, (_, i) => Number(BigInt.asIntN(32, value >> BigInt(width - 32 - 32 * i))))
    return readWords(Int32Array.of(family, words[0]!, ...(family === 4 ? [0, 0, 0] : words.slice(1))))
  }

  /** Whether all addresses of the block have one class, by the edges of the table alone. */
  function isUniform(placed: readonly Placed[], block: Prefix): boolean {
    const points = placed.flatMap(({ prefix }) => edgesOf(prefix)).filter((address) => prefixContains(block, address))
    return new Set([block.address, ...points].map((address) => longestKey(placed, address))).size === 1
  }
})

function longestKey(placed: readonly Placed[], address: Address): string {
  let best: Placed | undefined
  for (const entry of placed) {
    if (prefixContains(entry.prefix, address) && entry.prefix.length > (best?.prefix.length ?? -1)) best = entry
  }
  return best?.key ?? '-'
}

function isEqualOrDisjoint(a: Prefix, b: Prefix): boolean {
  return formatPrefix(a) === formatPrefix(b) || (!prefixContains(a, b.address) && !prefixContains(b, a.address))
}
