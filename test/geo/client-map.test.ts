import { describe, expect, test } from 'vitest'
import { parsePrefix } from '../../src/base/prefix.ts'
import { compileRanges, type ClientMap } from '../../src/geo/client-map.ts'
import type { Location, Networks } from '../../src/geo/geo.ts'
import { flattenPrefixes } from '../../src/geo/locator/flatten.ts'

/** A location for each line: `PREFIX COUNTRY`. */
function networksOf(...lines: readonly string[]): Networks {
  const locations: Location[] = []
  const placed = lines.map((line) => {
    const [text, country] = line.split(' ') as [string, string]
    return { prefix: parsePrefix(text)!, location: locations.push({ country }) - 1 }
  })
  return { ipv4: flattenPrefixes(4, placed), ipv6: flattenPrefixes(6, placed), locations }
}

const byCountry = (location: Location | undefined): string => location?.country ?? 'unknown'

function compile(networks: Networks, classify = byCountry): ClientMap {
  const result = compileRanges(networks, classify)
  if ('fault' in result) throw new Error(result.fault.message)
  return result.map
}

/** `start key` of every range, starts in hexadecimal. */
function print({ ipv4, ipv6, classes }: ClientMap): { ipv4: readonly string[]; ipv6: readonly string[] } {
  const [four, six] = [ipv4, ipv6].map(({ family, count, start, class: classOf }) => {
    const width = family === 4 ? 1 : 4
    return Array.from({ length: count }, (_, i) => {
      const words = start.subarray(i * width, (i + 1) * width)
      const hex = Array.from(words, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
      return `${hex} ${classes[classOf[i]!]!.key}`
    })
  })
  return { ipv4: four!, ipv6: six! }
}

describe('compiling a client map', () => {
  test('gaps are unknown, and equal neighbours are one range', () => {
    const map = compile(networksOf('10.0.0.0/9 DE', '10.128.0.0/9 DE', '11.0.0.0/8 FR', '12.0.0.0/8 ?'), (location) =>
      location?.country === '?' ? 'unknown' : byCountry(location),
    )
    expect(print(map).ipv4).toEqual(['00000000 unknown', '0a000000 DE', '0b000000 FR', '0c000000 unknown'])
    expect(print(map).ipv6).toEqual(['00000000000000000000000000000000 unknown'])
  })

  test('the ends of both families', () => {
    const map = compile(networksOf('0.0.0.0/1 DE', '255.255.255.255 FR', '::/16 DE', 'ffff::/16 FR'))
    expect(print(map)).toEqual({
      ipv4: ['00000000 DE', '80000000 unknown', 'ffffffff FR'],
      ipv6: [
        '00000000000000000000000000000000 DE',
        '00010000000000000000000000000000 unknown',
        'ffff0000000000000000000000000000 FR',
      ],
    })
  })

  test('a carry runs through the words of an IPv6 address', () => {
    const map = compile(networksOf('2001:db8::/64 DE', '2001:db8:ffff:ffff::/64 FR', '2001:db9::1 IT'))
    expect(print(map).ipv6).toEqual([
      '00000000000000000000000000000000 unknown',
      '20010db8000000000000000000000000 DE',
      '20010db8000000010000000000000000 unknown',
      '20010db8ffffffff0000000000000000 FR',
      '20010db9000000000000000000000000 unknown',
      '20010db9000000000000000000000001 IT',
      '20010db9000000000000000000000002 unknown',
    ])
  })

  test('classes: the unknown first, then by first location, with their networks counted', () => {
    const map = compile(networksOf('10.0.0.0/8 DE', '11.0.0.0/8 FR', '2001:db8::/32 DE'))
    expect(map.classes).toEqual([
      { key: 'unknown', representative: undefined, networks: 0 },
      { key: 'DE', representative: { country: 'DE' }, networks: 2 },
      { key: 'FR', representative: { country: 'FR' }, networks: 1 },
    ])
  })

  test('a location that is classified like an unknown client shares class 0', () => {
    const map = compile(networksOf('10.0.0.0/8 DE'), () => 'all alike')
    expect(map.classes).toEqual([{ key: 'all alike', representative: undefined, networks: 1 }])
    expect(map.ipv4.count).toBe(1)
  })

  test('asks once for each location, not for each network', () => {
    const networks = networksOf('10.0.0.0/8 DE', '10.1.0.0/16 FR', '10.3.0.0/16 IT')
    const asked: (Location | undefined)[] = []
    compile(networks, (location) => {
      asked.push(location)
      return byCountry(location)
    })
    expect(networks.ipv4.count).toBe(5)
    expect(asked).toEqual([undefined, ...networks.locations])
  })

  test('too many classes are a fault with a hint', () => {
    const networks = networksOf('10.0.0.0/8 DE', '11.0.0.0/8 FR', '12.0.0.0/8 IT')
    expect(compileRanges(networks, byCountry, 3)).toMatchObject({
      fault: { code: 'too-many-client-classes', message: 'clients fall into more than 3 classes' },
    })
    expect(compileRanges(networks, byCountry, 4)).toHaveProperty('map')
  })
})
