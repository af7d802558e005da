// What a name's place in its zone means for a query, worked out once for all nodes: the delegation above it, the wildcard
// beside its missing children, the DNAME over them.
import type { Name } from '../dns/name.ts'
import { TYPE } from '../dns/types.ts'
import type { Zone } from '../zone/zone.ts'
import { hashLabel, ROOT_HASH } from './hash.ts'

/** By node. */
export interface Placement {
  /** Nodes that are written: all but those below a DNAME. */
  readonly kept: number
  readonly occluded: Uint8Array
  readonly hash: Int32Array
  /** The delegation at or above, as a node number; −1 for none. */
  readonly cut: Int32Array
  /** The wildcard child, as a node number; −1 for none. */
  readonly wildcard: Int32Array
  readonly hasDname: Uint8Array
  /** 1: the node has a delegation, a wildcard child or a service. */
  readonly linked: Uint8Array
}

export function placeNodes({ origin, nodes, rrsets }: Zone): Placement {
  const { count, names, name, parent } = nodes
  const hash = new Int32Array(count)
  const cut = new Int32Array(count).fill(-1)
  const wildcard = new Int32Array(count).fill(-1)
  const hasDname = new Uint8Array(count)
  const occluded = new Uint8Array(count)
  const linked = new Uint8Array(count)
  let kept = 0
  for (let node = 0; node < count; node++) {
    const above = parent[node]!
    const at = name[node]!
    hash[node] = above < 0 ? hashName(origin) : hashLabel(hash[above]!, names, at)
    let hasNs = false
    for (let rrset = nodes.firstRrset[node]!; rrset < nodes.firstRrset[node + 1]!; rrset++) {
      hasNs ||= rrsets.type[rrset] === TYPE.NS
      if (rrsets.type[rrset] === TYPE.DNAME) hasDname[node] = 1
    }
    if (above >= 0) {
      occluded[node] = occluded[above]! | hasDname[above]!
      cut[node] = cut[above]! >= 0 ? cut[above]! : hasNs ? node : -1
      if (names[at] === 1 && names[at + 1] === 0x2a && occluded[node] === 0) {
        wildcard[above] = node
        linked[above] = 1
      }
    }
    if (cut[node]! >= 0 || nodes.service[node]! >= 0) linked[node] = 1
    kept += 1 - occluded[node]!
  }
  return { kept, occluded, hash, cut, wildcard, hasDname, linked }
}

export function hashName(name: Name): number {
  const labels: number[] = []
  for (let at = 0; name[at] !== 0; at += name[at]! + 1) labels.push(at)
  return labels.reduceRight((hash, at) => hashLabel(hash, name, at), ROOT_HASH)
}
