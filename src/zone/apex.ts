// The top of a zone: the owner of its one SOA record (RFC 1035 §5.2), whatever the file is called.
import { Reader } from '../dns/reader.ts'
import { TYPE } from '../dns/types.ts'
import type { RecordColumns } from './columns.ts'
import type { MasterFile } from './reading.ts'
import { MAX_TTL_SECONDS } from './record.ts'

export interface Apex {
  /** A name id. */
  readonly id: number
  /** Of the SOA; 0 when the SOA is missing or faulty. */
  readonly serial: number
  /** Seconds, as a TTL (RFC 2181 §8). */
  readonly minimum: number
}

/** The SOA's numbers end its rdata (RFC 1035 §3.3.13): serial first, minimum last. */
const SERIAL_FROM_END = 20
const MINIMUM_FROM_END = 4

/** Finds the top. Without an SOA it is where the file's name says, so that other faults can be told; or undefined. */
export function findApex(master: MasterFile, file: string): Apex | undefined {
  const { records, names, faults, fileOrigin } = master
  const soa = findSoa(master)
  if (soa >= 0) {
    const serial = numberFromEnd(records, soa, SERIAL_FROM_END)
    return {
      id: records.owner.at(soa),
      serial,
      minimum: Math.min(numberFromEnd(records, soa, MINIMUM_FROM_END), MAX_TTL_SECONDS),
    }
  }
  if (master.files.length > 0)
    faults.fileError({ file }, { code: 'missing-soa', message: 'the zone has no SOA record' })
  const id = fileOrigin ? names.find(fileOrigin, 0, fileOrigin.length) : -1
  return id < 0 ? undefined : { id, serial: 0, minimum: 0 }
}

/** The row of the first SOA, −1 when there is none; any other is a fault. */
function findSoa({ records, faults }: MasterFile): number {
  const types = records.type.values.subarray(0, records.count)
  const first = types.indexOf(TYPE.SOA)
  if (first < 0) return -1
  for (let row = types.indexOf(TYPE.SOA, first + 1); row >= 0; row = types.indexOf(TYPE.SOA, row + 1)) {
    faults.error(records.position.at(row), { code: 'second-soa', message: 'a zone has one SOA record, and no more' })
  }
  return first
}

/** A 32-bit number of rdata, counted from its end; 0 when the rdata was faulty and is empty. */
function numberFromEnd(records: RecordColumns, row: number, back: number): number {
  const end = records.endOf(row)
  if (end === records.offset.at(row)) return 0
  return new Reader(records.data.bytes, end - back, end).u32()
}
