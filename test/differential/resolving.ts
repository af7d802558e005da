// unbound and BIND as recursive resolvers, started by hand on loopback, for which every zone of ours is a stub.
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { watchChild } from '../support/child.ts'
import type { Endpoint } from '../support/dns-client.ts'
import { monotonicMs, sleep } from '../support/monotonic.ts'
import { portFreeOn } from '../support/loopback-port.ts'
import { askAll } from './asking.ts'
import { RD, type Probe } from './probe.ts'

export interface ResolverSetup {
  readonly program: 'unbound' | 'named'
  /** How it asks us. */
  readonly upstream: 'UDP' | 'TCP'
  /** Whether it tells us the subnet of its client (unbound alone can). */
  readonly withClientSubnet: boolean
}

export interface Resolver {
  readonly endpoint: Endpoint
  readonly stop: () => Promise<unknown>
}

const HOST = '127.0.0.1'
const READY_MS = 15_000
const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin`

/** Programs that this machine lacks. */
export function missingResolvers(): string[] {
  return ['unbound', 'named'].filter((program) => spawnSync(program, ['-V'], { env: { PATH } }).error)
}

/** Ready when it gives the SOA of `origin`, which is one of ours. */
export async function startResolver(
  setup: ResolverSetup,
  ours: Endpoint,
  origins: readonly string[],
  parent: string,
  origin = 'plain.test',
): Promise<Resolver> {
  const folder = join(parent, `${setup.program}-${setup.upstream}-${setup.withClientSubnet ? 'ecs' : 'plain'}`)
  mkdirSync(folder, { recursive: true })
  const configFile = join(folder, 'config')
  const isUnbound = setup.program === 'unbound'
  const endpoint = { host: HOST, port: await portFreeOn(HOST) }
  const configure = isUnbound ? configureUnbound : configureBind
  writeFileSync(configFile, configure(setup, endpoint, ours, origins, folder))
  const child = spawn(setup.program, isUnbound ? ['-d', '-p', '-c', configFile] : ['-g', '-c', configFile], {
    cwd: folder,
    env: { PATH },
    stdio: 'ignore',
  })
  const exited = watchChild(child)
  const stop = (): Promise<unknown> => {
    child.kill('SIGTERM')
    return exited
  }
  await untilAnswering(endpoint, origin).catch(async (error: unknown) => {
    await stop()
    throw error
  })
  return { endpoint, stop }
}

function configureUnbound(
  { upstream, withClientSubnet }: ResolverSetup,
  { host, port }: Endpoint,
  ours: Endpoint,
  origins: readonly string[],
  folder: string,
): string {
  const address = `${ours.host}@${ours.port}`
  return `
server:
  interface: ${host}
  port: ${port}
  username: ""
  chroot: ""
  directory: "${folder}"
  use-syslog: no
  num-threads: 1
  module-config: "${withClientSubnet ? 'subnetcache ' : ''}iterator"
  do-not-query-localhost: no
  use-caps-for-id: yes
  tcp-upstream: ${upstream === 'TCP' ? 'yes' : 'no'}
  local-zone: "test." nodefault
  root-hints: "/dev/null"
${withClientSubnet ? `  send-client-subnet: ${ours.host}\n  client-subnet-always-forward: yes\n  max-ecs-tree-size-ipv4: 10000\n` : ''}
remote-control:
  control-enable: no
${origins.map((origin) => `stub-zone:\n  name: "${origin}"\n  stub-addr: ${address}\n`).join('')}`
}

function configureBind(
  { upstream }: ResolverSetup,
  { host, port }: Endpoint,
  ours: Endpoint,
  origins: readonly string[],
  folder: string,
): string {
  return `
options {
  port ${ours.port};
  directory "${folder}";
  pid-file "${folder}/named.pid";
  session-keyfile "${folder}/session.key";
  managed-keys-directory "${folder}";
  listen-on port ${port} { ${host}; };
  listen-on-v6 { none; };
  recursion yes;
  allow-recursion { any; };
  dnssec-validation no;
  empty-zones-enable no;
  query-source address ${host};
  max-records-per-type 0;
};
controls {};
server ${ours.host} { tcp-only ${upstream === 'TCP' ? 'yes' : 'no'}; };
${origins.map((origin) => `zone "${origin}" { type static-stub; server-addresses { ${ours.host}; }; };\n`).join('')}`
}

async function untilAnswering(endpoint: Endpoint, origin: string): Promise<void> {
  const deadline = monotonicMs() + READY_MS
  const name = Uint8Array.from([...origin.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]), 0])
  const probe: Probe = { name, type: 6, class: 1, flags: RD, stream: false, tags: [] }
  for (;;) {
    const [reply] = await askAll(endpoint, [probe])
    if (reply && (reply[3]! & 0x0f) === 0) return
    if (monotonicMs() > deadline) throw new Error(`no resolver answers on ${endpoint.host}:${endpoint.port}`)
    await sleep(100)
  }
}
