// Who owns the sockets. Where the system allows, the main thread makes every socket (or has it from who ran before, see
// owned-sockets.ts) and lends each worker a duplicate:
//
//   main: socket ──lend──> duplicate ──> worker reads it; its death closes the duplicate only
//          └──── stays open: packets wait in it, no flow falls into a hole ──lend──> the worker's replacement
//
// Elsewhere workers open sockets of their own, and what arrives between a worker's death and its replacement is lost. How
// the sockets are read follows from it: batches want a lent descriptor. `describe` tells both, and why it is not better.
// Nothing here reads or writes a packet.
import { findBatchObstacle } from './linux-batch.ts'
import { loadLinuxSockets, type LinuxSockets } from './linux-sockets.ts'
import type { HandedSocket } from './handed-over.ts'
import { batchesImpossible, isWildcard, type Endpoint, type ListenFault } from './listen-fault.ts'
import {
  claimHanded,
  closeOwned,
  descriptorsOf,
  missingTransports,
  openOwned,
  type Claim,
  type OwnedSockets,
} from './owned-sockets.ts'
import { isFault, probeEndpoint } from './probe.ts'

/** How a worker comes by one socket: by a descriptor, which it then owns, or by binding the endpoint itself. */
export interface SocketSource {
  readonly endpoint: Endpoint
  readonly fd: number | undefined
  /** Without a descriptor: whether others bind the same port. */
  readonly reusePort: boolean
}

/** At least one socket for each endpoint. */
export type Loan = readonly SocketSource[]

/** How UDP is read: in batches by system calls, or a packet at a time by node:dgram. */
export type UdpSockets = 'batched' | 'portable'

export interface Descriptors {
  /** With the ports that were really taken. */
  readonly endpoints: readonly Endpoint[]
  /** How many workers can share the UDP ports: fewer than asked for where ports cannot be shared. */
  readonly udpWorkers: number
  readonly udpSockets: UdpSockets
  /** Whether the sockets are the main thread's, so that two workers may read one at the same time. */
  readonly outliveWorkers: boolean
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
  /** Every socket, for who takes over from us; none where workers open their own. */
  readonly descriptors: () => readonly number[]
  /** One line: how UDP is read and sockets are made here, and why not better. */
  readonly describe: () => string
  readonly close: () => void
}

export interface DescriptorOptions {
  readonly endpoints: readonly Endpoint[]
  readonly udpWorkers: number
  /** In batches, where that is possible, unless chosen here. */
  readonly sockets?: UdpSockets
  /** From who opened them. They are ours from now on. */
  readonly handed?: readonly HandedSocket[]
  /** For tests: do as where system calls cannot be made. */
  readonly withoutSystemCalls?: boolean
}

/** Takes every endpoint, or none and says what is wrong with each. */
export async function openDescriptors(options: DescriptorOptions): Promise<Descriptors | readonly ListenFault[]> {
  const handed = options.handed ?? []
  const claims = await claimEndpoints(options.endpoints, handed)
  if (isFaulty(claims)) return claims
  const system = options.withoutSystemCalls ? 'no system calls' : await loadLinuxSockets()
  const obstacle = await findObstacle(system, options.sockets)
  if (obstacle !== undefined && options.sockets === 'batched') {
    return [batchesImpossible(claims[0]!.endpoint, obstacle)]
  }
  if (typeof system === 'string') {
    if (handed.length > 0) throw new Error(`sockets were handed over to who cannot use them: ${system}`)
    return portableDescriptors(
      claims.map(({ endpoint }) => endpoint),
      options.udpWorkers,
      system,
    )
  }
  const owned = openOwned(system, claims, options.udpWorkers)
  return isFaulty(owned) ? owned : ownedDescriptors(system, owned, handed.length, options.udpWorkers, obstacle)
}

/** Every endpoint with what was handed over for it; what is missing is known to be free. */
async function claimEndpoints(
  wanted: readonly Endpoint[],
  handed: readonly HandedSocket[],
): Promise<readonly Claim[] | readonly ListenFault[]> {
  const claims = claimHanded(wanted, handed)
  if (isFaulty(claims)) return claims
  const probed: Claim[] = []
  const faults: ListenFault[] = []
  for (const claim of claims) {
    const outcome = await probeEndpoint(claim.endpoint, missingTransports(claim))
    if (isFault(outcome)) faults.push(outcome)
    else probed.push({ ...claim, endpoint: outcome })
  }
  return faults.length > 0 ? faults : probed
}

function isFaulty(outcome: readonly object[] | readonly ListenFault[]): outcome is readonly ListenFault[] {
  return outcome.length > 0 && 'code' in outcome[0]!
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

function ownedDescriptors(
  sockets: LinuxSockets,
  owned: readonly OwnedSockets[],
  handed: number,
  udpWorkers: number,
  obstacle: string | undefined,
): Descriptors {
  const endpoints = owned.map(({ endpoint }) => endpoint)
  const decoy = sockets.openDecoy()
  return {
    endpoints,
    udpWorkers,
    udpSockets: obstacle === undefined ? 'batched' : 'portable',
    outliveWorkers: true,
    lendUdp: (worker) => lend(sockets, owned, ({ udp }) => udp[worker]!),
    lendTcp: () => lend(sockets, owned, ({ tcp }) => tcp),
    blind: (loan) => {
      for (const { fd } of loan) sockets.blind(fd!, decoy)
    },
    settle: (loan, adopted) => {
      for (const { fd } of loan.slice(adopted)) sockets.close(fd!)
    },
    describe: () => {
      const buffer = Math.round(sockets.receiveBuffer(owned[0]!.udp[0]![0]!) / 1024)
      const reading = describeReading(endpoints, obstacle)
      const made = describeMaking(owned, handed, udpWorkers)
      return `${reading}; sockets ${made} and kept over a worker's death, receive buffer ${buffer} KiB`
    },
    descriptors: () => descriptorsOf(owned),
    close: () => {
      closeOwned(sockets, owned)
      sockets.close(decoy)
    },
  }
}

/** All or none: a descriptor that cannot be duplicated gives back the ones before it. */
function lend(
  sockets: LinuxSockets,
  owned: readonly OwnedSockets[],
  choose: (sockets: OwnedSockets) => readonly number[],
): Loan {
  const loan: SocketSource[] = []
  try {
    for (const each of owned) {
      for (const fd of choose(each)) {
        loan.push({ endpoint: each.endpoint, fd: sockets.duplicate(fd), reusePort: false })
      }
    }
    return loan
  } catch (error) {
    for (const { fd } of loan) sockets.close(fd!)
    throw error
  }
}

function describeMaking(owned: readonly OwnedSockets[], handed: number, udpWorkers: number): string {
  if (handed === 0) return 'made by the main thread'
  const all = descriptorsOf(owned).length
  const how = handed === all ? 'handed over' : `made by the main thread (${handed} of ${all} handed over)`
  const isShared = owned.some(({ udp }) => new Set(udp.flat()).size < udpWorkers)
  return isShared ? `${how}, shared by ${udpWorkers} workers` : how
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
    outliveWorkers: false,
    lendUdp: () => endpoints.map((endpoint) => ({ endpoint, fd: undefined, reusePort })),
    lendTcp: () => endpoints.map((endpoint) => ({ endpoint, fd: undefined, reusePort: false })),
    blind: () => undefined,
    settle: () => undefined,
    descriptors: () => [],
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
