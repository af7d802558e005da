import type { SlotTable } from './slot-table.ts'

/** One client class of one service. */
export interface RowTables {
  /** Seconds. */
  readonly ttl: number
  readonly ipv4: SlotTable
  readonly ipv6: SlotTable
}

export interface ServiceRows {
  readonly name: string
  /** An index into the client maps of the same snapshot; −1 when steering ignores where the client is (one row). */
  readonly clientMap: number
  /** How clients are pinned to slots, or undefined: a counter walks them. */
  readonly pin: { readonly ipv4Bits: number; readonly ipv6Bits: number; readonly seed: number } | undefined
  /** By client class. */
  readonly rows: readonly RowTables[]
  /** The least TTL that this service ever answers with, seconds: negative answers live no longer. */
  readonly leastTtl: number
}
