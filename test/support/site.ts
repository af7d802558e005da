// A folder as an operator has it: meridian.yaml, zones, state. Tests write into it and start a director on it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { portFreeOn } from './loopback-port.ts'

/** `meridian.yaml` as plain data (JSON is YAML); `listen`, `zones` and `admin` are filled in. */
export type WrittenConfig = Readonly<Record<string, unknown>>

export interface Site {
  readonly folder: string
  readonly configFile: string
  readonly host: string
  /** Of DNS, by UDP and TCP. */
  readonly port: number
  /** `http://127.0.0.1:8053`, without a final slash. */
  readonly adminUrl: string
  readonly configure: (config: WrittenConfig) => void
  /** A file, by its path within the folder. */
  readonly write: (path: string, text: string) => void
  readonly remove: () => void
}

/** `zones`: records by origin without the final dot, as `zoneText` takes them. */
export async function createSite(config: WrittenConfig, zones: Readonly<Record<string, string>>): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'meridian-'))
  const host = '127.0.0.1'
  const [port, adminPort] = [await portFreeOn(host), await portFreeOn(host)]
  const configFile = join(folder, 'meridian.yaml')
  const write: Site['write'] = (path, text) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const configure: Site['configure'] = (config) => {
    const own = { listen: [`${host}:${port}`], zones: 'zones', admin: { listen: `${host}:${adminPort}` } }
    write('meridian.yaml', JSON.stringify({ ...own, ...config }, null, 2))
  }
  configure(config)
  mkdirSync(join(folder, 'zones'), { recursive: true })
  for (const [origin, records] of Object.entries(zones)) write(`zones/${origin}.zone`, zoneText(records))
  return {
    ...{ folder, configFile, host, port, configure, write },
    adminUrl: `http://${host}:${adminPort}`,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** A master file with an SOA of serial 1 (or as given), one name server, and these records. */
export function zoneText(records: string, serial = 1): string {
  return [
    '$TTL 3600',
    `@ IN SOA ns1 hostmaster ${serial} 7200 1800 1209600 300`,
    '@ IN NS ns1',
    'ns1 IN A 127.0.0.1',
    records,
    '',
  ].join('\n')
}
