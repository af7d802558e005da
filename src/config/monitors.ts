// The rows of `monitors:`, a mapping for each type of monitor. Types share rows where they mean the same. How a monitor is
// carried out is health's; the schema as a whole, and how rows are read, stand in schema.ts.
import { z } from 'zod'
import { checkCalculated, checkExec, checkGrpc, checkHeaders, checkMonitor, checkTls } from './entries.ts'
import { address, domainName, duration, httpToken, path, queryType, rcode, statusRange } from './scalars.ts'

const type = <T extends string>(name: T) => z.literal(name).meta({ example: 'http' }).describe('What a probe does')

const damping = z
  .strictObject({
    suppressAt: z.number().min(1).max(100).prefault(3).describe('Recent falls from which on it stays down'),
    reuseAt: z.number().min(0.01).max(100).prefault(1).describe('Recent falls below which it may come back'),
    halfLife: duration('1s', '24h').prefault('5m').describe('After this a fall counts half'),
  })
  .optional()
  .meta({ byDefault: 'off' })
  .describe('Flap damping: a balancer that falls again and again stays down for a while')

const probing = {
  interval: duration('10ms', '1h').prefault('10s').describe('From the start of a probe to the start of the next'),
  timeout: duration('10ms', '1h').prefault('5s').describe('A probe without a verdict fails after this'),
  fastInterval: duration('10ms', '1h')
    .optional()
    .meta({ byDefault: '1s' })
    .describe('Interval while a first failure or success has left the state undecided; at most `interval`'),
  healthyThreshold: z.int().min(1).max(100).prefault(2).describe('Successes in a row that make a balancer up'),
  unhealthyThreshold: z.int().min(1).max(100).prefault(3).describe('Failures in a row that make a balancer down'),
  holdDown: duration('0ms', '24h')
    .prefault('0ms')
    .describe('For how long a balancer that fell must succeed without a failure before it comes back'),
  failback: z
    .enum(['automatic', 'manual'])
    .prefault('automatic')
    .describe('`manual`: a balancer that fell stays down until this is changed and the configuration reloaded'),
  damping,
  address: address()
    .optional()
    .meta({ byDefault: 'the balancer’s' })
    .describe('Address that is probed in the place of the balancer’s, of either family'),
}

const connecting = {
  port: z.int().min(1).max(65535).meta({ example: '8080' }).describe('Port that is probed on each balancer'),
  ...probing,
}

const HOST = '^([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?$'
const host = httpToken('host name', 'www.example.com', HOST)
  .optional()
  .meta({ byDefault: 'the address' })
  .describe('Host header (`:authority` of grpc)')

const tlsRules = {
  serverName: httpToken('host name', 'www.example.com', '^[A-Za-z0-9._-]+$')
    .optional()
    .meta({ byDefault: '`host`, else no SNI' })
    .describe('SNI, and the name that the certificate must be for; by default that of `host`, else the address'),
  verify: z.boolean().prefault(true).describe('Whether the certificate must be valid'),
  minDaysValid: z.int().min(0).max(3650).prefault(0).describe('Days for which the certificate must be valid yet'),
  ca: path('ca.pem').optional().describe('Authorities to trust, in PEM, in the place of the usual ones'),
  certificate: path('client.pem').optional().describe('Client certificate, in PEM'),
  key: path('client.key').optional().describe('Key of the client certificate, in PEM'),
}

const text = (doc: string) => z.string().min(1).max(4096).optional().describe(doc)
const headerValues = (doc: string) => z.record(z.string(), z.string().max(4096)).prefault({}).describe(doc)
const scalar = z
  .union([z.string(), z.number(), z.boolean(), z.null()])
  .meta({ title: 'text, number, true, false or null' })

const http = {
  ...connecting,
  method: z.enum(['GET', 'HEAD', 'OPTIONS', 'POST']).prefault('GET').describe('Method of the request'),
  path: httpToken('path that begins with /', '/health', '^/[!"$-~]*$')
    .prefault('/health')
    .describe('Path of the request'),
  host,
  headers: headerValues('Headers sent, by name'),
  redirects: z
    .int()
    .min(0)
    .max(10)
    .prefault(0)
    .describe('Redirects that are followed, at the probed address whatever name they give'),
  expectedStatus: z.array(statusRange()).min(1).prefault(['200-299']).describe('Status codes that count as success'),
  expectedHeaders: headerValues('Text that the value of a header must contain, by name'),
  expectedBody: text('Text that the body must contain, within its first 64 KiB'),
  expectedJson: z
    .record(z.string(), scalar)
    .prefault({})
    .describe('Values that the JSON body must hold, by pointer (`/db/state`) or dotted path (`db.state`)'),
  keepAlive: z
    .boolean()
    .prefault(false)
    .describe('Whether probes share a connection, which is cheaper and hides a dead listener'),
}

const httpMonitor = z
  .strictObject({ type: type('http'), ...http })
  .superRefine(checkMonitor)
  .superRefine(checkHeaders)

const httpsMonitor = z
  .strictObject({ type: type('https'), ...http, ...tlsRules })
  .superRefine(checkMonitor)
  .superRefine(checkHeaders)
  .superRefine(checkTls)

const tcpMonitor = z
  .strictObject({
    type: type('tcp'),
    ...connecting,
    send: text('Text that is sent once connected'),
    expect: text('Text that must come, within the first 64 KiB'),
  })
  .superRefine(checkMonitor)

const tlsMonitor = z
  .strictObject({ type: type('tls'), ...connecting, ...tlsRules })
  .superRefine(checkMonitor)
  .superRefine(checkTls)

const dnsMonitor = z
  .strictObject({
    type: type('dns'),
    ...connecting,
    transport: z.enum(['udp', 'tcp']).prefault('udp').describe('How a dns probe asks'),
    query: domainName().meta({ example: 'www.example.com' }).describe('Name that a dns probe asks for'),
    queryType: queryType().prefault('A').describe('Type that it asks for'),
    recursionDesired: z.boolean().prefault(false).describe('Whether it asks for recursion'),
    expectedRcodes: z.array(rcode()).min(1).prefault(['NOERROR']).describe('RCODEs that count as success'),
    expectedAnswer: text('Rdata that one of the answers must have, as in a zone file'),
  })
  .superRefine(checkMonitor)

const grpcMonitor = z
  .strictObject({
    type: type('grpc'),
    ...connecting,
    service: z.string().max(256).prefault('').describe('Service whose health is asked for; empty: the whole server'),
    host,
    tls: z.boolean().prefault(false).describe('Whether gRPC goes over TLS'),
    ...tlsRules,
  })
  .superRefine(checkMonitor)
  .superRefine(checkTls)
  .superRefine(checkGrpc)

const execMonitor = z
  .strictObject({
    type: type('exec'),
    ...probing,
    command: z
      .array(z.string().min(1).max(4096))
      .min(1)
      .max(64)
      .meta({ example: '[/usr/lib/nagios/plugins/check_http, -H, "{address}"]' })
      .describe('Program and arguments, no shell; `{address}` is the probed one; exit code 0 is success'),
  })
  .superRefine(checkMonitor)
  .superRefine(checkExec)

const calculatedMonitor = z
  .strictObject({
    type: type('calculated'),
    of: z
      .array(z.string().meta({ title: 'monitor name' }))
      .min(1)
      .max(64)
      .meta({ example: '[l7, tls]' })
      .describe('Monitors that a calculated one looks at'),
    need: z
      .union([z.enum(['all', 'any']), z.int().min(1).max(64)])
      .meta({ title: '`all`, `any` or whole number from 1 to 64', example: 'any' })
      .prefault('all')
      .describe('How many of them must be up'),
  })
  .superRefine(checkCalculated)

/** One entry of `monitors:`. */
export const monitorSchema = z
  .discriminatedUnion('type', [
    httpMonitor,
    httpsMonitor,
    tcpMonitor,
    tlsMonitor,
    dnsMonitor,
    grpcMonitor,
    execMonitor,
    calculatedMonitor,
  ])
  .meta({ title: 'mapping with a type' })

/** A monitor as written, its names not yet resolved. */
export type WrittenMonitor = z.output<typeof monitorSchema>
