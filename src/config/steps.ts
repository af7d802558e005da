// One row per step of a service's `steer:` list: a name, or a mapping of one key with its options, becomes a StepConfig.
// What steps do, and which lists make sense together, is steer/'s, asked by checks.ts.
import { z } from 'zod'
import { readClientKey } from '../steer/client-key.ts'
import type { StepConfig } from '../steer/steer.ts'
import { checkClientEntries, checkClientKeys } from './entries.ts'
import { fraction } from './scalars.ts'

const weight = z.int().min(0).max(1_000_000).describe('Share of this region; 0 for none')
const regionName = z.string().meta({ title: 'region name' })
const weights = z.record(z.string(), weight)

const CLIENTS = 'CIDR, `AS64500`, `DE`, `EU(continent)` or `unknown`, the narrowest first'

const fence = z
  .record(z.string(), z.array(regionName).describe('Regions that these clients may meet; none: NODATA'))
  .superRefine(checkClientKeys)
  .meta({ title: 'mapping of clients to regions' })

const map = z
  .object({ only: z.boolean().prefault(false).describe('Regions that are not listed for a client do not answer it') })
  .catchall(
    z.array(regionName).min(1).meta({ title: 'list of regions' }).describe('Regions for these clients, in order'),
  )
  .superRefine(checkClientEntries)
  .meta({ title: 'mapping of clients to regions' })

const nearest = z.strictObject({
  within: fraction(10).prefault(0).describe('Regions at most this much farther than the nearest share its tier'),
  depth: z.int().min(1).max(8).prefault(3).describe('Regions told apart by distance; configured order beyond'),
  bias: z
    .record(z.string(), z.number().min(0.01).max(100).meta({ title: 'factor from 0.01 to 100' }))
    .prefault({})
    .describe('Factor per region that makes it draw from farther (above 1) or nearer (below 1)'),
})

const fastest = z.strictObject({
  within: fraction(10).prefault(0.1).describe('Regions at most this much slower than the fastest share its tier'),
  depth: z.int().min(1).max(8).prefault(3).describe('Regions told apart by time; those beyond form a last tier'),
})

const loadOptions = {
  lowest: z
    .boolean()
    .prefault(false)
    .describe('The lowest score takes all, as textbooks say; resolvers that cache answers make herds of that'),
  movement: fraction(1)
    .prefault(0.2)
    .describe('How much a share may grow or shrink, of itself, within one report interval + TTL'),
}

const leastConnections = z.strictObject(loadOptions)

const weightedLeastConnections = z.strictObject({
  ...loadOptions,
  weights: weights.prefault({}).describe('Weights; a region left out takes its own'),
})

const leastResponseTime = z.strictObject({
  ...loadOptions,
  connections: z.boolean().prefault(false).describe('Times are multiplied by active connections'),
})

const pinnedPrefix = {
  ipv4Bits: z.int().min(1).max(32).prefault(24).describe('Prefix of an IPv4 client that is pinned as one'),
  ipv6Bits: z.int().min(1).max(128).prefault(48).describe('Prefix of an IPv6 client that is pinned as one'),
}

const ipHash = z.strictObject(pinnedPrefix)

const consistentHash = z.strictObject({
  seed: z.string().max(200).prefault('').describe('Changes which clients meet which region; alike on every node'),
  ...pinnedPrefix,
})

const options = z.strictObject({
  fence: fence.optional().describe(`Residency: these clients meet these regions and no other. Clients: ${CLIENTS}`),
  map: map.optional().describe(`Ranks regions in the order listed for a client. Clients: ${CLIENTS}`),
  nearest: nearest.optional().describe('Ranks regions by great-circle distance from the client; needs geo'),
  fastest: fastest.optional().describe('Ranks regions by the round-trip times that they reported for the client'),
  failover: z
    .array(regionName)
    .min(1)
    .optional()
    .describe('Ranks regions in this order; the bare name takes the order of the service'),
  weighted: weights
    .optional()
    .describe('Shares by these weights; a region left out, and the bare name, takes the weight of the region'),
  'round-robin': z.never().optional().meta({ title: 'bare name', example: '- round-robin' }).describe('Shares equally'),
  'least-connections': leastConnections
    .optional()
    .describe('Shares by active connections: in proportion to 1 ÷ (1 + connections), smoothed'),
  'weighted-least-connections': weightedLeastConnections
    .optional()
    .describe('Shares by connections a weight: in proportion to weight ÷ (1 + connections ÷ weight), smoothed'),
  'least-response-time': leastResponseTime
    .optional()
    .describe('Shares by response time of successes: in proportion to 1 ÷ (1 + ms), smoothed'),
  'consistent-hash': consistentHash.optional().describe('Pins a client prefix to a region'),
  'ip-hash': ipHash
    .optional()
    .describe('Pins by hash modulo live regions: most clients move when their number changes'),
  take: z.int().min(1).max(16).optional().describe('Addresses in one answer, all of one tier'),
})

const NAMES = [
  'nearest',
  'fastest',
  'failover',
  'weighted',
  'round-robin',
  'least-connections',
  'weighted-least-connections',
  'least-response-time',
  'consistent-hash',
  'ip-hash',
] as const

const bareStep = z.enum(NAMES).transform((name) => toStepConfig({ [name]: undefined }))

const stepWithOptions = options
  .refine((written) => Object.keys(written).length === 1, {
    params: { message: 'must be a name, or one key with its options', hint: 'make each step an item of its own' },
  })
  .meta({ minProperties: 1, maxProperties: 1 })
  .transform(toStepConfig)

/** A step: a bare name, or one key with its options. An empty `order` or `weights` stands for those of the service. */
export const stepSchema = z.union([bareStep, stepWithOptions]).meta({ title: 'step', example: 'nearest' })

function toStepConfig(written: z.output<typeof options>): StepConfig {
  if ('fence' in written) return { step: 'fence', entries: toEntries(written.fence ?? {}) }
  if ('map' in written) return toMap(written.map ?? map.parse({}))
  if ('nearest' in written) return { step: 'nearest', ...(written.nearest ?? nearest.parse({})) }
  if ('fastest' in written) return { step: 'fastest', ...(written.fastest ?? fastest.parse({})) }
  if ('failover' in written) return { step: 'failover', order: written.failover ?? [] }
  if ('weighted' in written) return { step: 'weighted', weights: written.weighted ?? {} }
  if ('take' in written) return { step: 'take', count: written.take ?? 1 }
  if ('round-robin' in written) return { step: 'round-robin' }
  if ('ip-hash' in written) return { step: 'ip-hash', ...(written['ip-hash'] ?? ipHash.parse({})) }
  return toLoadStep(written) ?? { step: 'consistent-hash', ...(written['consistent-hash'] ?? consistentHash.parse({})) }
}

function toLoadStep(written: z.output<typeof options>): StepConfig | undefined {
  if ('least-connections' in written) {
    return { step: 'least-connections', ...(written['least-connections'] ?? leastConnections.parse({})) }
  }
  if ('weighted-least-connections' in written) {
    const chosen = written['weighted-least-connections'] ?? weightedLeastConnections.parse({})
    return { step: 'weighted-least-connections', ...chosen }
  }
  if (!('least-response-time' in written)) return undefined
  return { step: 'least-response-time', ...(written['least-response-time'] ?? leastResponseTime.parse({})) }
}

function toMap({ only, ...entries }: z.output<typeof map>): StepConfig {
  return { step: 'map', only, entries: toEntries(entries) }
}

/** Keys in canonical form; whatever is wrong with them was told before. */
function toEntries(written: Readonly<Record<string, readonly string[]>>): Readonly<Record<string, readonly string[]>> {
  const entries = Object.entries(written).map(([text, regions]) => {
    const read = readClientKey(text)
    if (!('key' in read)) throw new Error(`no client key: ${text}`)
    return [read.key, regions] as const
  })
  return Object.fromEntries(entries)
}
