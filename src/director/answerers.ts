// Who can answer for a region at this moment: its balancers as configured and, behind each that is a host name, the addresses
// that the control plane last resolved it to (aliases.ts). Services of CNAMEs answer with host names, all others with
// addresses; a region may stand in both. Which of them are alive is survey.ts.
import type { Address } from '../base/address.ts'
import { formatName } from '../dns/name.ts'
import type { Answerable, HostName } from '../snapshot/slot-table.ts'
import { textOf } from './address-text.ts'
import type { FamilyAnswer } from './alias-state.ts'
import type { AliasAnswer, AliasAnswers } from './aliases.ts'
import { targetId, type Balancer, type Region } from './service.ts'

export interface Answerer {
  readonly balancer: Balancer
  /** The balancer's own, or one that its host name resolves to. */
  readonly address: Answerable
  /** Of an address that a host name resolves to. */
  readonly host?: HostName
  /** Under which its health is known. Undefined: of a host name whose addresses have states of their own. */
  readonly target: string | undefined
}

/** Each balancer, and behind a host name its addresses. */
export function answerersOf(region: Region, hosts: AliasAnswers): readonly Answerer[] {
  return region.balancers.flatMap((balancer): readonly Answerer[] => {
    const { address } = balancer
    const target = targetId(region.name, textOf(address))
    if (address.family !== 'host') return [{ balancer, address, target }]
    const isOne = region.monitor === undefined || isProbedAsOne(balancer, region)
    const found = addressesIn(hosts(resolvedName(address))).map((own): Answerer => ({
      ...{ balancer, address: own, host: address },
      target: isOne ? target : targetId(region.name, textOf(own)),
    }))
    return [{ balancer, address, target: isOne ? target : undefined }, ...found]
  })
}

/** Whether the addresses of a host name share one state. */
export function isProbedAsOne({ probe, probeAddress }: Balancer, { monitor }: Region): boolean {
  const isElsewhere = monitor !== undefined && 'address' in monitor
  return probe === 'host' || probeAddress !== undefined || isElsewhere
}

/** As the resolver knows it: with its final dot. */
export function resolvedName({ bytes }: HostName): string {
  return formatName(bytes)
}

/** The host names of regions, as the resolver knows them. */
export function hostNames(regions: Iterable<Region>): ReadonlySet<string> {
  const names = Array.from(regions, ({ balancers }) =>
    balancers.flatMap(({ address }) => (address.family === 'host' ? resolvedName(address) : [])),
  )
  return new Set(names.flat())
}

/** IPv4 first. */
export function addressesIn({ ipv4, ipv6 }: AliasAnswer): readonly Address[] {
  return [ipv4, ipv6].flatMap((answer) => (answer === 'servfail' ? [] : answer.addresses))
}

/** Families of which it is not known whether a host name has addresses. */
export function unknownFamilies({ ipv4, ipv6 }: AliasAnswer): readonly (4 | 6)[] {
  const isUnknown = (answer: FamilyAnswer) => answer === 'servfail'
  return [...(isUnknown(ipv4) ? [4 as const] : []), ...(isUnknown(ipv6) ? [6 as const] : [])]
}

/** Whether it is an address that a host name last resolved to, and asking again fails. */
export function isStale({ address, host }: Answerer, hosts: AliasAnswers): boolean {
  if (!host) return false
  const { ipv4, ipv6 } = hosts(resolvedName(host))
  const own = address.family === 4 ? ipv4 : ipv6
  return own !== 'servfail' && own.isStale
}

/** How long what is known of a host name is good for, seconds; Infinity when nothing is. */
export function goodFor({ ipv4, ipv6 }: AliasAnswer): number {
  return Math.min(...[ipv4, ipv6].map((answer) => (answer === 'servfail' ? Infinity : answer.ttl)))
}
