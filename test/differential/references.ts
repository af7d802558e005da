// NSD, Knot and BIND, started by hand on loopback with the same zone files, and ended by their process ids.
//
// They are configured so that what they answer can be compared: minimal responses (NSD and BIND; Knot adds addresses to
// MX, SRV and NS all the same), no DNSSEC, no rate limits, the same names and the same cookie secret, ECS echoed where they can
// (Knot; BIND does by itself), payload sizes of 1232, and zones as they stand in the files (no checks that refuse them).
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { watchChild } from '../support/child.ts'
import type { Endpoint } from '../support/dns-client.ts'
import { portFreeOn } from '../support/loopback-port.ts'

/** A zone as a reference is given it: its origin with the final dot, and its file. */
export interface ZoneFile {
  readonly origin: string
  readonly file: string
}

export interface Reference {
  readonly name: ReferenceName
  readonly endpoint: Endpoint
  /** What it wrote on stdout and stderr. */
  readonly said: () => string
  readonly stop: () => Promise<unknown>
}

export type ReferenceName = 'nsd' | 'knot' | 'bind'

interface Program {
  readonly name: ReferenceName
  readonly file: string
  readonly versionFlag: string
  readonly arguments: (configFile: string) => string[]
  readonly configure: (folder: string, port: number, zones: readonly ZoneFile[]) => string
}

const HOST = '127.0.0.1'

/** Who everybody says to be; BIND's NSID is its server-id. */
export const IDENTITY = { version: 'one of four', server: 'differential', nsid: 'differential' } as const

/** The first secret of everybody (RFC 9018 §4). */
export const COOKIE_SECRET = '00112233445566778899aabbccddeeff'

const PROGRAMS: readonly Program[] = [
  { name: 'nsd', file: 'nsd', versionFlag: '-v', arguments: (config) => ['-d', '-c', config], configure: configureNsd },
  { name: 'knot', file: 'knotd', versionFlag: '-V', arguments: (config) => ['-c', config], configure: configureKnot },
  {
    name: 'bind',
    file: 'named',
    versionFlag: '-v',
    arguments: (config) => ['-g', '-c', config],
    configure: configureBind,
  },
]

const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin`

/** Programs that this machine lacks. */
export function missingReferences(): string[] {
  return PROGRAMS.filter(({ file, versionFlag }) => spawnSync(file, [versionFlag], { env: { PATH } }).error).map(
    ({ file }) => file,
  )
}

export async function startReferences(folder: string, zones: readonly ZoneFile[]): Promise<Reference[]> {
  return Promise.all(PROGRAMS.map((program) => startReference(program, join(folder, program.name), zones)))
}

async function startReference(program: Program, folder: string, zones: readonly ZoneFile[]): Promise<Reference> {
  const port = await portFreeOn(HOST)
  const configFile = join(folder, 'config')
  mkdirSync(folder, { recursive: true })
  writeFileSync(configFile, program.configure(folder, port, zones))
  const child = spawn(program.file, program.arguments(configFile), { cwd: folder, env: { PATH } })
  const exited = watchChild(child)
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  }
  const stop = (): Promise<unknown> => {
    child.kill('SIGTERM')
    return exited
  }
  return { name: program.name, endpoint: { host: HOST, port }, said: () => said, stop }
}

function configureNsd(folder: string, port: number, zones: readonly ZoneFile[]): string {
  return `
server:
  ip-address: ${HOST}@${port}
  server-count: 1
  username: ""
  database: ""
  zonesdir: "${folder}"
  zonelistfile: "${folder}/zone.list"
  pidfile: "${folder}/nsd.pid"
  xfrdfile: "${folder}/xfrd.state"
  xfrdir: "${folder}"
  verbosity: 0
  version: "${IDENTITY.version}"
  identity: "${IDENTITY.server}"
  nsid: "ascii_${IDENTITY.nsid}"
  answer-cookie: yes
  cookie-secret: ${COOKIE_SECRET}
  minimal-responses: yes
  ipv4-edns-size: 1232
  tcp-count: 100
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
remote-control:
  control-enable: no
${zones.map(({ origin, file }) => `zone:\n  name: "${origin}"\n  zonefile: "${file}"\n`).join('')}`
}

function configureKnot(folder: string, port: number, zones: readonly ZoneFile[]): string {
  return `
server:
  rundir: "${folder}"
  listen: ${HOST}@${port}
  version: "${IDENTITY.version}"
  identity: "${IDENTITY.server}"
  nsid: "${IDENTITY.nsid}"
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
  udp-max-payload: 1232
  edns-client-subnet: on
log:
  - target: stderr
    any: warning
database:
  storage: "${folder}"
mod-cookies:
  - id: default
    secret: "0x${COOKIE_SECRET}"
template:
  - id: default
    global-module: mod-cookies/default
    storage: "${folder}"
    semantic-checks: off
    journal-content: none
    zonefile-sync: -1
    zonefile-load: whole
zone:
${zones.map(({ origin, file }) => `  - domain: "${origin}"\n    file: "${file}"\n`).join('')}`
}

function configureBind(folder: string, port: number, zones: readonly ZoneFile[]): string {
  return `
options {
  directory "${folder}";
  pid-file "${folder}/named.pid";
  session-keyfile "${folder}/session.key";
  managed-keys-directory "${folder}";
  listen-on port ${port} { ${HOST}; };
  listen-on-v6 { none; };
  recursion no;
  allow-query { any; };
  allow-transfer { none; };
  dnssec-validation no;
  empty-zones-enable no;
  notify no;
  minimal-responses yes;
  minimal-any yes;
  answer-cookie yes;
  cookie-algorithm siphash24;
  cookie-secret "${COOKIE_SECRET}";
  edns-udp-size 1232;
  max-udp-size 1232;
  nocookie-udp-size 1232;
  version "${IDENTITY.version}";
  hostname "${IDENTITY.server}";
  server-id "${IDENTITY.nsid}";
  max-records-per-type 0;
};
controls {};
logging { category default { default_stderr; }; };
view "zones" {
  check-names primary ignore;
  check-integrity no;
${zones.map(({ origin, file }) => `  zone "${origin}" { type primary; file "${file}"; check-mx ignore; check-wildcard no; };\n`).join('')}};
view "chaos" chaos {
${['version', 'hostname', 'id', 'authors'].map(bindChaosZone).join('')}};
`
}

/** What BIND has by itself, without the rate limit of its own view: three answers a second. */
function bindChaosZone(name: string): string {
  const zone = name === 'id' ? 'id.server' : `${name}.bind`
  return `  zone "${zone}" chaos { type primary; database "_builtin ${name}"; };\n`
}
