// Sets the scene and takes it down: servers, a real HAProxy for each region on the shipped pages, the director, unbound as
// everybody's resolver, and the users. Faults are inflicted through it (faults.ts); what users saw is collected here.
import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Children, type Running } from './children.ts'
import { prepareDirector, type DirectorName } from './directors.ts'
import type { LoadOrder } from './load.ts'
import { shareOf, within, type Sample } from './measure.ts'
import { NAME, REGIONS, SERVERS_PER_REGION, type LabRegion, type Ports } from './plan.ts'
import type { Mode, ServerOrder } from './servers.ts'

const PAGES = join(import.meta.dirname, '../haproxy')
const SETTLE_LIMIT_MS = 30_000

export class Stage {
  readonly samples: Sample[] = []
  readonly ports: Ports
  readonly #folder: string
  readonly #children = new Children()
  readonly #haproxies = new Map<string, Running>()
  readonly #waiting = new Map<number, (done: unknown) => void>()
  /** For complaints, besides the HAProxies. */
  readonly #named: [string, Running][] = []
  #servers: Running | undefined
  #sequence = 0

  private constructor(ports: Ports) {
    this.ports = ports
    this.#folder = mkdtempSync(join(tmpdir(), 'meridian-lab-'))
  }

  /** Ready when every region answers its own users and nobody loses anything. */
  static async open(director: DirectorName): Promise<Stage> {
    const stage = new Stage(await freePorts())
    try {
      await stage.#setUp(director)
    } catch (error) {
      await stage.close()
      throw error
    }
    return stage
  }

  async close(): Promise<void> {
    await this.#children.killAll()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** One server of a region, counted from 1. */
  async setServer(region: string, server: number, mode: Mode): Promise<void> {
    const { address } = regionOf(region)
    const order: ServerOrder = {
      ...{ sequence: this.#sequence++, host: address, port: this.ports.servers + server - 1, mode },
    }
    const { promise: done, resolve } = Promise.withResolvers<unknown>()
    this.#waiting.set(order.sequence, resolve)
    this.#servers!.child.send(order)
    await done
  }

  async setServers(region: string, mode: Mode): Promise<void> {
    for (let i = 1; i <= SERVERS_PER_REGION; i++) await this.setServer(region, i, mode)
  }

  startHaproxy(region: string): void {
    const { address } = regionOf(region)
    const { http, https, metrics, servers, agent } = this.ports
    const pool = Array.from({ length: SERVERS_PER_REGION }, (_, i) => [`WEB_${i + 1}`, `${address}:${servers + i}`])
    const settings = {
      ...{ REGION: region, MAX_CONNECTIONS: '500', CERTIFICATES: join(this.#folder, 'door.pem') },
      ...{ ADMIN_SOCKET: join(this.#folder, `${region}.sock`), AGENT_PORT: String(agent) },
      ...{ DOOR_HTTP: `${address}:${http}`, DOOR_HTTPS: `${address}:${https}` },
      ...{ DOOR_METRICS: `${address}:${metrics}`, DOOR_TLS: `${address}:${servers + SERVERS_PER_REGION}` },
      ...{ CHECK_INTERVAL: '1s', CHECK_TIMEOUT: '1s', SLOW_START: '2s', AGENT_INTERVAL: '1s' },
      ...(Object.fromEntries(pool) as Record<string, string>),
    }
    this.#haproxies.set(region, this.#children.run('haproxy', ['-db', '-f', PAGES], settings))
  }

  async killHaproxy(region: string): Promise<void> {
    await this.#children.kill(this.#haproxies.get(region)!)
  }

  signalHaproxy(region: string, signal: NodeJS.Signals): void {
    this.#haproxies.get(region)!.child.kill(signal)
  }

  /** Waits until, for a second and a half, each region met its own users and nobody lost anything. */
  async settle(): Promise<void> {
    const end = now() + SETTLE_LIMIT_MS
    while (now() < end) {
      const last = within(this.samples, now() - 2500, now() - 1000)
      const whole = REGIONS.every(({ name }) => shareOf(last, name) >= 0.95)
      if (whole && last.every(({ lost }) => lost === undefined)) return
      await sleep(100)
    }
    throw new Error(`the lab did not settle within ${SETTLE_LIMIT_MS / 1000} s: ${this.#complaint()}`)
  }

  async #setUp(director: DirectorName): Promise<void> {
    makeCertificate(this.#folder)
    await this.#startServers()
    for (const { name } of REGIONS) this.startHaproxy(name)
    const folder = join(this.#folder, director)
    mkdirSync(folder)
    // HAProxy first: whoever looks at its door before it is open begins with a region that is down.
    await sleep(500)
    const { program, words } = prepareDirector(director, folder, this.ports)
    this.#named.push(['the director', this.#children.run(program, words)])
    this.#named.push(['unbound', this.#children.run('unbound', ['-d', '-c', this.#writeUnbound()])])
    await sleep(1500)
    this.#startLoad()
    await this.settle()
  }

  async #startServers(): Promise<void> {
    this.#servers = this.#children.fork('servers.ts')
    this.#servers.child.on('message', (sequence: number) => {
      this.#waiting.get(sequence)?.(true)
      this.#waiting.delete(sequence)
    })
    for (const { name } of REGIONS) await this.setServers(name, 'well')
  }

  #startLoad(): void {
    const load = this.#children.fork('load.ts')
    this.#named.push(['the load', load])
    load.child.on('message', (batch: Sample[]) => this.samples.push(...batch))
    load.child.send({ ports: this.ports, ca: readFileSync(join(this.#folder, 'door.crt'), 'utf8') } satisfies LoadOrder)
  }

  #writeUnbound(): string {
    const file = join(this.#folder, 'unbound.conf')
    writeFileSync(file, unboundConfig(this.#folder, this.ports))
    return file
  }

  /** What the first thing that is wrong looks like. */
  #complaint(): string {
    const programs = [...this.#named, ...this.#haproxies]
    const dead = programs.find(([, { child }]) => child.exitCode !== null)
    if (dead) return `${dead[0]} ended; it said: ${dead[1].said().slice(-500)}`
    const lost = this.samples.findLast((sample) => sample.lost !== undefined)
    return lost ? `a request to ${lost.met ?? 'nowhere'} was lost: ${lost.lost!}` : 'users were sent elsewhere'
  }
}

export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

function regionOf(name: string): LabRegion {
  return REGIONS.find((region) => region.name === name)!
}

function makeCertificate(folder: string): void {
  const words =
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${NAME} ` +
    `-addext subjectAltName=DNS:${NAME} -keyout door.key -out door.crt`
  execFileSync('openssl', words.split(' '), { cwd: folder, stdio: 'pipe' })
  const read = (file: string) => readFileSync(join(folder, file))
  writeFileSync(join(folder, 'door.pem'), Buffer.concat([read('door.crt'), read('door.key')]))
}

/** Tells us the network of who asks (RFC 7871), and keeps an answer for each, no longer than its TTL. */
function unboundConfig(folder: string, { resolver, dns }: Ports): string {
  return `server:
  interface: 127.0.0.1
  port: ${resolver}
  do-ip6: no
  do-daemonize: no
  use-syslog: no
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: ""
  module-config: "subnetcache iterator"
  send-client-subnet: 127.0.0.1
  client-subnet-always-forward: yes
  max-client-subnet-ipv4: 24
  do-not-query-localhost: no
  local-zone: "example.com." nodefault
  root-hints: "/dev/null"
remote-control:
  control-enable: no
stub-zone:
  name: "example.com"
  stub-addr: 127.0.0.1@${dns}
`
}

/** Free now on every address that the lab uses, for UDP and TCP. */
async function freePorts(): Promise<Ports> {
  const hosts = ['127.0.0.1', ...REGIONS.map(({ address }) => address)]
  for (;;) {
    const base = 12_000 + Math.floor(Math.random() * 800) * 20
    const all = Array.from({ length: 16 }, (_, i) => base + i)
    const free = await Promise.all(hosts.flatMap((host) => all.map((port) => isFree(host, port))))
    if (!free.every(Boolean)) continue
    const [http, https, metrics, dns, resolver, admin, agent, servers] = all as [number, ...number[]]
    return {
      http,
      https: https!,
      metrics: metrics!,
      dns: dns!,
      resolver: resolver!,
      admin: admin!,
      agent: agent!,
      servers: servers!,
    }
  }
}

async function isFree(host: string, port: number): Promise<boolean> {
  const [stream, datagrams] = [createServer(), createSocket('udp4')]
  try {
    await once(stream.listen(port, host), 'listening')
    await once(datagrams.bind(port, host), 'listening')
    return true
  } catch {
    return false
  } finally {
    stream.close()
    datagrams.close()
  }
}
