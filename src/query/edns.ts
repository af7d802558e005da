// The OPT record of a response (RFC 6891 §6.1) and its options. It stands last in the message, behind whatever fits
// before the room that `optLength` keeps for it.
import { RCODE, TYPE } from '../dns/types.ts'
import { planHeader } from '../snapshot/plan-image.ts'
import type { Snapshot } from '../snapshot/publication.ts'
import { settingsBlock } from '../snapshot/settings.ts'
import { CLIENT_COOKIE_BYTES, SERVER_COOKIE_BYTES } from './cookie.ts'
import { FAMILY_IPV4, FAMILY_IPV6, OPTION, type Options } from './options.ts'
import type { Query } from './query.ts'
import { write16 } from './wire.ts'

/** The largest UDP payload that we send and announce: no fragments on any path (DNS flag day 2020). */
export const UDP_PAYLOAD = 1232

/** No INFO-CODE to give. */
export const NO_EXTENDED_ERROR = -1

/** INFO-CODEs of RFC 8914 §4. */
export const EXTENDED_ERROR = {
  staleAnswer: 3,
  notReady: 14,
  prohibited: 18,
  notAuthoritative: 20,
  notSupported: 21,
  noReachableAuthority: 22,
} as const

const OPT_BYTES = 11
const OPTION_HEADER_BYTES = 4
export const EXTENDED_ERROR_BYTES = OPTION_HEADER_BYTES + 2
const SUBNET_BYTES = OPTION_HEADER_BYTES + 4
const COOKIE_BYTES = OPTION_HEADER_BYTES + CLIENT_COOKIE_BYTES + SERVER_COOKIE_BYTES
const KEEPALIVE_BYTES = OPTION_HEADER_BYTES + 2
const DNSSEC_OK = 0x8000

/** Bytes that the OPT record takes at most, but for an extended error: who gives one sees that it fits. */
export function optLength({ hasEdns, options }: Query, snapshot: Snapshot, isStream: boolean): number {
  if (!hasEdns) return 0
  let length = OPT_BYTES
  if (options.hasSubnet) length += SUBNET_BYTES + ((options.subnetSource + 7) >> 3)
  if (options.hasCookie) length += COOKIE_BYTES
  if (options.hasKeepalive && isStream) length += KEEPALIVE_BYTES
  if (options.hasNsid) length += OPTION_HEADER_BYTES + nsidLength(snapshot)
  return length
}

/** Writes the OPT record at `at` and returns where it ends. */
export function writeOpt(
  output: Uint8Array,
  at: number,
  query: Query,
  snapshot: Snapshot,
  isStream: boolean,
  rcode: number,
  scope: number,
  extendedError: number,
): number {
  const { options } = query
  output[at] = 0
  write16(output, at + 1, TYPE.OPT)
  write16(output, at + 3, UDP_PAYLOAD)
  output[at + 5] = rcode >>> 4
  output[at + 6] = 0
  write16(output, at + 7, query.dnssecOk ? DNSSEC_OK : 0)
  let end = at + OPT_BYTES
  // What was malformed is not repeated, and a version that is not ours was not read.
  if (rcode !== RCODE.FORMERR && rcode !== RCODE.BADVERS) {
    if (options.hasSubnet) end = writeSubnet(output, end, options, scope)
    if (options.hasCookie) end = writeCookie(output, end, options)
    if (options.hasKeepalive && isStream) end = writeKeepalive(output, end, snapshot)
    if (options.hasNsid) end = writeNsid(output, end, snapshot)
    if (extendedError !== NO_EXTENDED_ERROR) end = writeExtendedError(output, end, extendedError)
  }
  write16(output, at + 9, end - at - OPT_BYTES)
  return end
}

/** Family, source and address as they came, with the scope of our answer (RFC 7871 §7.2.1). */
function writeSubnet(output: Uint8Array, at: number, { subnet, subnetSource }: Options, scope: number): number {
  const bytes = (subnetSource + 7) >> 3
  write16(output, at, OPTION.clientSubnet)
  write16(output, at + 2, 4 + bytes)
  write16(output, at + 4, subnet[0] === 4 ? FAMILY_IPV4 : FAMILY_IPV6)
  output[at + 6] = subnetSource
  output[at + 7] = scope
  for (let i = 0; i < bytes; i++) output[at + 8 + i] = subnet[1 + (i >> 2)]! >>> (24 - (i & 3) * 8)
  return at + SUBNET_BYTES + bytes
}

function writeCookie(output: Uint8Array, at: number, { cookie }: Options): number {
  const bytes = CLIENT_COOKIE_BYTES + SERVER_COOKIE_BYTES
  write16(output, at, OPTION.cookie)
  write16(output, at + 2, bytes)
  for (let i = 0; i < bytes; i++) output[at + 4 + i] = cookie.bytes[i]!
  return at + COOKIE_BYTES
}

function writeKeepalive(output: Uint8Array, at: number, { planWords }: Snapshot): number {
  write16(output, at, OPTION.keepalive)
  write16(output, at + 2, 2)
  write16(output, at + 4, planWords[planWords[planHeader.settings]! + settingsBlock.keepalive]!)
  return at + KEEPALIVE_BYTES
}

/** Nothing when it is hidden. */
function writeNsid(output: Uint8Array, at: number, snapshot: Snapshot): number {
  const length = nsidLength(snapshot)
  if (length === 0) return at
  const { planWords, planBytes } = snapshot
  const from = planWords[planWords[planHeader.settings]! + settingsBlock.nsid]!
  write16(output, at, OPTION.nsid)
  write16(output, at + 2, length)
  for (let i = 0; i < length; i++) output[at + 4 + i] = planBytes[from + i]!
  return at + OPTION_HEADER_BYTES + length
}

function nsidLength({ planWords }: Snapshot): number {
  return planWords[planWords[planHeader.settings]! + settingsBlock.nsid + 1]!
}

function writeExtendedError(output: Uint8Array, at: number, code: number): number {
  write16(output, at, OPTION.extendedError)
  write16(output, at + 2, 2)
  write16(output, at + 4, code)
  return at + EXTENDED_ERROR_BYTES
}
