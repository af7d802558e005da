// Sets the scene and takes it down: servers, a real HAProxy for each region on the shipped pages, the director, unbound as
// the users' resolver, and the users. Faults are inflicted through it (faults.ts); what users saw is collected here.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Children, type Running } from './children.ts'
import { now } from './clock.ts'
import { prepareDirector, type DirectorName } from './directors.ts'
import type { LoadOrder } from './load.ts'
import { shareOf, within, type Sample } from './measure.ts'
import { NAME, REGIONS, RESOLVERS, SERVERS_PER_REGION, type LabRegion, type Ports } from './plan.ts'
import type { Population } from './population.ts'
import { freePorts } from './ports.ts'
import { prepareResolver } from './resolver.ts'
import type { Mode, ServerOrder } from './servers.ts'
import { Watch } from './watch.ts'

const PAGES = join(import.meta.dirname, '../haproxy')
const SETTLE_LIMIT_MS = 30_000

/** Who plays, before whom. */
export interface Cast {
  readonly director: DirectorName
  readonly users: Population
  /** How many; at most those of RESOLVERS. */
  readonly resolvers: number
  /** What users resolve, NAME among them. */
  readonly names: readonly string[]
  /** Whether they fetch NAME, too, and so meet the regions themselves. */
  readonly fetches: boolean
}

export class Stage {
  readonly samples: Sample[] = []
  readonly ports: Ports
  /** Of Meridian. */
  readonly watch: Watch
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
    this.watch = new Watch(ports.admin, this.#children)
    this.#folder = mkdtempSync(join(tmpdir(), 'meridian-lab-'))
  }

  /** Ready when every region answers its own users and nobody loses anything. */
  static async open(cast: Cast): Promise<Stage> {
    const stage = new Stage(await freePorts())
    try {
      await stage.#setUp(cast)
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
      ...{ CHECK_INTERVAL: '1s', CHECK_TIMEOUT: '1s', SLOW_START: '2s', AGENT_INTERVAL: '1s', DRAIN_TIME: '5s' },
      ...(Object.fromEntries(pool) as Record<string, string>),
    }
    this.#haproxies.set(region, this.#children.run('haproxy', ['-db', '-f', PAGES], settings))
  }

  async killHaproxy(region: string): Promise<void> {
    await this.#children.kill(this.#haproxies.get(region)!)
  }

  /** Ends it as an operator does: doors close, and what is under way is finished. */
  async stopHaproxy(region: string): Promise<void> {
    const { child } = this.#haproxies.get(region)!
    const ended = once(child, 'exit')
    child.kill('SIGUSR1')
    await ended
  }

  signalHaproxy(region: string, signal: NodeJS.Signals): void {
    this.#haproxies.get(region)!.child.kill(signal)
  }

  /** Waits until, for a second and a half, each region met its own users and nobody lost anything. */
  async settle(): Promise<void> {
    const end = now() + SETTLE_LIMIT_MS
    while (now() < end) {
      const last = within(this.samples, now() - 2500, now() - 1000).filter(({ name }) => name === NAME)
      const whole = REGIONS.every(({ name }) => shareOf(last, name) >= 0.95)
      if (whole && last.every(({ lost }) => lost === undefined)) return
      await sleep(100)
    }
    throw new Error(`the lab did not settle within ${SETTLE_LIMIT_MS / 1000} s: ${this.#complaint()}`)
  }

  async #setUp({ director, users, resolvers: count, names, fetches }: Cast): Promise<void> {
    makeCertificate(this.#folder)
    await this.#startServers()
    for (const { name } of REGIONS) this.startHaproxy(name)
    const folder = join(this.#folder, director)
    mkdirSync(folder)
    // HAProxy first: whoever looks at its door before it is open begins with a region that is down.
    await sleep(500)
    const { program, words } = prepareDirector(director, folder, this.ports, users)
    this.#named.push(['the director', this.#children.run(program, words)])
    const resolvers = RESOLVERS.slice(0, count)
    for (const address of resolvers) {
      const file = prepareResolver(this.#folder, address, this.ports)
      this.#named.push([`the resolver ${address}`, this.#children.run('unbound', ['-d', '-c', file])])
    }
    await sleep(1500)
    if (director === 'meridian') this.watch.begin()
    const ca = readFileSync(join(this.#folder, 'door.crt'), 'utf8')
    this.#startLoad({ ports: this.ports, users, resolvers, names, ...(fetches && { ca }) })
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

  #startLoad(order: LoadOrder): void {
    const load = this.#children.fork('load.ts')
    this.#named.push(['the load', load])
    load.child.on('message', (batch: Sample[]) => this.samples.push(...batch))
    load.child.send(order)
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
