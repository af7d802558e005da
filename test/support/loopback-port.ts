// Ports for programs whose configuration wants one number on several loopback addresses. They lie below the range that
// the system gives to clients, so that no socket of a test takes one between the look and its use.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

const LOWEST = 10_000
const COUNT = 20_000

/** A port that is free for UDP and TCP on every one of these addresses. */
export async function portFreeOn(...hosts: readonly string[]): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * COUNT)
    const free = await Promise.all(hosts.map((host) => isFree(host, port)))
    if (free.every(Boolean)) return port
  }
}

async function isFree(host: string, port: number): Promise<boolean> {
  const stream = createServer()
  const datagrams = createSocket('udp4')
  try {
    await once(stream.listen(port, host), 'listening')
    await once(datagrams.bind(port, host), 'listening')
    return true
  } catch {
    return false
  } finally {
    stream.close()
    datagrams.close()
  }
}
