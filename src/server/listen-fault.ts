// Why an address cannot be listened on, as a value with one line for people: what is wrong and what to do about it.
import { parseAddress, sameAddress } from '../base/address.ts'

/** An address (never a name) and a port; UDP and TCP each. */
export interface Endpoint {
  readonly host: string
  /** 0 asks for any free port, the same for UDP and TCP. */
  readonly port: number
}

export type Transport = 'udp' | 'tcp'

export interface ListenFault {
  readonly code:
    | 'port-taken'
    | 'port-forbidden'
    | 'address-missing'
    | 'batches-impossible'
    | 'not-listed'
    | 'covered'
    | 'listen-failed'
  readonly endpoint: Endpoint
  readonly transport: Transport
  /** What is wrong, without a full stop. */
  readonly message: string
  /** What to do about it. */
  readonly hint: string
}

/** From the name of a system error (`EADDRINUSE`) that binding or listening gave. */
export function listenFault(systemCode: string, endpoint: Endpoint, transport: Transport): ListenFault {
  return { endpoint, transport, ...explain(systemCode, endpoint, transport) }
}

/** For who insists on reading UDP in batches where that cannot be done. */
export function batchesImpossible(endpoint: Endpoint, obstacle: string): ListenFault {
  const message = `it cannot be read in batches here (${obstacle})`
  const hint = 'leave the choice of sockets open, or choose portable ones'
  return { code: 'batches-impossible', endpoint, transport: 'udp', message, hint }
}

/** For a socket that was handed over and that the configuration does not know: nobody would read it. */
export function notListed(endpoint: Endpoint, transport: Transport, name: string): ListenFault {
  const message = `a socket of it was handed over (${name}), and \`listen\` does not name it`
  const hint = `add "${formatEndpoint(endpoint)}" to \`listen\`, or take it out of the socket unit`
  return { code: 'not-listed', endpoint, transport, message, hint }
}

/** For an IPv4 address that a handed over socket of both families has already. */
export function covered(endpoint: Endpoint, transport: Transport): ListenFault {
  const message = 'the socket of [::] that was handed over answers IPv4 too'
  const hint = `say BindIPv6Only=ipv6-only in the socket unit, or take "${formatEndpoint(endpoint)}" out of \`listen\``
  return { code: 'covered', endpoint, transport, message, hint }
}

/** One line: `cannot listen on 127.0.0.1:53 (UDP): another program has this port; …`. */
export function formatListenFault({ endpoint, transport, message, hint }: ListenFault): string {
  return `cannot listen on ${formatEndpoint(endpoint)} (${transport.toUpperCase()}): ${message}; ${hint}`
}

/** Every address of the machine: `0.0.0.0` or `::`, however it is written. */
export function isWildcard({ host }: Endpoint): boolean {
  return parseAddress(host)?.bytes.every((byte) => byte === 0) ?? false
}

/** However their addresses are written. A port of 0 is like no other. */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && a.port !== 0 && sameAddress(parseAddress(a.host)!, parseAddress(b.host)!)
}

/** `127.0.0.1:53` or `[::1]:53`. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function explain(
  systemCode: string,
  { host, port }: Endpoint,
  transport: Transport,
): Pick<ListenFault, 'code' | 'message' | 'hint'> {
  switch (systemCode) {
    case 'EADDRINUSE':
      return {
        code: 'port-taken',
        message: 'another program has this port',
        hint: `see which one with "ss -lnp${transport === 'udp' ? 'u' : 't'} 'sport = :${port}'", then stop it or choose another port`,
      }
    case 'EACCES':
    case 'EPERM':
      return {
        code: 'port-forbidden',
        message: 'this user may not use this port',
        hint: 'ports below 1024 need the capability CAP_NET_BIND_SERVICE (systemd: AmbientCapabilities=); grant it or choose a higher port',
      }
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
      return {
        code: 'address-missing',
        message: 'this machine does not have this address',
        hint: `see which it has with "ip address"; ${host.includes(':') ? 'IPv6 may be switched off' : 'use 0.0.0.0 for all of them'}`,
      }
    default:
      return {
        code: 'listen-failed',
        message: `the system says ${systemCode}`,
        hint: 'see "man 7 socket" for its meaning',
      }
  }
}
