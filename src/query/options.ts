// EDNS options of a query: client subnet (RFC 7871), cookie (RFC 7873), NSID (RFC 5001), TCP keepalive (RFC 7828).
// Others, padding (RFC 7830) among them, are stepped over.
import { RCODE } from '../dns/types.ts'
import { CLIENT_COOKIE_BYTES, createCookie, type Cookie } from './cookie.ts'
import { read16 } from './wire.ts'

export const OPTION = { nsid: 3, clientSubnet: 8, cookie: 10, keepalive: 11, extendedError: 15 } as const

export const FAMILY_IPV4 = 1
export const FAMILY_IPV6 = 2

/** RFC 7873 §4: a client cookie alone, or with a server cookie of 8 to 32 bytes. */
const LEAST_SERVER_COOKIE_BYTES = 8
const MOST_SERVER_COOKIE_BYTES = 32

export interface Options {
  hasNsid: boolean
  hasKeepalive: boolean
  hasCookie: boolean
  readonly cookie: Cookie
  hasSubnet: boolean
  /** Bits of its address that the client gave. */
  subnetSource: number
  /** The subnet steers: it is there, tells something, and its sender is believed. Set once the sender is known. */
  subnetSteers: boolean
  /** The source prefix, padded with zeros, as AddressWords. */
  readonly subnet: Int32Array
}

export function createOptions(): Options {
  return {
    hasNsid: false,
    hasKeepalive: false,
    hasCookie: false,
    cookie: createCookie(),
    hasSubnet: false,
    subnetSource: 0,
    subnetSteers: false,
    subnet: new Int32Array(5),
  }
}

export function forgetOptions(options: Options): void {
  options.hasNsid = false
  options.hasKeepalive = false
  options.hasCookie = false
  options.cookie.isValid = false
  options.hasSubnet = false
  options.subnetSource = 0
  options.subnetSteers = false
}

/** Reads the options between `at` and `end`; FORMERR when one that we know, or their sequence, is malformed. */
export function readOptions(options: Options, input: Uint8Array, at: number, end: number): number {
  while (at < end) {
    if (at + 4 > end) return RCODE.FORMERR
    const dataAt = at + 4
    const dataEnd = dataAt + read16(input, at + 2)
    if (dataEnd > end || !readOption(options, read16(input, at), input, dataAt, dataEnd)) return RCODE.FORMERR
    at = dataEnd
  }
  return RCODE.NOERROR
}

function readOption(options: Options, code: number, input: Uint8Array, at: number, end: number): boolean {
  switch (code) {
    case OPTION.nsid:
      options.hasNsid = true
      return true
    case OPTION.keepalive:
      // The timeout that a client has no right to send is ignored (RFC 7828 §3.2.1).
      options.hasKeepalive = true
      return true
    case OPTION.cookie:
      return readCookie(options, input, at, end)
    case OPTION.clientSubnet:
      return readClientSubnet(options, input, at, end)
    default:
      return true
  }
}

/** The first counts (RFC 7873 §5.2). */
function readCookie(options: Options, input: Uint8Array, at: number, end: number): boolean {
  const server = end - at - CLIENT_COOKIE_BYTES
  if (server !== 0 && (server < LEAST_SERVER_COOKIE_BYTES || server > MOST_SERVER_COOKIE_BYTES)) return false
  if (options.hasCookie) return true
  const { cookie } = options
  for (let i = 0; i < end - at; i++) cookie.bytes[i] = input[at + i]!
  cookie.length = end - at
  options.hasCookie = true
  return true
}

/** RFC 7871 §6 and §7.2.1: the scope is zero in queries, and no bit is set beyond the source prefix. The first counts. */
function readClientSubnet(options: Options, input: Uint8Array, at: number, end: number): boolean {
  if (options.hasSubnet) return true
  if (end - at < 4) return false
  const family = read16(input, at)
  const source = input[at + 2]!
  const bytes = (source + 7) >> 3
  if (family !== FAMILY_IPV4 && family !== FAMILY_IPV6) return false
  if (source > (family === FAMILY_IPV4 ? 32 : 128) || input[at + 3] !== 0 || end - at - 4 !== bytes) return false
  if ((source & 7) !== 0 && (input[end - 1]! & (0xff >> (source & 7))) !== 0) return false
  const { subnet } = options
  subnet[0] = family === FAMILY_IPV4 ? 4 : 6
  subnet[1] = subnet[2] = subnet[3] = subnet[4] = 0
  for (let i = 0; i < bytes; i++) subnet[1 + (i >> 2)]! |= input[at + 4 + i]! << (24 - (i & 3) * 8)
  options.subnetSource = source
  options.hasSubnet = true
  return true
}
