// A program for tests: HTTP servers on loopback addresses that answer, answer late (after 300 ms), answer 503, hang, or are gone, as told by messages.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export type FarmMode = 'ok' | 'late' | '503' | 'hang' | 'gone'

interface FarmOrder {
  readonly sequence: number
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly mode: FarmMode
}

export interface FarmReply {
  readonly sequence: number
  readonly port: number
  /** Wall-clock ms at which it took effect. */
  readonly at: number
}

const servers = new Map<string, Server>()
const modes = new Map<string, FarmMode>()

process.on('message', (order: FarmOrder) => void obey(order).then((reply) => process.send!(reply)))

async function obey({ sequence, host, port, mode }: FarmOrder): Promise<FarmReply> {
  modes.set(host, mode)
  const server = servers.get(host)
  if (mode === 'gone') {
    server?.close()
    server?.closeAllConnections()
    servers.delete(host)
    return { sequence, port, at: Date.now() }
  }
  if (server !== undefined) return { sequence, port, at: Date.now() }
  const opened = await open(host, port)
  return { sequence, port: (opened.address() as AddressInfo).port, at: Date.now() }
}

async function open(host: string, port: number): Promise<Server> {
  const server = createServer((_request, response) => {
    const mode = modes.get(host)
    if (mode === 'hang') return
    const answer = (): void => void response.writeHead(mode === '503' ? 503 : 200).end('answer\n')
    if (mode === 'late') setTimeout(answer, 300)
    else answer()
  })
  servers.set(host, server)
  server.listen(port, host)
  await once(server, 'listening')
  return server
}
