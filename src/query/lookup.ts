// Where a name stands in our zones: RFC 1034 §4.3.2 steps 2 and 3 with RFC 4592 wildcards and RFC 6672 DNAMEs,
// on the zone image. A lookup says what was found and where; composing bytes from it is another step.
import { TYPE } from '../dns/types.ts'
import { firstSlot } from '../snapshot/hash.ts'
import type { Snapshot } from '../snapshot/publication.ts'
import {
  HAS_DNAME,
  header,
  linkOf,
  nodeLink,
  nodeRecord,
  ownLabelsOf,
  ownLengthOf,
  rrsetCountOf,
  rrsetBehind,
  typeOf,
  zoneRecord,
} from '../snapshot/zone-image.ts'
import { labelsAre, suffixIs, type NameCursor } from './name-cursor.ts'

/** What a lookup found. */
export const FOUND = {
  /** No zone of ours holds the name. */
  nothing: 0,
  /** The zone that holds it never loaded. */
  failedZone: 1,
  /** `node` owns the name, or is the wildcard that stands in for it. */
  node: 2,
  /** `node` is the delegation at or above the name. */
  delegation: 3,
  /** `node` owns a DNAME above the name; `label` is where its owner begins within the name. */
  dname: 4,
  /** The name does not exist. */
  noName: 5,
} as const

/** The zone image as views on its memory. */
export type ZoneViews = Pick<Snapshot, 'zoneWords' | 'zoneBytes'>

export interface Lookup {
  /** Offset of the zone's record. */
  zone: number
  /** Where the zone's origin begins within the name. */
  zoneLabel: number
  /** Offset of the node's record. */
  node: number
  label: number
}

export function createLookup(): Lookup {
  return { zone: 0, zoneLabel: 0, node: 0, label: 0 }
}

/** Finds a name for a query type (which matters for DS alone: it belongs to the parent's side of a cut). */
export function lookUp(lookup: Lookup, { zoneWords, zoneBytes }: ZoneViews, name: NameCursor, type: number): number {
  if (!findZone(lookup, zoneWords, zoneBytes, name, 0)) return FOUND.nothing
  // RFC 4035 §3.1.4.1: the parent zone answers for DS, where we serve it too.
  if (type === TYPE.DS && lookup.zoneLabel === 0) findZone(lookup, zoneWords, zoneBytes, name, 1)
  const { zone, zoneLabel } = lookup
  if (zoneWords[zone + zoneRecord.nodeTable] === 0) return FOUND.failedZone
  let label = 0
  let node = findNode(zoneWords, zoneBytes, name, label, zoneLabel, zone)
  while (node === 0) node = findNode(zoneWords, zoneBytes, name, ++label, zoneLabel, zone)
  return classify(lookup, zoneWords, node, label, type)
}

/** `node` is the name itself (label 0) or its closest encloser. */
function classify(lookup: Lookup, zoneWords: Int32Array, node: number, label: number, type: number): number {
  const cut = linkOf(zoneWords, node, nodeLink.cut)
  lookup.node = node
  lookup.label = label
  if (cut !== 0 && !(type === TYPE.DS && label === 0 && cut === node)) {
    lookup.node = cut
    return FOUND.delegation
  }
  if (label === 0) return FOUND.node
  if ((zoneWords[node + nodeRecord.shape]! & HAS_DNAME) !== 0) return FOUND.dname
  const wildcard = linkOf(zoneWords, node, nodeLink.wildcard)
  if (wildcard === 0) return FOUND.noName
  lookup.node = wildcard
  return FOUND.node
}

/** The longest origin that the name ends in, from label `from` on; false when there is none. */
function findZone(
  lookup: Lookup,
  zoneWords: Int32Array,
  zoneBytes: Uint8Array,
  name: NameCursor,
  from: number,
): boolean {
  if (zoneWords.length === 0) return false
  const depths = zoneWords[header.depths]!
  const table = zoneWords[header.zoneTable]!
  const mask = zoneWords[header.zoneMask]!
  for (let label = from; label <= name.labels; label++) {
    const depth = name.labels - label
    if ((depths & (1 << (depth < 31 ? depth : 31))) === 0) continue
    let slot = firstSlot(name.hash[label]!, mask)
    for (let zone = zoneWords[table + slot]!; zone !== 0; zone = zoneWords[table + slot]!) {
      const length = zoneWords[zone + zoneRecord.nameLength]!
      if (
        zoneWords[zone + zoneRecord.hash] === name.hash[label] &&
        suffixIs(name, label, zoneBytes, (zone + zoneRecord.name) * 4, length)
      ) {
        lookup.zone = zone
        lookup.zoneLabel = label
        return true
      }
      slot = (slot + 1) & mask
    }
  }
  return false
}

/** The node of a zone whose name is the suffix from label `label` on; 0 for none. The origin begins at `zoneLabel`. */
export function findNode(
  zoneWords: Int32Array,
  zoneBytes: Uint8Array,
  name: NameCursor,
  label: number,
  zoneLabel: number,
  zone: number,
): number {
  const table = zoneWords[zone + zoneRecord.nodeTable]!
  const mask = zoneWords[zone + zoneRecord.nodeMask]!
  let slot = firstSlot(name.hash[label]!, mask)
  for (let node = zoneWords[table + slot]!; node !== 0; node = zoneWords[table + slot]!) {
    const labels = ownLabelsOf(zoneWords, node) * 4
    if (labelsAre(name, label, zoneLabel, zoneBytes, labels, ownLengthOf(zoneWords, node))) return node
    slot = (slot + 1) & mask
  }
  return 0
}

/** The RRset of that type at a node, or its first for ANY (RFC 8482 §4.1); 0 for none. */
export function findRrset(zoneWords: Int32Array, zoneBytes: Uint8Array, node: number, type: number): number {
  let rrset = ownLabelsOf(zoneWords, node) + ((ownLengthOf(zoneWords, node) + 3) >> 2)
  for (let left = rrsetCountOf(zoneWords, node); left > 0; left--) {
    if (typeOf(zoneBytes, rrset) === type || type === TYPE.ANY) return rrset
    rrset = rrsetBehind(zoneWords, rrset)
  }
  return 0
}
