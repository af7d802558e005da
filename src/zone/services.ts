// Which service answers for which node: LB records, each naming one service that the configuration knows.
import { nearestWord } from '../base/fault.ts'
import type { RecordColumns } from './columns.ts'
import type { Complaint, Faults } from './faults.ts'

export interface ServiceOwners {
  /** Names of the services, each once. */
  readonly names: readonly string[]
  /** By node: an index into `names`, −1 without an LB record. */
  readonly service: Int32Array
  /** By node: where its LB record stood, −1 without one. */
  readonly position: Int32Array
}

export function assignServices(
  records: RecordColumns,
  nodeOf: Int32Array,
  nodes: number,
  known: ReadonlySet<string>,
  faults: Faults,
): ServiceOwners {
  const service = new Int32Array(nodes).fill(-1)
  const position = new Int32Array(nodes).fill(-1)
  const indexes = new Map<string, number>()
  for (let row = 0; row < records.count; row++) {
    const node = nodeOf[records.owner.at(row)]!
    const complaint = complainOf(serviceName(records, row), known, node >= 0 && position[node]! >= 0)
    if (complaint) faults.error(records.position.at(row), complaint)
    if (node < 0) continue
    position[node] = records.position.at(row)
    service[node] = indexOf(indexes, serviceName(records, row))
  }
  return { names: [...indexes.keys()], service, position }
}

/** The name that an LB record holds; empty when the record was faulty. */
function serviceName(records: RecordColumns, row: number): string {
  const rdata = records.data.bytes.subarray(records.offset.at(row), records.endOf(row))
  return new TextDecoder().decode(rdata.subarray(1))
}

function complainOf(name: string, known: ReadonlySet<string>, isSecond: boolean): Complaint | undefined {
  if (isSecond) return { code: 'lb-twice', message: 'a name has one LB record at most' }
  if (name === '' || known.has(name)) return undefined
  const nearest = nearestWord(name, known)
  const hint = nearest === undefined ? 'services are defined in the configuration' : `did you mean ${nearest}?`
  return { code: 'unknown-service', message: `there is no service "${name}"`, hint }
}

function indexOf(indexes: Map<string, number>, name: string): number {
  const index = indexes.get(name) ?? indexes.size
  indexes.set(name, index)
  return index
}
