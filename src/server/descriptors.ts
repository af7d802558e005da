// Who owns the sockets. Where the system allows, the main thread makes every socket and lends each worker a duplicate:
//
//   main: socket ──lend──> duplicate ──> worker reads it; its death closes the duplicate only
//          └──── stays open: packets wait in it, no flow falls into a hole ──lend──> the worker's replacement
//
// Elsewhere workers open sockets of their own, and what arrives between a worker's death and its replacement is lost. How
// the sockets are read follows from it: batches want a lent descriptor. `describe` tells both, and why it is not better.
// Nothing here reads or writes a packet.
import { findBatchObstacle } from './linux-batch.ts'
import { loadLinuxSockets, type LinuxSockets } from './linux-sockets.ts'
import { batchesImpossible, isWildcard, listenFault, type Endpoint, type ListenFault } from './listen-fault.ts'
import { isFault, probeEndpoint } from './probe.ts'
import { systemErrorName } from './system-error.ts'

/** How a worker comes by one socket: by a descriptor, which it then owns, or by binding the endpoint itself. */
export interface SocketSource {
  readonly endpoint: Endpoint
  readonly fd: number | undefined
  /** Without a descriptor: whether others bind the same port. */
  readonly reusePort: boolean
}

/** One socket for each endpoint. */
export type Loan = readonly SocketSource[]

/** How UDP is read: in batches by system calls, or a packet at a time by node:dgram. */
export type UdpSockets = 'batched' | 'portable'

export interface Descriptors {
  /** With the ports that were really taken. */
  readonly endpoints: readonly Endpoint[]
  /** How many workers can share the UDP ports: fewer than asked for where ports cannot be shared. */
  readonly udpWorkers: number
  readonly udpSockets: UdpSockets
  /** For a new worker, UDP ones counting from 0. Throws a SystemError when descriptors run out. */
  readonly lendUdp: (worker: number) => Loan
  readonly lendTcp: () => Loan
  /**
   * Before a worker that still runs is ended by force: makes it read nothing more, for what it read it would lose. Not
   * for a worker that closes its sockets itself just then.
   */
  readonly blind: (loan: Loan) => void
  /** After the worker's end: closes what it never took over; `adopted` sockets it did, from the first on. */
  readonly settle: (loan: Loan, adopted: number) => void
  /** One line: how UDP is read and sockets are made here, and why not better. */
  readonly describe: () => string
  readonly close: () => void
}

export interface DescriptorOptions {
  readonly endpoints: readonly Endpoint[]
  readonly udpWorkers: number
  /** In batches, where that is possible, unless chosen here. */
  readonly sockets?: UdpSockets
  /** For tests: do as where system calls cannot be made. */
  readonly withoutSystemCalls?: boolean
}

/** Takes every endpoint, or none and says what is wrong with each. */
export async function openDescriptors(options: DescriptorOptions): Promise<Descriptors | readonly ListenFault[]> {
  const endpoints: Endpoint[] = []
  const faults: ListenFault[] = []
  for (const endpoint of options.endpoints) {
    const outcome = await probeEndpoint(endpoint)
    if (isFault(outcome)) faults.push(outcome)
    else endpoints.push(outcome)
  }
  if (faults.length > 0) return faults
  const system = options.withoutSystemCalls ? 'no system calls' : await loadLinuxSockets()
  const obstacle = await findObstacle(system, options.sockets)
  if (obstacle !== undefined && options.sockets === 'batched') return [batchesImpossible(endpoints[0]!, obstacle)]
  return typeof system === 'string'
    ? portableDescriptors(endpoints, options.udpWorkers, system)
    : openOwned(system, endpoints, options.udpWorkers, obstacle)
}

/** Why UDP is not read in batches. */
async function findObstacle(
  sockets: LinuxSockets | string,
  chosen: UdpSockets | undefined,
): Promise<string | undefined> {
  if (chosen === 'portable') return 'so configured'
  if (typeof sockets === 'string') return sockets
  const decoy = sockets.openDecoy()
  const obstacle = await findBatchObstacle(decoy)
  sockets.close(decoy)
  return obstacle
}

interface OwnedSockets {
  readonly endpoint: Endpoint
  /** One for each worker. */
  readonly udp: readonly number[]
  readonly tcp: number
}

function openOwned(
  sockets: LinuxSockets,
  endpoints: readonly Endpoint[],
  udpWorkers: number,
  obstacle: string | undefined,
): Descriptors | readonly ListenFault[] {
  const owned: OwnedSockets[] = []
  const faults: ListenFault[] = []
  for (const endpoint of endpoints) {
    const outcome = openEndpoint(sockets, endpoint, udpWorkers)
    if ('code' in outcome) faults.push(outcome)
    else owned.push(outcome)
  }
  if (faults.length === 0) return ownedDescriptors(sockets, owned, udpWorkers, obstacle)
  closeOwned(sockets, owned)
  return faults
}

function openEndpoint(sockets: LinuxSockets, endpoint: Endpoint, udpWorkers: number): OwnedSockets | ListenFault {
  const udp: number[] = []
  try {
    while (udp.length < udpWorkers) udp.push(sockets.openUdp(endpoint))
    return { endpoint, udp, tcp: sockets.openTcp(endpoint) }
  } catch (error) {
    udp.forEach(sockets.close)
    return listenFault(systemErrorName(error), endpoint, udp.length < udpWorkers ? 'udp' : 'tcp')
  }
}

function ownedDescriptors(
  sockets: LinuxSockets,
  owned: readonly OwnedSockets[],
  udpWorkers: number,
  obstacle: string | undefined,
): Descriptors {
  const endpoints = owned.map(({ endpoint }) => endpoint)
  const decoy = sockets.openDecoy()
  return {
    endpoints,
    udpWorkers,
    udpSockets: obstacle === undefined ? 'batched' : 'portable',
    lendUdp: (worker) => lend(sockets, owned, ({ udp }) => udp[worker]!),
    lendTcp: () => lend(sockets, owned, ({ tcp }) => tcp),
    blind: (loan) => {
      for (const { fd } of loan) sockets.blind(fd!, decoy)
    },
    settle: (loan, adopted) => {
      for (const { fd } of loan.slice(adopted)) sockets.close(fd!)
    },
    describe: () => {
      const buffer = Math.round(sockets.receiveBuffer(owned[0]!.udp[0]!) / 1024)
      const reading = describeReading(endpoints, obstacle)
      return `${reading}; sockets made by the main thread and kept over a worker's death, receive buffer ${buffer} KiB`
    },
    close: () => {
      closeOwned(sockets, owned)
      sockets.close(decoy)
    },
  }
}

/** All or none: a descriptor that cannot be duplicated gives back the ones before it. */
function lend(sockets: LinuxSockets, owned: readonly OwnedSockets[], choose: (sockets: OwnedSockets) => number): Loan {
  const loan: SocketSource[] = []
  try {
    for (const each of owned) {
      loan.push({ endpoint: each.endpoint, fd: sockets.duplicate(choose(each)), reusePort: false })
    }
    return loan
  } catch (error) {
    for (const { fd } of loan) sockets.close(fd!)
    throw error
  }
}

function closeOwned(sockets: LinuxSockets, owned: readonly OwnedSockets[]): void {
  for (const { udp, tcp } of owned) [...udp, tcp].forEach(sockets.close)
}

/** Where libuv can share a UDP port and the kernel spreads clients over the sharers. */
const SHARES_PORTS = new Set<NodeJS.Platform>(['linux', 'freebsd', 'sunos', 'aix'])

function portableDescriptors(endpoints: readonly Endpoint[], wanted: number, reason: string): Descriptors {
  const udpWorkers = SHARES_PORTS.has(process.platform) ? wanted : 1
  const reusePort = udpWorkers > 1
  return {
    endpoints,
    udpWorkers,
    udpSockets: 'portable',
    lendUdp: () => endpoints.map((endpoint) => ({ endpoint, fd: undefined, reusePort })),
    lendTcp: () => endpoints.map((endpoint) => ({ endpoint, fd: undefined, reusePort: false })),
    blind: () => undefined,
    settle: () => undefined,
    describe: () =>
      `${describeReading(endpoints, reason)}; ` +
      `sockets opened by the workers themselves, ${udpWorkers} for UDP; queries are lost while one is replaced`,
    close: () => undefined,
  }
}

function describeReading(endpoints: readonly Endpoint[], obstacle: string | undefined): string {
  if (obstacle === undefined) return 'UDP is read in batches'
  const wildcard = endpoints.find(isWildcard)
  const source = wildcard ? `, answers to ${wildcard.host} leave from an address that the system chooses` : ''
  return `UDP is read by node:dgram, not in batches (${obstacle})${source}`
}
