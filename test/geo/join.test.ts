import { expect, test } from 'vitest'
import { parsePrefix } from '../../src/base/prefix.ts'
import type { Location, Networks } from '../../src/geo/geo.ts'
import { joinNetworks } from '../../src/geo/join.ts'
import { flattenPrefixes } from '../../src/geo/locator/flatten.ts'

function networksOf(entries: Readonly<Record<string, Location>>): Networks {
  const placed = Object.keys(entries).map((text, location) => ({ prefix: parsePrefix(text)!, location }))
  return { ipv4: flattenPrefixes(4, placed), ipv6: flattenPrefixes(6, placed), locations: Object.values(entries) }
}

const first = networksOf({ '10.0.0.0/8': { country: 'DE' }, '255.0.0.0/8': { country: 'FR' } })
const second = networksOf({ '10.1.0.0/16': { asn: 1 }, '12.0.0.0/8': { asn: 1 }, 'ffff::/16': { asn: 2 } })

test('what both say of each address, to the ends of both families', () => {
  const { ipv4, ipv6, locations } = joinNetworks(first, second, (a, b) => ({ ...a, ...b }))
  expect(Array.from(ipv4.location, (index) => locations[index])).toEqual([
    { country: 'DE' },
    { country: 'DE', asn: 1 },
    { country: 'DE' },
    { asn: 1 },
    { country: 'FR' },
  ])
  expect(Array.from(ipv6.location, (index) => locations[index])).toEqual([{ asn: 2 }])
  expect([...ipv6.last]).toEqual([-1, -1, -1, -1])
})

test('neighbours at one location are one network; what nobody is to know is none', () => {
  const joined = joinNetworks(first, second, (a) => a)
  expect([...joined.ipv4.first]).toEqual([...first.ipv4.first])
  expect([...joined.ipv4.last]).toEqual([...first.ipv4.last])
  expect(joined.ipv6.count).toBe(0)
  expect(joined.locations).toEqual(first.locations)
})
