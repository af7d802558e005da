import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseAddress, readWords, formatAddress, writeWords } from '../../../src/base/address.ts'
import { seededRandom } from '../../../src/base/random.ts'
import type { Location, NetworkColumns, Networks } from '../../../src/geo/geo.ts'
import { openGeoipLite } from '../../../src/geo/locator/geoip-lite.ts'
import { openLocator } from '../../../src/geo/locator/locator.ts'
import { networksIn } from '../../support/networks-in.ts'

/** What the package itself says: the oracle. */
interface GeoipLite {
  lookup: (address: string) => { country: string; ll: [number, number] } | null
}

describe('the data of the installed package', () => {
  const { locator } = openLocator({ source: 'geoip-lite' })
  const networks = networksIn(locator!)

  test('says what it is and shows the words that its licence asks for', () => {
    expect(locator!.describe()).toContain('2019')
    expect(locator!.attribution).toContain('This product includes GeoLite2 data created by MaxMind')
    expect(locator!.attribution).toContain('https://creativecommons.org/licenses/by-sa/4.0/')
  })

  test('IPv4 agrees with the look-up of the package', () => {
    const oracle = createRequire(import.meta.url)('geoip-lite') as GeoipLite
    const random = seededRandom(1)
    for (let i = 0; i < 20_000; i++) {
      const address = Array.from({ length: 4 }, () => Math.floor(random() * 256)).join('.')
      const expected = oracle.lookup(address)
      const found = locate(networks, address)
      expect(found?.country ?? '', address).toBe(expected?.country ?? '')
      expect([found?.latitude ?? 0, found?.longitude ?? 0], address).toEqual(expected?.ll ?? [0, 0])
    }
  })

  test('IPv6 knows where well-known networks are', () => {
    expect(locate(networks, '2001:1c04:400::1')).toMatchObject({ country: 'NL', continent: 'EU' })
    expect(locate(networks, '2c0f:fff0:8000::1')).toEqual({
      latitude: 10,
      longitude: 8,
      country: 'NG',
      continent: 'AF',
    })
    expect(locate(networks, '2001:4860:4860::8888')?.country).toBe('US')
    expect(locate(networks, 'fd00::1')).toBeUndefined()
  })

  test('every country has a continent, and networks are sorted and disjoint', () => {
    expect(networks.locations.filter(({ country, continent }) => country && !continent)).toEqual([])
    expect(countDisorder(networks.ipv4) + countDisorder(networks.ipv6)).toBe(0)
  })
})

describe('data files', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'meridian-geoip-'))
    writeFileSync(join(folder, 'geoip-city-names.dat'), Buffer.from('US'.padEnd(88, '\0') + 'NL'.padEnd(88, '\0')))
    writeFileSync(join(folder, 'geoip-city.dat'), wordsOf([0x01000000, 0x010000ff, 0, 377510, -978220, 100]))
    writeIpv6(['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'])
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  function writeIpv6(...rows: (readonly [string, string])[]): void {
    const records = rows.map(([first, last], i) =>
      Buffer.concat([bytesOf(first), bytesOf(last), wordsOf([1, 10000 * i, 10000, 5])]),
    )
    writeFileSync(join(folder, 'geoip-city6.dat'), Buffer.concat(records))
  }

  function readIpv6(): readonly string[] {
    const { ipv6, locations } = networksIn(openGeoipLite(folder).locator!)
    return Array.from({ length: ipv6.count }, (_, i) => {
      const [first, last] = [ipv6.first, ipv6.last].map((words) =>
        formatAddress(readWords(Int32Array.of(6, ...words.subarray(i * 4, i * 4 + 4)))),
      )
      return `${first} ${last} ${locations[ipv6.location[i]!]!.latitude}`
    })
  }

  test('neighbours at the same place become one network', () => {
    const row = (first: number, last: number, place: number): Buffer => wordsOf([first, last, place, 10000, 10000, 5])
    writeFileSync(
      join(folder, 'geoip-city.dat'),
      Buffer.concat([row(256, 511, 0), row(512, 1023, 0), row(1024, 1279, 1), row(2048, 2303, 1)]),
    )
    const { ipv4 } = networksIn(openGeoipLite(folder).locator!)
    expect([[...ipv4.first], [...ipv4.last]]).toEqual([
      [256, 1024, 2048],
      [1023, 1279, 2303],
    ])
  })

  test('a bound that was spoilt when the file was written ends before the next row', () => {
    writeIpv6(
      ['2001:db8::', '2001:db8:0:ffff:ffff:ffff:ffff:ffff'],
      ['2001:db8:0:1::', '2001:db8:0:1:ffff:ffff:ffff:ffff'],
    )
    expect(readIpv6()).toEqual([
      '2001:db8:: 2001:db8::ffff:ffff:ffff:ffff 0',
      '2001:db8:0:1:: 2001:db8:0:1:ffff:ffff:ffff:ffff 1',
    ])
  })

  test('rows that begin too high give way to the next, and of rows finer than /64 the first stays', () => {
    writeIpv6(
      ['2001:db8::', '2001:db8::7fff:ffff:ffff:ffff'],
      ['2001:db8:0:8000:8000::', '2001:db8:0:ffff:ffff:ffff:ffff:ffff'],
      ['2001:db8:0:1::', '2001:db8:0:1:ffff:ffff:ffff:ffff'],
      ['2001:db8:0:1:8000::', '2001:db8:0:1:ffff:ffff:ffff:ffff'],
    )
    expect(readIpv6()).toEqual([
      '2001:db8:: 2001:db8::ffff:ffff:ffff:ffff 0',
      '2001:db8:0:1:: 2001:db8:0:1:ffff:ffff:ffff:ffff 2',
    ])
  })

  test('coordinates 0, 0 are unknown', () => {
    writeIpv6(['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'])
    writeFileSync(join(folder, 'geoip-city.dat'), wordsOf([1, 2, 1, 0, 0, 0]))
    expect(networksIn(openGeoipLite(folder).locator!).locations[0]).toEqual({ country: 'NL', continent: 'EU' })
  })

  test('data of another day says when it was written', () => {
    expect(openGeoipLite(folder).locator!.describe()).toMatch(/written \d{4}-\d\d-\d\d$/)
  })

  test('missing and cut-off files are faults, all at once', () => {
    rmSync(join(folder, 'geoip-city6.dat'))
    truncateSync(join(folder, 'geoip-city.dat'), 23)
    const { locator, faults } = openGeoipLite(folder)
    expect(locator).toBeUndefined()
    expect(faults.map(({ place, message }) => `${place.file.slice(folder.length + 1)}: ${message}`)).toEqual([
      'geoip-city.dat: geo data is cut off: no multiple of 24 bytes',
      'geoip-city6.dat: geo data is missing or empty',
    ])
  })
})

function wordsOf(words: readonly number[]): Buffer {
  const bytes = Buffer.alloc(words.length * 4)
  for (const [i, word] of words.entries()) bytes.writeInt32BE(word | 0, i * 4)
  return bytes
}

function bytesOf(address: string): Uint8Array {
  return parseAddress(address)!.bytes
}

function locate({ ipv4, ipv6, locations }: Networks, text: string): Location | undefined {
  const address = parseAddress(text)!
  const columns = address.family === 4 ? ipv4 : ipv6
  const width = address.family === 4 ? 1 : 4
  const words = writeWords(address).subarray(1, 1 + width)
  let low = -1
  for (let step = 1 << 22; step > 0; step >>= 1) {
    const probe = low + step
    if (probe < columns.count && compareWords(columns.first.subarray(probe * width), words) <= 0) low = probe
  }
  const isInside = low >= 0 && compareWords(words, columns.last.subarray(low * width)) <= 0
  return isInside ? locations[columns.location[low]!] : undefined
}

/** Compares as many words as the shorter has, unsigned. */
function compareWords(a: Int32Array, b: Int32Array): number {
  for (let i = 0; i < Math.min(a.length, b.length, 4); i++) {
    if (a[i] !== b[i]) return (a[i]! >>> 0) - (b[i]! >>> 0)
  }
  return 0
}

function countDisorder({ family, count, first, last }: NetworkColumns): number {
  const width = family === 4 ? 1 : 4
  let disorder = 0
  for (let i = 0; i < count; i++) {
    const start = first.subarray(i * width, (i + 1) * width)
    if (compareWords(start, last.subarray(i * width)) > 0) disorder++
    if (i > 0 && compareWords(last.subarray((i - 1) * width, i * width), start) >= 0) disorder++
  }
  return disorder
}
