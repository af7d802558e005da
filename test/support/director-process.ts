// A director in a process of its own, as a user starts it (`node src/main.ts serve`), or by director-host.ts when a test
// wants to stall or kill its threads. What it logs is kept; it is ended by its process id.
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { Status } from '../../src/admin/status.ts'
import { watchChild, type Exit } from './child.ts'
import type { HostOrder } from './director-host.ts'
import { until } from './monotonic.ts'
import type { Site } from './site.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const HOST = join(import.meta.dirname, 'director-host.ts')

/** A line of the log. */
export interface LogLine {
  /** Of pino: 30 info, 40 warn, 50 error. */
  readonly level: number
  readonly msg: string
}

/** How `main` is started beside its configuration. */
export interface Launch {
  /** Inherited from 3 on; LISTEN_PID then names the process that gets them. */
  readonly fds?: readonly number[]
  /** LISTEN_PID names process 1 instead. */
  readonly isMeantForAnother?: boolean
  readonly env?: Readonly<Record<string, string>>
  /** Further words of the command line. */
  readonly words?: readonly string[]
}

/** Only the process itself knows its number in time. */
const NAME_ONESELF = 'export LISTEN_PID=$$; exec "$0" "$@"'

export class DirectorProcess {
  readonly exited: Promise<Exit>
  readonly #site: Site
  readonly #child: ChildProcess
  #said = ''

  /** Spawns and waits for nothing. */
  constructor(site: Site, program: 'main' | 'host' = 'main', launch: Launch = {}) {
    this.#site = site
    this.#child =
      program === 'main'
        ? spawnMain(site, launch)
        : fork(HOST, [site.configFile], { execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    this.exited = watchChild(this.#child)
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream!.setEncoding('utf8').on('data', (text: string) => (this.#said += text))
    }
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Everything on stdout and stderr up to now. */
  get said(): string {
    return this.#said
  }

  get log(): LogLine[] {
    const lines = this.#said.slice(0, this.#said.lastIndexOf('\n') + 1).split('\n')
    return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogLine)
  }

  /** The first line whose message matches; throws with all that was said when none comes. */
  async logged(message: RegExp, timeoutMs = 5000): Promise<LogLine> {
    try {
      return await until(
        `a log line like ${String(message)}`,
        () => this.log.find(({ msg }) => message.test(msg)),
        timeoutMs,
      )
    } catch (error) {
      throw new Error(`${(error as Error).message}; the director said:\n${this.#said}`, { cause: error })
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Ends it as an operator does. */
  async stop(): Promise<Exit> {
    this.#child.kill('SIGTERM')
    return this.exited
  }

  /** Only of a director that was started as `host`. */
  order(order: HostOrder): void {
    this.#child.send(order)
  }

  async status(): Promise<Status> {
    const response = await fetch(`${this.#site.adminUrl}/v1/status`)
    return (await response.json()) as Status
  }
}

function spawnMain({ configFile }: Site, { fds, isMeantForAnother, env = {}, words = [] }: Launch): ChildProcess {
  const line = [MAIN, 'serve', '--config', configFile, ...words]
  const script = isMeantForAnother ? NAME_ONESELF.replace('$$', '1') : NAME_ONESELF
  const [program, args] =
    fds === undefined ? [process.execPath, line] : ['sh', ['-c', script, process.execPath, ...line]]
  return spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe', ...(fds ?? [])], env: { ...process.env, ...env } })
}

/** Starts a director and waits until it serves. */
export async function startDirector(site: Site, program: 'main' | 'host' = 'main'): Promise<DirectorProcess> {
  const director = new DirectorProcess(site, program)
  await director.logged(/^serving on/, 15_000)
  return director
}
