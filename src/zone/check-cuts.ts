// Delegations: data that they hide, which is never answered, and DS records without one. (Whether their name servers can
// be found: check-targets.ts.)
import { formatType, TYPE } from '../dns/types.ts'
import { findRrset, isCut, rrsetPosition, type Draft } from './draft.ts'
import type { Faults } from './faults.ts'
import { nodeText } from './nodes.ts'

const GLUE: readonly number[] = [TYPE.A, TYPE.AAAA]
/** What belongs to the parent's side of a cut (RFC 4035 §2.6), and glue of a server named like the child zone. */
const AT_CUT: readonly number[] = [TYPE.NS, TYPE.DS, TYPE.NSEC, TYPE.RRSIG, ...GLUE]

export function checkCuts(draft: Draft, faults: Faults): void {
  const { zone, cutAbove } = draft
  warnOfLoneDs(draft, 0, faults)
  for (let node = 1; node < zone.nodes.count; node++) {
    if (cutAbove[node]! >= 0) warnOfHidden(draft, node, cutAbove[node]!, GLUE, faults)
    else if (isCut(zone, node)) warnOfHidden(draft, node, node, AT_CUT, faults)
    else warnOfLoneDs(draft, node, faults)
  }
}

/** A DS speaks of a child zone (RFC 4035 §2.4): without its NS, or at the zone's own top, it means nothing. */
function warnOfLoneDs(draft: Draft, node: number, faults: Faults): void {
  const rrset = findRrset(draft.zone, node, TYPE.DS)
  if (rrset < 0) return
  const message = `${nodeText(draft.zone, node)} has a DS record but is not delegated`
  faults.warning(rrsetPosition(draft, rrset), {
    code: 'ds-without-ns',
    message,
    hint: 'a DS stands beside the NS of its zone',
  })
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
