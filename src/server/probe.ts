// Asks the system whether an endpoint can be had, before any socket is shared: SO_REUSEPORT would let a second server of
// the same user take half of the first one's packets in silence, so an ordinary bind goes first and must succeed.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { systemErrorName } from './system-error.ts'
import { listenFault, type Endpoint, type ListenFault, type Transport } from './listen-fault.ts'

/** How often a port that is free for UDP may turn out to be taken for TCP before we give up. */
const MAX_ATTEMPTS = 16

const BOTH: readonly Transport[] = ['udp', 'tcp']

/**
 * The endpoint with its port filled in (the same one free for UDP and TCP, or for those asked for), or why it cannot be
 * had. Binds nothing.
 */
export async function probeEndpoint(
  endpoint: Endpoint,
  transports: readonly Transport[] = BOTH,
): Promise<Endpoint | ListenFault> {
  let outcome = await probeOnce(endpoint, transports)
  for (let i = 1; i < MAX_ATTEMPTS && isFault(outcome) && endpoint.port === 0; i++) {
    outcome = await probeOnce(endpoint, transports)
  }
  return outcome
}

/** Every endpoint that cannot be had: for `check` and for a quick refusal before anything slow begins. */
export async function probeEndpoints(endpoints: readonly Endpoint[]): Promise<readonly ListenFault[]> {
  const outcomes = []
  for (const endpoint of endpoints) outcomes.push(await probeEndpoint(endpoint))
  return outcomes.filter(isFault)
}

export function isFault(outcome: Endpoint | ListenFault): outcome is ListenFault {
  return 'code' in outcome
}

async function probeOnce(wanted: Endpoint, transports: readonly Transport[]): Promise<Endpoint | ListenFault> {
  let endpoint = { host: wanted.host, port: wanted.port }
  for (const transport of transports) {
    const outcome = await attempt(transport, endpoint, transport === 'udp' ? bindUdp : listenTcp)
    if (isFault(outcome)) return outcome
    endpoint = outcome
  }
  return endpoint
}

async function attempt(
  transport: Transport,
  endpoint: Endpoint,
  bind: (endpoint: Endpoint) => Promise<number>,
): Promise<Endpoint | ListenFault> {
  try {
    return { host: endpoint.host, port: await bind(endpoint) }
  } catch (error) {
    return listenFault(systemErrorName(error), endpoint, transport)
  }
}

async function bindUdp({ host, port }: Endpoint): Promise<number> {
  const ipv6Only = host.includes(':')
  const socket = createSocket({ type: ipv6Only ? 'udp6' : 'udp4', ipv6Only })
  try {
    socket.bind({ address: host, port, exclusive: true })
    await once(socket, 'listening')
    return socket.address().port
  } finally {
    socket.close()
  }
}

async function listenTcp({ host, port }: Endpoint): Promise<number> {
  const server = createServer()
  server.listen({ host, port, ipv6Only: host.includes(':'), exclusive: true })
  await once(server, 'listening')
  server.close()
  await once(server, 'close')
  return port
}
