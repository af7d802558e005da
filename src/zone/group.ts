// Records grouped to RRsets by two counting sorts, in linear time and without an object for any of them (`for … of` would
// make one for each row of a typed array: 240 MB of garbage a million). Duplicates are dropped and TTLs made equal on the
// way, both with a warning.
import { foldCase } from '../dns/name.ts'
import { compressibleNames } from '../dns/rdata/rdata.ts'
import { formatType } from '../dns/types.ts'
import { IntColumn, type RecordColumns } from './columns.ts'
import type { Faults } from './faults.ts'
import type { Zone } from './zone.ts'

export interface Grouped extends Pick<Zone, 'rrsets' | 'records'> {
  readonly firstRrset: Int32Array
  /** By record: where it stood. */
  readonly recordPosition: Int32Array
}

/** Groups the records whose owners are nodes (`nodeOf`, by name id); `missingTtl` is what a record without a TTL gets, in seconds. */
export function groupRecords(
  records: RecordColumns,
  nodeOf: Int32Array,
  nodes: number,
  missingTtl: number,
  faults: Faults,
): Grouped {
  const nodeOfRow = new Int32Array(records.count)
  for (let row = 0; row < records.count; row++) nodeOfRow[row] = nodeOf[records.owner.at(row)]!
  const order = orderRows(rowsInZone(nodeOfRow), nodeOfRow, records.type, nodes)
  const rows = new RrsetColumns(records, faults, missingTtl, nodes)
  for (let i = 0; i < order.length; i++) rows.add(order[i]!, nodeOfRow[order[i]!]!)
  return rows.finish()
}

/** By node and then by type, which is how most files come that programs write: those need no sorting. */
function orderRows(rows: Int32Array, nodeOfRow: Int32Array, type: IntColumn, nodes: number): Int32Array {
  if (isOrdered(rows, nodeOfRow, type.values)) return rows
  return countingSort(countingSort(rows, type.values, highest(type) + 1), nodeOfRow, nodes)
}

function isOrdered(rows: Int32Array, nodeOfRow: Int32Array, type: Int32Array): boolean {
  for (let i = 1; i < rows.length; i++) {
    const [row, before] = [rows[i]!, rows[i - 1]!]
    const nodes = nodeOfRow[row]! - nodeOfRow[before]!
    if (nodes < 0 || (nodes === 0 && type[row]! < type[before]!)) return false
  }
  return true
}

function rowsInZone(nodeOfRow: Int32Array): Int32Array {
  const rows = new Int32Array(nodeOfRow.length)
  let count = 0
  for (let row = 0; row < nodeOfRow.length; row++) if (nodeOfRow[row]! >= 0) rows[count++] = row
  return rows.subarray(0, count)
}

function highest({ values, length }: IntColumn): number {
  let most = 0
  for (let row = 0; row < length; row++) if (values[row]! > most) most = values[row]!
  return most
}

/** The rows ordered by their keys, which lie below `buckets`; equal ones stay in order. */
function countingSort(rows: Int32Array, keys: Int32Array, buckets: number): Int32Array {
  const next = new Int32Array(buckets + 1)
  for (let i = 0; i < rows.length; i++) next[keys[rows[i]!]! + 1]!++
  for (let key = 0; key < buckets; key++) next[key + 1]! += next[key]!
  const sorted = new Int32Array(rows.length)
  for (let i = 0; i < rows.length; i++) sorted[next[keys[rows[i]!]!]!++] = rows[i]!
  return sorted
}

/** RRsets as they are laid out, from rows that come by node and then by type. */
class RrsetColumns {
  readonly #source: RecordColumns
  readonly #faults: Faults
  readonly #missingTtl: number
  readonly #firstRrset: Int32Array
  readonly #type = new IntColumn()
  readonly #ttl = new IntColumn()
  readonly #firstRecord = new IntColumn()
  readonly #offset: Int32Array
  readonly #position: Int32Array
  readonly #data: Uint8Array
  #records = 0
  #length = 0
  #node = -1
  /** Of the RRset being laid out. */
  readonly #seen = new Set<string>()
  #firstRow = -1
  #hasOneTtl = true

  constructor(source: RecordColumns, faults: Faults, missingTtl: number, nodes: number) {
    this.#source = source
    this.#faults = faults
    this.#missingTtl = missingTtl
    this.#firstRrset = new Int32Array(nodes + 1)
    this.#offset = new Int32Array(source.count + 1)
    this.#position = new Int32Array(source.count)
    this.#data = new Uint8Array(source.data.length)
  }

  add(row: number, node: number): void {
    const type = this.#source.type.at(row)
    if (node === this.#node && type === this.#type.at(this.#type.length - 1)) {
      if (this.#isDuplicate(row, type)) return
      this.#mergeTtl(row, type)
    } else this.#open(row, node, type)
    this.#copy(row)
  }

  finish(): Grouped {
    this.#openNodes(this.#firstRrset.length - 1)
    this.#firstRecord.push(this.#records)
    this.#offset[this.#records] = this.#length
    const rrsets = this.#type.length
    return {
      firstRrset: this.#firstRrset,
      rrsets: {
        count: rrsets,
        type: new Uint16Array(this.#type.values.subarray(0, rrsets)),
        ttl: this.#ttl.values.slice(0, rrsets),
        firstRecord: this.#firstRecord.values.slice(0, rrsets + 1),
      },
      records: {
        count: this.#records,
        offset: this.#offset.slice(0, this.#records + 1),
        data: this.#data.slice(0, this.#length),
      },
      recordPosition: this.#position,
    }
  }

  #open(row: number, node: number, type: number): void {
    this.#openNodes(node)
    this.#type.push(type)
    this.#ttl.push(this.#ttlOf(row))
    this.#firstRecord.push(this.#records)
    this.#firstRow = row
    this.#hasOneTtl = true
    if (this.#seen.size > 0) this.#seen.clear()
  }

  /** Nodes up to that one have their first RRset here, if they have any. */
  #openNodes(node: number): void {
    while (this.#node < node) this.#firstRrset[++this.#node] = this.#type.length
  }

  #copy(row: number): void {
    const { data, offset } = this.#source
    const start = offset.at(row)
    const end = this.#source.endOf(row)
    this.#offset[this.#records] = this.#length
    this.#position[this.#records++] = this.#source.position.at(row)
    for (let at = start; at < end; at++) this.#data[this.#length++] = data.bytes[at]!
  }

  /** Warns of a record that its RRset already holds. Records kept in spite of a fault have no rdata and never count. */
  #isDuplicate(row: number, type: number): boolean {
    if (this.#seen.size === 0) this.#seen.add(this.#key(this.#firstRow, type))
    const key = this.#key(row, type)
    if (key === '' || !this.#seen.has(key)) {
      this.#seen.add(key)
      return false
    }
    const message = `this ${formatType(type)} record stands there already`
    this.#faults.warning(this.#source.position.at(row), { code: 'duplicate-record', message, hint: 'it is left out' })
    return true
  }

  /** The rdata with names folded, as far as they may differ in case only. */
  #key(row: number, type: number): string {
    const rdata = this.#source.data.bytes.slice(this.#source.offset.at(row), this.#source.endOf(row))
    const names = compressibleNames(type)
    if (names) foldCase(rdata, names.offset)
    return Buffer.from(rdata.buffer).toString('latin1')
  }

  /** An RRset has one TTL (RFC 2181 §5.2): the least. */
  #mergeTtl(row: number, type: number): void {
    const last = this.#ttl.length - 1
    const ttl = this.#ttlOf(row)
    const first = this.#ttl.at(last)
    if (ttl === first) return
    this.#ttl.values[last] = Math.min(ttl, first)
    if (!this.#hasOneTtl) return
    this.#hasOneTtl = false
    const message = `the ${formatType(type)} records of this name have different TTLs`
    this.#faults.warning(this.#source.position.at(row), { code: 'ttl-differs', message, hint: 'the least is used' })
  }

  #ttlOf(row: number): number {
    const ttl = this.#source.ttl.at(row)
    return ttl < 0 ? this.#missingTtl : ttl
  }
}
