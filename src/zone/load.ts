// From a master file to a zone: read, group, check. The one way into this folder.
import { resolve } from 'node:path'
import { formatName } from '../dns/name.ts'
import { TYPE } from '../dns/types.ts'
import { findApex, type Apex } from './apex.ts'
import { checkCuts } from './check-cuts.ts'
import { checkOwners } from './check-owners.ts'
import { checkRrsets } from './check-rrsets.ts'
import { checkTargets } from './check-targets.ts'
import type { RecordColumns } from './columns.ts'
import { findRrset, highestAbove, isCut, type Draft } from './draft.ts'
import type { Faults } from './faults.ts'
import { groupRecords } from './group.ts'
import { findHinted } from './hints.ts'
import { readMasterFile } from './master-file.ts'
import { nodeText, numberNodes } from './nodes.ts'
import type { MasterFile, ReadFile, ZoneLimits } from './reading.ts'
import { assignServices } from './services.ts'
import type { Zone, ZoneLoad } from './zone.ts'

export interface LoadOptions {
  /** Names of the services that LB records may point at. */
  readonly services: ReadonlySet<string>
  /** Those of them that answer a CNAME. */
  readonly cnameServices?: ReadonlySet<string>
  /** For tests and copies; the file system by default. */
  readonly readFile?: ReadFile
  /** The widest by default. */
  readonly limits?: ZoneLimits
}

/** Loads the zone of a `*.zone` file. Never throws on what the file holds or when it cannot be read. */
export function loadZone(
  file: string,
  { services, cnameServices = new Set(), readFile, limits }: LoadOptions,
): ZoneLoad {
  const path = resolve(file)
  const master = readMasterFile(path, readFile, limits)
  const draft = draftZone(master, path, { services, cnameServices })
  if (draft) checkZone(draft, master.faults)
  const hinted = draft && findHinted(draft, master.faults)
  return {
    zone: draft && hinted && !master.faults.hasErrors ? { ...draft.zone, hinted } : undefined,
    faults: master.faults.list(),
    files: master.files,
  }
}

function checkZone(draft: Draft, faults: Faults): void {
  const { zone } = draft
  if (findRrset(zone, 0, TYPE.NS) < 0) {
    faults.fileError({ file: zone.file }, { code: 'missing-ns', message: `${nodeText(zone, 0)} has no NS record` })
  }
  checkRrsets(draft, faults)
  checkOwners(draft, faults)
  checkCuts(draft, faults)
  checkTargets(draft, faults)
}

/** The zone, unchecked; undefined when it has no top. */
function draftZone(
  master: MasterFile,
  file: string,
  known: Required<Pick<LoadOptions, 'services' | 'cnameServices'>>,
): Draft | undefined {
  const { names, records, services, faults } = master
  const apex = findApex(master, file)
  if (!apex) return undefined
  const { nodeOf, ...nodes } = numberNodes(names, apex.id)
  for (const columns of [records, services]) refuseOutside(columns, nodeOf, apex, master)
  warnOfMissingTtl(records, apex.minimum, faults)
  const grouped = groupRecords(records, nodeOf, nodes.count, apex.minimum, faults)
  const owners = assignServices(services, nodeOf, nodes.count, known.services, apex.minimum, faults)
  const zone: Zone = {
    origin: names.nameOf(apex.id).slice(),
    file,
    serial: apex.serial,
    nodes: { ...nodes, firstRrset: grouped.firstRrset, service: owners.service },
    rrsets: grouped.rrsets,
    records: grouped.records,
    services: owners.names,
    hinted: new Set(),
  }
  return {
    zone,
    names,
    nodeOf,
    recordPosition: grouped.recordPosition,
    servicePosition: owners.position,
    cnameServices: known.cnameServices,
    cutAbove: highestAbove(zone, (node) => isCut(zone, node)),
  }
}

function refuseOutside(
  { owner, position }: RecordColumns,
  nodeOf: Int32Array,
  apex: Apex,
  { names, faults }: MasterFile,
): void {
  for (let row = 0; row < owner.length; row++) {
    if (nodeOf[owner.at(row)]! >= 0) continue
    faults.error(position.at(row), {
      code: 'out-of-zone',
      message: `${formatName(names.nameOf(owner.at(row)))} is not in the zone ${formatName(names.nameOf(apex.id))}`,
      hint: 'a name without a final dot is completed by $ORIGIN, one with it is not',
    })
  }
}

/** Without $TTL (RFC 2308 §4), or a TTL before it (RFC 1035 §5.1), a record takes the SOA's minimum; said once. */
function warnOfMissingTtl({ ttl, position }: RecordColumns, minimum: number, faults: Faults): void {
  const row = ttl.values.subarray(0, ttl.length).indexOf(-1)
  if (row < 0) return
  const message = `there is no TTL before this record, so it takes the SOA's minimum, ${minimum} s`
  faults.warning(position.at(row), { code: 'missing-ttl', message, hint: 'begin the file with $TTL' })
}
