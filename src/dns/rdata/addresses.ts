// Fields that are addresses. IPv4 is read from the bytes: a million A records must not make a million strings.
import { formatAddress, parseAddress } from '../../base/address.ts'
import { isDigit } from '../escape.ts'
import type { Tokens } from '../tokens.ts'
import type { Writer } from '../writer.ts'
import { badField, takeToken, type Field } from './field.ts'

const ZERO = 0x30
const DOT = 0x2e
/** The twelve bytes before an IPv4 address in an IPv4-mapped IPv6 one (RFC 4291 §2.5.5.2). */
const MAPPED = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff)

/** Dotted decimal, four bytes. */
export const ipv4: Field = {
  label: 'IPv4 address',
  size: 4,
  parse: (tokens, out) => {
    const missing = takeToken('IPv4 address', tokens)
    if (missing) return missing
    if (parseIpv4(tokens, out)) return undefined
    const isIpv6 = parseAddress(tokens.text())?.family === 6
    const problem = badField('IPv4 address', 'four numbers from 0 to 255 with dots between', tokens)
    return isIpv6 ? { ...problem, hint: 'an IPv6 address goes into an AAAA record' } : problem
  },
  print: (rdata) => formatAddress({ family: 4, bytes: rdata.take(4) }),
  read: (rdata, out) => {
    if (!rdata.has(4)) return false
    out.copy(rdata.take(4))
    return true
  },
}

/** RFC 4291 text, sixteen bytes. */
export const ipv6: Field = {
  label: 'IPv6 address',
  size: 16,
  parse: (tokens, out) => {
    const missing = takeToken('IPv6 address', tokens)
    if (missing) return missing
    const text = tokens.text()
    const bytes = readIpv6(text)
    if (bytes) {
      out.copy(bytes)
      return undefined
    }
    const problem = badField('IPv6 address', 'as in 2001:db8::1', tokens)
    return parseAddress(text) ? { ...problem, hint: 'an IPv4 address goes into an A record' } : problem
  },
  print: (rdata) => formatAddress({ family: 6, bytes: rdata.take(16) }),
  read: (rdata, out) => {
    if (!rdata.has(16)) return false
    out.copy(rdata.take(16))
    return true
  },
}

/** The sixteen bytes of RFC 4291 text, IPv4-mapped ones too; undefined when it is none. */
export function readIpv6(text: string): Uint8Array | undefined {
  const address = text.includes(':') ? parseAddress(text) : undefined
  return address?.family === 4 ? Uint8Array.of(...MAPPED, ...address.bytes) : address?.bytes
}

/** Appends the current token as an IPv4 address; leading zeros are refused, as some read them as octal. */
function parseIpv4({ bytes, start, end, quoted }: Tokens, out: Writer): boolean {
  const address = out.reserve(4)
  let at = start
  for (let part = 0; part < 4; part++) {
    if (part > 0 && bytes[at++] !== DOT) return false
    const first = at
    let value = 0
    for (; at < end && at - first < 3 && isDigit(bytes[at]!); at++) value = value * 10 + bytes[at]! - ZERO
    if (at === first || value > 255 || (bytes[first] === ZERO && at - first > 1)) return false
    address[out.length + part] = value
  }
  if (at !== end || quoted) return false
  out.length += 4
  return true
}
