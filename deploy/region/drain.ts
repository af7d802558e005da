// Takes one server of this region's HAProxy out of service without hurting its users, and back:
//
//   node deploy/region/drain.ts web/web-1 --for 60s [--socket /run/haproxy/admin.sock]
//   node deploy/region/drain.ts web/web-1 --undo
//
// While it drains, users whose cookie names it stay and nobody new comes. When the time is over (30 s to 300 s is usual),
// it is in maintenance: its users are given another server, and what is under way is finished. The director's agent-check
// is silenced for that long, or its next word would undo this. Whole regions are drained at the director.
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { askHaproxy, showServer } from './haproxy-socket.ts'

export interface DrainOptions {
  readonly socket: string
  /** `web/web-1`. */
  readonly server: string
  readonly forMs: number
}

/** Gives the connections that are still open at the end; throws when HAProxy refuses. */
export async function drainServer({ socket, server, forMs }: DrainOptions): Promise<number> {
  await order(socket, `disable agent ${server}`)
  await order(socket, `set server ${server} state drain`)
  await sleep(forMs)
  await order(socket, `set server ${server} state maint`)
  return Number((await showServer(socket, server))?.['scur'])
}

/** It gets users again at once; `slowstart` is for those that were down. */
export async function undrainServer(socket: string, server: string): Promise<void> {
  await order(socket, `set server ${server} state ready`)
  await order(socket, `enable agent ${server}`)
}

/** HAProxy says nothing when all is well. */
async function order(socket: string, command: string): Promise<void> {
  const answer = await askHaproxy(socket, command)
  if (answer !== '') throw new Error(`HAProxy refused "${command}": ${answer}`)
}

function parseSeconds(written: string): number {
  const [, digits] = /^(\d{1,4})s$/.exec(written) ?? []
  if (digits === undefined) throw new Error(`--for takes seconds, such as 60s, not "${written}"`)
  return Number(digits) * 1000
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      for: { type: 'string', default: '60s' },
      undo: { type: 'boolean', default: false },
      socket: { type: 'string', default: '/run/haproxy/admin.sock' },
    },
  })
  const [server, ...others] = positionals
  if (server === undefined || others.length > 0) throw new Error('name one server, such as web/web-1')
  if (values.undo) return undrainServer(values.socket, server)
  const left = await drainServer({ socket: values.socket, server, forMs: parseSeconds(values.for) })
  console.log(`${server} is in maintenance; ${left} connections are being finished`)
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    console.error(`drain: ${(error as Error).message}`)
    process.exitCode = 1
  })
}
