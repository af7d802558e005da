// What is wrong with an RRset by itself: one that is too large for any message (error), and rdata that is well-formed but
// useless as it stands (warnings).
import { nameLength } from '../dns/name.ts'
import { formatType, TYPE } from '../dns/types.ts'
import { rrsetPosition, type Draft } from './draft.ts'
import type { Complaint, Faults } from './faults.ts'
import { nodeText } from './nodes.ts'

/** A message over TCP (RFC 1035 §4.2.2) without its header. */
const MAX_MESSAGE_BYTES = 0xffff - 12
/** The question and OPT with its options share the message (the longest name of a wildcard's, RFC 6891). */
const KEPT_BYTES = 512
/** The owner as a pointer, type, class, TTL and length (RFC 1035 §4.1.3). */
const RECORD_BYTES = 12

type Check = (rdata: Uint8Array) => Complaint | undefined

const CHECKS: ReadonlyMap<number, Check> = new Map([
  // RFC 4034 §5.1.3, RFC 4509, RFC 5933, RFC 6605.
  [TYPE.DS, digestCheck(3, { 1: 20, 2: 32, 3: 32, 4: 48 })],
  [TYPE.CDS, digestCheck(3, { 1: 20, 2: 32, 3: 32, 4: 48 })],
  // RFC 4255 §3.1.3, RFC 6594.
  [TYPE.SSHFP, digestCheck(1, { 1: 20, 2: 32 })],
  // RFC 6698 §2.1.3, RFC 8162.
  [TYPE.TLSA, digestCheck(2, { 1: 32, 2: 64 })],
  [TYPE.SMIMEA, digestCheck(2, { 1: 32, 2: 64 })],
  // RFC 8976 §2.2.3.
  [TYPE.ZONEMD, digestCheck(5, { 1: 48, 2: 64 })],
  [TYPE.SVCB, checkAliasMode],
  [TYPE.HTTPS, checkAliasMode],
])

/** Types below it, which are most of any zone, need no look-up. */
const LEAST_CHECKED = Math.min(...CHECKS.keys())

export function checkRrsets(draft: Draft, faults: Faults): void {
  const { nodes, rrsets } = draft.zone
  for (let node = 0; node < nodes.count; node++) {
    for (let rrset = nodes.firstRrset[node]!; rrset < nodes.firstRrset[node + 1]!; rrset++) {
      const type = rrsets.type[rrset]!
      const check = type < LEAST_CHECKED ? undefined : CHECKS.get(type)
      if (check) warnOfRecords(draft, rrset, check, faults)
      if (isTooLarge(draft, rrset)) faults.error(rrsetPosition(draft, rrset), tooLarge(draft, node, rrset))
    }
  }
}

/** The RRset must fit one message; that bounds its number of records too, to some five thousand. */
function isTooLarge({ zone: { rrsets, records } }: Draft, rrset: number): boolean {
  const first = rrsets.firstRecord[rrset]!
  const end = rrsets.firstRecord[rrset + 1]!
  const bytes = (end - first) * RECORD_BYTES + records.offset[end]! - records.offset[first]!
  return bytes > MAX_MESSAGE_BYTES - KEPT_BYTES
}

function tooLarge({ zone }: Draft, node: number, rrset: number): Complaint {
  const what = `the ${formatType(zone.rrsets.type[rrset]!)} records of ${nodeText(zone, node)}`
  return { code: 'rrset-too-large', message: `${what} are more than a message can hold, which is 64 KiB` }
}

function warnOfRecords({ zone, recordPosition }: Draft, rrset: number, check: Check, faults: Faults): void {
  const { rrsets, records } = zone
  for (let record = rrsets.firstRecord[rrset]!; record < rrsets.firstRecord[rrset + 1]!; record++) {
    const rdata = records.data.subarray(records.offset[record], records.offset[record + 1])
    const complaint = rdata.length > 0 ? check(rdata) : undefined
    if (complaint) faults.warning(recordPosition[record]!, complaint)
  }
}

/** The digest stands behind the byte at `typeAt` that says its type; types that are not listed may have any length. */
function digestCheck(typeAt: number, lengths: Readonly<Record<number, number>>): Check {
  return (rdata) => {
    const type = rdata[typeAt]!
    const length = rdata.length - typeAt - 1
    const right = lengths[type]
    if (right === undefined || right === length) return undefined
    return { code: 'digest-length', message: `a digest of type ${type} has ${right} bytes, not ${length}` }
  }
}

/** RFC 9460 §2.4.2. */
function checkAliasMode(rdata: Uint8Array): Complaint | undefined {
  const isAlias = rdata[0] === 0 && rdata[1] === 0
  if (!isAlias || 2 + nameLength(rdata, 2) === rdata.length) return undefined
  return { code: 'alias-mode-parameters', message: 'priority 0 makes an alias, and its parameters are ignored' }
}
