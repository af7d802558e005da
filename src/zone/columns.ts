// Columns that grow: what a master file is read into. No object is made for a record, so a million take some dozen bytes each.
import { Writer } from '../dns/writer.ts'

const START_ROWS = 16

const EXPECTED_RDATA_BYTES = 8

/** Integers that grow at the end. */
export class IntColumn {
  values: Int32Array
  length = 0

  constructor(rows = START_ROWS) {
    this.values = new Int32Array(rows)
  }

  push(value: number): void {
    if (this.length === this.values.length) this.reserve(this.length * 2)
    this.values[this.length++] = value
  }

  /** Makes room for so many rows in all. */
  reserve(rows: number): void {
    if (rows <= this.values.length) return
    const larger = new Int32Array(rows)
    larger.set(this.values.subarray(0, this.length))
    this.values = larger
  }

  at(row: number): number {
    return this.values[row]!
  }
}

/** Records in the order of reading. The rdata of a record ends where that of the next one starts. */
export class RecordColumns {
  /** An id of the name table. */
  readonly owner = new IntColumn()
  readonly type = new IntColumn()
  /** Seconds; −1 when none was known. */
  readonly ttl = new IntColumn()
  /** Where the record stood (sources.ts). */
  readonly position = new IntColumn()
  readonly offset = new IntColumn()
  readonly data = new Writer()

  get count(): number {
    return this.owner.length
  }

  /** Makes room for so many more records. Room that stays unused costs nothing. */
  expect(rows: number): void {
    const { owner, type, ttl, position, offset } = this
    for (const column of [owner, type, ttl, position, offset]) column.reserve(this.count + rows)
    this.data.reserve(rows * EXPECTED_RDATA_BYTES)
  }

  /** Adds a record whose rdata was appended to `data` from `offset` on. */
  push(owner: number, type: number, ttl: number, position: number, offset: number): void {
    this.owner.push(owner)
    this.type.push(type)
    this.ttl.push(ttl)
    this.position.push(position)
    this.offset.push(offset)
  }

  /** Where the rdata of that record ends in `data`. */
  endOf(row: number): number {
    return row + 1 < this.count ? this.offset.at(row + 1) : this.data.length
  }
}
