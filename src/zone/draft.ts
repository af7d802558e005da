// A zone that is grouped but not yet checked: the zone's columns, and beside them what only checks need. It is let go when
// the zone is loaded.
import { TYPE } from '../dns/types.ts'
import type { NameTable } from './name-table.ts'
import type { Zone } from './zone.ts'

export interface Draft {
  readonly zone: Zone
  readonly names: NameTable
  /** By name id: its node, −1 outside of the zone. */
  readonly nodeOf: Int32Array
  /** By record: where it stood. */
  readonly recordPosition: Int32Array
  /** By node: where its LB or ALIAS record stood, −1 when it has none. */
  readonly servicePosition: Int32Array
  /** Names of services that answer a CNAME. */
  readonly cnameServices: ReadonlySet<string>
  /** By node: the highest delegation above it, −1 when there is none. */
  readonly cutAbove: Int32Array
}

/** The node of the lower-cased wire name from `from` to `to`; −1 when there is none. */
export function findNode({ names, nodeOf }: Draft, wire: Uint8Array, from: number, to: number): number {
  const id = names.find(wire, from, to)
  return id < 0 ? -1 : nodeOf[id]!
}

/** The RRset of that type; −1 when there is none. */
export function findRrset({ nodes, rrsets }: Zone, node: number, type: number): number {
  for (let rrset = nodes.firstRrset[node]!; rrset < nodes.firstRrset[node + 1]!; rrset++) {
    if (rrsets.type[rrset] === type) return rrset
  }
  return -1
}

export function hasType(zone: Zone, node: number, type: number): boolean {
  return findRrset(zone, node, type) >= 0
}

/** True when somebody who asks for addresses of the node's name gets an answer. */
export function hasAddresses({ zone, servicePosition }: Draft, node: number): boolean {
  return servicePosition[node]! >= 0 || hasType(zone, node, TYPE.A) || hasType(zone, node, TYPE.AAAA)
}

/** True when the node has an LB whose service answers a CNAME, whatever is asked. */
export function hasCnameService({ zone, cnameServices }: Draft, node: number): boolean {
  const service = zone.nodes.service[node]!
  return service >= 0 && cnameServices.has(zone.services[service]!)
}

/** True at the top of a delegation. */
export function isCut(zone: Zone, node: number): boolean {
  return node !== 0 && hasType(zone, node, TYPE.NS)
}

/** Where the first record of an RRset stood. */
export function rrsetPosition({ zone, recordPosition }: Draft, rrset: number): number {
  return recordPosition[zone.rrsets.firstRecord[rrset]!]!
}

/** By node: the highest of its proper ancestors of which `holds` is true, −1 when there is none. */
export function highestAbove({ nodes }: Zone, holds: (node: number) => boolean): Int32Array {
  const above = new Int32Array(nodes.count).fill(-1)
  for (let node = 1; node < nodes.count; node++) {
    const parent = nodes.parent[node]!
    above[node] = above[parent]! >= 0 || !holds(parent) ? above[parent]! : parent
  }
  return above
}
