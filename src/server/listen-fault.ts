// Why an address cannot be listened on, as a value with one line for people: what is wrong and what to do about it.

/** An address (never a name) and a port; UDP and TCP each. */
export interface Endpoint {
  readonly host: string
  /** 0 asks for any free port, the same for UDP and TCP. */
  readonly port: number
}

export type Transport = 'udp' | 'tcp'

export interface ListenFault {
  readonly code: 'port-taken' | 'port-forbidden' | 'address-missing' | 'listen-failed'
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

/** One line: `cannot listen on 127.0.0.1:53 (UDP): another program has this port; …`. */
export function formatListenFault({ endpoint, transport, message, hint }: ListenFault): string {
  return `cannot listen on ${formatEndpoint(endpoint)} (${transport.toUpperCase()}): ${message}; ${hint}`
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
