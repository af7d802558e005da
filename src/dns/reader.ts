// A cursor over wire bytes. Whoever reads asks `has` first, once for all that follows; the reads themselves do not check.

/** `bytes` is the whole message (compression pointers count from its start); `at` to `end` is the part to read. */
export class Reader {
  readonly bytes: Uint8Array
  at: number
  readonly end: number

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  has(count: number): boolean {
    return this.at + count <= this.end
  }

  get left(): number {
    return this.end - this.at
  }

  u8(): number {
    return this.bytes[this.at++]!
  }

  u16(): number {
    return (this.u8() << 8) | this.u8()
  }

  u32(): number {
    return this.u16() * 0x10000 + this.u16()
  }

  /** The next `count` bytes, as a view. */
  take(count: number): Uint8Array {
    this.at += count
    return this.bytes.subarray(this.at - count, this.at)
  }
}
