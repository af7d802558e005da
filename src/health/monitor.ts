// What health checks may be asked to do: the definition of every type of monitor, as plain data that crosses to the probe
// worker. How each is carried out stands in prober/, one file a type; what follows from what is seen, in threshold.ts and
// calculated.ts.
import type { Address } from '../base/address.ts'

/** What every probe has, whatever its type. */
interface Probing {
  readonly name: string
  /** Time from the start of one probe to the start of the next; each target keeps a fixed phase within it. */
  readonly intervalMs: number
  readonly timeoutMs: number
  /** The interval while a first failure or success has left the state undecided. Never above `intervalMs`. */
  readonly fastIntervalMs: number
  /** Successes in a row that make a target up. */
  readonly healthyThreshold: number
  /** Failures in a row that make a target down. */
  readonly unhealthyThreshold: number
  /** Missing: as soon as thresholds allow. */
  readonly failback?: Failback
  /** Probed in the place of the address that answers carry. */
  readonly address?: Address
}

/** What every monitor has that connects to something. */
interface Connecting extends Probing {
  readonly port: number
}

/** How a target that fell by its thresholds comes back. */
export interface Failback {
  /** `manual`: not before somebody says so. */
  readonly mode: 'automatic' | 'manual'
  /** For how long it must have succeeded without a failure. */
  readonly holdDownMs: number
  readonly damping?: Damping
}

/** Flap damping (the idea of RFC 2439): each fall costs 1, and what was paid decays. */
export interface Damping {
  /** From this penalty on, a fallen target stays down. At least 1. */
  readonly suppressAt: number
  /** Below this penalty it may come back. Above 0, below `suppressAt`. */
  readonly reuseAt: number
  /** After this much time half of a penalty is left. */
  readonly halfLifeMs: number
}

/** How TLS is spoken and whom it trusts. Files are absolute paths, in PEM; the probe worker reads them. */
export interface TlsRules {
  /** SNI, and the name that the certificate must be for. Missing: no SNI, and the certificate must be for the address. */
  readonly serverName?: string
  readonly verify: boolean
  /** Days for which the certificate must be valid yet; 0: it must not have expired. */
  readonly minDaysValid: number
  /** Authorities that are trusted in the place of the usual ones. */
  readonly ca?: string
  /** The client's certificate and its key: both or none. */
  readonly certificate?: string
  readonly key?: string
}

/** A value of a JSON document that can be written in a line. */
export type JsonScalar = string | number | boolean | null

export interface HttpMonitor extends Connecting {
  readonly type: 'http' | 'https'
  readonly method: 'GET' | 'HEAD' | 'OPTIONS' | 'POST'
  readonly path: string
  /** The Host header; the target's address when missing. */
  readonly host?: string
  /** Sent beside Host and User-Agent. */
  readonly headers: Readonly<Record<string, string>>
  /** Redirects that are followed, always at the probed address: names are never looked up. */
  readonly redirects: number
  /** Inclusive ranges of status codes that count as success. */
  readonly expectedStatus: readonly (readonly [number, number])[]
  /** By header name in lower case: text that its value must contain. */
  readonly expectedHeaders: Readonly<Record<string, string>>
  /** Text that the body must contain. */
  readonly expectedBody?: string
  /** By JSON pointer (RFC 6901) or dotted path: what the body must hold there. */
  readonly expectedJson: Readonly<Record<string, JsonScalar>>
  /** True: probes share a connection, which costs less and hides a listener that died. */
  readonly keepAlive: boolean
  /** Of `https`. */
  readonly tls?: TlsRules
}

/** The target accepts a connection, and says what is expected of it. */
export interface TcpMonitor extends Connecting {
  readonly type: 'tcp'
  /** Sent once connected. */
  readonly send?: string
  /** Text that must come. */
  readonly expect?: string
}

/** The target completes a TLS handshake. */
export interface TlsMonitor extends Connecting {
  readonly type: 'tls'
  readonly tls: TlsRules
}

/** The target answers a query. */
export interface DnsMonitor extends Connecting {
  readonly type: 'dns'
  readonly transport: 'udp' | 'tcp'
  /** In presentation form. */
  readonly query: string
  /** A number of the registry. */
  readonly queryType: number
  readonly recursionDesired: boolean
  /** RCODEs that count as success. */
  readonly expectedRcodes: readonly number[]
  /** Rdata in presentation form that one of the answers must have. */
  readonly expectedAnswer?: string
}

/** The target says SERVING (grpc.health.v1). */
export interface GrpcMonitor extends Connecting {
  readonly type: 'grpc'
  /** Empty: the server as a whole. */
  readonly service: string
  /** The `:authority`; the target's address when missing. */
  readonly host?: string
  /** Missing: in clear. */
  readonly tls?: TlsRules
}

/** A program says so by its exit code: 0 is success. */
export interface ExecMonitor extends Probing {
  readonly type: 'exec'
  /** The program and its arguments; no shell reads them. `{address}` stands for the target's. */
  readonly command: readonly string[]
}

/** A monitor that probes, as opposed to one that calculates. */
export type ProbeMonitor = HttpMonitor | TcpMonitor | TlsMonitor | DnsMonitor | GrpcMonitor | ExecMonitor

/** A monitor over monitors. It probes nothing and has no thresholds: its children have. */
export interface CalculatedMonitor {
  readonly type: 'calculated'
  readonly name: string
  /** Children that must be up: all, any, or this many. */
  readonly need: 'all' | 'any' | number
  readonly children: readonly Monitor[]
}

/** A health check's definition. */
export type Monitor = ProbeMonitor | CalculatedMonitor

/** The probing monitors that it rests on: itself, or those of its children. */
export function leavesOf(monitor: Monitor): readonly ProbeMonitor[] {
  return monitor.type === 'calculated' ? monitor.children.flatMap(leavesOf) : [monitor]
}
