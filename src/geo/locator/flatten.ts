// Nested prefixes made into sorted ranges that do not overlap: at each address the longest prefix that holds it wins.
import type { Prefix } from '../../base/prefix.ts'
import type { NetworkColumns } from '../geo.ts'
import { createColumns, finishColumns, type ColumnsBuilder } from './columns.ts'

export interface PlacedPrefix {
  readonly prefix: Prefix
  /** An index into the locator's locations. */
  readonly location: number
}

interface Block {
  readonly first: bigint
  readonly last: bigint
  readonly location: number
}

/** The prefixes of one family, all distinct, as networks. */
export function flattenPrefixes(family: 4 | 6, prefixes: readonly PlacedPrefix[]): NetworkColumns {
  const blocks = prefixes.filter(({ prefix }) => prefix.address.family === family).map(toBlock)
  blocks.sort((a, b) => compare(a.first, b.first) || compare(b.last, a.last))
  const columns = createColumns(family, blocks.length * 2)
  const open: Block[] = []
  let next = 0n
  for (const block of blocks) {
    next = closeBlocks(columns, open, next, block.first)
    const outer = open.at(-1)
    if (outer && next < block.first) addNetwork(columns, next, block.first - 1n, outer.location)
    open.push(block)
    next = block.first
  }
  closeBlocks(columns, open, next, undefined)
  return finishColumns(columns)
}

/** Ends every open block that lies before `until` (all without it) and returns the first address not yet covered. */
function closeBlocks(columns: ColumnsBuilder, open: Block[], next: bigint, until: bigint | undefined): bigint {
  for (let inner = open.at(-1); inner && (until === undefined || inner.last < until); inner = open.at(-1)) {
    if (next <= inner.last) addNetwork(columns, next, inner.last, inner.location)
    next = inner.last + 1n
    open.pop()
  }
  return next
}

function toBlock({ prefix: { address, length }, location }: PlacedPrefix): Block {
  const first = address.bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)
  return { first, last: first + (1n << BigInt(address.bytes.length * 8 - length)) - 1n, location }
}

/** Appends a network; bounds are inclusive. */
export function addNetwork(columns: ColumnsBuilder, first: bigint, last: bigint, location: number): void {
  const { words, count } = columns
  for (let i = 0; i < words; i++) {
    const shift = BigInt(32 * (words - 1 - i))
    columns.first[count * words + i] = Number(BigInt.asIntN(32, first >> shift))
    columns.last[count * words + i] = Number(BigInt.asIntN(32, last >> shift))
  }
  columns.location[count] = location
  columns.count++
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
