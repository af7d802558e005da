import { expect, test } from 'vitest'
import { parseAddress } from '../../src/base/address.ts'
import { parsePrefix } from '../../src/base/prefix.ts'
import type { Locator } from '../../src/geo/geo.ts'
import { findNetwork } from '../../src/geo/locator/find.ts'
import { flattenPrefixes } from '../../src/geo/locator/flatten.ts'
import { isPrivate, placePrivate } from '../../src/geo/private.ts'
import { networksIn } from '../support/networks-in.ts'

const OFFICE = { country: 'IE' }
const HOME = { country: 'DE' }

const placed = [{ prefix: parsePrefix('10.1.0.0/16')!, location: 0 }]
const networks = { ipv4: flattenPrefixes(4, placed), ipv6: flattenPrefixes(6, placed), locations: [OFFICE] }
const known: Locator = {
  describe: () => '',
  attribution: undefined,
  read: () => ({ networks }),
  locate: (address) => findNetwork(networks, address),
}
const locator = placePrivate(known, HOME)

test.each([
  ['10.0.0.1', HOME],
  ['10.1.2.3', OFFICE],
  ['10.2.0.0', HOME],
  ['100.63.255.255', undefined],
  ['100.64.0.0', HOME],
  ['100.128.0.0', undefined],
  ['127.0.0.1', HOME],
  ['169.254.1.1', HOME],
  ['172.31.255.255', HOME],
  ['172.32.0.0', undefined],
  ['192.168.1.1', HOME],
  ['8.8.8.8', undefined],
  ['::1', HOME],
  ['::2', undefined],
  ['fd00::1', HOME],
  ['fe80::1', HOME],
  ['2001:db8::1', undefined],
])('%s', (text, location) => {
  const address = parseAddress(text)!
  expect(findNetwork(networksIn(locator), address)?.location).toEqual(location)
  expect(locator.locate(address)?.location).toEqual(location)
  expect(isPrivate(address)).toBe(location !== undefined)
})

test('says who said so', () => {
  expect(locator.locate(parseAddress('10.1.2.3')!)!.origin).toBe('geo data')
  expect(locator.locate(parseAddress('10.2.2.3')!)!.origin).toBe('geo.private')
})
