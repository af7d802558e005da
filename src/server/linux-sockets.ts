// Sockets by system calls, for what Node has no word for: a descriptor that outlives the thread that reads it, or that
// another process opened. Linux on x64 and arm64 (the numbers below are theirs), through koffi, which may be missing. Main
// thread only.
import { loadLinuxCalls, type LinuxCalls } from './linux-calls.ts'
import { isWildcard, type Endpoint, type Transport } from './listen-fault.ts'
import { AF_INET, AF_INET6, endpointAddress, ENDPOINT_ROOM, readEndpoint } from './socket-address.ts'

const SOCK_TYPE = { tcp: 1, udp: 2 } as const
/** koffi's sockets leak into children and block unless told otherwise. */
const SOCK_NONBLOCK_CLOEXEC = 0o2_004_000
const O_CLOEXEC = 0o2_000_000
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_TYPE = 3
const SO_SNDBUF = 7
const SO_RCVBUF = 8
const SO_REUSEPORT = 15
const SO_ACCEPTCONN = 30
const SO_RCVBUFFORCE = 33
const IPPROTO_IP = 0
const IP_PKTINFO = 8
const IP_MTU_DISCOVER = 10
const IPPROTO_IPV6 = 41
const IPV6_MTU_DISCOVER = 23
const IPV6_MTU = 24
const IPV6_V6ONLY = 26
const IPV6_RECVPKTINFO = 49
/** Both families: never believe what a forged ICMP message says of the path. */
const PMTUDISC_OMIT = 5
/**
 * RFC 8200 §5: passes every path. Linux has no IPV6_USE_MIN_MTU; this makes fragments no longer, but splits only what the
 * device cannot take. So what really holds is the limit of an answer: 1232 bytes fill 1280.
 */
const LEAST_IPV6_MTU_BYTES = 1280
const F_SETFD = 2
const FD_CLOEXEC = 1
const F_SETFL = 4
const O_NONBLOCK = 0o4_000
const F_DUPFD_CLOEXEC = 1030

/** The default buffer holds 256 datagrams, this one 10,082: what comes while a worker is replaced waits in it. */
const RECEIVE_BUFFER_BYTES = 4 << 20
/**
 * What one TCP connection may hold of the kernel's memory, each way (Linux doubles it): left to itself that grows to some
 * megabytes of answers for who asks and does not read.
 */
const STREAM_BUFFER_BYTES = 64 << 10
/** Connections that wait to be accepted; the kernel cuts it to net.core.somaxconn. */
const BACKLOG = 511

/** A socket as the system describes it. */
export interface FoundSocket {
  readonly transport: Transport
  readonly endpoint: Endpoint
  /** An IPv6 socket that IPv4 clients reach too. */
  readonly bothFamilies: boolean
}

/** Every function throws a SystemError when the system refuses. */
export interface LinuxSockets {
  /** A bound UDP socket; several may share the port (SO_REUSEPORT) and the kernel spreads clients over them. */
  readonly openUdp: (endpoint: Endpoint) => number
  /** A listening TCP socket. */
  readonly openTcp: (endpoint: Endpoint) => number
  /** Keeps the descriptor from programs that this process starts. */
  readonly closeOnExec: (fd: number) => void
  /** What the descriptor is; undefined when it is neither a UDP socket nor a listening TCP one of IPv4 or IPv6. */
  readonly inspect: (fd: number) => FoundSocket | undefined
  /** Gives a UDP socket that another opened the options of ours. Its buffer grows to ours, and never shrinks. */
  readonly adoptUdp: (fd: number, found: FoundSocket) => void
  /** The same for one that listens by TCP. */
  readonly adoptTcp: (fd: number) => void
  /** Another descriptor of the same socket, for a thread that will close it. */
  readonly duplicate: (fd: number) => number
  /** A socket that nothing ever reaches. */
  readonly openDecoy: () => number
  /** Makes the descriptor `fd` one of the decoy's; its number goes on as if nothing had happened. */
  readonly blind: (fd: number, decoy: number) => void
  /** What the kernel granted of the receive buffer, bytes. */
  readonly receiveBuffer: (fd: number) => number
  readonly close: (fd: number) => void
}

/** The calls, or one line saying why this machine cannot make them. */
export async function loadLinuxSockets(): Promise<LinuxSockets | string> {
  const calls = await loadLinuxCalls()
  return typeof calls === 'string' ? calls : createLinuxSockets(calls)
}

function createLinuxSockets(calls: LinuxCalls): LinuxSockets {
  const { check } = calls
  const set = (fd: number, level: number, option: number, value: number): number =>
    calls.setsockopt(fd, level, option, Int32Array.of(value), 4)

  const get = (name: string, fd: number, level: number, option: number): number => {
    const value = new Int32Array(1)
    check(name, calls.getsockopt(fd, level, option, value, Int32Array.of(4)))
    return value[0]!
  }

  const open = (transport: Transport, endpoint: Endpoint, prepare: (fd: number) => void): number => {
    const address = endpointAddress(endpoint)
    const family = address[0]!
    const fd = check('socket', calls.socket(family, SOCK_TYPE[transport] | SOCK_NONBLOCK_CLOEXEC, 0))
    try {
      if (family === AF_INET6) check('IPV6_V6ONLY', set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1))
      prepare(fd)
      check('bind', calls.bind(fd, address, address.length))
      if (transport === 'tcp') check('listen', calls.listen(fd, BACKLOG))
      return fd
    } catch (error) {
      calls.close(fd)
      throw error
    }
  }

  const receiveBuffer = (fd: number): number => get('SO_RCVBUF', fd, SOL_SOCKET, SO_RCVBUF)

  const prepareUdp = (fd: number, endpoint: Endpoint): void => {
    for (const [name, level, option, value] of udpOptions(endpoint)) check(name, set(fd, level, option, value))
    // The kernel doubles what is asked for, to hold what it writes itself.
    if (receiveBuffer(fd) >= 2 * RECEIVE_BUFFER_BYTES) return
    // Without the capability to go beyond net.core.rmem_max we take what we may have.
    if (set(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES) >= 0) return
    if (receiveBuffer(fd) < RECEIVE_BUFFER_BYTES) {
      check('SO_RCVBUF', set(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_BYTES))
    }
  }

  const inspect = (fd: number): FoundSocket | undefined => {
    const address = new Uint8Array(ENDPOINT_ROOM)
    // Any other descriptor refuses (ENOTSOCK), which makes it none of ours.
    if (calls.getsockname(fd, address, Int32Array.of(ENDPOINT_ROOM)) < 0) return undefined
    const endpoint = readEndpoint(address)
    const type = get('SO_TYPE', fd, SOL_SOCKET, SO_TYPE)
    const isListening = get('SO_ACCEPTCONN', fd, SOL_SOCKET, SO_ACCEPTCONN) !== 0
    const bothFamilies = address[0] === AF_INET6 && get('IPV6_V6ONLY', fd, IPPROTO_IPV6, IPV6_V6ONLY) === 0
    if (!endpoint) return undefined
    if (type === SOCK_TYPE.udp) return { transport: 'udp', endpoint, bothFamilies }
    return type === SOCK_TYPE.tcp && isListening ? { transport: 'tcp', endpoint, bothFamilies } : undefined
  }

  /** Connections take these from their listener. */
  const boundStreams = (fd: number): void => {
    check('SO_SNDBUF', set(fd, SOL_SOCKET, SO_SNDBUF, STREAM_BUFFER_BYTES))
    check('SO_RCVBUF', set(fd, SOL_SOCKET, SO_RCVBUF, STREAM_BUFFER_BYTES))
  }

  return {
    openUdp: (endpoint) =>
      open('udp', endpoint, (fd) => {
        check('SO_REUSEPORT', set(fd, SOL_SOCKET, SO_REUSEPORT, 1))
        prepareUdp(fd, endpoint)
      }),
    openTcp: (endpoint) =>
      open('tcp', endpoint, (fd) => {
        // Connections of a former process in TIME_WAIT must not keep us from listening.
        check('SO_REUSEADDR', set(fd, SOL_SOCKET, SO_REUSEADDR, 1))
        boundStreams(fd)
      }),
    closeOnExec: (fd) => check('fcntl', calls.fcntl(fd, F_SETFD, 'int', FD_CLOEXEC)),
    inspect,
    adoptUdp: (fd, { endpoint, bothFamilies }) => {
      check('fcntl', calls.fcntl(fd, F_SETFL, 'int', O_NONBLOCK))
      prepareUdp(fd, endpoint)
      if (bothFamilies) check('IP_MTU_DISCOVER', set(fd, IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_OMIT))
    },
    adoptTcp: boundStreams,
    duplicate: (fd) => check('fcntl', calls.fcntl(fd, F_DUPFD_CLOEXEC, 'int', 3)),
    openDecoy: () => check('socket', calls.socket(AF_INET, SOCK_TYPE.udp | SOCK_NONBLOCK_CLOEXEC, 0)),
    blind: (fd, decoy) => check('dup3', calls.dup3(decoy, fd, O_CLOEXEC)),
    receiveBuffer,
    close: (fd) => check('close', calls.close(fd)),
  }
}

type SocketOption = readonly [name: string, level: number, option: number, value: number]

/** Beside the path's size: who reads a wildcard address learns which one was asked, and can answer from it. */
function udpOptions(endpoint: Endpoint): SocketOption[] {
  const tellsAddress = isWildcard(endpoint) ? 1 : 0
  if (!endpoint.host.includes(':')) {
    return [
      ['IP_MTU_DISCOVER', IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_OMIT],
      ['IP_PKTINFO', IPPROTO_IP, IP_PKTINFO, tellsAddress],
    ]
  }
  return [
    ['IPV6_MTU_DISCOVER', IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_OMIT],
    ['IPV6_MTU', IPPROTO_IPV6, IPV6_MTU, LEAST_IPV6_MTU_BYTES],
    ['IPV6_RECVPKTINFO', IPPROTO_IPV6, IPV6_RECVPKTINFO, tellsAddress],
  ]
}
