// The regions' HTTP servers, from the test's side: a process that can be told to fail, killed, or suspended.
import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { watchChild, type Exit } from './child.ts'
import type { RegionAnswer, RegionMessage, RegionMode, RegionOrder } from './region-server.ts'

const PROGRAM = join(import.meta.dirname, 'region-server.ts')

export class RegionFarm {
  readonly answers: RegionAnswer[] = []
  readonly #port: number
  readonly #child: ChildProcess
  readonly #exited: Promise<Exit>
  readonly #waiting = new Map<number, (at: number) => void>()
  #sequence = 0

  private constructor(port: number) {
    this.#port = port
    this.#child = fork(PROGRAM, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#exited = watchChild(this.#child)
    this.#child.on('message', (message: RegionMessage) => this.#hear(message))
  }

  /** Servers on these addresses, in one process, all answering 200. */
  static async start(hosts: readonly string[], port: number): Promise<RegionFarm> {
    const farm = new RegionFarm(port)
    await Promise.all(hosts.map((host) => farm.set(host, 'ok')))
    return farm
  }

  /** Gives the monotonic ms at which it took effect. */
  set(host: string, mode: RegionMode): Promise<number> {
    const order: RegionOrder = { sequence: this.#sequence++, host, port: this.#port, mode }
    this.#child.send(order)
    return new Promise((resolve) => this.#waiting.set(order.sequence, resolve))
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Kills the process, with all of its servers. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  #hear(message: RegionMessage): void {
    if ('answer' in message) {
      this.answers.push(message.answer)
      return
    }
    this.#waiting.get(message.sequence)?.(message.at)
    this.#waiting.delete(message.sequence)
  }
}
