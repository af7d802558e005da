// Whether the ports of the README's commands can be had: they are fixed, so that people can paste them.
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

type Transport = 'udp' | 'tcp'

/** Of the demo, of deploy/meridian.yaml, and of the second node in the guide. */
const PORTS: readonly (readonly [host: string, port: number, transport: Transport])[] = [
  ['127.0.0.1', 5300, 'udp'],
  ['127.0.0.1', 5300, 'tcp'],
  ['::1', 5300, 'udp'],
  ['::1', 5300, 'tcp'],
  ['127.0.0.1', 8053, 'tcp'],
  ['127.0.0.2', 5300, 'udp'],
  ['127.0.0.2', 5300, 'tcp'],
  ['127.0.0.1', 8054, 'tcp'],
  ['127.1.0.1', 8080, 'tcp'],
  ['127.2.0.1', 8080, 'tcp'],
  ['127.3.0.1', 8080, 'tcp'],
]

/** What the system says of ::1 where IPv6 is switched off. */
const NO_IPV6 = ['EADDRNOTAVAIL', 'EAFNOSUPPORT']

/** Whether this machine has IPv6 on loopback. */
export async function hasIpv6(): Promise<boolean> {
  return !NO_IPV6.includes((await tryPort('::1', 0, 'tcp')) ?? '')
}

/** One line for each port that cannot be had; IPv6 counts where there is any. */
export async function missingPorts(): Promise<string[]> {
  const ipv6 = await hasIpv6()
  const tried = await Promise.all(
    PORTS.filter(([host]) => ipv6 || !host.includes(':')).map(async ([host, port, transport]) => ({
      host,
      port,
      transport,
      code: await tryPort(host, port, transport),
    })),
  )
  return tried.flatMap(({ host, port, transport, code }) =>
    code === undefined
      ? []
      : `${host} port ${port} (${transport}) cannot be had: ${code}; the README's commands need it`,
  )
}

/** The system's word for why not; undefined when the port is free. */
function tryPort(host: string, port: number, transport: Transport): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = transport === 'tcp' ? createServer() : createSocket(host.includes(':') ? 'udp6' : 'udp4')
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    socket.once('listening', () => socket.close(() => resolve(undefined)))
    if ('listen' in socket) socket.listen(port, host)
    else socket.bind(port, host)
  })
}
