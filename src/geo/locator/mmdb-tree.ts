// The networks of a MaxMind-format file, by a walk over its tree: every leaf once, in order of address. IPv4 stands in an IPv6
// tree under ::/96, and other places of it point there too (::ffff:0:0/96, 2001::/32, 2002::/16): those aliases are left
// out, for a sender of them is IPv4 or sits behind a tunnel whose end nobody knows.
import type { NetworkColumns } from '../geo.ts'
import { createColumns, finishColumns, type ColumnsBuilder } from './columns.ts'
import type { MmdbTree } from './mmdb-file.ts'

/** In the place of `location`: the offset of the network's record in the data section. */
export interface MmdbNetworks {
  readonly ipv4: NetworkColumns
  readonly ipv6: NetworkColumns
}

const SEPARATOR_BYTES = 16

/** The bits of an IPv6 address before an IPv4 one. */
const IPV4_DEPTH = 96

/** The networks, or what is wrong with the tree. */
export function readTree(tree: MmdbTree): { readonly found: MmdbNetworks } | { readonly problem: string } {
  const capacity = countLeaves(tree)
  const walk: Walk = { tree, visited: new Uint8Array(tree.nodeCount), ipv4Root: -1, problem: undefined }
  const ipv4 = createColumns(4, capacity)
  const ipv6 = createColumns(6, capacity)
  const root = tree.ipVersion === 4 ? 0 : findIpv4Root(tree)
  walkFrom(walk, ipv4, root)
  if (tree.ipVersion === 6) {
    walk.ipv4Root = root
    walkFrom(walk, ipv6, 0)
  }
  if (walk.problem !== undefined) return { problem: walk.problem }
  return { found: { ipv4: finishColumns(ipv4), ipv6: finishColumns(ipv6) } }
}

interface Walk {
  readonly tree: MmdbTree
  /** By node. */
  readonly visited: Uint8Array
  /** The node that other places of the tree may point to; −1: none. */
  ipv4Root: number
  problem: string | undefined
}

/** One family's part of a walk. */
interface Path {
  readonly columns: ColumnsBuilder
  /** The bits that led here, and zeros. */
  readonly address: Int32Array
}

function countLeaves(tree: MmdbTree): number {
  let leaves = 0
  for (let node = 0; node < tree.nodeCount; node++) {
    for (let side = 0; side < 2; side++) if (readRecord(tree, node, side) > tree.nodeCount) leaves++
  }
  return leaves + 1
}

/** A leaf on the way holds all of IPv4. */
function findIpv4Root(tree: MmdbTree): number {
  let record = 0
  for (let depth = 0; depth < IPV4_DEPTH && record < tree.nodeCount; depth++) record = readRecord(tree, record, 0)
  return record
}

function walkFrom(walk: Walk, columns: ColumnsBuilder, root: number): void {
  visit(walk, { columns, address: new Int32Array(columns.words) }, root, 0)
}

function visit(walk: Walk, path: Path, record: number, depth: number): void {
  const { tree, visited } = walk
  if (walk.problem !== undefined || record === tree.nodeCount) return
  if (record > tree.nodeCount) {
    addLeaf(walk, path, record - tree.nodeCount - SEPARATOR_BYTES, depth)
    return
  }
  if (record === walk.ipv4Root) return
  if (visited[record] !== 0 || depth === path.address.length * 32) {
    walk.problem = `its tree comes back to node ${record}, or goes too deep`
    return
  }
  visited[record] = 1
  visit(walk, path, readRecord(tree, record, 0), depth + 1)
  const bit = 1 << (31 - (depth & 31))
  path.address[depth >> 5]! |= bit
  visit(walk, path, readRecord(tree, record, 1), depth + 1)
  path.address[depth >> 5]! &= ~bit
}

function addLeaf(walk: Walk, { columns, address }: Path, offset: number, depth: number): void {
  if (offset < 0 || offset >= walk.tree.dataBytes) {
    walk.problem = `a network points to byte ${offset} of ${walk.tree.dataBytes} bytes of data`
    return
  }
  const { words, count, first, last, location } = columns
  for (let i = 0; i < words; i++) {
    first[count * words + i] = address[i]!
    last[count * words + i] = address[i]! | hostMask(depth - i * 32)
  }
  location[count] = offset
  columns.count++
}

/** The bits of a word behind `bits` leading ones. */
function hostMask(bits: number): number {
  return bits >= 32 ? 0 : bits <= 0 ? -1 : -1 >>> bits
}

/** The left (0) or right (1) record of a node: 24, 28 or 32 bits; of 28, the middle byte has the upper four of both. */
function readRecord({ bytes, recordSize }: MmdbTree, node: number, side: number): number {
  const at = node * (recordSize >> 2)
  if (recordSize === 24) return read24(bytes, at + side * 3)
  if (recordSize === 32) return bytes[at + side * 4]! * 0x1000000 + read24(bytes, at + side * 4 + 1)
  const middle = bytes[at + 3]!
  return side === 0 ? ((middle & 0xf0) << 20) | read24(bytes, at) : ((middle & 0x0f) << 24) | read24(bytes, at + 4)
}

function read24(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
}
