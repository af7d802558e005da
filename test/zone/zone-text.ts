// Zones from text and back, for tests of this folder.
import { formatName } from '../../src/dns/name.ts'
import { formatRdata } from '../../src/dns/rdata/rdata.ts'
import { formatType } from '../../src/dns/types.ts'
import { loadZone } from '../../src/zone/load.ts'
import type { Zone, ZoneLoad } from '../../src/zone/zone.ts'
import { WIDEST_LIMITS, type ZoneLimits } from '../../src/zone/reading.ts'

export const HEAD = '$TTL 3600\n@ IN SOA ns1 hostmaster 7 7200 1800 1209600 300\n@ IN NS ns1\nns1 IN A 192.0.2.53\n'

/** Loads `/zones/example.com.zone` with that text; other files may be included. */
export function loadText(
  text: string,
  services: readonly string[] = [],
  files: Readonly<Record<string, string>> = {},
  options: {
    readonly file?: string
    readonly cnameServices?: readonly string[]
    readonly limits?: Partial<ZoneLimits>
  } = {},
): ZoneLoad {
  const { file = '/zones/example.com.zone', cnameServices = [], limits } = options
  const texts = new Map([...Object.entries(files), [file, text]])
  const readFile = (path: string): Uint8Array => {
    const found = texts.get(path)
    if (found === undefined) throw new Error('no such file')
    return new TextEncoder().encode(found)
  }
  const known = { services: new Set(services), cnameServices: new Set(cnameServices) }
  return loadZone(file, { ...known, readFile, limits: { ...WIDEST_LIMITS, ...limits } })
}

/** The zone of that text, which has no errors. */
export function zoneOf(text: string, services: readonly string[] = []): Zone {
  const { zone, faults } = loadText(text, services)
  if (!zone) throw new Error(JSON.stringify(faults))
  return zone
}

/** `line:column code` of each fault, in order; warnings with a `~` before. */
export function faultsOf(
  text: string,
  services: readonly string[] = [],
  cnameServices: readonly string[] = [],
): string[] {
  return describeFaults(loadText(text, services, {}, { cnameServices }))
}

export function describeFaults({ faults }: ZoneLoad): string[] {
  return faults.map(({ place, severity, code }) => {
    const where = place.line === undefined ? '-' : `${place.line}:${place.column ?? 0}`
    return `${severity === 'warning' ? '~' : ''}${where} ${code}`
  })
}

/** Every record as `name ttl type rdata`, LB and ALIAS records as `name LB service`, by node. */
export function listRecords(zone: Zone): string[] {
  const { nodes, rrsets, records } = zone
  const lines: string[] = []
  for (let node = 0; node < nodes.count; node++) {
    const name = formatName(nodes.names, nodes.name[node])
    if (nodes.service[node]! >= 0) lines.push(`${name} LB ${zone.services[nodes.service[node]!]!}`)
    for (let rrset = nodes.firstRrset[node]!; rrset < nodes.firstRrset[node + 1]!; rrset++) {
      const type = rrsets.type[rrset]!
      for (let record = rrsets.firstRecord[rrset]!; record < rrsets.firstRecord[rrset + 1]!; record++) {
        const rdata = records.data.subarray(records.offset[record], records.offset[record + 1])
        lines.push(`${name} ${rrsets.ttl[rrset]!} ${formatType(type)} ${formatRdata(type, rdata)}`)
      }
    }
  }
  return lines
}
