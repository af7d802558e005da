// Hosts that NS, MX and SRV records name: in this zone they should exist, have addresses and be no alias (RFC 2181 §10.3,
// RFC 2782), and servers of a delegated zone that lie inside it need glue. All warnings: the zone can be served.
import { foldCase, formatName, nameLength } from '../dns/name.ts'
import { additionalHost } from '../dns/rdata/rdata.ts'
import { formatType, TYPE } from '../dns/types.ts'
import { findNode, hasAddresses, hasCnameService, hasType, isCut, type Draft } from './draft.ts'
import type { Complaint, Faults } from './faults.ts'

const NAMING_HOSTS: readonly number[] = [TYPE.NS, TYPE.MX, TYPE.SRV]
const WILDCARD = Uint8Array.of(1, 0x2a)

/** Where a host's name leads; `cut` is the delegation at or above it. */
interface Target {
  readonly kind: 'outside' | 'delegated' | 'alias' | 'missing' | 'no-address' | 'fine'
  readonly cut?: number
  readonly hasAddresses?: boolean
}

export function checkTargets(draft: Draft, faults: Faults): void {
  const { zone, cutAbove } = draft
  for (let node = 0; node < zone.nodes.count; node++) {
    if (cutAbove[node]! >= 0) continue
    for (let rrset = zone.nodes.firstRrset[node]!; rrset < zone.nodes.firstRrset[node + 1]!; rrset++) {
      if (NAMING_HOSTS.includes(zone.rrsets.type[rrset]!)) checkRrset(draft, node, rrset, faults)
    }
  }
}

function checkRrset(draft: Draft, node: number, rrset: number, faults: Faults): void {
  const { rrsets, records } = draft.zone
  const type = rrsets.type[rrset]!
  for (let record = rrsets.firstRecord[rrset]!; record < rrsets.firstRecord[rrset + 1]!; record++) {
    const start = records.offset[record]!
    if (start === records.offset[record + 1]) continue
    const at = start + additionalHost(type)!
    const host = foldCase(records.data.slice(at, at + nameLength(records.data, at)))
    const complaint = complainOf(lookUp(draft, host), type, node, host)
    if (complaint) faults.warning(draft.recordPosition[record]!, complaint)
  }
}

function complainOf(target: Target, type: number, owner: number, host: Uint8Array): Complaint | undefined {
  const name = formatName(host)
  const what = `the ${formatType(type)} host ${name}`
  switch (target.kind) {
    case 'outside':
    case 'fine':
      return undefined
    case 'delegated':
      if (type !== TYPE.NS || target.cut !== owner || target.hasAddresses) return undefined
      return { code: 'missing-glue', message: `${name} lies in the zone that it serves, and has no address here` }
    case 'alias':
      return { code: 'target-is-alias', message: `${what} is an alias`, hint: 'name the host itself' }
    case 'missing':
      return { code: 'missing-target', message: `${what} does not exist in this zone` }
    case 'no-address':
      return { code: 'target-without-address', message: `${what} has no address` }
  }
}

/** Looks the host up as a query would: exact name, else the wildcard of the closest name that exists (RFC 4592 §3.3.1). */
function lookUp(draft: Draft, host: Uint8Array): Target {
  let at = 0
  let node = findNode(draft, host, 0, host.length)
  while (node < 0 && host[at] !== 0) {
    at += host[at]! + 1
    node = findNode(draft, host, at, host.length)
  }
  if (node < 0) return { kind: 'outside' }
  const isExact = at === 0
  const cut = isCut(draft.zone, node) ? node : -1
  const highest = draft.cutAbove[node]! >= 0 ? draft.cutAbove[node]! : cut
  if (highest >= 0) return { kind: 'delegated', cut: highest, hasAddresses: isExact && hasAddresses(draft, node) }
  if (!isExact && hasType(draft.zone, node, TYPE.DNAME)) return { kind: 'alias' }
  const answering = isExact ? node : findWildcard(draft, host.subarray(at))
  return answering < 0 ? { kind: 'missing' } : judgeNode(draft, answering)
}

function judgeNode(draft: Draft, node: number): Target {
  if (hasType(draft.zone, node, TYPE.CNAME) || hasCnameService(draft, node)) return { kind: 'alias' }
  return { kind: hasAddresses(draft, node) ? 'fine' : 'no-address' }
}

function findWildcard(draft: Draft, parent: Uint8Array): number {
  const name = new Uint8Array(WILDCARD.length + parent.length)
  name.set(WILDCARD)
  name.set(parent, WILDCARD.length)
  return findNode(draft, name, 0, name.length)
}
