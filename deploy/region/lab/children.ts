// The lab's processes: started with what they say kept, ended by their process id, at the latest when the lab itself ends.
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export interface Running {
  readonly child: ChildProcess
  /** Everything on stdout and stderr up to now. */
  readonly said: () => string
}

export class Children {
  readonly #running = new Set<ChildProcess>()

  constructor() {
    process.on('exit', () => {
      for (const child of this.#running) child.kill('SIGKILL')
    })
  }

  run(program: string, words: readonly string[], environment: Readonly<Record<string, string>> = {}): Running {
    const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`
    const env = { ...process.env, PATH: path, ...environment }
    return this.#keep(spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], env }))
  }

  /** A module beside this one, in a process of its own that hears messages. */
  fork(module: string): Running {
    const file = join(import.meta.dirname, module)
    return this.#keep(fork(file, { execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] }))
  }

  async kill({ child }: Running): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.#running].map((child) => this.kill({ child, said: () => '' })))
  }

  #keep(child: ChildProcess): Running {
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-100_000)))
    }
    this.#running.add(child)
    child.on('exit', () => this.#running.delete(child))
    child.on('error', (error) => (said += String(error)))
    return { child, said: () => said }
  }
}
