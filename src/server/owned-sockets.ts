// The sockets that the main thread owns: what was handed over to it is matched to `listen:` by address, what is missing it
// opens itself. Every socket is read by somebody: with more than there are workers each reads several, with fewer they share.
import type { HandedSocket } from './handed-over.ts'
import type { LinuxSockets } from './linux-sockets.ts'
import {
  covered,
  isWildcard,
  listenFault,
  notListed,
  sameEndpoint,
  type Endpoint,
  type ListenFault,
  type Transport,
} from './listen-fault.ts'
import { systemErrorName } from './system-error.ts'

/** An endpoint, and what was handed over for it. */
export interface Claim {
  readonly endpoint: Endpoint
  readonly udp: readonly HandedSocket[]
  readonly tcp: readonly HandedSocket[]
}

export interface OwnedSockets {
  readonly endpoint: Endpoint
  /** By worker; a socket may stand with several. */
  readonly udp: readonly (readonly number[])[]
  readonly tcp: readonly number[]
}

/** What was handed over, by endpoint. A socket of no endpoint is a fault: its queries would wait for ever. */
export function claimHanded(
  endpoints: readonly Endpoint[],
  handed: readonly HandedSocket[],
): readonly Claim[] | readonly ListenFault[] {
  const claims = endpoints.map((endpoint) => claim(endpoint, handed))
  const claimed = new Set(claims.flatMap(({ udp, tcp }) => [...udp, ...tcp]))
  const unlisted = handed.filter((socket) => !claimed.has(socket))
  const faults = [
    ...unlisted.map(({ endpoint, transport, name }) => notListed(endpoint, transport, name)),
    ...claims.flatMap((each) => coveredTransports(each, claims).map((transport) => covered(each.endpoint, transport))),
  ]
  return faults.length > 0 ? faults : claims
}

/** What nobody handed over. */
export function missingTransports({ udp, tcp }: Claim): readonly Transport[] {
  return [...(udp.length === 0 ? (['udp'] as const) : []), ...(tcp.length === 0 ? (['tcp'] as const) : [])]
}

/** Opens what is missing; all or none. */
export function openOwned(
  system: LinuxSockets,
  claims: readonly Claim[],
  udpWorkers: number,
): readonly OwnedSockets[] | readonly ListenFault[] {
  const owned: OwnedSockets[] = []
  const faults: ListenFault[] = []
  for (const each of claims) {
    const outcome = openEndpoint(system, each, udpWorkers)
    if ('code' in outcome) faults.push(outcome)
    else owned.push(outcome)
  }
  if (faults.length === 0) return owned
  closeOwned(system, owned)
  return faults
}

/** Each descriptor once. */
export function descriptorsOf(owned: readonly OwnedSockets[]): readonly number[] {
  return [...new Set(owned.flatMap(({ udp, tcp }) => [...udp.flat(), ...tcp]))]
}

export function closeOwned(system: LinuxSockets, owned: readonly OwnedSockets[]): void {
  descriptorsOf(owned).forEach(system.close)
}

function claim(endpoint: Endpoint, handed: readonly HandedSocket[]): Claim {
  const mine = handed.filter((socket) => sameEndpoint(socket.endpoint, endpoint))
  const of = (transport: Transport) => mine.filter((socket) => socket.transport === transport)
  return { endpoint, udp: of('udp'), tcp: of('tcp') }
}

/** A socket of [::] that takes IPv4 has taken the port of 0.0.0.0 and of every IPv4 address. */
function coveredTransports({ endpoint, ...own }: Claim, claims: readonly Claim[]): Transport[] {
  if (endpoint.host.includes(':')) return []
  const both = claims.filter((other) => isWildcard(other.endpoint) && other.endpoint.port === endpoint.port)
  return (['udp', 'tcp'] as const).filter((transport) => {
    return (
      own[transport].length === 0 && both.some((other) => other[transport].some(({ bothFamilies }) => bothFamilies))
    )
  })
}

function openEndpoint(system: LinuxSockets, claimed: Claim, udpWorkers: number): OwnedSockets | ListenFault {
  const { endpoint } = claimed
  const opened: number[] = []
  let transport: Transport = 'udp'
  const open = (openOne: (endpoint: Endpoint) => number): number => {
    const fd = openOne(endpoint)
    opened.push(fd)
    return fd
  }
  try {
    for (const socket of claimed.udp) system.adoptUdp(socket.fd, socket)
    const udp = claimed.udp.map(({ fd }) => fd)
    if (udp.length === 0) while (udp.length < udpWorkers) udp.push(open(system.openUdp))
    transport = 'tcp'
    const tcp = claimed.tcp.map(({ fd }) => fd)
    tcp.forEach(system.adoptTcp)
    return { endpoint, udp: shareOut(udp, udpWorkers), tcp: tcp.length > 0 ? tcp : [open(system.openTcp)] }
  } catch (error) {
    opened.forEach(system.close)
    return listenFault(systemErrorName(error), endpoint, transport)
  }
}

/** By worker. None without a worker, none without a socket. */
function shareOut(sockets: readonly number[], workers: number): readonly (readonly number[])[] {
  return Array.from({ length: workers }, (_, worker) =>
    sockets.length <= workers ? [sockets[worker % sockets.length]!] : sockets.filter((_, i) => i % workers === worker),
  )
}
