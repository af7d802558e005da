// One prober a type of monitor, loaded when it is first needed: a cold start waits for the first round, and loading them
// all would cost the probe worker 200 ms of it (72 ms for http alone).
import type { Clock } from '../../base/clock.ts'
import type { Observation, ProbeTarget } from '../health.ts'
import type { ProbeMonitor } from '../monitor.ts'
import type { Probe } from './prober.ts'
import { createTlsSettings, type TlsSettings } from './tls-rules.ts'

/** A prober of one type, which takes the monitors of that type alone. */
type AnyProbe = Probe<never>

/** Probes a target of any type; the promises of `Probe` hold. */
export function createProbers(): (target: ProbeTarget, signal: AbortSignal, clock: Clock) => Promise<Observation> {
  const settings = createTlsSettings()
  const loaded = new Map<ProbeMonitor['type'], AnyProbe>()
  return async (target, signal, clock) => {
    const { type } = target.monitor
    const startedAt = clock.now()
    try {
      const probe = loaded.get(type) ?? (await load(type, settings))
      if (!loaded.has(type)) loaded.set(type, probe)
      return await (loaded.get(type) as Probe)(target, signal, clock)
    } catch (error) {
      // Probers do not reject: it could not be loaded, for want of descriptors or memory.
      const reason = `our own trouble: ${(error as Error).message}`
      return { outcome: 'none', reason, startedAt, tookMs: clock.now() - startedAt }
    }
  }
}

async function load(type: ProbeMonitor['type'], settings: TlsSettings): Promise<AnyProbe> {
  switch (type) {
    case 'http':
    case 'https':
      return (await import('./http.ts')).createHttpProbe(settings)
    case 'tcp':
      return (await import('./tcp.ts')).createTcpProbe()
    case 'tls':
      return (await import('./tls.ts')).createTlsProbe(settings)
    case 'dns':
      return (await import('./dns.ts')).createDnsProbe()
    case 'grpc':
      return (await import('./grpc.ts')).createGrpcProbe(settings)
    case 'exec':
      return (await import('./exec.ts')).createExecProbe()
  }
}
