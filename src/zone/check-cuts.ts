// Delegations: data that they hide, which is never answered. (Whether their name servers can be found: check-targets.ts.)
import { formatType, TYPE } from '../dns/types.ts'
import { isCut, rrsetPosition, type Draft } from './draft.ts'
import type { Faults } from './faults.ts'
import { nodeText } from './nodes.ts'

const GLUE: readonly number[] = [TYPE.A, TYPE.AAAA]
/** What belongs to the parent's side of a cut (RFC 4035 §2.6), and glue of a server named like the child zone. */
const AT_CUT: readonly number[] = [TYPE.NS, TYPE.DS, TYPE.NSEC, TYPE.RRSIG, ...GLUE]

export function checkCuts(draft: Draft, faults: Faults): void {
  const { zone, cutAbove } = draft
  for (let node = 1; node < zone.nodes.count; node++) {
    if (cutAbove[node]! >= 0) warnOfHidden(draft, node, cutAbove[node]!, GLUE, faults)
    else if (isCut(zone, node)) warnOfHidden(draft, node, node, AT_CUT, faults)
  }
}

function warnOfHidden(draft: Draft, node: number, cut: number, visible: readonly number[], faults: Faults): void {
  const { nodes, rrsets } = draft.zone
  for (let rrset = nodes.firstRrset[node]!; rrset < nodes.firstRrset[node + 1]!; rrset++) {
    const type = rrsets.type[rrset]!
    if (visible.includes(type)) continue
    faults.warning(rrsetPosition(draft, rrset), {
      code: 'occluded',
      message: `this ${formatType(type)} is hidden by the delegation of ${nodeText(draft.zone, cut)}`,
    })
  }
}
