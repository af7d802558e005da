// What the query path would do with a name, told instead of answered: the same look-ups as respond.ts, for explain.
// It may allocate, counts nothing, and moves no pick counter.
import type { AddressWords } from '../base/address.ts'
import { formatName, type Name } from '../dns/name.ts'
import { TYPE } from '../dns/types.ts'
import { classOf, findClass, scopeOf } from '../snapshot/client-map.ts'
import { bindingRecord, planHeader, serviceRecord } from '../snapshot/plan-image.ts'
import type { Snapshot } from '../snapshot/publication.ts'
import { linkOf, nodeLink, RECORD_HEADER_BYTES, wireOf, zoneRecord } from '../snapshot/zone-image.ts'
import { createLookup, findRrset, FOUND, lookUp } from './lookup.ts'
import { createNameCursor, readName } from './name-cursor.ts'

const MAX_CHAIN = 16

/** Where a name leads, through CNAMEs of our zones. */
export interface Inspection {
  readonly found: keyof typeof FOUND | 'endless-chain'
  /** The zone that holds the last name; missing when none does. */
  readonly zone?: string
  /** The names that CNAMEs led to, in order. */
  readonly chain: readonly string[]
  /** The LB binding of the last name, counted from 0; missing when no service answers it. */
  readonly binding?: number
}

export interface Placement {
  /** The client's class; missing when steering ignores where it is. */
  readonly class?: number
  /** The ECS scope of an answer to it. */
  readonly scope: number
}

export function inspectName(snapshot: Snapshot, name: Name, type: number): Inspection {
  const { zoneWords, zoneBytes } = snapshot
  const cursor = createNameCursor()
  const lookup = createLookup()
  const chain: string[] = []
  readName(cursor, name, 0, name.length)
  for (let hop = 0; hop <= MAX_CHAIN; hop++) {
    const found = lookUp(lookup, snapshot, cursor, type)
    if (found !== FOUND.node) return { found: nameOf(found), ...zoneOf(snapshot, found, lookup.zone), chain }
    const binding = linkOf(zoneWords, lookup.node, nodeLink.binding)
    const cname = findRrset(zoneWords, zoneBytes, lookup.node, TYPE.CNAME)
    if (binding !== 0 || cname === 0) {
      const bound = binding === 0 ? {} : { binding: binding - 1 }
      return { found: 'node', ...zoneOf(snapshot, found, lookup.zone), chain, ...bound }
    }
    const target = wireOf(cname) + RECORD_HEADER_BYTES
    readName(cursor, zoneBytes, target, zoneBytes.length)
    chain.push(formatName(zoneBytes, target))
  }
  return { found: 'endless-chain', chain }
}

/** Where a client stands for the service behind a binding. */
export function placeClient({ planWords, mapWords }: Snapshot, binding: number, client: AddressWords): Placement {
  const bound = planHeader.words + binding * bindingRecord.words
  const service = planWords[bound + bindingRecord.service]!
  const map = planWords[service + serviceRecord.clientMap]!
  const found = map < 0 ? 0 : findClass(mapWords, map, client)
  const pinBits = planWords[service + (client[0] === 4 ? serviceRecord.ipv4Bits : serviceRecord.ipv6Bits)]!
  return { ...(map >= 0 && { class: classOf(found) }), scope: Math.max(scopeOf(found), pinBits, 0) }
}

function nameOf(found: number): keyof typeof FOUND {
  return (Object.keys(FOUND) as (keyof typeof FOUND)[]).find((key) => FOUND[key] === found)!
}

function zoneOf({ zoneBytes }: Snapshot, found: number, zone: number): { zone?: string } {
  return found === FOUND.nothing ? {} : { zone: formatName(zoneBytes, (zone + zoneRecord.name) * 4) }
}
