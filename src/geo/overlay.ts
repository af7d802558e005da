// Own prefixes laid over geo data: what steps may say of a client's own network (a map of CIDRs, round-trip times) is
// compiled into the same client map as where it is, so that classes and ECS scopes stay true at the edges of both.
import { formatPrefix, prefixContains, type Prefix } from '../base/prefix.ts'
import { compareAddresses } from '../base/address.ts'
import type { Networks } from './geo.ts'
import { joinNetworks } from './join.ts'
import { flattenPrefixes } from './locator/flatten.ts'

/** The networks cut at the bounds of the prefixes (all distinct); each location says which of them hold it. */
export function overlayPrefixes(networks: Networks, prefixes: readonly Prefix[]): Networks {
  if (prefixes.length === 0) return networks
  const placed = prefixes.map((prefix, location) => ({ prefix, location }))
  const own = {
    ipv4: flattenPrefixes(4, placed),
    ipv6: flattenPrefixes(6, placed),
    locations: chainPrefixes(prefixes).map((chain) => ({ prefixes: chain })),
  }
  return joinNetworks(networks, own, (known, held) => (held ? { ...known, ...held } : known))
}

/** By prefix: its own text and those of the prefixes around it, longest first. */
function chainPrefixes(prefixes: readonly Prefix[]): readonly (readonly string[])[] {
  const chains: (readonly string[])[] = []
  const open: number[] = []
  const order = [...prefixes.keys()].sort(
    (a, b) => compareAddresses(prefixes[a]!.address, prefixes[b]!.address) || prefixes[a]!.length - prefixes[b]!.length,
  )
  for (const index of order) {
    const prefix = prefixes[index]!
    while (open.length > 0 && !prefixContains(prefixes[open.at(-1)!]!, prefix.address)) open.pop()
    chains[index] = [formatPrefix(prefix), ...(open.length > 0 ? chains[open.at(-1)!]! : [])]
    open.push(index)
  }
  return chains
}
