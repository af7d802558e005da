// What is probed: every monitored balancer, once for each region that holds it, and in the place of one that is a host name
// the addresses that it resolves to at this moment.
import type { Address } from '../base/address.ts'
import { textOf } from '../director/address-text.ts'
import { addressesIn, isProbedAsOne, resolvedName } from '../director/answerers.ts'
import type { AliasAnswers } from '../director/aliases.ts'
import { targetId, type Balancer, type Region } from '../director/service.ts'
import type { Target } from '../health/health.ts'
import type { HostName } from '../snapshot/slot-table.ts'

export class TargetBook {
  readonly #hosts: AliasAnswers
  /** Host names of regions, by the id that they would have as targets, that had addresses at the last look. */
  #resolved: ReadonlySet<string> = new Set()
  #ids = ''

  constructor(hosts: AliasAnswers) {
    this.#hosts = hosts
  }

  /** The targets of these regions now. */
  look(regions: Iterable<Region>): { readonly targets: readonly Target[]; readonly isChanged: boolean } {
    const resolved = new Set<string>()
    const targets = Array.from(regions, (region) =>
      region.balancers.flatMap((balancer) => {
        const { address } = balancer
        if (address.family !== 'host') return targetOf(region, balancer, address)
        const id = targetId(region.name, textOf(address))
        const found = this.#targetsOfHost(region, balancer, address, id)
        if (found.length > 0) resolved.add(id)
        return found
      }),
    ).flat()
    const ids = targets.map(({ id, address }) => `${id} ${textOf(address)}`).join()
    const isChanged = ids !== this.#ids
    this.#resolved = resolved
    this.#ids = ids
    return { targets, isChanged }
  }

  #targetsOfHost(region: Region, balancer: Balancer, host: HostName, id: string): readonly Target[] {
    const addresses = addressesIn(this.#hosts(resolvedName(host)))
    const more = { hostName: textOf(host), ...(this.#resolved.has(id) && { isTrusted: true as const }) }
    if (!isProbedAsOne(balancer, region)) {
      return addresses.flatMap((address) =>
        targetOf(region, balancer, address).map((target) => ({ ...target, ...more })),
      )
    }
    const [first = balancer.probeAddress] = addresses
    return first ? targetOf(region, balancer, first).map((target) => ({ ...target, ...more, id })) : []
  }
}

/** None for a region without a monitor. */
function targetOf(
  { name, monitor }: Region,
  { probeAddress, probePort }: Balancer,
  address: Address,
): readonly Target[] {
  if (!monitor) return []
  return [
    {
      id: targetId(name, textOf(address)),
      ...{ address, monitor },
      ...(probeAddress && { probeAddress }),
      ...(probePort !== undefined && { probePort }),
    },
  ]
}
