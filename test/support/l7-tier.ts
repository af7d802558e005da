// A regional tier under test: real HAProxy on the pages of deploy/region/haproxy, with servers of the test's own behind
// it. Ports and times come from the environment, as in production; the pages are the ones that ship.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request as requestHttp, type IncomingHttpHeaders } from 'node:http'
import { request as requestHttps } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { askHaproxy, showServer, type StatRow } from '../../deploy/region/haproxy-socket.ts'
import { Authority, type Pair } from '../health/prober/servers.ts'
import { watchChild, type Exit } from './child.ts'
import { portFreeOn } from './loopback-port.ts'
import { until } from './monotonic.ts'
import { TestServer } from './test-server.ts'

const PAGES = join(import.meta.dirname, '../../deploy/region/haproxy')

/** As 00-settings.cfg names them: WEB_1 is the server web-1. */
const SERVERS = (
  'WEB_1 WEB_2 WEB_3 WEB_4 API_1 API_2 STATIC_1 STATIC_2 ADMIN_1 ADMIN_2 MOBILE_1 MOBILE_2 GERMAN_1 LIVE_1 LIVE_2 ' +
  'VAULT_1 VAULT_2 VAULT_3'
).split(' ')

export const haproxyIsMissing = spawnSync('haproxy', ['-v']).status !== 0

if (haproxyIsMissing && process.env['CI'] === 'true')
  throw new Error('HAProxy is needed in CI: apt-get install haproxy')
if (haproxyIsMissing) console.warn('HAProxy is missing, so tests with it are skipped: apt-get install haproxy')

type Settings = Readonly<Record<string, string>>

export interface TierAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** What a TestServer says of itself and of the request it met; undefined when no server answered. */
  readonly echo?: Echo
}

export interface Echo {
  readonly server: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

export interface TierRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** The client's own address, of 127.0.0.0/8. */
  readonly from?: string
}

export class L7Tier {
  readonly servers: ReadonlyMap<string, TestServer>
  readonly ports: Readonly<Record<'http' | 'https' | 'tls' | 'metrics', number>>
  readonly socket: string
  readonly ca: Buffer
  readonly #folder: string
  readonly #authority: Authority
  readonly #child: ChildProcess
  readonly #exited: Promise<Exit>
  #said = ''

  private constructor(start: Started, settings: Settings) {
    const { servers, ports, folder, authority, pair } = start
    this.servers = servers
    this.ports = ports
    this.ca = pair.ca
    this.#folder = folder
    this.#authority = authority
    this.socket = join(folder, 'admin.sock')
    writeFileSync(join(folder, 'door.pem'), Buffer.concat([pair.cert, pair.key]))
    const addresses = Array.from(servers, ([name, { host, port }]) => [settingOf(name), `${host}:${port}`] as const)
    const environment = {
      ...process.env,
      ...{ DOOR_HTTP: `127.0.0.1:${ports.http}`, DOOR_HTTPS: `127.0.0.1:${ports.https}` },
      ...{ DOOR_TLS: `127.0.0.1:${ports.tls}`, DOOR_METRICS: `127.0.0.1:${ports.metrics}` },
      ...{ MAX_CONNECTIONS: '500', ADMIN_SOCKET: this.socket, CERTIFICATES: join(folder, 'door.pem') },
      ...Object.fromEntries(addresses),
      ...settings,
    }
    this.#child = spawn('haproxy', ['-db', '-f', PAGES], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#exited = watchChild(this.#child)
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream!.setEncoding('utf8').on('data', (text: string) => (this.#said += text))
    }
  }

  /** `settings`: of 00-settings.cfg, in the place of its defaults; `hosts`: by server, else 127.0.0.1. Ready when its doors are open. */
  static async start(settings: Settings = {}, hosts: Readonly<Record<string, string>> = {}): Promise<L7Tier> {
    const authority = new Authority()
    const pair = authority.issue('www.example.com', 'DNS:www.example.com,DNS:vault.example.com', 1)
    const names = SERVERS.map(nameOf)
    const started = await Promise.all(
      names.map((name) =>
        TestServer.start(name, hosts[name] ?? '127.0.0.1', name.startsWith('vault') ? pair : undefined),
      ),
    )
    const [http, https, tls, metrics] = [
      await freeTcpPort(),
      await freeTcpPort(),
      await freeTcpPort(),
      await freeTcpPort(),
    ]
    const folder = mkdtempSync(join(tmpdir(), 'meridian-tier-'))
    const servers = new Map(started.map((server) => [server.name, server]))
    const tier = new L7Tier({ servers, ports: { http, https, tls, metrics }, folder, authority, pair }, settings)
    await until('HAProxy to open its doors', () => tier.#isOpen(), 5000).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}; it said:\n${tier.#said}`)
    })
    return tier
  }

  server(name: string): TestServer {
    return this.servers.get(name)!
  }

  /** Through the TLS door. A connection of its own each time. */
  ask(path: string, { method = 'GET', headers = {}, from = '127.0.0.1' }: TierRequest = {}): Promise<TierAnswer> {
    const options = { host: '127.0.0.1', port: this.ports.https, path, method, localAddress: from, agent: false }
    const request = requestHttps({
      ...options,
      headers: { host: 'www.example.com', ...headers },
      ca: this.ca,
      servername: 'www.example.com',
    })
    return answerOf(request.end())
  }

  /** Without TLS: the HTTP door or the metrics. */
  askPlain(port: number, path: string): Promise<TierAnswer> {
    return answerOf(
      requestHttp({ host: '127.0.0.1', port, path, agent: false, headers: { host: 'www.example.com' } }).end(),
    )
  }

  /** A command on the socket. */
  order(command: string): Promise<string> {
    return askHaproxy(this.socket, command)
  }

  /** `server`: `web/web-1`. */
  async row(server: string): Promise<StatRow> {
    const row = await showServer(this.socket, server)
    if (row === undefined) throw new Error(`HAProxy knows no ${server}`)
    return row
  }

  /** Waits until `show stat` says so of the server: `UP`, `DOWN`, `DRAIN`, `MAINT`. */
  status(server: string, status: string, timeoutMs = 5000): Promise<unknown> {
    return until(`${server} to be ${status}`, async () => (await this.row(server))['status'] === status, timeoutMs)
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
    await Promise.all([...this.servers.values()].map((server) => server.stop()))
    this.#authority.remove()
    rmSync(this.#folder, { recursive: true })
  }

  #isOpen(): Promise<boolean> {
    if (this.#child.exitCode !== null) throw new Error(`HAProxy ended with ${this.#child.exitCode}`)
    return new Promise((resolve) => {
      const socket = connect({ port: this.ports.https, host: '127.0.0.1' }, () => resolve(true))
      socket.on('error', () => resolve(false)).on('close', () => socket.destroy())
      socket.on('connect', () => socket.destroy())
    })
  }
}

interface Started {
  readonly servers: ReadonlyMap<string, TestServer>
  readonly ports: L7Tier['ports']
  readonly folder: string
  readonly authority: Authority
  readonly pair: Pair
}

function answerOf(request: ReturnType<typeof requestHttp>): Promise<TierAnswer> {
  return new Promise((resolve, reject) => {
    request.on('error', reject).on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject)
      response.on('end', () => {
        const body = Buffer.concat(chunks)
        const told = response.headers['x-echo']
        const echo = typeof told === 'string' && (JSON.parse(told) as Echo)
        resolve({ status: response.statusCode!, headers: response.headers, body, ...(echo && { echo }) })
      })
    })
  })
}

function freeTcpPort(): Promise<number> {
  return portFreeOn('127.0.0.1')
}

function nameOf(setting: string): string {
  return setting.toLowerCase().replace('_', '-')
}

function settingOf(name: string): string {
  return name.toUpperCase().replace('-', '_')
}
