// A slot table: shares made into slots that a counter walks through or a client's prefix picks.
import type { Address } from '../base/address.ts'

/** The addresses of one answer, all of one type; an RRset has no order. Empty: NODATA. */
export type Answer = readonly Address[]

export interface SlotTable {
  readonly answers: readonly Answer[]
  /** Each slot is an index into `answers`. Never empty. */
  readonly slots: Uint16Array
}
