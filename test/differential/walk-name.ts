// Names in messages, followed through their pointers (RFC 1035 §4.1.4). Pointers lead backwards, or the message is none.

export const HEADER_BYTES = 12

export interface WalkedName {
  /** Uncompressed and in lower case. */
  readonly name: Uint8Array
  /** Behind the name where it stood. */
  readonly end: number
  readonly pointers: number
}

export function walkName(bytes: Uint8Array, at: number): WalkedName {
  const name: number[] = []
  let end = -1
  let pointers = 0
  for (let lowest = at; ;) {
    const length = bytes[at]
    if (length === undefined) throw new Error('a name is cut short')
    if (length >= 0xc0) {
      if (end < 0) end = at + 2
      at = ((length & 0x3f) << 8) | bytes[at + 1]!
      if (at >= lowest || at < HEADER_BYTES) throw new Error('a pointer does not lead backwards')
      lowest = at
      pointers++
      continue
    }
    if (length > 63 || name.length + length > 254) throw new Error('a label or a name is too long')
    name.push(length, ...Array.from(bytes.subarray(at + 1, at + 1 + length), lowerCase))
    at += length + 1
    if (length === 0) return { name: Uint8Array.from(name), end: end < 0 ? at : end, pointers }
  }
}

function lowerCase(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
}
