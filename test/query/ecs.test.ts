// Whom a client subnet convinces (RFC 7871): which resolvers are believed, which services look at it, and what scope says so.
import { describe, expect, test } from 'vitest'
import { parsePrefix } from '../../src/base/prefix.ts'
import { compileRanges } from '../../src/geo/client-map.ts'
import { flattenPrefixes } from '../../src/geo/locator/flatten.ts'
import type { ServiceRows } from '../../src/snapshot/plan-image.ts'
import { createAsker, NO_ANSWER, slots, type Asker } from '../support/query-worker.ts'

const EAST = '192.0.2.1'
const WEST = '192.0.2.2'
const RESOLVER = '198.51.100.53'

/** 203.0.113.0/24 is east; everybody else, the resolver too, is west. */
function createMap() {
  const placed = [{ prefix: parsePrefix('203.0.113.0/24')!, location: 0 }]
  const networks = {
    ipv4: flattenPrefixes(4, placed),
    ipv6: flattenPrefixes(6, placed),
    locations: [{ country: 'east' }],
  }
  const result = compileRanges(networks, (location) => location?.country ?? 'west')
  if ('fault' in result) throw new Error(result.fault.message)
  return result.map
}

function service(name: string, more: Partial<ServiceRows>): ServiceRows {
  const row = (address: string) => ({ ttl: 30, ipv4: slots(address), ipv6: NO_ANSWER })
  return { name, clientMap: 0, pin: undefined, leastTtl: 30, rows: [row(WEST), row(EAST)], ...more }
}

function askerOf(trusted?: readonly string[]): Asker {
  const pin = { ipv4Bits: 24, ipv6Bits: 48, seed: 1 }
  return createAsker({
    zones: {
      'example.com': `@ 60 IN SOA ns h 1 2 3 4 5\n@ 60 IN NS ns\nns 60 IN A 192.0.2.9
near IN LB near\ndeaf IN LB deaf\ndeafpin IN LB deafpin\nalias 60 IN CNAME deaf\n`,
    },
    services: [
      service('near', {}),
      service('deaf', { ignoresSubnet: true }),
      service('deafpin', { ignoresSubnet: true, pin }),
    ],
    clientMaps: [createMap()],
    settings: { trustedResolvers: trusted?.map((text) => parsePrefix(text)!) },
  })
}

/** `answer/scope`. */
function ask(asker: Asker, name: string, from = RESOLVER, subnet = '203.0.113.0', source = 24): string {
  const query = { name: `${name}.example.com`, type: 'A', edns: { clientSubnet: { address: subnet, source } } } as const
  const { answer, edns } = asker.ask(query, { from })
  expect(edns!.clientSubnet).toMatchObject({ address: subnet, source })
  return `${answer.at(-1)?.text}/${edns!.clientSubnet!.scope}`
}

describe('a service that ignores client subnets', () => {
  const asker = askerOf()

  test('is steered by the resolver, with scope 0', () => {
    expect(ask(asker, 'near')).toBe(`${EAST}/24`)
    expect(ask(asker, 'deaf')).toBe(`${WEST}/0`)
    expect(ask(asker, 'deaf', '203.0.113.53', '198.51.100.0')).toBe(`${EAST}/0`)
    expect(ask(asker, 'alias')).toBe(`${WEST}/0`)
  })

  test('pins the resolver, with scope 0', () => {
    expect(ask(asker, 'deafpin')).toBe(`${WEST}/0`)
  })
})

describe('resolvers that are believed', () => {
  test('by default everybody', () => {
    expect(ask(askerOf(), 'near')).toBe(`${EAST}/24`)
  })

  test('with a list those on it; others are steered by their own address, with scope 0', () => {
    const asker = askerOf(['192.0.2.0/24', '198.51.100.0/25', '2001:db8::/32'])
    expect(ask(asker, 'near')).toBe(`${EAST}/24`)
    expect(ask(asker, 'near', '198.51.100.200')).toBe(`${WEST}/0`)
    expect(ask(asker, 'near', '203.0.113.200', '198.51.100.0')).toBe(`${EAST}/0`)
    expect(ask(asker, 'near', '2001:db8::53')).toBe(`${EAST}/24`)
    expect(ask(asker, 'near', '2001:db9::53')).toBe(`${WEST}/0`)
  })

  test('with an empty list nobody', () => {
    expect(ask(askerOf([]), 'near')).toBe(`${WEST}/0`)
  })

  test('a query without a subnet, or with SOURCE 0, needs no trust', () => {
    const asker = askerOf(['192.0.2.0/24'])
    expect(ask(asker, 'near', '203.0.113.200', '0.0.0.0', 0)).toBe(`${EAST}/0`)
    const { answer } = asker.ask({ name: 'near.example.com', type: 'A' }, { from: '203.0.113.200' })
    expect(answer[0]!.text).toBe(EAST)
  })
})
