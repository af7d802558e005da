// Owner names, each once, by an open-addressing hash. A name's parent is always there before it, up to the root: so ids
// ascend from parent to child, empty non-terminals exist, and no sort by name is ever needed.
import { mix32 } from '../base/random.ts'
import { Writer } from '../dns/writer.ts'
import { IntColumn } from './columns.ts'

const START_SLOTS = 64
const EXPECTED_NAME_BYTES = 24

export class NameTable {
  /** Lower-cased wire names, back to back. */
  readonly bytes = new Writer()
  /** Where each name starts in `bytes`. */
  readonly offset = new IntColumn()
  /** The id of the name one label up; −1 for the root, whose id is 0. */
  readonly parent = new IntColumn()
  /** Pairs of a hash and an id plus one, of which 0 is free: side by side, for each look-up misses the cache. At most half full. */
  #slots = new Int32Array(START_SLOTS * 2)

  constructor() {
    this.intern(Uint8Array.of(0), 0, 1)
  }

  /** Makes room for so many more names. */
  expect(names: number): void {
    const total = this.count + names
    this.offset.reserve(total)
    this.parent.reserve(total)
    this.bytes.reserve(names * EXPECTED_NAME_BYTES)
    let slots = this.#slots.length
    while (total * 4 > slots) slots *= 2
    if (slots > this.#slots.length) this.#grow(slots)
  }

  get count(): number {
    return this.offset.length
  }

  /** Where the name of that id ends in `bytes`. */
  endOf(id: number): number {
    return id + 1 < this.count ? this.offset.at(id + 1) : this.bytes.length
  }

  /** The wire name of that id, as a view. */
  nameOf(id: number): Uint8Array {
    return this.bytes.bytes.subarray(this.offset.at(id), this.endOf(id))
  }

  /** The id of the lower-cased wire name in `wire` from `from` to `to`; −1 when there is none. */
  find(wire: Uint8Array, from: number, to: number): number {
    return this.#slots[this.#probe(hashBytes(wire, from, to), wire, from, to) + 1]! - 1
  }

  /** The id of that name, which is added with its parents if need be. */
  intern(wire: Uint8Array, from: number, to: number): number {
    const hash = hashBytes(wire, from, to)
    const slot = this.#probe(hash, wire, from, to)
    const found = this.#slots[slot + 1]! - 1
    if (found >= 0) return found
    const { count } = this
    const parent = to - from === 1 ? -1 : this.intern(wire, from + wire[from]! + 1, to)
    const isMoved = this.count > count
    return this.#add(isMoved ? this.#probe(hash, wire, from, to) : slot, hash, parent, wire, from, to)
  }

  #add(slot: number, hash: number, parent: number, wire: Uint8Array, from: number, to: number): number {
    const id = this.count
    this.offset.push(this.bytes.length)
    this.bytes.copy(wire, from, to)
    this.parent.push(parent)
    this.#slots[slot] = hash
    this.#slots[slot + 1] = id + 1
    if (this.count * 4 > this.#slots.length) this.#grow(this.#slots.length * 2)
    return id
  }

  /** Where the pair of the name stands, or the free one that it would take. */
  #probe(hash: number, wire: Uint8Array, from: number, to: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = (hash << 1) & mask
    while (slots[slot + 1] !== 0) {
      if (slots[slot] === hash && this.#isName(slots[slot + 1]! - 1, wire, from, to)) return slot
      slot = (slot + 2) & mask
    }
    return slot
  }

  #isName(id: number, wire: Uint8Array, from: number, to: number): boolean {
    const { bytes } = this.bytes
    const start = this.offset.at(id)
    if (this.endOf(id) - start !== to - from) return false
    for (let i = from; i < to; i++) if (bytes[start + i - from] !== wire[i]) return false
    return true
  }

  #grow(slots: number): void {
    const old = this.#slots
    const larger = new Int32Array(slots)
    const mask = larger.length - 1
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue
      let slot = (old[from]! << 1) & mask
      while (larger[slot + 1] !== 0) slot = (slot + 2) & mask
      larger[slot] = old[from]!
      larger[slot + 1] = old[from + 1]!
    }
    this.#slots = larger
  }
}

/**
 * The last byte of the first label is added last: names that differ in it alone, as host1 and host2, are neighbours in the
 * table, and are seldom far apart in a file (interning a million numbered names: 440 → 285 ms).
 */
function hashBytes(bytes: Uint8Array, from: number, to: number): number {
  const last = from + bytes[from]!
  let hash = 0x811c9dc5
  for (let i = from; i < last; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  for (let i = last + 1; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  return (mix32(hash) + bytes[last]!) | 0
}
