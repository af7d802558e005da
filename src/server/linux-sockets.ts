// Sockets by system calls, for what Node has no word for: a descriptor that outlives the thread that reads it.
// Linux on x64 and arm64 (the numbers below are theirs), through koffi, which may be missing. Main thread only.
import type { LibraryHandle } from 'koffi'
import { parseAddress } from '../base/address.ts'
import { isWildcard, type Endpoint, type Transport } from './listen-fault.ts'
import { SystemError } from './system-error.ts'

const AF_INET = 2
const AF_INET6 = 10
const SOCK_TYPE = { tcp: 1, udp: 2 } as const
/** koffi's sockets leak into children and block unless told otherwise. */
const SOCK_NONBLOCK_CLOEXEC = 0o2_004_000
const O_CLOEXEC = 0o2_000_000
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_SNDBUF = 7
const SO_RCVBUF = 8
const SO_REUSEPORT = 15
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
/** RFC 8200 §5: passes every path. Linux has no IPV6_USE_MIN_MTU; this does the same. */
const LEAST_IPV6_MTU_BYTES = 1280
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

/** Every function throws a SystemError when the system refuses. */
export interface LinuxSockets {
  /** A bound UDP socket; several may share the port (SO_REUSEPORT) and the kernel spreads clients over them. */
  readonly openUdp: (endpoint: Endpoint) => number
  /** A listening TCP socket. */
  readonly openTcp: (endpoint: Endpoint) => number
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
  if (process.platform !== 'linux') return `${process.platform} is not Linux`
  if (process.arch !== 'x64' && process.arch !== 'arm64') return `the processor is neither x64 nor arm64`
  try {
    const { default: koffi } = await import('koffi')
    return createLinuxSockets(declareCalls(koffi.load(null)), () => koffi.errno())
  } catch (error) {
    return `koffi does not load: ${(error as Error).message.split('\n')[0]!}`
  }
}

interface Calls {
  readonly socket: (family: number, type: number, protocol: number) => number
  readonly setsockopt: (fd: number, level: number, option: number, value: Int32Array, bytes: number) => number
  readonly getsockopt: (fd: number, level: number, option: number, value: Int32Array, bytes: Int32Array) => number
  readonly bind: (fd: number, address: Uint8Array, bytes: number) => number
  readonly listen: (fd: number, backlog: number) => number
  readonly fcntl: (fd: number, command: number, type: 'int', value: number) => number
  readonly dup3: (from: number, to: number, flags: number) => number
  readonly close: (fd: number) => number
}

function declareCalls(library: LibraryHandle): Calls {
  return {
    socket: library.func('int socket(int, int, int)') as Calls['socket'],
    setsockopt: library.func('int setsockopt(int, int, int, void *, uint32_t)') as Calls['setsockopt'],
    getsockopt: library.func('int getsockopt(int, int, int, void *, void *)') as Calls['getsockopt'],
    bind: library.func('int bind(int, void *, uint32_t)') as Calls['bind'],
    listen: library.func('int listen(int, int)') as Calls['listen'],
    fcntl: library.func('int fcntl(int, int, ...)') as Calls['fcntl'],
    dup3: library.func('int dup3(int, int, int)') as Calls['dup3'],
    close: library.func('int close(int)') as Calls['close'],
  }
}

function createLinuxSockets(calls: Calls, errno: () => number): LinuxSockets {
  const check = (call: string, result: number): number => {
    if (result < 0) throw new SystemError(call, errno())
    return result
  }
  const set = (fd: number, level: number, option: number, value: number): number =>
    calls.setsockopt(fd, level, option, Int32Array.of(value), 4)

  const open = (transport: Transport, endpoint: Endpoint, prepare: (fd: number) => void): number => {
    const address = socketAddress(endpoint)
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

  const prepareUdp = (fd: number, endpoint: Endpoint): void => {
    for (const [name, level, option, value] of udpOptions(endpoint)) check(name, set(fd, level, option, value))
    // Without the capability to go beyond net.core.rmem_max we take what we may have.
    if (set(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES) < 0) {
      check('SO_RCVBUF', set(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_BYTES))
    }
  }

  const prepareTcp = (fd: number): void => {
    // Connections of a former process in TIME_WAIT must not keep us from listening.
    check('SO_REUSEADDR', set(fd, SOL_SOCKET, SO_REUSEADDR, 1))
    // Connections take these from their listener.
    check('SO_SNDBUF', set(fd, SOL_SOCKET, SO_SNDBUF, STREAM_BUFFER_BYTES))
    check('SO_RCVBUF', set(fd, SOL_SOCKET, SO_RCVBUF, STREAM_BUFFER_BYTES))
  }

  return {
    openUdp: (endpoint) => open('udp', endpoint, (fd) => prepareUdp(fd, endpoint)),
    openTcp: (endpoint) => open('tcp', endpoint, prepareTcp),
    duplicate: (fd) => check('fcntl', calls.fcntl(fd, F_DUPFD_CLOEXEC, 'int', 3)),
    openDecoy: () => check('socket', calls.socket(AF_INET, SOCK_TYPE.udp | SOCK_NONBLOCK_CLOEXEC, 0)),
    blind: (fd, decoy) => check('dup3', calls.dup3(decoy, fd, O_CLOEXEC)),
    receiveBuffer: (fd) => {
      const value = new Int32Array(1)
      check('getsockopt', calls.getsockopt(fd, SOL_SOCKET, SO_RCVBUF, value, Int32Array.of(4)))
      return value[0]!
    },
    close: (fd) => check('close', calls.close(fd)),
  }
}

type SocketOption = readonly [name: string, level: number, option: number, value: number]

/** Beside the path's size: who reads a wildcard address learns which one was asked, and can answer from it. */
function udpOptions(endpoint: Endpoint): SocketOption[] {
  const tellsAddress = isWildcard(endpoint) ? 1 : 0
  const shared: SocketOption = ['SO_REUSEPORT', SOL_SOCKET, SO_REUSEPORT, 1]
  if (!endpoint.host.includes(':')) {
    return [
      shared,
      ['IP_MTU_DISCOVER', IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_OMIT],
      ['IP_PKTINFO', IPPROTO_IP, IP_PKTINFO, tellsAddress],
    ]
  }
  return [
    shared,
    ['IPV6_MTU_DISCOVER', IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_OMIT],
    ['IPV6_MTU', IPPROTO_IPV6, IPV6_MTU, LEAST_IPV6_MTU_BYTES],
    ['IPV6_RECVPKTINFO', IPPROTO_IPV6, IPV6_RECVPKTINFO, tellsAddress],
  ]
}

/** struct sockaddr_in or sockaddr_in6: the family in the machine's order (little-endian on both), the rest in the network's. */
function socketAddress({ host, port }: Endpoint): Uint8Array {
  const address = parseAddress(host)
  if (!address) throw new TypeError(`${host} is not an address`)
  const bytes = new Uint8Array(address.family === 4 ? 16 : 28)
  bytes[0] = address.family === 4 ? AF_INET : AF_INET6
  bytes[2] = port >> 8
  bytes[3] = port
  bytes.set(address.bytes, address.family === 4 ? 4 : 8)
  return bytes
}
