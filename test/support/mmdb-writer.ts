// Writes MaxMind-format files (https://maxmind.github.io/MaxMind-DB/), so that tests have databases of their own: any record
// size, IPv4 in an IPv6 tree, aliases, records that share parts by pointers. That it writes what the format says is shown by
// reading its files with the package maxmind (test/geo/locator/mmdb.test.ts).
import { parsePrefix } from '../../src/base/prefix.ts'
import { writeWords } from '../../src/base/address.ts'

/** What a data record may hold. Whole numbers become uint32, `latitude` and `longitude` doubles. */
export type MmdbValue = string | number | boolean | { readonly [key: string]: MmdbValue }

export interface MmdbShape {
  readonly type: string
  readonly ipVersion: 4 | 6
  readonly recordSize: 24 | 28 | 32
  /** Seconds since the epoch. */
  readonly builtAt?: number
  /** Whether ::ffff:0:0/96, 2001::/32 and 2002::/16 point to the IPv4 part, as MaxMind's do. */
  readonly hasAliases?: boolean
}

const SEPARATOR_BYTES = 16
const METADATA_MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')
const ALIASES = ['::ffff:0:0/96', '2001::/32', '2002::/16']

/** A small database: `networks` are data records by prefix; a longer prefix wins within a shorter one. */
export function buildMmdb(shape: MmdbShape, networks: Readonly<Record<string, MmdbValue>>): Buffer {
  const writer = new MmdbWriter(shape)
  const placed = Object.entries(networks).map(([text, value]) => ({ prefix: parsePrefix(text)!, value }))
  for (const { prefix, value } of placed.toSorted((a, b) => a.prefix.length - b.prefix.length)) {
    writer.add(writeWords(prefix.address), prefix.length, writer.record(value))
  }
  return writer.finish()
}

/** By node, its left and its right child: 0 nothing, above 0 a node, below 0 the record −(offset + 1). */
type Children = Int32Array

export class MmdbWriter {
  readonly #shape: MmdbShape
  readonly #data = new DataSection()
  #children: Children = new Int32Array(1 << 12)
  #nodes = 1

  constructor(shape: MmdbShape) {
    this.#shape = shape
  }

  /** Where a data record stands. Parts that are one object stand once. */
  record(value: MmdbValue): number {
    return this.#data.add(value)
  }

  /** A network (`address` as AddressWords), shorter ones before longer ones that lie in them. */
  add(address: Int32Array, length: number, record: number): void {
    const isWithin6 = this.#shape.ipVersion === 6 && address[0] === 4
    const offset = isWithin6 ? 96 : 0
    let at = 0
    for (let depth = 0; depth < offset + length - 1; depth++) {
      at = this.#descend(at * 2 + (depth < offset ? 0 : bitOf(address, depth - offset)))
    }
    this.#children[at * 2 + bitOf(address, length - 1)] = -(record + 1)
  }

  finish(): Buffer {
    if (this.#shape.hasAliases) this.#addAliases()
    return Buffer.concat([this.#writeTree(), Buffer.alloc(SEPARATOR_BYTES), this.#data.bytes(), this.#writeMetadata()])
  }

  /** The node of a child, made where there was none, or where a network has to be split. */
  #descend(child: number): number {
    const there = this.#children[child]!
    if (there > 0) return there
    if ((this.#nodes + 1) * 2 > this.#children.length) this.#grow()
    const node = this.#nodes++
    this.#children.fill(there, node * 2, node * 2 + 2)
    this.#children[child] = node
    return node
  }

  #grow(): void {
    const larger = new Int32Array(this.#children.length * 2)
    larger.set(this.#children)
    this.#children = larger
  }

  #addAliases(): void {
    let root = 0
    for (let depth = 0; depth < 96; depth++) root = this.#descend(root * 2)
    for (const text of ALIASES) {
      const [host = '', length] = text.split('/')
      const address = Int32Array.of(
        6,
        ...(host === '::ffff:0:0' ? [0, 0, 0xffff, 0] : [host === '2001::' ? 0x20010000 : 0x20020000, 0, 0, 0]),
      )
      let at = 0
      for (let depth = 0; depth < Number(length) - 1; depth++) at = this.#descend(at * 2 + bitOf(address, depth))
      this.#children[at * 2 + bitOf(address, Number(length) - 1)] = root
    }
  }

  #writeTree(): Buffer {
    const { recordSize } = this.#shape
    const nodeBytes = recordSize / 4
    const tree = Buffer.alloc(this.#nodes * nodeBytes)
    for (let node = 0; node < this.#nodes; node++) {
      const [left, right] = [this.#valueOf(node * 2), this.#valueOf(node * 2 + 1)]
      writeNode(tree, node * nodeBytes, recordSize, left, right)
    }
    return tree
  }

  #valueOf(child: number): number {
    const there = this.#children[child]!
    if (there === 0) return this.#nodes
    return there > 0 ? there : this.#nodes + SEPARATOR_BYTES - there - 1
  }

  #writeMetadata(): Buffer {
    const { type, ipVersion, recordSize, builtAt = 1_790_000_000 } = this.#shape
    const metadata = new DataSection()
    metadata.add({
      binary_format_major_version: 2,
      binary_format_minor_version: 0,
      build_epoch: builtAt,
      database_type: type,
      ip_version: ipVersion,
      node_count: this.#nodes,
      record_size: recordSize,
    })
    return Buffer.concat([METADATA_MARKER, metadata.bytes()])
  }
}

/** Of an address in AddressWords. */
function bitOf(address: Int32Array, bit: number): 0 | 1 {
  return ((address[1 + (bit >> 5)]! >>> (31 - (bit & 31))) & 1) as 0 | 1
}

function writeNode(tree: Buffer, at: number, recordSize: 24 | 28 | 32, left: number, right: number): void {
  if (Math.max(left, right) >= 2 ** recordSize) throw new RangeError(`records of ${recordSize} bits are too small`)
  if (recordSize === 32) {
    tree.writeUInt32BE(left, at)
    tree.writeUInt32BE(right, at + 4)
    return
  }
  tree.writeUIntBE(left & 0xffffff, at, 3)
  tree.writeUIntBE(right & 0xffffff, at + recordSize / 4 - 3, 3)
  if (recordSize === 28) tree[at + 3] = ((left >>> 20) & 0xf0) | (right >>> 24)
}

const TYPE = { pointer: 1, string: 2, double: 3, uint32: 6, map: 7, boolean: 14 } as const

/** Pointers of each length begin where those of the one before end. */
const POINTER_FROM = [0, 2048, 526_336]

class DataSection {
  #bytes = Buffer.alloc(1 << 12)
  #length = 0
  /** Strings and objects that stand there already. */
  readonly #known = new Map<unknown, number>()

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  add(value: MmdbValue): number {
    const known = this.#known.get(value)
    if (known !== undefined) return known
    const inner = typeof value === 'object' ? Object.entries(value) : []
    for (const [, part] of inner) if (typeof part === 'object') this.add(part)
    const at = this.#length
    if (typeof value === 'object') {
      this.#control(TYPE.map, inner.length)
      for (const [key, part] of inner) {
        this.#addPart(key, '')
        this.#addPart(part, key)
      }
    } else this.#addScalar(value, '')
    if (typeof value !== 'number' && typeof value !== 'boolean') this.#known.set(value, at)
    return at
  }

  #addPart(part: MmdbValue, key: string): void {
    const known = this.#known.get(part)
    if (known !== undefined) this.#pointTo(known)
    else if (typeof part === 'object') throw new Error('an object within was not written before')
    else {
      if (typeof part === 'string') this.#known.set(part, this.#length)
      this.#addScalar(part, key)
    }
  }

  #addScalar(value: string | number | boolean, key: string): void {
    if (typeof value === 'string') {
      const text = Buffer.from(value)
      this.#control(TYPE.string, text.length)
      this.#put(text)
    } else if (typeof value === 'boolean') this.#control(TYPE.boolean, Number(value))
    else if (key === 'latitude' || key === 'longitude') {
      const bytes = Buffer.alloc(8)
      bytes.writeDoubleBE(value)
      this.#control(TYPE.double, 8)
      this.#put(bytes)
    } else {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(value)
      this.#control(TYPE.uint32, 4)
      this.#put(bytes)
    }
  }

  #control(type: number, size: number): void {
    const [bits, more] =
      size < 29 ? [size, []] : size < 285 ? [29, [size - 29]] : [30, [(size - 285) >> 8, (size - 285) & 0xff]]
    this.#put(Uint8Array.from(type < 8 ? [(type << 5) | bits, ...more] : [bits, type - 7, ...more]))
  }

  #pointTo(offset: number): void {
    const size = POINTER_FROM.findLastIndex((from) => offset >= from)
    const bytes = Buffer.alloc(5)
    if (offset >= 526_336 + 2 ** 27) {
      bytes[0] = (TYPE.pointer << 5) | (3 << 3)
      bytes.writeUInt32BE(offset, 1)
      this.#put(bytes)
      return
    }
    const value = offset - POINTER_FROM[size]!
    bytes[0] = (TYPE.pointer << 5) | (size << 3) | Math.floor(value / 2 ** (8 * (size + 1)))
    bytes.writeUIntBE(value % 2 ** (8 * (size + 1)), 1, size + 1)
    this.#put(bytes.subarray(0, size + 2))
  }

  #put(bytes: Uint8Array): void {
    while (this.#length + bytes.length > this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(this.#bytes.length)])
    }
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }
}
