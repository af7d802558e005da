// Addresses of sockets as the kernel writes them: struct sockaddr_in, sockaddr_in6 and sockaddr_un. The family is in the
// machine's order (little-endian on all that are served), the rest in the network's.
import { formatAddress, parseAddress } from '../base/address.ts'
import type { Endpoint } from './listen-fault.ts'

export const AF_UNIX = 1
export const AF_INET = 2
export const AF_INET6 = 10

/** Room for a sockaddr_in6, the longest that `readEndpoint` reads. */
export const ENDPOINT_ROOM = 28

const IPV4_BYTES = 16
const IPV4_ADDRESS_AT = 4
const IPV6_ADDRESS_AT = 8
const IPV6_SCOPE_AT = 24

/** `sun_path` of unix(7), its final zero included. */
const PATH_ROOM = 108

/** struct sockaddr_in or sockaddr_in6. */
export function endpointAddress({ host, port }: Endpoint): Uint8Array {
  const address = parseAddress(host)
  if (!address) throw new TypeError(`${host} is not an address`)
  const bytes = new Uint8Array(address.family === 4 ? IPV4_BYTES : ENDPOINT_ROOM)
  bytes[0] = address.family === 4 ? AF_INET : AF_INET6
  bytes[2] = port >> 8
  bytes[3] = port
  bytes.set(address.bytes, address.family === 4 ? IPV4_ADDRESS_AT : IPV6_ADDRESS_AT)
  return bytes
}

/** The contrary. Undefined for another family, and for an IPv6 address of one link only, which `listen` cannot name. */
export function readEndpoint(bytes: Uint8Array): Endpoint | undefined {
  const port = (bytes[2]! << 8) | bytes[3]!
  if (bytes[0] === AF_INET) {
    return { host: formatAddress({ family: 4, bytes: bytes.slice(IPV4_ADDRESS_AT, IPV4_ADDRESS_AT + 4) }), port }
  }
  if (bytes[0] !== AF_INET6 || bytes.subarray(IPV6_SCOPE_AT, ENDPOINT_ROOM).some((byte) => byte !== 0)) return undefined
  return { host: formatAddress({ family: 6, bytes: bytes.slice(IPV6_ADDRESS_AT, IPV6_ADDRESS_AT + 16) }), port }
}

/** struct sockaddr_un; a path that begins with @ is abstract, as sd_notify(3) has it. Throws a RangeError when too long. */
export function unixAddress(path: string): Uint8Array {
  const text = Buffer.from(path)
  if (text.length >= PATH_ROOM) throw new RangeError(`a socket's path has less than ${PATH_ROOM} bytes: ${path}`)
  const isAbstract = path.startsWith('@')
  const bytes = new Uint8Array(2 + text.length + (isAbstract ? 0 : 1))
  bytes[0] = AF_UNIX
  bytes.set(text, 2)
  if (isAbstract) bytes[2] = 0
  return bytes
}
