// A CIDR prefix as a value.
import { formatAddress, parseAddress, type Address, type AddressWords } from './address.ts'

/** Bits of `address` beyond `length` are zero. `length` counts within the family: 0–32 or 0–128. */
export interface Prefix {
  readonly address: Address
  readonly length: number
}

/** Reads `192.0.2.0/24`, `2001:db8::/32`, or a bare address (a full-length prefix). Stray host bits are refused. */
export function parsePrefix(text: string): Prefix | undefined {
  const [host = '', bits, ...rest] = text.split('/')
  const address = parseAddress(host)
  if (!address || rest.length > 0) return undefined
  const width = address.bytes.length * 8
  if (bits === undefined) return { address, length: width }
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > width) return undefined
  const prefix = maskAddress(address, Number(bits))
  return prefix.address.bytes.every((byte, i) => byte === address.bytes[i]) ? prefix : undefined
}

export function formatPrefix({ address, length }: Prefix): string {
  return `${formatAddress(address)}/${length}`
}

/** The prefix of that length which holds the address. */
export function maskAddress(address: Address, length: number): Prefix {
  const bytes = address.bytes.map((byte, i) => byte & maskOfByte(length - i * 8))
  return { address: { family: address.family, bytes }, length }
}

export function prefixContains(prefix: Prefix, address: Address): boolean {
  if (prefix.address.family !== address.family) return false
  return address.bytes.every((byte, i) => (byte & maskOfByte(prefix.length - i * 8)) === prefix.address.bytes[i])
}

/**
 * A hash of the first `bits` of a client's address (MurmurHash3), alike on every node and for ever: pinned clients
 * depend on it. Allocates nothing.
 */
export function hashPrefix(client: AddressWords, bits: number, seed: number): number {
  let hash = Math.imul(seed ^ client[0]!, 0x9e3779b1)
  for (let i = 0; i < 4; i++) {
    let word = Math.imul(client[i + 1]! & maskOfWord(bits - i * 32), 0xcc9e2d51)
    word = Math.imul((word << 15) | (word >>> 17), 0x1b873593)
    hash ^= word
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

/** Whether a client lies in the prefix of `bits` whose address stands, as AddressWords, at `words[at…]`. Allocates nothing. */
export function isInPrefix(client: AddressWords, words: Int32Array, at: number, bits: number): boolean {
  if (client[0] !== words[at]) return false
  for (let i = 0; i < 4; i++) {
    if (((client[i + 1]! ^ words[at + 1 + i]!) & maskOfWord(bits - i * 32)) !== 0) return false
  }
  return true
}

/** The mask of a word that has `bits` leading ones left to cover. */
function maskOfWord(bits: number): number {
  return bits >= 32 ? -1 : bits <= 0 ? 0 : -1 << (32 - bits)
}

/** The mask of a byte that has `bits` leading ones left to cover. */
function maskOfByte(bits: number): number {
  return bits >= 8 ? 0xff : bits <= 0 ? 0 : (0xff << (8 - bits)) & 0xff
}
