// Clients in address space that is private to somebody: no public data knows where they are. By default they are unknown, and
// the service says what those get; `geo.private` says where they count as being. It lies under the geo data: an own table
// that knows 10.1.0.0/16 is right.
import { parsePrefix, prefixContains } from '../base/prefix.ts'
import type { Address } from '../base/address.ts'
import type { FoundLocation, Location, Locator, Networks } from './geo.ts'
import { joinNetworks } from './join.ts'
import { findNetwork } from './locator/find.ts'
import { flattenPrefixes } from './locator/flatten.ts'

/** Loopback, link-local, private (RFC 1918, RFC 4193) and carrier-grade NAT (RFC 6598), as RFC 6890 lists them. */
const PRIVATE = [
  ...['10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'],
  ...['::1/128', 'fc00::/7', 'fe80::/10'],
].map((text) => parsePrefix(text)!)

export function isPrivate(address: Address): boolean {
  return PRIVATE.some((prefix) => prefixContains(prefix, address))
}

/** The locator, with private clients of whom it knows nothing placed there. */
export function placePrivate(locator: Locator, location: Location): Locator {
  const own = privateNetworks(location)
  return {
    ...locator,
    read: (asns) => {
      const result = locator.read(asns)
      return 'networks' in result
        ? { networks: joinNetworks(result.networks, own, (known, byDefault) => known ?? byDefault) }
        : result
    },
    locate: (address) => locator.locate(address) ?? locatePrivate(own, address),
  }
}

function locatePrivate(own: Networks, address: Address): FoundLocation | undefined {
  const found = findNetwork(own, address)
  return found && { ...found, origin: 'geo.private' }
}

function privateNetworks(location: Location): Networks {
  const placed = PRIVATE.map((prefix) => ({ prefix, location: 0 }))
  return { ipv4: flattenPrefixes(4, placed), ipv6: flattenPrefixes(6, placed), locations: [location] }
}
