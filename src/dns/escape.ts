// Escapes of RFC 1035 §5.1: `\X` is the character X without a meaning of its own, `\DDD` the byte of that decimal value.

const ZERO = 0x30
const NINE = 0x39

export function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE
}

/** The byte that the backslash at `at` stands for, or −1. It takes three more bytes when a digit follows, else one. */
export function readEscape(text: Uint8Array, at: number, end: number): number {
  if (at + 1 >= end) return -1
  if (!isDigit(text[at + 1]!)) return text[at + 1]!
  if (at + 3 >= end || !isDigit(text[at + 2]!) || !isDigit(text[at + 3]!)) return -1
  const value = (text[at + 1]! - ZERO) * 100 + (text[at + 2]! - ZERO) * 10 + (text[at + 3]! - ZERO)
  return value <= 0xff ? value : -1
}
