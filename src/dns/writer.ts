// A cursor that appends bytes and can roll back to a mark. Rdata is made with it, and so are the byte columns of a zone:
// it grows by doubling, so a million records cost twenty allocations.

const START_BYTES = 512

/** Everything before `length` is written; `bytes` is replaced when it grows, so never keep it across a write. */
export class Writer {
  bytes: Uint8Array
  length = 0

  constructor(capacity = START_BYTES) {
    this.bytes = new Uint8Array(capacity)
  }

  /** Makes room for `count` more bytes, which the caller may then write at `length`, and returns the buffer. */
  reserve(count: number): Uint8Array {
    if (this.length + count > this.bytes.length) this.#grow(this.length + count)
    return this.bytes
  }

  u8(value: number): void {
    this.reserve(1)[this.length++] = value
  }

  u16(value: number): void {
    const bytes = this.reserve(2)
    bytes[this.length++] = value >>> 8
    bytes[this.length++] = value
  }

  u32(value: number): void {
    this.u16(value >>> 16)
    this.u16(value & 0xffff)
  }

  copy(source: Uint8Array, from = 0, to = source.length): void {
    const bytes = this.reserve(to - from)
    let at = this.length
    for (let i = from; i < to; i++) bytes[at++] = source[i]!
    this.length = at
  }

  /** Forgets what was written after the mark. */
  rollBack(mark: number): void {
    this.length = mark
  }

  /** A copy of what was written from `from` on. */
  slice(from = 0): Uint8Array {
    return this.bytes.slice(from, this.length)
  }

  #grow(least: number): void {
    const larger = new Uint8Array(Math.max(least, this.bytes.length * 2))
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
  }
}
