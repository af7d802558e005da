// An IP address as a value: parsed once where text comes in, printed once where text goes out.
// The query path never sees this type: it works on four 32-bit words (`writeWords`).
import { isIPv4, isIPv6 } from 'node:net'

/** `bytes` holds 4 (IPv4) or 16 (IPv6) bytes in network order, as A and AAAA rdata carry them. */
export interface Address {
  readonly family: 4 | 6
  readonly bytes: Uint8Array
}

/**
 * An address for the query path: five signed 32-bit words, [family, w0, w1, w2, w3], most significant first.
 * IPv4 has its address in w0 and zeros behind.
 */
export type AddressWords = Int32Array

export const ADDRESS_WORDS = 5

/** Reads dotted IPv4 or RFC 4291 IPv6 text (no zone index). An IPv4-mapped IPv6 address becomes IPv4. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { family: 4, bytes: Uint8Array.from(text.split('.'), Number) }
  if (!isIPv6(text) || text.includes('%')) return undefined
  const bytes = parseIpv6(text)
  const mapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff
  return mapped ? { family: 4, bytes: bytes.slice(12) } : { family: 6, bytes }
}

/** Whether text is an address of this machine alone: 127.0.0.0/8, ::1, or the former mapped into IPv6. */
export function isLoopback(text: string): boolean {
  const address = parseAddress(text)
  if (!address) return false
  return address.family === 4 ? address.bytes[0] === 127 : formatAddress(address) === '::1'
}

/** Prints dotted IPv4 or RFC 5952 IPv6 text. */
export function formatAddress({ family, bytes }: Address): string {
  return family === 4 ? bytes.join('.') : formatIpv6(bytes)
}

export function sameAddress(a: Address, b: Address): boolean {
  return a.family === b.family && a.bytes.every((byte, i) => byte === b.bytes[i])
}

/** Orders IPv4 before IPv6, then by value. */
export function compareAddresses(a: Address, b: Address): number {
  return a.family - b.family || Buffer.compare(a.bytes, b.bytes)
}

/** Fills `words` for the query path and returns it. */
export function writeWords(address: Address, words: AddressWords = new Int32Array(ADDRESS_WORDS)): AddressWords {
  words.fill(0)
  words[0] = address.family
  const view = new DataView(address.bytes.buffer, address.bytes.byteOffset, address.bytes.byteLength)
  for (let i = 0; i < address.bytes.length / 4; i++) words[i + 1] = view.getInt32(i * 4)
  return words
}

export function readWords(words: AddressWords): Address {
  const family = words[0] === 4 ? 4 : 6
  const bytes = new Uint8Array(family === 4 ? 4 : 16)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < bytes.length / 4; i++) view.setInt32(i * 4, words[i + 1]!)
  return { family, bytes }
}

function parseIpv6(text: string): Uint8Array {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  if (dotted) {
    const [a, b, c, d] = dotted[2]!.split('.').map(Number) as [number, number, number, number]
    text = `${dotted[1]!}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  }
  const [head = '', tail] = text.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
  return Uint8Array.from(groups.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff]))
}

function formatIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[i * 2]! << 8) | bytes[i * 2 + 1]!).toString(16))
  const zeros = longestZeroRun(groups)
  if (zeros.length < 2) return groups.join(':')
  return `${groups.slice(0, zeros.start).join(':')}::${groups.slice(zeros.start + zeros.length).join(':')}`
}

function longestZeroRun(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start++) {
    let length = 0
    while (groups[start + length] === '0') length++
    if (length > best.length) best = { start, length }
  }
  return best
}
