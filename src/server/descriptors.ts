// Who owns the sockets. Where the system allows, the main thread makes every socket and lends each worker a duplicate:
//
//   main: socket ──lend──> duplicate ──> worker reads it; its death closes the duplicate only
//          └──── stays open: packets wait in it, no flow falls into a hole ──lend──> the worker's replacement
//
// Elsewhere workers open sockets of their own (`describe` says so and why), and what arrives between a worker's death and
// its replacement is lost. Nothing here reads or writes a packet.
import { loadLinuxSockets, type LinuxSockets } from './linux-sockets.ts'
import { listenFault, type Endpoint, type ListenFault } from './listen-fault.ts'
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

export interface Descriptors {
  /** With the ports that were really taken. */
  readonly endpoints: readonly Endpoint[]
  /** How many workers can share the UDP ports: fewer than asked for where ports cannot be shared. */
  readonly udpWorkers: number
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
  /** One line: how sockets are made here, and why not better. */
  readonly describe: () => string
  readonly close: () => void
}

export interface DescriptorOptions {
  readonly endpoints: readonly Endpoint[]
  readonly udpWorkers: number
  /** Do as on a machine without system calls. */
  readonly portable?: boolean
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
  const sockets = options.portable ? 'so configured' : await loadLinuxSockets()
  return typeof sockets === 'string'
    ? portableDescriptors(endpoints, options.udpWorkers, sockets)
    : openOwned(sockets, endpoints, options.udpWorkers)
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
): Descriptors | readonly ListenFault[] {
  const owned: OwnedSockets[] = []
  const faults: ListenFault[] = []
  for (const endpoint of endpoints) {
    const outcome = openEndpoint(sockets, endpoint, udpWorkers)
    if ('code' in outcome) faults.push(outcome)
    else owned.push(outcome)
  }
  if (faults.length === 0) return ownedDescriptors(sockets, owned, udpWorkers, sockets.openDecoy())
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
  decoy: number,
): Descriptors {
  return {
    endpoints: owned.map(({ endpoint }) => endpoint),
    udpWorkers,
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
      return `sockets made by the main thread and kept over a worker's death, receive buffer ${buffer} KiB`
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
    lendUdp: () => endpoints.map((endpoint) => ({ endpoint, fd: undefined, reusePort })),
    lendTcp: () => endpoints.map((endpoint) => ({ endpoint, fd: undefined, reusePort: false })),
    blind: () => undefined,
    settle: () => undefined,
    describe: () =>
      `sockets opened by the workers themselves, ${udpWorkers} for UDP; queries are lost while one is replaced (${reason})`,
    close: () => undefined,
  }
}
