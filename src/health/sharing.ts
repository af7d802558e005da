// What targets rest on. Targets that ask the same of the same address (two regions with one balancer, two monitors that
// differ in name only) share one probe and its state; a calculated monitor rests on several.
import { createHash } from 'node:crypto'
import { formatAddress } from '../base/address.ts'
import type { ProbeTarget, Target } from './health.ts'
import type { CalculatedMonitor, GrpcMonitor, HttpMonitor, Monitor, ProbeMonitor } from './monitor.ts'

export interface ProbeBasis {
  readonly kind: 'probe'
  readonly probe: ProbeTarget
}

export interface CalculatedBasis {
  readonly kind: 'calculated'
  readonly monitor: CalculatedMonitor
  /** Parallel to the monitor's children. */
  readonly children: readonly Basis[]
}

export type Basis = ProbeBasis | CalculatedBasis

export function basisOf(target: Target, monitor: Monitor = target.monitor): Basis {
  if (monitor.type !== 'calculated') return { kind: 'probe', probe: probeOf(target, monitor) }
  return { kind: 'calculated', monitor, children: monitor.children.map((child) => basisOf(target, child)) }
}

/** The probes below, those that several children share once each. */
export function probesOf(basis: Basis): readonly ProbeTarget[] {
  if (basis.kind === 'probe') return [basis.probe]
  return [...new Map(basis.children.flatMap(probesOf).map((probe) => [probe.id, probe])).values()]
}

function probeOf(target: Target, written: ProbeMonitor): ProbeTarget {
  const address = target.probeAddress ?? written.address ?? target.address
  const monitor = withHostName(withPort(written, target.probePort), target.hostName)
  return { id: keyOf(formatAddress(address), monitor), address, monitor }
}

/** The name is left out: it is all in which two monitors may differ that ask the same. */
function withPort(monitor: ProbeMonitor, port: number | undefined): ProbeMonitor {
  const named = { ...monitor, name: monitor.type }
  return named.type === 'exec' || port === undefined ? named : { ...named, port }
}

/** The host name where the monitor says none: as Host header or authority, as SNI, and as the name of the certificate. */
function withHostName(monitor: ProbeMonitor, hostName: string | undefined): ProbeMonitor {
  if (hostName === undefined) return monitor
  const named = 'tls' in monitor && monitor.tls.serverName === undefined
  const tls = named && { tls: { ...monitor.tls, serverName: hostName } }
  switch (monitor.type) {
    case 'http':
    case 'https':
    case 'grpc':
      return { ...monitor, ...tls, host: monitor.host ?? withPortOf(monitor, hostName) }
    case 'tls':
      return { ...monitor, ...tls }
    default:
      return monitor
  }
}

/** RFC 9110 §7.2: with the port, where it is not that of the scheme. */
function withPortOf({ type, port, tls }: HttpMonitor | GrpcMonitor, hostName: string): string {
  const isUsual = port === (type === 'https' || tls ? 443 : 80)
  return isUsual ? hostName : `${hostName}:${port}`
}

/** Equal for equal definitions, on every run; short, for it travels with every observation. */
function keyOf(address: string, monitor: ProbeMonitor): string {
  const asked = Object.entries({ ...monitor, address }).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(asked)).digest('base64url').slice(0, 22)
}
