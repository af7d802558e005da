// From monitors as written to monitors as health takes them: durations in ms, paths absolute, children in the place of
// their names. Only called with a file that has no fault, so that every name is known and no circle is there.
import { isIP } from 'node:net'
import type { Failback, Monitor, TlsRules } from '../health/monitor.ts'
import type { WrittenMonitor } from './monitors.ts'

const FAST_INTERVAL_MS = 1000

type Absolute = (path: string) => string
type Probing = Exclude<WrittenMonitor, { type: 'calculated' }>
type WithTls = Extract<WrittenMonitor, { type: 'https' | 'tls' | 'grpc' }>

export function assembleMonitors(
  written: Readonly<Record<string, WrittenMonitor>>,
  absolute: Absolute,
): ReadonlyMap<string, Monitor> {
  const toMonitor = (name: string): Monitor => {
    const monitor = written[name]!
    if (monitor.type !== 'calculated') return toProbe(name, monitor, absolute)
    return { type: 'calculated', name, need: monitor.need, children: monitor.of.map(toMonitor) }
  }
  return new Map(Object.keys(written).map((name) => [name, toMonitor(name)]))
}

function toProbe(name: string, written: Probing, absolute: Absolute): Monitor {
  const basics = basicsOf(name, written)
  switch (written.type) {
    case 'http':
    case 'https':
      return { ...toHttp(basics, written), ...(written.type === 'https' && { tls: toTls(written, absolute) }) }
    case 'tcp':
      return { ...basics, type: 'tcp', port: written.port, ...given({ send: written.send, expect: written.expect }) }
    case 'tls':
      return { ...basics, type: 'tls', port: written.port, tls: toTls(written, absolute) }
    case 'dns': {
      const { port, transport, query, queryType, recursionDesired, expectedRcodes, expectedAnswer } = written
      const asked = { port, transport, query, queryType, recursionDesired, expectedRcodes }
      return { ...basics, type: 'dns', ...asked, ...given({ expectedAnswer }) }
    }
    case 'grpc': {
      const { port, service, host, tls } = written
      return {
        ...basics,
        type: 'grpc',
        port,
        service,
        ...given({ host }),
        ...(tls && { tls: toTls(written, absolute) }),
      }
    }
    case 'exec':
      return { ...basics, type: 'exec', command: written.command }
  }
}

function basicsOf(name: string, written: Probing) {
  const { interval: intervalMs, timeout: timeoutMs, healthyThreshold, unhealthyThreshold, address } = written
  const fastIntervalMs = written.fastInterval ?? Math.min(FAST_INTERVAL_MS, intervalMs)
  const failback = toFailback(written)
  const timing = { intervalMs, timeoutMs, fastIntervalMs }
  return { name, ...timing, healthyThreshold, unhealthyThreshold, ...given({ failback, address }) }
}

/** Nothing when every rule is off. */
function toFailback({ failback: mode, holdDown: holdDownMs, damping }: Probing): Failback | undefined {
  if (mode === 'automatic' && holdDownMs === 0 && damping === undefined) return undefined
  if (damping === undefined) return { mode, holdDownMs }
  const { suppressAt, reuseAt, halfLife: halfLifeMs } = damping
  return { mode, holdDownMs, damping: { suppressAt, reuseAt, halfLifeMs } }
}

function toHttp(basics: ReturnType<typeof basicsOf>, written: Extract<WrittenMonitor, { type: 'http' | 'https' }>) {
  const { type, port, method, path, host, headers, redirects, expectedStatus, expectedBody, expectedJson } = written
  const expectedHeaders = Object.fromEntries(
    Object.entries(written.expectedHeaders).map(([name, value]) => [name.toLowerCase(), value]),
  )
  const asked = { port, method, path, headers, redirects, keepAlive: written.keepAlive, ...given({ host }) }
  return { ...basics, type, ...asked, expectedStatus, expectedHeaders, expectedJson, ...given({ expectedBody }) }
}

function toTls(written: WithTls, absolute: Absolute): TlsRules {
  const { verify, minDaysValid, ca, certificate, key } = written
  const serverName = written.serverName ?? ('host' in written ? nameOf(written.host) : undefined)
  const files = { ca: ca && absolute(ca), certificate: certificate && absolute(certificate), key: key && absolute(key) }
  return { verify, minDaysValid, ...given({ serverName, ...files }) }
}

/** The name in a Host header; nothing when it is an address. */
function nameOf(host: string | undefined): string | undefined {
  const name = host?.replace(/:\d+$/, '')
  return name === undefined || name.startsWith('[') || isIP(name) !== 0 ? undefined : name
}

/** Without what is undefined. */
function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
