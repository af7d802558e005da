// Many master files: some written by the grammar, some by changing files that were interesting. Deterministic from its seed.
import { createDice } from './dice.ts'
import { magnitude, mark, type Features } from './features.ts'
import { minimise } from './minimise.ts'
import type { Finding } from './packet-campaign.ts'
import type { ZoneTarget, ZoneVerdict } from './zone-target.ts'
import { changeZone, makeZone } from './zone-grammar.ts'
import { hashText } from '../../src/base/random.ts'

const MAX_POOL = 5000
const MAX_FINDINGS = 20
const SPACE = 0x20

export interface ZoneRun {
  readonly seed: number
  readonly zones: number
  readonly isOver: () => boolean
  readonly onZone: (text: Uint8Array) => void
}

export interface ZoneReport {
  readonly zones: number
  /** Those that had no error. */
  readonly loaded: number
  readonly findings: readonly Finding[]
}

/** Loads `run.zones` texts; interesting ones are added to `pool`. */
export function runZones(target: ZoneTarget, features: Features, pool: Uint8Array[], run: ZoneRun): ZoneReport {
  const dice = createDice(run.seed)
  const findings = new Map<string, Finding>()
  let zones = 0
  let loaded = 0
  while (zones < run.zones && findings.size < MAX_FINDINGS && !run.isOver()) {
    const text =
      pool.length > 0 && dice.chance(60) ? changeZone(dice.pick(pool), dice.pick(pool), dice) : makeZone(dice)
    run.onZone(text)
    const verdict = target.load(text)
    zones++
    if (verdict.load?.zone) loaded++
    addFinding(findings, target, verdict.complaint, text, run.onZone)
    if (markZone(features, verdict) && pool.length < MAX_POOL) pool.push(text)
  }
  return { zones, loaded, findings: [...findings.values()] }
}

/** Loads texts that were kept; gives what is wrong with them. */
export function replayZones(
  target: ZoneTarget,
  features: Features,
  texts: readonly Uint8Array[],
  onZone: ZoneRun['onZone'],
): Finding[] {
  const findings = new Map<string, Finding>()
  for (const text of texts) {
    onZone(text)
    const verdict = target.load(text)
    addFinding(findings, target, verdict.complaint, text, onZone)
    markZone(features, verdict)
  }
  return [...findings.values()]
}

function addFinding(
  findings: Map<string, Finding>,
  target: ZoneTarget,
  complaint: string | undefined,
  text: Uint8Array,
  onZone: ZoneRun['onZone'],
): void {
  if (!complaint || findings.has(sortOf(complaint))) return
  const fails = (candidate: Uint8Array): boolean => {
    onZone(candidate)
    const { complaint: now } = target.load(candidate)
    return now !== undefined && sortOf(now) === sortOf(complaint)
  }
  const smallest = minimise(text, SPACE, fails)
  const { complaint: last = complaint } = target.load(smallest)
  findings.set(sortOf(complaint), { complaint: last, input: JSON.stringify(Buffer.from(smallest).toString('latin1')) })
}

/** Complaints of the same code are one sort, but exceptions differ by where they were thrown. */
function sortOf(complaint: string): string {
  const code = complaint.slice(0, complaint.indexOf(':'))
  return code === 'throws' ? complaint.replace(/"[^"]*"|\d+/g, '') : code
}

export function markZone(features: Features, { load }: ZoneVerdict): boolean {
  if (!load) return false
  const { zone, faults } = load
  let isNew = mark(features, 20, zone ? 1 : 0, magnitude(faults.length))
  const counts = Map.groupBy(faults, ({ code }) => code)
  for (const [code, { length }] of counts) isNew = mark(features, 21, hashText(code), Math.min(length, 4)) || isNew
  if (!zone) return isNew
  for (const type of zone.rrsets.type) isNew = mark(features, 22, type) || isNew
  isNew = mark(features, 23, magnitude(zone.nodes.count), magnitude(zone.rrsets.count)) || isNew
  return mark(features, 24, magnitude(zone.records.count), magnitude(zone.records.data.length)) || isNew
}
