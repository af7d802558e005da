// A monitor of each type for tests, with nothing special about it.
import type {
  DnsMonitor,
  ExecMonitor,
  GrpcMonitor,
  HttpMonitor,
  ProbeMonitor,
  TcpMonitor,
  TlsMonitor,
} from '../../../src/health/monitor.ts'
import { targetOf } from '../support.ts'

const { monitor: http } = targetOf(1, { timeoutMs: 500 })
const { name, intervalMs, timeoutMs, fastIntervalMs, healthyThreshold, unhealthyThreshold } = http
const basics = { name, intervalMs, timeoutMs, fastIntervalMs, healthyThreshold, unhealthyThreshold, port: 80 }

export const VERIFY = { verify: true, minDaysValid: 0 }

export const httpMonitor: HttpMonitor = http
export const httpsMonitor: HttpMonitor = { ...http, type: 'https', tls: VERIFY }
export const tcpMonitor: TcpMonitor = { ...basics, type: 'tcp' }
export const tlsMonitor: TlsMonitor = { ...basics, type: 'tls', tls: VERIFY }
export const dnsMonitor: DnsMonitor = {
  ...basics,
  type: 'dns',
  transport: 'udp',
  query: 'www.example.com',
  queryType: 1,
  recursionDesired: false,
  expectedRcodes: [0],
}
export const grpcMonitor: GrpcMonitor = { ...basics, type: 'grpc', service: '' }
export const execMonitor: ExecMonitor = { ...basics, type: 'exec', command: ['/bin/true'] }

export const monitorsOfAllTypes: readonly ProbeMonitor[] = [
  httpMonitor,
  httpsMonitor,
  tcpMonitor,
  tlsMonitor,
  dnsMonitor,
  { ...dnsMonitor, transport: 'tcp' },
  grpcMonitor,
  execMonitor,
]
