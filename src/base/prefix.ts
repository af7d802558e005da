// A CIDR prefix as a value.
import { formatAddress, parseAddress, type Address } from './address.ts'

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

/** The mask of a byte that has `bits` leading ones left to cover. */
function maskOfByte(bits: number): number {
  return bits >= 8 ? 0xff : bits <= 0 ? 0 : (0xff << (8 - bits)) & 0xff
}
