// A program: HTTP servers on loopback addresses, each the L7 tier of a region, that answer 200 (`late`: after LATE_MS), answer
// 503, hang, or are gone, as told by messages. region-farm.ts starts it. Being gone is real: the listener and its connections are closed.
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { monotonicMs } from './monotonic.ts'

export type RegionMode = 'ok' | 'late' | '503' | 'hang' | 'gone'

export interface RegionOrder {
  readonly sequence: number
  readonly host: string
  readonly port: number
  readonly mode: RegionMode
}

export interface RegionReply {
  readonly sequence: number
  /** Monotonic ms at which the change began; `gone` is complete a moment later, `ok` after `gone` a moment before. */
  readonly at: number
}

/** One answer to a probe. */
export interface RegionAnswer {
  readonly host: string
  readonly status: number
  /** Monotonic ms. */
  readonly at: number
}

export type RegionMessage = RegionReply | { readonly answer: RegionAnswer }

interface Region {
  server: Server | undefined
  mode: RegionMode
}

const LATE_MS = 120

const regions = new Map<string, Region>()

process.on('message', (order: RegionOrder) => void obey(order))
process.on('disconnect', () => process.exit())

async function obey({ sequence, host, port, mode }: RegionOrder): Promise<void> {
  const region = regions.get(host) ?? { server: undefined, mode }
  regions.set(host, region)
  if (mode !== 'gone') region.server ??= await open(host, port, region)
  const at = monotonicMs()
  region.mode = mode
  if (mode === 'gone') close(region)
  tell({ sequence, at })
}

async function open(host: string, port: number, region: Region): Promise<Server> {
  const server = createServer((_request, response) => {
    const { mode } = region
    if (mode === 'late') setTimeout(answer, LATE_MS, host, 200, response)
    else if (mode !== 'hang') answer(host, mode === '503' ? 503 : 200, response)
  })
  server.listen(port, host)
  await once(server, 'listening')
  return server
}

function answer(host: string, status: number, response: ServerResponse): void {
  response.writeHead(status).end(`${host}\n`)
  tell({ answer: { host, status, at: monotonicMs() } })
}

function close(region: Region): void {
  region.server?.close()
  region.server?.closeAllConnections()
  region.server = undefined
}

function tell(message: RegionMessage): void {
  process.send!(message)
}
