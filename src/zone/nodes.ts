// Which names are in the zone, and in what order: names come from the table with parents first, so the zone's nodes are
// those at and below the apex in the same order.
import { formatName } from '../dns/name.ts'
import type { NameTable } from './name-table.ts'
import type { Zone } from './zone.ts'

export interface NodeNames extends Pick<Zone['nodes'], 'count' | 'names' | 'name' | 'parent'> {
  /** By name id: its node, −1 outside of the zone. */
  readonly nodeOf: Int32Array
}

/** Numbers the names at and below the apex, whose id is given. Their bytes are a view of the table's. */
export function numberNodes(names: NameTable, apex: number): NodeNames {
  const nodeOf = new Int32Array(names.count).fill(-1)
  const name = new Int32Array(names.count - apex)
  const parent = new Int32Array(names.count - apex)
  const start = names.offset.at(apex)
  let count = 0
  for (let id = apex; id < names.count; id++) {
    const above = id === apex ? -1 : nodeOf[names.parent.at(id)]!
    if (above < 0 && id !== apex) continue
    name[count] = names.offset.at(id) - start
    parent[count] = above
    nodeOf[id] = count++
  }
  const bytes = names.bytes.bytes.subarray(start, names.bytes.length)
  return { nodeOf, count, names: bytes, name: name.subarray(0, count), parent: parent.subarray(0, count) }
}

/** The name of a node as text, for messages. */
export function nodeText({ nodes }: Zone, node: number): string {
  return formatName(nodes.names, nodes.name[node])
}
