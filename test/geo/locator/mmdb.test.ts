import fc from 'fast-check'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Reader, type CityResponse } from 'maxmind'
import { afterAll, describe, expect, test } from 'vitest'
import { formatAddress, parseAddress, type Address } from '../../../src/base/address.ts'
import { formatPrefix, maskAddress } from '../../../src/base/prefix.ts'
import type { Location, MmdbFiles, Networks } from '../../../src/geo/geo.ts'
import { findNetwork } from '../../../src/geo/locator/find.ts'
import { openLocator } from '../../../src/geo/locator/locator.ts'
import { buildMmdb, type MmdbShape, type MmdbValue } from '../../support/mmdb-writer.ts'
import { networksIn } from '../../support/networks-in.ts'

const folder = mkdtempSync(join(tmpdir(), 'meridian-mmdb-'))
afterAll(() => rmSync(folder, { recursive: true }))

const CITY: MmdbShape = { type: 'GeoLite2-City', ipVersion: 6, recordSize: 28, hasAliases: true }
const COUNTRY: MmdbShape = { ...CITY, type: 'GeoLite2-Country' }
const ASN: MmdbShape = { ...CITY, type: 'GeoLite2-ASN' }

const EUROPE = { code: 'EU', names: { en: 'Europe', ja: 'ヨーロッパ' } }
const GERMANY = { iso_code: 'DE', names: { en: 'Germany', de: 'Deutschland' } }
const frankfurt = { continent: EUROPE, country: GERMANY, location: { latitude: 50.1, longitude: 8.7 } }
const virginia = {
  continent: { code: 'NA' },
  country: { iso_code: 'US' },
  location: { latitude: 38.9, longitude: -77.5 },
}
const FRANKFURT = { latitude: 50.1, longitude: 8.7, country: 'DE', continent: 'EU' }
const VIRGINIA = { latitude: 38.9, longitude: -77.5, country: 'US', continent: 'NA' }

const NETWORKS = { '203.0.113.0/24': frankfurt, '198.51.100.0/25': virginia, '2001:db8::/32': frankfurt }

let files = 0
function write(bytes: Uint8Array): string {
  const file = join(folder, `${++files}.mmdb`)
  writeFileSync(file, bytes)
  return file
}

function read(source: MmdbFiles, asns: readonly number[] = []): Networks {
  const { locator, faults } = openLocator({ source: 'mmdb', ...source })
  expect(faults).toEqual([])
  return networksIn(locator!, asns)
}

function where(networks: Networks, ...texts: string[]): (Location | undefined)[] {
  return texts.map((text) => findNetwork(networks, parseAddress(text)!)?.location)
}

/** The fault of opening or of reading, as one line without the folder. */
function faultOf(source: MmdbFiles): string | undefined {
  const { locator, faults } = openLocator({ source: 'mmdb', ...source })
  const result = locator?.read(new Set())
  const fault = faults[0] ?? (result && 'fault' in result ? result.fault : undefined)
  return fault && `${fault.code}: ${fault.message} (${fault.hint ?? ''})`
}

describe('a city database', () => {
  test.each([24, 28, 32] as const)('of records of %i bits, IPv4 within IPv6', (recordSize) => {
    const networks = read({ city: write(buildMmdb({ ...CITY, recordSize }, NETWORKS)) })
    expect(where(networks, '203.0.113.0', '203.0.113.255', '198.51.100.127', '2001:db8::1')).toEqual([
      FRANKFURT,
      FRANKFURT,
      VIRGINIA,
      FRANKFURT,
    ])
    expect(where(networks, '203.0.112.255', '203.0.114.0', '198.51.100.128', '2001:db9::', '::cb00:7100')).toEqual(
      Array(5).fill(undefined),
    )
    expect(networks.locations).toHaveLength(2)
  })

  test('of IPv4 alone', () => {
    const networks = read({
      city: write(buildMmdb({ ...CITY, ipVersion: 4, hasAliases: false }, { '203.0.113.0/24': frankfurt })),
    })
    expect(where(networks, '203.0.113.9', '::203.0.113.9')).toEqual([FRANKFURT, undefined])
  })

  test('all of IPv4 in one record above ::/96', () => {
    const networks = read({ city: write(buildMmdb({ ...CITY, hasAliases: false }, { '::/64': frankfurt })) })
    expect(where(networks, '203.0.113.9', '::1', '0:0:0:1::')).toEqual([FRANKFURT, FRANKFURT, undefined])
  })

  test('aliases of IPv4 are no networks of IPv6', () => {
    const networks = read({ city: write(buildMmdb(CITY, NETWORKS)) })
    expect(where(networks, '2002:cb00:7109::1', '2001:0:cb00:7109::')).toEqual([undefined, undefined])
    expect([networks.ipv4.count, networks.ipv6.count]).toEqual([2, 1])
  })

  test('says what it is, of when, and shows the words that its licence asks for', () => {
    const { locator } = openLocator({ source: 'mmdb', city: write(buildMmdb(CITY, NETWORKS)) })
    expect(locator!.describe()).toMatch(/^mmdb: GeoLite2-City of 2026-09-21 \(\d+\.mmdb\)$/)
    expect(locator!.attribution).toContain('MaxMind')
    const other = openLocator({ source: 'mmdb', city: write(buildMmdb({ ...CITY, type: 'DBIP-City' }, NETWORKS)) })
    expect(other.locator!.attribution).toBeUndefined()
  })

  test('fields of a wrong type or range count as missing', () => {
    const odd = {
      '203.0.113.0/24': { location: { latitude: 95, longitude: 0 }, country: { iso_code: 'de' } },
      '203.0.114.0/24': { location: true, country: 'DE', continent: { code: 'XX' } },
      '203.0.115.0/24': { country: { iso_code: 'FR' } },
    }
    const networks = read({ city: write(buildMmdb(CITY, { ...NETWORKS, ...odd })) })
    const [first, second, third] = where(networks, '203.0.113.1', '203.0.114.1', '203.0.115.1')
    expect([first, second, third]).toEqual([undefined, undefined, { country: 'FR', continent: 'EU' }])
  })
})

describe('several databases', () => {
  const city = write(buildMmdb(CITY, NETWORKS))
  const country = write(
    buildMmdb(COUNTRY, {
      '203.0.113.0/25': { country: { iso_code: 'FR' } },
      '203.0.114.0/24': { country: { iso_code: 'FR' } },
    }),
  )
  const asn = write(
    buildMmdb(ASN, {
      '203.0.113.128/25': { autonomous_system_number: 64500, autonomous_system_organization: 'one' },
      '198.51.100.0/24': { autonomous_system_number: 64501 },
    }),
  )

  test('the country file tells what the city file does not', () => {
    const networks = read({ city, country })
    expect(where(networks, '203.0.113.1', '203.0.114.1')).toEqual([FRANKFURT, { country: 'FR', continent: 'EU' }])
  })

  test('providers that somebody asks for are told, others not', () => {
    const networks = read({ city, country, asn }, [64500])
    expect(where(networks, '203.0.113.1', '203.0.113.129', '198.51.100.1', '198.51.100.129')).toEqual([
      FRANKFURT,
      { ...FRANKFURT, asn: 64500 },
      VIRGINIA,
      undefined,
    ])
    expect(read({ city, asn }).locations).toEqual(read({ city }).locations)
    expect(where(read({ asn }, [64501]), '203.0.113.129', '198.51.100.129')).toEqual([undefined, { asn: 64501 }])
  })

  test('one address is located with all that is known of it, in the network that the files share', () => {
    const { locator } = openLocator({ source: 'mmdb', city, country, asn })
    const found = locator!.locate(parseAddress('203.0.113.200')!)!
    expect([formatAddress(found.first), formatAddress(found.last), found.location]).toEqual([
      '203.0.113.128',
      '203.0.113.255',
      { ...FRANKFURT, asn: 64500 },
    ])
    const six = locator!.locate(parseAddress('2001:db8::1')!)!
    expect([formatAddress(six.first), formatAddress(six.last)]).toEqual([
      '2001:db8::',
      '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff',
    ])
    expect(locator!.locate(parseAddress('192.0.2.1')!)).toBeUndefined()
  })
})

describe('what is wrong is told', () => {
  const good = buildMmdb(CITY, NETWORKS)

  test.each([
    ['no file', 'nowhere', /^file-unreadable: .*ENOENT/],
    ['an empty file', write(Buffer.alloc(0)), /^geo-data-unusable: no MaxMind database, or one that is cut off/],
    ['text', write(Buffer.from('network,latitude\n')), /no MaxMind database/],
    ['a file cut off', write(good.subarray(0, good.length - 200)), /cut off/],
    [
      'an ASN database for a city one',
      write(buildMmdb(ASN, { '192.0.2.0/24': { autonomous_system_number: 1 } })),
      /knows no coordinates at all: it calls itself GeoLite2-ASN \(`geo.city` takes GeoLite2-City/,
    ],
  ])('%s', (_, city, message) => {
    expect(faultOf({ city })).toMatch(message)
  })

  test('a packed file', () => {
    expect(faultOf({ city: write(Buffer.from([0x1f, 0x8b, 8, 0])) })).toMatch(/the geo data is packed \(unpack it/)
  })

  test('the files of a source each', () => {
    const { faults } = openLocator({ source: 'mmdb', city: 'nowhere', asn: write(Buffer.from('no')) })
    expect(faults.map(({ code }) => code)).toEqual(['file-unreadable', 'geo-data-unusable'])
  })

  test('a tree that comes back to itself', () => {
    const bytes = Buffer.from(buildMmdb({ ...CITY, recordSize: 32 }, NETWORKS))
    // The right child of the root's left child is the root's.
    bytes.writeUInt32BE(1, 1 * 8 + 4)
    expect(faultOf({ city: write(bytes) })).toMatch(/spoilt: its tree comes back to node 1/)
  })

  test('a network that points outside of the data', () => {
    const bytes = Buffer.from(buildMmdb({ ...CITY, recordSize: 32 }, NETWORKS))
    bytes.writeUInt32BE(0xfffffff0, 4)
    expect(faultOf({ city: write(bytes) })).toMatch(/spoilt: a network points to byte \d+ of \d+ bytes of data/)
  })

  test('whatever bytes change, nothing is thrown and nothing hangs', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        (changes) => {
          const bytes = Buffer.from(good)
          for (const [at, value] of changes) bytes[at] = value
          const { locator } = openLocator({ source: 'mmdb', city: write(bytes) })
          locator?.read(new Set())
          locator?.locate(parseAddress('203.0.113.1')!)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('wherever it is cut off, it is no database', () => {
    for (let length = 0; length < good.length - 1; length += 7) {
      expect(faultOf({ city: write(good.subarray(0, length)) }), String(length)).toMatch(/^geo-data-unusable/)
    }
  })
})

describe('property', () => {
  const anyPrefix = fc
    .oneof(
      fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 32 })),
      fc.tuple(
        fc.ipV6().filter((text) => !/^(::|2001:0?:|2002:)/.test(text)),
        fc.integer({ min: 17, max: 128 }),
      ),
      fc.tuple(
        fc.nat(255).map((last) => `192.0.2.${last}`),
        fc.integer({ min: 22, max: 32 }),
      ),
    )
    .map(([text, length]) => {
      const address = parseAddress(text)!
      return maskAddress(address, Math.min(length, address.bytes.length * 8))
    })
    .filter(({ address }) => address.family === 4 || address.bytes.subarray(0, 12).some((byte) => byte !== 0))

  test('each address is where the package maxmind finds it', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(anyPrefix, { selector: formatPrefix, maxLength: 20, minLength: 1 }),
        fc.array(fc.oneof(fc.ipV4(), fc.ipV6())),
        fc.constantFrom(24, 28, 32),
        (prefixes, texts, recordSize) => {
          const networks = prefixes.map((prefix, i) => [formatPrefix(prefix), cityOf(i)] as const)
          const bytes = buildMmdb({ ...CITY, recordSize: recordSize }, Object.fromEntries(networks))
          const oracle = new Reader<CityResponse>(bytes)
          const found = read({ city: write(bytes) })
          const addresses = [...prefixes.map(({ address }) => address), ...texts.map((text) => parseAddress(text)!)]
          for (const address of addresses.filter((each) => !isAlias(each))) {
            const said = oracle.get(formatAddress(address))
            const { latitude, longitude } = findNetwork(found, address)?.location ?? {}
            expect({ latitude, longitude }, formatAddress(address)).toEqual(
              said ? { ...said.location } : { latitude: undefined, longitude: undefined },
            )
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})

function cityOf(i: number): MmdbValue {
  return { country: GERMANY, continent: EUROPE, location: { latitude: i / 2, longitude: -i } }
}

/** Where other parts of an IPv6 tree point to IPv4, and IPv4 itself written as IPv6. */
function isAlias({ family, bytes }: Address): boolean {
  if (family === 4) return false
  const [a, b, c, d] = bytes
  return (
    (a === 0x20 && b === 2) ||
    (a === 0x20 && b === 1 && c === 0 && d === 0) ||
    bytes.subarray(0, 12).every((byte) => byte === 0)
  )
}
