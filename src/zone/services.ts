// Who answers for the addresses of a node: LB records, each naming one service that the configuration knows, and ALIAS
// records, each naming a target elsewhere (alias.ts).
import { nearestWord } from '../base/fault.ts'
import { foldCase, formatName, nameLength } from '../dns/name.ts'
import { formatType, TYPE } from '../dns/types.ts'
import { aliasService } from './alias.ts'
import type { RecordColumns } from './columns.ts'
import type { Complaint, Faults } from './faults.ts'

export interface ServiceOwners {
  /** Names of the services, each once. */
  readonly names: readonly string[]
  /** By node: an index into `names`, −1 without an LB or ALIAS record. */
  readonly service: Int32Array
  /** By node: where that record stood, −1 without one. */
  readonly position: Int32Array
}

/** `missingTtl` is what an ALIAS without a TTL gets, in seconds. */
export function assignServices(
  records: RecordColumns,
  nodeOf: Int32Array,
  nodes: number,
  known: ReadonlySet<string>,
  missingTtl: number,
  faults: Faults,
): ServiceOwners {
  const service = new Int32Array(nodes).fill(-1)
  const position = new Int32Array(nodes).fill(-1)
  const rowOf = new Map<number, number>()
  const indexes = new Map<string, number>()
  for (let row = 0; row < records.count; row++) {
    const node = nodeOf[records.owner.at(row)]!
    const name = serviceName(records, row, missingTtl)
    const complaint = complainOfSecond(records, row, rowOf.get(node)) ?? complainOf(records.type.at(row), name, known)
    if (complaint) faults.error(records.position.at(row), complaint)
    if (node < 0) continue
    rowOf.set(node, row)
    position[node] = records.position.at(row)
    service[node] = indexOf(indexes, name)
  }
  return { names: [...indexes.keys()], service, position }
}

/** The service that a record names; empty when the record was faulty. */
function serviceName(records: RecordColumns, row: number, missingTtl: number): string {
  const rdata = records.data.bytes.slice(records.offset.at(row), records.endOf(row))
  if (records.type.at(row) === TYPE.LB) return new TextDecoder().decode(rdata.subarray(1))
  if (rdata.length === 0) return ''
  const ttl = records.ttl.at(row)
  return aliasService({ target: formatName(foldCase(rdata, 0, nameLength(rdata))), ttl: ttl < 0 ? missingTtl : ttl })
}

/** `first` is the row that stands at the same node already. */
function complainOfSecond(records: RecordColumns, row: number, first: number | undefined): Complaint | undefined {
  if (first === undefined) return undefined
  const kinds = [records.type.at(first), records.type.at(row)].map(formatType)
  if (kinds[0] !== kinds[1])
    return { code: 'alias-beside-lb', message: 'a name has an LB or an ALIAS record, not both' }
  return { code: `${kinds[0]!.toLowerCase()}-twice`, message: `a name has one ${kinds[0]!} record at most` }
}

function complainOf(type: number, name: string, known: ReadonlySet<string>): Complaint | undefined {
  if (type === TYPE.ALIAS || name === '' || known.has(name)) return undefined
  const nearest = nearestWord(name, known)
  const hint = nearest === undefined ? 'services are defined in the configuration' : `did you mean ${nearest}?`
  return { code: 'unknown-service', message: `there is no service "${name}"`, hint }
}

function indexOf(indexes: Map<string, number>, name: string): number {
  const index = indexes.get(name) ?? indexes.size
  indexes.set(name, index)
  return index
}
