// The life of one region of the demo: its process is started, watched, and started again some time after it died, so that
// a person sees failover and failback. It knows nothing of the director, which finds out by its own probes.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { extname, join } from 'node:path'
import { systemClock } from '../../base/clock.ts'
import type { RegionMessage } from './region.ts'

/** Where a region's balancer listens. */
export interface Site {
  readonly name: string
  readonly address: string
  readonly port: number
}

export interface ProcessView extends Site {
  /** Missing: dead. */
  readonly pid?: number
  /** Missing: running, or about to listen. */
  readonly restartsInMs?: number
}

export interface RegionProcessOptions {
  readonly site: Site
  /** From a death to the new start. */
  readonly restartAfterMs: number
  /** One line for people at every death and new start. */
  readonly onEvent: (text: string) => void
}

const SCRIPT = join(import.meta.dirname, `region${extname(import.meta.filename)}`)

export class RegionProcess {
  readonly #options: RegionProcessOptions
  #child: ChildProcess | undefined
  #restart: { readonly timer: NodeJS.Timeout; readonly at: number } | undefined
  #stopped = false

  constructor(options: RegionProcessOptions) {
    this.#options = options
  }

  /** Starts the process; gives one line for people when it cannot listen. */
  async start(): Promise<{ readonly fault: string } | undefined> {
    this.#forgetRestart()
    const { name, address, port } = this.#options.site
    const child = fork(SCRIPT, [name, address, String(port)], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    this.#child = child
    const failure = await firstWord(child)
    if (failure !== undefined) {
      this.#child = undefined
      return { fault: describeFailure(failure, this.#options.site) }
    }
    child.once('exit', (code, signal) => this.#noteDeath(child.pid ?? 0, signal ?? `exit code ${code ?? 0}`))
    return undefined
  }

  /** Kills the process, or starts it at once if it is dead. */
  toggle(): void {
    if (this.#child) this.#child.kill('SIGKILL')
    else if (this.#restart) void this.#startAgain()
  }

  /** Ends the process, even one that is suspended, and waits until it is gone. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#forgetRestart()
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  view(): ProcessView {
    const { site } = this.#options
    if (this.#restart) return { ...site, restartsInMs: Math.max(0, this.#restart.at - systemClock.now()) }
    const pid = this.#child?.pid
    return pid === undefined ? site : { ...site, pid }
  }

  #noteDeath(pid: number, cause: string): void {
    this.#child = undefined
    if (this.#stopped) return
    const { site, onEvent } = this.#options
    onEvent(`${site.name}: process ${pid} died (${cause}); ${this.#planRestart()}`)
  }

  async #startAgain(): Promise<void> {
    const started = await this.start()
    if (this.#stopped) return
    const { site, onEvent } = this.#options
    if (started) onEvent(`${site.name}: ${started.fault}; ${this.#planRestart()}`)
    else onEvent(`${site.name}: started again as process ${this.#child?.pid ?? 0}`)
  }

  #planRestart(): string {
    const { restartAfterMs } = this.#options
    const timer = setTimeout(() => void this.#startAgain(), restartAfterMs)
    this.#restart = { timer, at: systemClock.now() + restartAfterMs }
    return `it starts again in ${restartAfterMs / 1000} s`
  }

  #forgetRestart(): void {
    clearTimeout(this.#restart?.timer)
    this.#restart = undefined
  }
}

/** Waits until the process listens (undefined) or has failed (why). */
function firstWord(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.once('message', (message: RegionMessage) => resolve('failed' in message ? message.failed : undefined))
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code ?? 0}`))
    child.once('error', (error) => resolve(error.message))
  })
}

function describeFailure(code: string, { address, port }: Site): string {
  const what = `cannot listen on ${address}:${port}`
  if (code === 'EADDRINUSE')
    return `${what}: another program has it; end that one (ss -ltnp "sport = :${port}" says which) and try again`
  if (code === 'EADDRNOTAVAIL')
    return `${what}: this machine has no such address (on macOS: sudo ifconfig lo0 alias ${address} up)`
  return `${what}: ${code}`
}
