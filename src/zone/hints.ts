// HTTPS and SVCB records whose address hints (RFC 9460 §7.3) follow the steering of an LB name: those in ServiceMode that
// send clients to the LB name (by its name, or by `.` beside the LB itself) and have no hints of their own. The query path
// fills them (query/hints.ts), with the addresses that this client gets.
import { foldCase, nameLength } from '../dns/name.ts'
import { TYPE } from '../dns/types.ts'
import { aliasOf } from './alias.ts'
import { findNode, hasCnameService, type Draft } from './draft.ts'
import type { Faults } from './faults.ts'

const KEY_IPV4_HINT = 4
const KEY_IPV6_HINT = 6

/** The RRsets of which some record takes hints. */
export function findHinted(draft: Draft, faults: Faults): ReadonlySet<number> {
  const { nodes, rrsets } = draft.zone
  const hinted = new Set<number>()
  for (let node = 0; node < nodes.count; node++) {
    for (let rrset = nodes.firstRrset[node]!; rrset < nodes.firstRrset[node + 1]!; rrset++) {
      const type = rrsets.type[rrset]!
      if ((type === TYPE.HTTPS || type === TYPE.SVCB) && takesHints(draft, node, rrset, faults)) hinted.add(rrset)
    }
  }
  return hinted
}

function takesHints(draft: Draft, node: number, rrset: number, faults: Faults): boolean {
  const { rrsets, records } = draft.zone
  const [first, end] = [rrsets.firstRecord[rrset]!, rrsets.firstRecord[rrset + 1]!]
  let takes = false
  for (let record = first; record < end; record++) {
    const rdata = records.data.subarray(records.offset[record], records.offset[record + 1])
    if (rdata.length === 0 || !leadsToLb(draft, node, rdata)) continue
    if (hasHints(rdata)) warnOfOwnHints(draft.recordPosition[record]!, faults)
    else takes = true
  }
  return takes
}

/** Whether a record in ServiceMode (RFC 9460 §2.4.3) sends clients to a name whose service answers addresses. */
function leadsToLb(draft: Draft, owner: number, rdata: Uint8Array): boolean {
  if (rdata[0] === 0 && rdata[1] === 0) return false
  const target = foldCase(rdata.slice(2, 2 + nameLength(rdata, 2)))
  const node = target.length === 1 ? owner : findNode(draft, target, 0, target.length)
  if (node < 0) return false
  const { nodes, services } = draft.zone
  const service = nodes.service[node]!
  return service >= 0 && aliasOf(services[service]!) === undefined && !hasCnameService(draft, node)
}

function hasHints(rdata: Uint8Array): boolean {
  for (let at = 2 + nameLength(rdata, 2); at < rdata.length; at += 4 + ((rdata[at + 2]! << 8) | rdata[at + 3]!)) {
    const key = (rdata[at]! << 8) | rdata[at + 1]!
    if (key === KEY_IPV4_HINT || key === KEY_IPV6_HINT) return true
  }
  return false
}

function warnOfOwnHints(position: number, faults: Faults): void {
  const message = 'these hints stay as they are, whatever the service of this LB name answers'
  faults.warning(position, {
    code: 'hints-not-steered',
    message,
    hint: 'without them the record gets those of the region',
  })
}
