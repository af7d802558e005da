// Ports on loopback that nobody has, below the range that the system gives to clients, so that no socket of a client takes
// one between the look and its use. The tests look for theirs with the same function.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { REGIONS, RESOLVERS, type Ports } from './plan.ts'

const LOWEST = 12_000
/** The lab takes its ports in a row. */
const ROW = 16
const ROWS = 1000

/** Free now on every address that the lab uses, for UDP and TCP. */
export async function freePorts(): Promise<Ports> {
  const hosts = ['127.0.0.1', ...RESOLVERS, ...REGIONS.map(({ address }) => address)]
  for (;;) {
    const base = LOWEST + Math.floor(Math.random() * ROWS) * ROW
    const all = Array.from({ length: ROW }, (_, i) => base + i)
    const free = await Promise.all(hosts.flatMap((host) => all.map((port) => isFree(host, port))))
    if (free.every(Boolean)) return namePorts(base)
  }
}

function namePorts(base: number): Ports {
  return {
    ...{ http: base, https: base + 1, metrics: base + 2, dns: base + 3, resolver: base + 4 },
    ...{ admin: base + 5, agent: base + 6, servers: base + 7 },
  }
}

/** For UDP and TCP. */
export async function isFree(host: string, port: number): Promise<boolean> {
  const [stream, datagrams] = [createServer(), createSocket('udp4')]
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
