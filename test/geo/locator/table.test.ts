import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { formatFault } from '../../../src/base/fault.ts'
import { formatAddress, readWords } from '../../../src/base/address.ts'
import type { LocatorLoad, NetworkColumns, Networks } from '../../../src/geo/geo.ts'
import { openLocator } from '../../../src/geo/locator/locator.ts'
import { networksIn } from '../../support/networks-in.ts'

const folder = mkdtempSync(join(tmpdir(), 'meridian-table-'))
const file = join(folder, 'networks.table')

afterAll(() => rmSync(folder, { recursive: true }))

function open(text: string): LocatorLoad {
  writeFileSync(file, text)
  return openLocator({ source: 'table', file })
}

function read(text: string): Networks {
  const { locator, faults } = open(text)
  expect(faults).toEqual([])
  return networksIn(locator!)
}

function faultsOf(text: string): readonly string[] {
  const { locator, faults } = open(text)
  expect(locator).toBeUndefined()
  return faults.map((fault) => formatFault(fault).replace(file, 'T'))
}

/** `first-last place` of every network. */
function print(columns: NetworkColumns, { locations }: Networks): readonly string[] {
  return Array.from({ length: columns.count }, (_, i) => {
    const bound = (words: Int32Array): string => formatAddress(readWords(toAddressWords(columns.family, words, i)))
    const { latitude, longitude, country } = locations[columns.location[i]!]!
    const point = latitude === undefined ? undefined : `${latitude},${longitude}`
    return [`${bound(columns.first)}-${bound(columns.last)}`, point, country].filter(Boolean).join(' ')
  })
}

function toAddressWords(family: 4 | 6, bounds: Int32Array, i: number): Int32Array {
  const width = family === 4 ? 1 : 4
  const words = new Int32Array(5)
  words[0] = family
  words.set(bounds.subarray(i * width, (i + 1) * width), 1)
  return words
}

describe('the table file', () => {
  test('lines of every form, comments and blank lines', () => {
    const networks = read(
      '\uFEFF# ours\r\n198.51.100.0/24\t38.9,-77.4  US # east\r\n\r\n  203.0.113.7 +19.1,72.9\r\n2001:db8::/32 IN\n',
    )
    expect(print(networks.ipv4, networks)).toEqual([
      '198.51.100.0-198.51.100.255 38.9,-77.4 US',
      '203.0.113.7-203.0.113.7 19.1,72.9',
    ])
    expect(print(networks.ipv6, networks)).toEqual(['2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff IN'])
    expect(networks.locations.map(({ continent }) => continent)).toEqual(['NA', undefined, 'AS'])
  })

  test('the longest prefix wins, whatever the order of the lines', () => {
    const networks = read('10.1.2.0/24 FR\n10.0.0.0/8 DE\n10.1.0.0/16 FR\n10.255.0.0/16 IT\n10.1.2.3 ES\n')
    expect(print(networks.ipv4, networks)).toEqual([
      '10.0.0.0-10.0.255.255 DE',
      '10.1.0.0-10.1.1.255 FR',
      '10.1.2.0-10.1.2.2 FR',
      '10.1.2.3-10.1.2.3 ES',
      '10.1.2.4-10.1.2.255 FR',
      '10.1.3.0-10.1.255.255 FR',
      '10.2.0.0-10.254.255.255 DE',
      '10.255.0.0-10.255.255.255 IT',
    ])
    expect(networks.locations.map(({ country }) => country)).toEqual(['FR', 'DE', 'IT', 'ES'])
  })

  test('a block ends where the block around it ends, up to the end of both families', () => {
    const networks = read('0.0.0.0/0 DE\n255.255.255.255 FR\n::/0 DE\nffff::/16 FR\n')
    expect(print(networks.ipv4, networks)).toEqual(['0.0.0.0-255.255.255.254 DE', '255.255.255.255-255.255.255.255 FR'])
    expect(print(networks.ipv6, networks)).toEqual([
      '::-fffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff DE',
      'ffff::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff FR',
    ])
  })

  test('every fault is told at once, with its place and a hint', () => {
    const text = [
      '10.0.0.1/8 DE',
      '10.0.0.0/8',
      '  nonsense  UK',
      '192.0.2.0/24 de',
      '192.0.2.0/25 91,0',
      '192.0.2.0/26 1,2 DE Berlin',
      '192.0.2.0/27 1, 2',
      '203.0.113.7 DE',
      '203.0.113.7/32 DE',
      '10.0.0.0/33 DE',
    ].join('\n')
    const coordinates = '(decimal degrees, latitude first, no blank: 53.3,-6.3) [bad-coordinates]'
    const forms = '(a line is PREFIX LATITUDE,LONGITUDE [COUNTRY] or PREFIX COUNTRY)'
    const example = '(write 192.0.2.0/24, 2001:db8::/32 or a single address)'
    expect(faultsOf(text)).toEqual([
      'T:1:1: error: 10.0.0.1/8 is no address or prefix (the address has bits beyond the prefix length: did you mean 10.0.0.0/8?) [bad-prefix]',
      `T:2:1: error: 10.0.0.0/8 has no location ${forms} [no-location]`,
      `T:3:3: error: nonsense is no address or prefix ${example} [bad-prefix]`,
      'T:3:13: error: UK is no country code (ISO 3166-1 alpha-2 in upper case, as DE or GB) [bad-country]',
      'T:4:14: error: de is no country code (did you mean DE?) [bad-country]',
      `T:5:14: error: 91,0 is beyond ±90,±180 degrees ${coordinates}`,
      `T:6:21: error: Berlin is one part too many ${forms} [extra-text]`,
      `T:7:14: error: 1, is no LATITUDE,LONGITUDE ${coordinates}`,
      'T:7:17: error: 2 is no country code (ISO 3166-1 alpha-2 in upper case, as DE or GB) [bad-country]',
      'T:9:1: error: 203.0.113.7/32 stands in line 8 already (keep one of the two) [duplicate-prefix]',
      `T:10:1: error: 10.0.0.0/33 is no address or prefix ${example} [bad-prefix]`,
    ])
  })

  test('a file that cannot be read is a fault', () => {
    const { locator, faults } = openLocator({ source: 'table', file: join(folder, 'absent') })
    expect(locator).toBeUndefined()
    expect(faults.map(({ code }) => code)).toEqual(['file-unreadable'])
  })
})
