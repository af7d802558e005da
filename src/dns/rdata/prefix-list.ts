// The address prefixes of an APL record (RFC 3123): `1:192.0.2.0/24 !2:2001:db8::/32`, the exclamation mark for those that
// are taken out.
import { isIPv4 } from 'node:net'
import { formatAddress, parseAddress } from '../../base/address.ts'
import type { Writer } from '../writer.ts'
import { readIpv6 } from './addresses.ts'
import { badField, type Field } from './field.ts'

/** Bytes of an address, by its number in the registry of address families. */
const ADDRESS_BYTES: Readonly<Record<number, number>> = { 1: 4, 2: 16 }
const NEGATED = 0x80

/** Any number of prefixes, to the end of the rdata. */
export const prefixList: Field = {
  label: 'prefixes',
  parse: (tokens, out) => {
    while (tokens.next()) {
      if (!parsePrefix(tokens.text(), out)) {
        return badField('prefixes', 'a list like 1:192.0.2.0/24 !2:2001:db8::/32', tokens)
      }
    }
    return undefined
  },
  print: (rdata) => {
    const words: string[] = []
    while (rdata.left > 0) {
      const [family, bits, flags] = [rdata.u16(), rdata.u8(), rdata.u8()]
      const bytes = new Uint8Array(ADDRESS_BYTES[family]!)
      bytes.set(rdata.take(flags & ~NEGATED))
      const address = formatAddress({ family: family === 1 ? 4 : 6, bytes })
      words.push(`${(flags & NEGATED) === 0 ? '' : '!'}${family}:${address}/${bits}`)
    }
    return words.join(' ')
  },
  read: (rdata, out) => {
    while (rdata.left > 0) {
      if (!rdata.has(4)) return false
      const item = rdata.take(4)
      const size = ADDRESS_BYTES[(item[0]! << 8) | item[1]!] ?? -1
      const length = item[3]! & ~NEGATED
      if (item[2]! > size * 8 || length > size || !rdata.has(length)) return false
      const address = rdata.take(length)
      // Zeros at the end are left out (RFC 3123 §4).
      if (address[length - 1] === 0) return false
      out.copy(item)
      out.copy(address)
    }
    return true
  },
}

function parsePrefix(text: string, out: Writer): boolean {
  const [, mark, family, written, bits] = /^(!?)([12]):([^/]+)\/(\d{1,3})$/.exec(text) ?? []
  const size = ADDRESS_BYTES[Number(family)] ?? 0
  const address = readAddress(Number(family), written ?? '')
  if (!address || Number(bits) > size * 8) return false
  const length = address.findLastIndex((byte) => byte !== 0) + 1
  out.u16(Number(family))
  out.u8(Number(bits))
  out.u8(length | (mark === '!' ? NEGATED : 0))
  out.copy(address, 0, length)
  return true
}

function readAddress(family: number, text: string): Uint8Array | undefined {
  if (family === 2) return readIpv6(text)
  return isIPv4(text) ? parseAddress(text)?.bytes : undefined
}
