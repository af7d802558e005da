// The one list of options: a row each with path, type, range, default, unit and one line of doc. Parsing, the faults'
// words, the JSON Schema for editors and the README's table (reference.ts) all come from here.
// What needs several rows of one entry stands in entries.ts, what needs several sections in references.ts and checks.ts.
import { z } from 'zod'
import type { Balancer } from '../director/service.ts'
import { doubtSchema } from './doubt.ts'
import {
  checkBalancer,
  checkListen,
  checkLocation,
  checkMmdb,
  checkPlace,
  checkRegion,
  checkServiceRegions,
  checkTtls,
} from './entries.ts'
import { adminLimits, rateLimit, tcp, zoneLimits } from './limits.ts'
import {
  address,
  addressOrHostName,
  country,
  duration,
  endpoint,
  fraction,
  identity,
  path,
  prefix,
  secret,
  ttl,
} from './scalars.ts'
import { monitorSchema } from './monitors.ts'
import { reportSchema } from './reports.ts'
import { stepSchema } from './steps.ts'

const NAME = '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'

/** Whether a monitor, region or service may be called so. Words that every JavaScript object has would find those. */
export function isName(written: string): boolean {
  return new RegExp(NAME).test(written) && !(written in {})
}

/** A section of named things. */
function named<T extends z.ZodType>(entry: T, doc: string) {
  return z
    .record(z.string(), entry)
    .meta({ title: 'mapping of names to definitions', propertyNames: { type: 'string', pattern: NAME } })
    .prefault({})
    .describe(doc)
}

type WrittenBalancer = Omit<Balancer, 'probe'> & { probe?: 'addresses' | 'host' }

const weight = (doc: string) => z.int().min(0).max(1_000_000).prefault(1).describe(doc)
const nameOf = (thing: string) => z.string().meta({ title: `${thing} name` })

const whoWeAre = z
  .strictObject({
    version: identity().prefault('').describe('Answer to version.bind and version.server (CHAOS TXT); empty: refused'),
    server: identity().prefault('').describe('Answer to id.server and hostname.bind (CHAOS TXT); empty: refused'),
    nsid: identity().prefault('').describe('Name server identifier (RFC 5001) for who asks; empty: none'),
  })
  .prefault({})

const cookies = z
  .strictObject({
    secrets: z
      .array(secret())
      .min(1)
      .max(2)
      .optional()
      .meta({ byDefault: 'one at random, anew at each start' })
      .describe('The first makes DNS cookies (RFC 9018), both verify them; alike on all nodes of one address'),
  })
  .prefault({})

const safety = z
  .strictObject({
    fewestRegions: z
      .int()
      .min(0)
      .max(100)
      .prefault(1)
      .describe('Regions of a service that operators and reloads leave serving'),
    leastCapacity: fraction(1).prefault(0.1).describe('The part of the capacity of a service that they leave serving'),
    movement: fraction(1)
      .prefault(1)
      .describe(
        'The largest part of the users of a service that they, and recoveries, move within a minute; 1: no limit',
      ),
    recovery: duration('0ms', '1h')
      .prefault('0ms')
      .describe('How long a region that came back takes to get its share again'),
  })
  .prefault({})

const aliases = z
  .strictObject({
    resolvers: z
      .array(endpoint())
      .min(1)
      .max(8)
      .optional()
      .meta({ byDefault: "the system's", example: '["127.0.0.1:53"]' })
      .describe('Recursive servers that resolve targets of `ALIAS` records, and balancers that are host names'),
    maxStale: duration('0ms', '168h')
      .prefault('1h')
      .describe('How long the last addresses of a name stand in while it cannot be resolved'),
  })
  .prefault({})

const roundTrips = z
  .union([
    path('round-trips.txt').transform((file) => ({ file, maxAge: undefined })),
    z.strictObject({
      file: path('round-trips.txt').optional().describe('Table of round-trip times that regions measured'),
      maxAge: duration('1s', '8760h').optional().describe('Times that were reported by HTTP are forgotten after this'),
    }),
  ])
  .meta({ title: 'path, or mapping with file and maxAge', example: 'round-trips.txt' })

const queryLog = z
  .strictObject({
    sample: z
      .int()
      .min(0)
      .max(1_000_000)
      .prefault(100)
      .describe('One query in so many is kept for `queries` and timed for metrics; 0: none'),
    keep: z
      .int()
      .min(0)
      .max(100_000)
      .prefault(10_000)
      .describe('Queries that each worker keeps, the newest; 344 bytes each'),
  })
  .prefault({})

const history = z
  .strictObject({
    plans: z
      .int()
      .min(1)
      .max(1_000_000)
      .prefault(10_000)
      .describe('Changes of plans that `explain --at` can go back over'),
    megabytes: z.int().min(1).max(4096).prefault(32).describe('Memory for them, and for zones and client maps of then'),
  })
  .prefault({})

const location = z
  .strictObject({
    latitude: z.number().min(-90).max(90).optional().describe('Degrees, north positive'),
    longitude: z.number().min(-180).max(180).optional().describe('Degrees, east positive'),
    country: country().optional().describe('ISO 3166-1 alpha-2'),
  })
  .superRefine(checkLocation)

const balancerWithWeight = z
  .strictObject({
    address: addressOrHostName().describe('What answers carry: an address, or the host name of a cloud load balancer'),
    weight: weight('Share of the balancer within its region; the addresses of a host name divide it'),
    probe: z
      .enum(['addresses', 'host'])
      .exactOptional()
      .meta({ byDefault: 'addresses' })
      .describe(
        'Of a host name: `addresses`: each has a state of its own; `host`: one state, probed at the first of them',
      ),
    probeAddress: address().exactOptional().describe('Probed in its place, of either family'),
    probePort: z.int().min(1).max(65535).exactOptional().describe('Probed in the place of the port of its monitor'),
  })
  .superRefine(checkBalancer)

const balancer = z
  .union([addressOrHostName().transform((bare): WrittenBalancer => ({ address: bare, weight: 1 })), balancerWithWeight])
  .meta({ title: 'address, host name, or mapping with address and weight', example: '198.51.100.10' })

const region = z
  .strictObject({
    location: location.optional().describe('Where the region is; `nearest` needs it'),
    weight: weight('Share of the region where a service says `weighted`'),
    monitor: nameOf('monitor').optional().describe('How its balancers are probed; without one they count as up'),
    balancers: z
      .array(balancer)
      .min(1)
      .meta({ example: '[198.51.100.10]' })
      .describe("Addresses of the region's L7 tier, or host names"),
    capacity: z
      .number()
      .positive()
      .exactOptional()
      .describe('Requests a second that it can take, for safety rules and forecasts; by default its weight counts'),
    minHealthy: z.int().min(1).max(1000).prefault(1).describe('Balancers that must be up for the region to be up'),
    report: reportSchema.optional().describe('What its L7 tier tells of itself; without one, probes alone rule'),
  })
  .superRefine(checkRegion)

const service = z
  .strictObject({
    regions: z
      .array(nameOf('region'))
      .min(1)
      .superRefine(checkServiceRegions)
      .meta({ example: '[us-east, eu-west]' })
      .describe('Regions that may answer, in order; a service may stand in for one (a name of both is the region)'),
    steer: z.array(stepSchema).min(1).meta({ example: '[nearest]' }).describe('Steps that choose among the regions'),
    ttl: ttl().prefault('30s').describe('TTL of the answers; it wins over the zone'),
    leastTtl: ttl()
      .optional()
      .meta({ byDefault: '5s, or `ttl` where that is less' })
      .describe('Least TTL, while a balancer in the answer has begun to fail, recover or drain'),
    allowZeroTtl: z
      .boolean()
      .prefault(false)
      .describe('TTLs of 0 may be configured: each query of each user is ours then'),
    fallback: z
      .string()
      .meta({ title: '`all`, `none` or a region name' })
      .prefault('all')
      .describe('Who answers when too little is healthy: `all` as if all were up, `none` (NODATA), or a region'),
    panic: fraction(1)
      .prefault(0)
      .describe('`fallback` applies when the healthy weight falls below this; 0: when nothing is healthy'),
    families: z
      .enum(['coherent', 'independent'])
      .prefault('coherent')
      .describe('`coherent`: A and AAAA come from the same region; `independent`: each from the best that has it'),
    ignoreEcs: z
      .boolean()
      .prefault(false)
      .describe('Clients are where their resolver is, whatever client subnet it sends (ECS scope 0)'),
    answers: z
      .enum(['addresses', 'flatten', 'cname'])
      .prefault('addresses')
      .describe(
        'With host names in its regions: `flatten`: the addresses that they resolve to; `cname`: a CNAME to one of them',
      ),
    hints: z
      .boolean()
      .prefault(true)
      .describe('Whether HTTPS and SVCB records for its names, if they have no hints, get those of the region'),
  })
  .superRefine(checkTtls)

const sourceName = <Name extends string>(name: Name) =>
  z.literal(name).meta({ example: 'geoip-lite' }).describe('Where geo data comes from')

const privateClients = location
  .superRefine(checkPlace)
  .optional()
  .meta({ byDefault: 'nowhere: unknown clients' })
  .describe('Where clients in private, loopback, link-local and CGNAT space count as being, if the geo data is silent')

const geo = z
  .discriminatedUnion('source', [
    z.strictObject({ source: sourceName('geoip-lite'), private: privateClients }),
    z.strictObject({
      source: sourceName('table'),
      file: path('networks.csv').describe('Table of networks with coordinates or countries (source `table`)'),
      private: privateClients,
    }),
    z
      .strictObject({
        source: sourceName('mmdb'),
        city: path('GeoLite2-City.mmdb').optional().describe('MaxMind-format file of places (source `mmdb`)'),
        country: path('GeoLite2-Country.mmdb')
          .optional()
          .describe('The same of countries, for what `city` does not know'),
        asn: path('GeoLite2-ASN.mmdb').optional().describe('The same of providers; `AS64500` in steps needs it'),
        private: privateClients,
      })
      .superRefine(checkMmdb),
  ])
  .meta({ title: 'mapping with a source' })

const ecs = z
  .strictObject({
    trusted: z
      .array(prefix())
      .max(256)
      .optional()
      .meta({ byDefault: 'everybody' })
      .describe('Resolvers whose client subnets (RFC 7871) are believed; others are steered by their own address'),
  })
  .prefault({})

/** The whole of meridian.yaml. */
export const configSchema = z.strictObject({
  listen: z
    .array(endpoint())
    .min(1)
    .max(64)
    .superRefine(checkListen)
    .meta({ example: '["127.0.0.1:5300", "[::1]:5300"]' })
    .describe('Addresses and ports that answer DNS, over UDP and TCP'),
  workers: z
    .int()
    .min(1)
    .max(256)
    .optional()
    .meta({ byDefault: 'cores − 1, at least 1' })
    .describe('Data-plane threads'),
  sockets: z
    .enum(['batched', 'portable'])
    .optional()
    .meta({ byDefault: 'batched where the system can' })
    .describe('How UDP is read: many packets a system call (Linux), or one'),
  zones: path('zones').describe('Folder whose `*.zone` files are served'),
  state: path('state').prefault('state').describe('Folder for last good versions and last known health'),
  geo: geo.optional().describe('Where clients are; `nearest` needs it'),
  ecs,
  roundTrips: roundTrips
    .optional()
    .describe('What regions measured, from a file and by `/v1/round-trips`; `fastest` needs it'),
  admin: z
    .strictObject({
      listen: endpoint().describe('Address and port of the HTTP API; a loopback address while there are no tokens'),
      tls: z
        .strictObject({
          certificate: path('admin.pem').describe('Certificate of the HTTP API with its chain, in PEM'),
          key: path('admin.key').describe('Its key, in PEM'),
        })
        .optional()
        .describe('HTTPS in the place of HTTP'),
      hosts: z
        .array(
          z
            .string()
            .max(253)
            .regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/),
        )
        .prefault([])
        .meta({ example: '[director-1.example.net]' })
        .describe('Names by which it may be called, beside localhost and addresses'),
      ...adminLimits,
    })
    .optional()
    .describe('The HTTP API; without it there is none'),
  agent: z
    .strictObject({
      listen: endpoint()
        .meta({ example: '"127.0.0.1:5380"' })
        .describe('Address and port that the agent-check of HAProxy asks; it tells and takes no orders'),
    })
    .optional()
    .describe("What regions' own balancers are told of their servers; without it nothing"),
  log: z
    .strictObject({
      level: z
        .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
        .prefault('info')
        .describe('Least level that is logged'),
    })
    .prefault({}),
  startup: z
    .strictObject({
      deadline: duration('0ms', '1m')
        .prefault('1500ms')
        .describe('Longest wait for a first round of probes before answering'),
    })
    .prefault({}),
  tcp,
  identity: whoWeAre,
  cookies,
  rateLimit,
  zoneLimits,
  aliases,
  queryLog,
  history,
  doubt: doubtSchema,
  safety,
  monitors: named(monitorSchema, 'Health checks, by name'),
  regions: named(region, 'Sites with their own L7 tier, by name'),
  services: named(service, 'Load-balanced names, as `LB` records of a zone call them'),
})

/** The file's content after parsing: defaults filled in, text turned into values, names not yet resolved. */
export type WrittenConfig = z.output<typeof configSchema>
