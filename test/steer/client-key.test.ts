import { expect, test } from 'vitest'
import { findEntry, readClientKey } from '../../src/steer/client-key.ts'
import type { Client } from '../../src/steer/steer.ts'

test.each([
  ['192.0.2.0/24', '192.0.2.0/24'],
  ['192.0.2.7', '192.0.2.7/32'],
  ['2001:DB8::/32', '2001:db8::/32'],
  ['AS64500', 'AS64500'],
  ['AS0064500', 'AS64500'],
  ['DE', 'DE'],
  ['NA(country)', 'NA'],
  ['NA(continent)', 'NA(continent)'],
  ['EU(continent)', 'EU(continent)'],
  ['unknown', 'unknown'],
])('%s is read as %s', (text, key) => {
  expect(readClientKey(text)).toEqual({ key })
})

test.each([
  ['NA', 'is a country and a continent', 'write NA(country) or NA(continent)'],
  ['EU', 'is no country', 'write EU(continent)'],
  ['DE(continent)', 'is no continent', 'known are AF, AN, AS, EU, NA, OC, SA'],
  ['de', 'names no clients', 'write DE'],
  ['as64500', 'names no clients', 'write AS64500'],
  ['AS4294967296', 'names no clients', 'write a CIDR prefix, AS64500, DE, EU(continent) or unknown'],
  ['192.0.2.1/24', 'names no clients', 'write a CIDR prefix, AS64500, DE, EU(continent) or unknown'],
  ['Germany', 'names no clients', 'write a CIDR prefix, AS64500, DE, EU(continent) or unknown'],
])('%s %s', (text, message, hint) => {
  expect(readClientKey(text)).toEqual({ message, hint })
})

const entries = {
  '192.0.0.0/16': 'wide',
  '192.0.2.0/24': 'narrow',
  AS64500: 'asn',
  DE: 'country',
  'EU(continent)': 'continent',
  unknown: 'unknown',
}
const german: Client = { country: 'DE', continent: 'EU' }

test.each<[string, Client, string | undefined]>([
  ['the longest own prefix', { ...german, asn: 64500, prefixes: ['192.0.2.0/24', '192.0.0.0/16'] }, 'narrow'],
  ['a shorter one', { ...german, asn: 64500, prefixes: ['192.0.3.0/24', '192.0.0.0/16'] }, 'wide'],
  ['the network of a provider', { ...german, asn: 64500 }, 'asn'],
  ['a country', { ...german, asn: 64501 }, 'country'],
  ['a continent', { country: 'FR', continent: 'EU' }, 'continent'],
  ['nobody', { country: 'US', continent: 'NA' }, undefined],
  ['one of whom nothing is known', {}, 'unknown'],
  ['one of whom only the provider is known', { asn: 7 }, 'unknown'],
])('the narrowest key wins: %s', (_, client, value) => {
  expect(findEntry(entries, client)?.value).toBe(value)
})

test('a client is not found by words that every object has', () => {
  expect(findEntry({}, { country: 'constructor' })).toBeUndefined()
})
