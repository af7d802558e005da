// Ports that nobody has, for servers under test whose configuration must name one.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'

/** A port that is free now, for UDP and TCP. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, host)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const free = await isFreeForUdp(port, host)
    server.close()
    await once(server, 'close')
    if (free) return port
  }
}

async function isFreeForUdp(port: number, host: string): Promise<boolean> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  try {
    await once(socket.bind({ port, address: host }), 'listening')
    return true
  } catch {
    return false
  } finally {
    socket.close()
  }
}
