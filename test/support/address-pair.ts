// Two nodes of a region and a client beside them, each a network namespace on one bridge, with the shipped keepalived and
// HAProxy pages in them. Needs root. Who holds the shared address, and since when, is read from the kernel's own events.
import { spawn, spawnSync, execFileSync, type ChildProcess } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Authority } from '../health/prober/servers.ts'
import { watchChild, type Exit } from './child.ts'
import { monotonicMs, until } from './monotonic.ts'

const REGION = join(import.meta.dirname, '../../deploy/region')
const PROBE = join(import.meta.dirname, 'address-probe.ts')
export const ADDRESS = '10.77.0.100'
export const ADVERT_MS = 200

const wanting = ['keepalived --version', 'haproxy -v', 'ip -V'].filter((line) => {
  const [program = '', ...words] = line.split(' ')
  return spawnSync(program, words).status !== 0
})
export const pairIsMissing = wanting.length > 0 || process.getuid?.() !== 0

if (pairIsMissing && process.env['CI'] === 'true') {
  throw new Error('CI needs root and: apt-get install keepalived haproxy iproute2')
}
if (pairIsMissing) console.warn('active-passive is not tested: that needs root, keepalived, haproxy and iproute2')

/** One answer that a client got from the shared address, or that it got none. */
export interface Sight {
  /** Monotonic ms. */
  readonly at: number
  readonly node?: string
}

/** From when to when a node held the address, in monotonic ms; without an end it still does. */
export interface Tenure {
  readonly node: string
  readonly from: number
  to?: number
}

interface Program {
  readonly child: ChildProcess
  readonly exited: Promise<Exit>
}

export class AddressPair {
  readonly sights: Sight[] = []
  readonly tenures: Tenure[] = []
  readonly #tag = `m${process.pid}`
  readonly #folder = mkdtempSync(join(tmpdir(), 'meridian-pair-'))
  readonly #authority = new Authority()
  readonly #programs = new Map<string, Program>()

  /** Both run, and one of them holds the address and answers. */
  static async start(): Promise<AddressPair> {
    const pair = new AddressPair()
    try {
      pair.#layCables()
      pair.#startNodes()
      pair.#run('client probe', 'c', [process.execPath, PROBE, ADDRESS], (line) => {
        pair.sights.push(JSON.parse(line) as Sight)
      })
      await until('a first answer', () => pair.sights.find(({ node }) => node !== undefined), 15_000)
    } catch (error) {
      await pair.stop()
      throw error
    }
    return pair
  }

  /** Who holds the address now; more than one in a split. */
  get holders(): string[] {
    return this.tenures.filter(({ to }) => to === undefined).map(({ node }) => node)
  }

  /** Waits until both run and one of them, alone, holds the address and answers; gives it and the other. */
  settled(): Promise<{ readonly active: string; readonly standby: string }> {
    return until(
      'one node alone to answer',
      () => {
        const [active, second] = this.holders
        const last = this.sights.at(-1)
        if (active === undefined || second !== undefined || last?.node !== active) return undefined
        return { active, standby: active === 'a' ? 'b' : 'a' }
      },
      10_000,
    )
  }

  signal(program: 'haproxy' | 'keepalived', node: string, signal: NodeJS.Signals): void {
    const { child } = this.#programs.get(`${program} ${node}`)!
    // keepalived is two processes in a group of their own.
    process.kill(-child.pid!, signal)
  }

  /** Kills as the kernel does, and then does what systemd does. */
  async killKeepalived(node: string): Promise<void> {
    this.signal('keepalived', node, 'SIGKILL')
    await this.#programs.get(`keepalived ${node}`)!.exited
    this.#ip('netns', 'exec', this.#space(node), join(this.#folder, node, 'release-address'))
  }

  async killHaproxy(node: string): Promise<void> {
    this.signal('haproxy', node, 'SIGKILL')
    await this.#programs.get(`haproxy ${node}`)!.exited
  }

  startKeepalived(node: string): void {
    const folder = join(this.#folder, node)
    // Of one that was killed: whatever process has its number by now, this is not it.
    for (const stale of ['pid', 'vrrp.pid']) rmSync(join(folder, stale), { force: true })
    const files = ['-f', join(folder, 'keepalived.conf'), '-p', join(folder, 'pid'), '-r', join(folder, 'vrrp.pid')]
    this.#run(`keepalived ${node}`, node, ['keepalived', '-n', '-P', '-l', ...files])
  }

  startHaproxy(node: string): void {
    const environment = {
      ...{ REGION: node, MAX_CONNECTIONS: '100', CHECK_INTERVAL: '60s' },
      ...{ ADMIN_SOCKET: join(this.#folder, node, 'admin.sock'), CERTIFICATES: join(this.#folder, 'door.pem') },
    }
    this.#run(`haproxy ${node}`, node, ['haproxy', '-db', '-f', join(REGION, 'haproxy')], undefined, environment)
  }

  /** Takes a node off the bridge, or puts it back; it sees its link up all the time. */
  cutOff(node: string, cut: boolean): void {
    const port = `${this.#tag}${node}`
    if (cut) this.#ip('-n', this.#space('net'), 'link', 'set', port, 'nomaster')
    else this.#ip('-n', this.#space('net'), 'link', 'set', port, 'master', 'bridge')
  }

  async stop(): Promise<void> {
    for (const { child } of this.#programs.values()) if (child.exitCode === null) kill(child.pid!)
    await Promise.all([...this.#programs.values()].map(({ exited }) => exited))
    for (const name of ['a', 'b', 'c', 'net']) spawnSync('ip', ['netns', 'delete', this.#space(name)])
    this.#authority.remove()
    rmSync(this.#folder, { recursive: true })
  }

  #layCables(): void {
    const net = this.#space('net')
    this.#ip('netns', 'add', net)
    this.#ip('-n', net, 'link', 'add', 'bridge', 'type', 'bridge')
    this.#ip('-n', net, 'link', 'set', 'bridge', 'up')
    for (const [node, host] of Object.entries({ a: 1, b: 2, c: 3 })) {
      const [space, port] = [this.#space(node), `${this.#tag}${node}`]
      this.#ip('netns', 'add', space)
      this.#ip('-n', net, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space)
      this.#ip('-n', net, 'link', 'set', port, 'master', 'bridge', 'up')
      this.#ip('-n', space, 'address', 'add', `10.77.0.${host}/24`, 'dev', 'eth0')
      for (const device of ['lo', 'eth0']) this.#ip('-n', space, 'link', 'set', device, 'up')
    }
  }

  #startNodes(): void {
    const { cert, key } = this.#authority.issue('door', 'DNS:www.example.com', 1)
    writeFileSync(join(this.#folder, 'door.pem'), Buffer.concat([cert, key]))
    for (const [node, priority] of Object.entries({ a: 150, b: 100 })) {
      const folder = join(this.#folder, node)
      cpSync(join(REGION, 'keepalived'), folder, { recursive: true })
      const settings = {
        ...{ ROUTER: node, PRIORITY: priority, INTERFACE: 'eth0', ADDRESS: `${ADDRESS}/24`, ROUTER_ID: 51 },
        ...{ ADVERT_INTERVAL: ADVERT_MS / 1000, CHECK_INTERVAL: 1, CHECK_SCRIPT: join(folder, 'check-haproxy') },
      }
      const lines = Object.entries(settings).map(([name, value]) => `$${name}=${value}\n`)
      writeFileSync(join(folder, 'settings.conf'), lines.join(''))
      this.#run(`monitor ${node}`, node, ['ip', 'monitor', 'address'], (line) => this.#hearKernel(node, line))
      this.startHaproxy(node)
      this.startKeepalived(node)
    }
  }

  #hearKernel(node: string, line: string): void {
    if (!line.includes(`inet ${ADDRESS}/`)) return
    const current = this.tenures.find((tenure) => tenure.node === node && tenure.to === undefined)
    if (!line.startsWith('Deleted')) {
      if (!current) this.tenures.push({ node, from: monotonicMs() })
    } else if (current) current.to = monotonicMs()
  }

  #run(
    name: string,
    node: string,
    command: readonly string[],
    onLine: (line: string) => void = () => undefined,
    environment: Readonly<Record<string, string>> = {},
  ): void {
    const child = spawn('ip', ['netns', 'exec', this.#space(node), ...command], {
      detached: true,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    createInterface(child.stdout).on('line', onLine)
    this.#programs.set(name, { child, exited: watchChild(child) })
  }

  #space(name: string): string {
    return `${this.#tag}-${name}`
  }

  #ip(...words: readonly string[]): void {
    execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'inherit'] })
  }
}

/** A process group; a stopped one as well. */
function kill(group: number): void {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}
