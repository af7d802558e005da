// What may stand together at one name: CNAME alone (RFC 2181 §10.1), and so an LB whose service answers one; one DNAME with
// nothing below (RFC 6672 §2.3–2.4); and other LB or ALIAS, which own the addresses of their name. Neither stands at or below
// a delegation.
import { formatType, TYPE } from '../dns/types.ts'
import { aliasOf } from './alias.ts'
import { findRrset, hasCnameService, hasType, highestAbove, isCut, rrsetPosition, type Draft } from './draft.ts'
import type { Faults } from './faults.ts'
import { nodeText } from './nodes.ts'

/** Types that may stand beside a CNAME (RFC 2181 §10.1, RFC 4035 §2.5). */
const BESIDE_CNAME: readonly number[] = [TYPE.CNAME, TYPE.RRSIG, TYPE.NSEC]
const BESIDE_NO_SERVICE: readonly number[] = [TYPE.CNAME, TYPE.DNAME, TYPE.A, TYPE.AAAA]

export function checkOwners(draft: Draft, faults: Faults): void {
  const { nodes } = draft.zone
  const dnameAbove = highestAbove(draft.zone, (node) => hasType(draft.zone, node, TYPE.DNAME))
  for (let node = 0; node < nodes.count; node++) {
    checkAliases(draft, node, faults)
    if (draft.servicePosition[node]! >= 0) checkService(draft, node, faults)
    if (dnameAbove[node]! >= 0) checkBelowDname(draft, node, dnameAbove[node]!, faults)
  }
}

function checkAliases(draft: Draft, node: number, faults: Faults): void {
  const { nodes, rrsets } = draft.zone
  for (let rrset = nodes.firstRrset[node]!; rrset < nodes.firstRrset[node + 1]!; rrset++) {
    const type = rrsets.type[rrset]
    if (type !== TYPE.CNAME && type !== TYPE.DNAME) continue
    checkSingle(draft, rrset, type, faults)
    if (type === TYPE.CNAME) checkAlone(draft, node, rrset, faults)
  }
}

function checkSingle({ zone, recordPosition }: Draft, rrset: number, type: number, faults: Faults): void {
  const first = zone.rrsets.firstRecord[rrset]!
  for (let record = first + 1; record < zone.rrsets.firstRecord[rrset + 1]!; record++) {
    const name = formatType(type)
    const message = `a name has one ${name} at most`
    faults.error(recordPosition[record]!, { code: `${name.toLowerCase()}-twice`, message })
  }
}

function checkAlone(draft: Draft, node: number, cname: number, faults: Faults): void {
  const { nodes, rrsets } = draft.zone
  const types = rrsets.type.subarray(nodes.firstRrset[node], nodes.firstRrset[node + 1])
  const other = types.find((type) => !BESIDE_CNAME.includes(type))
  if (other === undefined) return
  faults.error(rrsetPosition(draft, cname), {
    code: 'cname-beside-data',
    message: `${nodeText(draft.zone, node)} has a CNAME beside ${formatType(other)}`,
    hint: 'a CNAME stands alone at its name',
  })
}

function checkService(draft: Draft, node: number, faults: Faults): void {
  const { zone, servicePosition } = draft
  const position = servicePosition[node]!
  const cut = draft.cutAbove[node]!
  const name = nodeText(zone, node)
  const alias = aliasOf(zone.services[zone.nodes.service[node]!]!)
  const kind = alias ? 'ALIAS' : 'LB'
  const complain = (code: string, message: string, hint?: string): void =>
    faults.error(position, { code: `${kind.toLowerCase()}-${code}`, message, ...(hint ? { hint } : {}) })
  if (hasCnameService(draft, node)) checkCnameService(draft, node, complain)
  for (const type of BESIDE_NO_SERVICE) {
    if (findRrset(zone, node, type) < 0) continue
    const beside = formatType(type)
    const isAddress = type === TYPE.A || type === TYPE.AAAA
    const hint = isAddress ? `the ${alias ? 'target' : 'service'} answers the addresses of this name` : undefined
    complain(`beside-${beside.toLowerCase()}`, `${name} has an ${kind} beside ${beside}`, hint)
  }
  if (alias?.target === name) complain('to-itself', `${name} is an ALIAS of itself`)
  if (isCut(zone, node)) {
    complain('at-cut', `${name} is delegated, so its ${kind} would never answer`)
  } else if (cut >= 0) {
    const parent = nodeText(zone, cut)
    complain('below-cut', `${name} stands below the delegation of ${parent}, so its ${kind} would never answer`)
  }
}

/** A service of CNAMEs answers whatever is asked (RFC 1034 §3.6.2), so that nothing may stand beside it, nor it at an apex. */
function checkCnameService(
  { zone }: Draft,
  node: number,
  complain: (code: string, message: string, hint: string) => void,
): void {
  const { nodes, rrsets } = zone
  const name = nodeText(zone, node)
  const service = zone.services[nodes.service[node]!]!
  const hint = `let the service \`${service}\` say \`answers: flatten\``
  if (node === 0) {
    complain('cname-at-apex', `${name} is the top of its zone, where no CNAME may stand`, hint)
    return
  }
  const types = rrsets.type.subarray(nodes.firstRrset[node], nodes.firstRrset[node + 1])
  const other = types.find((type) => !BESIDE_CNAME.includes(type) && !BESIDE_NO_SERVICE.includes(type))
  if (other === undefined) return
  complain('cname-beside-data', `${name} answers a CNAME, and ${formatType(other)} stands beside it`, hint)
}

function checkBelowDname(draft: Draft, node: number, dname: number, faults: Faults): void {
  const { zone, servicePosition } = draft
  const rrset = zone.nodes.firstRrset[node]!
  const hasRecords = rrset < zone.nodes.firstRrset[node + 1]!
  if (!hasRecords && servicePosition[node]! < 0) return
  faults.error(hasRecords ? rrsetPosition(draft, rrset) : servicePosition[node]!, {
    code: 'below-dname',
    message: `${nodeText(zone, node)} stands below the DNAME of ${nodeText(zone, dname)}`,
  })
}
