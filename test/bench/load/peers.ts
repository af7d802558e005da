// Knot, gdnsd and PowerDNS beside ours, each with one UDP thread, over the same zone files; for bench.ts and size.ts. Each is
// started by its own program in a folder of its own; who starts it ends it.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

export const HOST = '127.0.0.1'

const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin`

/** Debian's packages, by program. */
const PACKAGES = { knotd: 'knot knot-module-geoip', gdnsd: 'gdnsd', pdns_server: 'pdns-server pdns-backend-bind' }

export type Program = keyof typeof PACKAGES

export interface Place {
  /** The folder of the `*.zone` files. */
  readonly zones: string
  readonly port: number
  /** A folder that is its own, empty at first. */
  readonly work: string
}

/** Tells what is missing. */
export function isThere(program: Program): boolean {
  if (!spawnSync(program, ['-V'], { env: { PATH } }).error) return true
  console.error(`${program} is missing (Debian: apt-get install ${PACKAGES[program]}): not measured`)
  return false
}

/** `more`: options beside those that any needs. */
export function startOurs({ zones, port, work }: Place, main: string, more: object = {}): ChildProcess {
  const config = join(work, 'meridian.yaml')
  const basic = { listen: [`${HOST}:${port}`], workers: 1, zones, state: join(work, 'state') }
  writeFileSync(config, JSON.stringify({ ...basic, ...more }))
  return run(process.execPath, [main, 'serve', '--config', config])
}

/** `geo`: the mode of a file of mod-geoip, by the file, for every zone. */
export function startKnot(place: Place, geo: ReadonlyMap<string, 'weighted' | 'subnet'> = new Map()): ChildProcess {
  const { port, work } = place
  const config = join(work, 'knot.conf')
  const ids = [...geo].map(([file, mode], i) => ({ id: `g${i}`, file, mode }))
  const modules = ids.map(
    ({ id, file, mode }) => `  - id: ${id}\n    config-file: "${file}"\n    mode: ${mode}\n    ttl: 30\n`,
  )
  const used = ids.length === 0 ? '' : `    module: [${ids.map(({ id }) => `mod-geoip/${id}`).join(', ')}]\n`
  const zones = zoneFiles(place).map(({ origin, file }) => `  - domain: "${origin}."\n    file: "${file}"\n${used}`)
  writeFileSync(
    config,
    `server:
  rundir: "${work}"
  listen: ${HOST}@${port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
  edns-client-subnet: on
database:
  storage: "${work}"
${ids.length === 0 ? '' : 'mod-geoip:\n'}${modules.join('')}template:
  - id: default
    storage: "${work}"
    semantic-checks: off
    journal-content: none
    zonefile-sync: -1
    zonefile-load: whole
zone:
${zones.join('')}`,
  )
  return run('knotd', ['-c', config])
}

/** `plugins`: as they stand in its configuration; `more`: lines for its zone files. */
export function startGdnsd(place: Place, plugins = ''): ChildProcess {
  const { port, work } = place
  const zones = join(work, 'zones')
  mkdirSync(zones)
  mkdirSync(join(work, 'run'))
  for (const { origin, file } of zoneFiles(place)) symlinkSync(file, join(zones, origin))
  const options = `listen => "${HOST}:${port}", run_dir => "${work}/run", state_dir => "${work}/run", udp_threads => 1, tcp_threads => 1`
  writeFileSync(join(work, 'config'), `options => { ${options} }\n${plugins}`)
  return run('gdnsd', ['-c', work, 'start'])
}

export function startPowerDns(place: Place): ChildProcess {
  const { port, work } = place
  const zones = zoneFiles(place).map(({ origin, file }) => `zone "${origin}" { type master; file "${file}"; };\n`)
  writeFileSync(join(work, 'named.conf'), zones.join(''))
  writeFileSync(
    join(work, 'pdns.conf'),
    `launch=bind
bind-config=${work}/named.conf
local-address=${HOST}
local-port=${port}
socket-dir=${work}
enable-lua-records=shared
receiver-threads=1
distributor-threads=2
`,
  )
  return run('pdns_server', [`--config-dir=${work}`])
}

function run(file: string, words: readonly string[]): ChildProcess {
  return spawn(file, words, { stdio: 'ignore', env: { ...process.env, PATH } })
}

function zoneFiles({ zones }: Place): { readonly origin: string; readonly file: string }[] {
  return readdirSync(zones).map((file) => ({ origin: basename(file, '.zone'), file: join(zones, file) }))
}
