// A program: the servers behind the lab's regions, in one process. Each answers 200 with its name, or fails as it is told:
// gone (listener and connections closed), slow, or with errors for a part of the requests. stage.ts starts it.
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'

export type Mode = 'well' | 'gone' | 'slow' | 'erring'

export interface ServerOrder {
  readonly sequence: number
  readonly host: string
  readonly port: number
  readonly mode: Mode
}

const SLOW_MS = 1500
/** Of the requests, by turns of a hundred. */
const ERRING_PERCENT = 15
const STRIDE = 7

interface Place {
  server: Server | undefined
  mode: Mode
  requests: number
}

const places = new Map<string, Place>()

process.on('message', (order: ServerOrder) => void obey(order))
process.on('disconnect', () => process.exit())

async function obey({ sequence, host, port, mode }: ServerOrder): Promise<void> {
  const key = `${host}:${port}`
  // Each begins elsewhere, so that they do not err in step.
  const place = places.get(key) ?? { server: undefined, mode, requests: places.size * STRIDE }
  places.set(key, place)
  place.mode = mode
  if (mode === 'gone') {
    place.server?.close()
    place.server?.closeAllConnections()
    place.server = undefined
  } else {
    place.server ??= createServer(answerer(place))
    if (!place.server.listening) await once(place.server.listen(port, host), 'listening')
  }
  process.send!(sequence)
}

function answerer(place: Place): RequestListener {
  return ({ url }, response) => {
    if (url === '/health') response.end('well\n')
    else if (place.mode === 'slow') setTimeout(() => response.end('slow\n'), SLOW_MS)
    // 37 is prime to 100: errors lie scattered, and are 15 of each hundred exactly.
    else if (place.mode === 'erring' && (place.requests++ * 37) % 100 < ERRING_PERCENT) {
      response.writeHead(500).end('error\n')
    } else response.end('well\n')
  }
}
