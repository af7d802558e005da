// The director as its operator sees it: its status, looked at several times a second and kept, and commands of the operator
// (the program `meridian` itself). For Meridian alone: gdnsd has neither.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Status } from '../../../src/admin/status.ts'
import type { Children } from './children.ts'
import { now } from './clock.ts'
import { MAIN } from './directors.ts'
import type { Look } from './measure.ts'

const LOOK_MS = 200
const LOOK_TIMEOUT_MS = 1000

export class Watch {
  /** Oldest first. */
  readonly looks: Look[] = []
  readonly #url: string
  readonly #children: Children

  constructor(adminPort: number, children: Children) {
    this.#url = `http://127.0.0.1:${adminPort}`
    this.#children = children
  }

  /** Looks on until the lab's process ends. A look that fails is left out: whether the director lives is not seen here. */
  begin(): void {
    const look = (): void => void this.status().then((status) => this.looks.push(lookOf(status)), ignore)
    setInterval(look, LOOK_MS).unref()
  }

  async status(): Promise<Status> {
    const response = await fetch(`${this.#url}/v1/status`, { signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) })
    if (!response.ok) throw new Error(`the director says ${response.status}`)
    return (await response.json()) as Status
  }

  /** Throws when it does not hold in time. */
  async until(what: string, holds: (status: Status) => boolean, timeoutMs: number): Promise<void> {
    const end = now() + timeoutMs
    while (!holds(await this.status())) {
      if (now() > end) throw new Error(`${what}: not within ${timeoutMs / 1000} s`)
      await sleep(LOOK_MS)
    }
  }

  /** A command of `meridian`: gives what it printed, and throws when it fails. */
  async operate(...words: readonly string[]): Promise<string> {
    const environment = { MERIDIAN_SERVER: this.#url, MERIDIAN_TOKEN: '', NO_COLOR: '1' }
    const { child, said } = this.#children.run(process.execPath, [MAIN, ...words], environment)
    const [code] = (await once(child, 'close')) as [number | null]
    if (code !== 0) throw new Error(`meridian ${words.join(' ')} failed: ${said()}`)
    return said()
  }
}

/** A region that reports nothing can take all of its share. */
function lookOf({ regions }: Status): Look {
  const parts = regions.map(({ name, report }) => [name, report?.availability ?? 1] as const)
  return { at: now(), parts: Object.fromEntries(parts) }
}

function ignore(): void {
  // Left out, as `begin` says.
}
