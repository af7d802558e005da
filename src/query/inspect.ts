// What the query path would do with a name, told instead of answered: the same look-ups as respond.ts, for explain.
// It may allocate, counts nothing, and moves no pick counter.
import type { AddressWords } from '../base/address.ts'
import { formatName, type Name } from '../dns/name.ts'
import { TYPE } from '../dns/types.ts'
import { classOf, findClass, scopeOf } from '../snapshot/client-map.ts'
import {
  isHinted,
  linkOf,
  nodeLink,
  RECORD_HEADER_BYTES,
  recordCountOf,
  wireOf,
  zoneRecord,
} from '../snapshot/zone-image.ts'
import { targetBinding } from './hints.ts'
import { createLookup, findRrset, FOUND, lookUp, type Lookup, type ZoneViews } from './lookup.ts'
import { createNameCursor, readName } from './name-cursor.ts'
import { read16 } from './wire.ts'
import { MAX_CHAIN } from './worker.ts'

/** Where a name leads, through CNAMEs of our zones. */
export interface Inspection {
  readonly found: keyof typeof FOUND | 'endless-chain'
  /** The zone that holds the last name; missing when none does. */
  readonly zone?: string
  /** The names that CNAMEs led to, in order. */
  readonly chain: readonly string[]
  /** The LB binding of the last name, counted from 0; missing when it has none. */
  readonly binding?: number
  /** Those of other names, or of its own, whose addresses are hints of its records of the type. */
  readonly hinting: readonly number[]
}

export interface Placement {
  /** The client's class; missing when steering ignores where it is. */
  readonly class?: number
  /** The ECS scope of an answer to it. */
  readonly scope: number
}

export function inspectName(zones: ZoneViews, name: Name, type: number): Inspection {
  const { zoneWords, zoneBytes } = zones
  const cursor = createNameCursor()
  const lookup = createLookup()
  const chain: string[] = []
  readName(cursor, name, 0, name.length)
  for (let hop = 0; hop <= MAX_CHAIN; hop++) {
    const found = lookUp(lookup, zones, cursor, type)
    if (found !== FOUND.node) return { found: nameOf(found), ...zoneOf(zones, found, lookup.zone), chain, hinting: [] }
    const binding = linkOf(zoneWords, lookup.node, nodeLink.binding)
    const cname = findRrset(zoneWords, zoneBytes, lookup.node, TYPE.CNAME)
    if (binding !== 0 || cname === 0) {
      const bound = binding === 0 ? {} : { binding: binding - 1 }
      const hinting = hintingBindings(zones, lookup, type)
      return { found: 'node', ...zoneOf(zones, found, lookup.zone), chain, hinting, ...bound }
    }
    const target = wireOf(cname) + RECORD_HEADER_BYTES
    readName(cursor, zoneBytes, target, zoneBytes.length)
    chain.push(formatName(zoneBytes, target))
  }
  return { found: 'endless-chain', chain, hinting: [] }
}

/** The LB bindings, counted from 0, that records of that type at the node take hints from, if their services give any. */
function hintingBindings(zones: ZoneViews, lookup: Lookup, type: number): number[] {
  const { zoneWords, zoneBytes } = zones
  const rrset = findRrset(zoneWords, zoneBytes, lookup.node, type)
  if (rrset === 0 || !isHinted(zoneWords, rrset)) return []
  const looking = { lookup, snapshot: zones, owner: createNameCursor() }
  const bindings = new Set<number>()
  let from = wireOf(rrset)
  for (let left = recordCountOf(zoneBytes, rrset); left > 0; left--) {
    const end = from + RECORD_HEADER_BYTES + read16(zoneBytes, from + 8)
    const binding = targetBinding(looking, from, end)
    if (binding !== 0) bindings.add(binding - 1)
    from = end
  }
  return [...bindings]
}

/**
 * Where a client stands for a service. `map`: word offset of its client map, −1 when steering ignores where clients are;
 * `pinBits`: of the prefix that pins a client of this family, −1 when a counter walks them.
 */
export function placeClient(mapWords: Int32Array, map: number, pinBits: number, client: AddressWords): Placement {
  const found = map < 0 ? 0 : findClass(mapWords, map, client)
  return { ...(map >= 0 && { class: classOf(found) }), scope: Math.max(scopeOf(found), pinBits, 0) }
}

function nameOf(found: number): keyof typeof FOUND {
  return (Object.keys(FOUND) as (keyof typeof FOUND)[]).find((key) => FOUND[key] === found)!
}

function zoneOf({ zoneBytes }: ZoneViews, found: number, zone: number): { zone?: string } {
  return found === FOUND.nothing ? {} : { zone: formatName(zoneBytes, (zone + zoneRecord.name) * 4) }
}
