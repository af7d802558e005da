// One row per step of a service's `steer:` list: a name, or a mapping of one key with its options, becomes a StepConfig.
// What steps do, and which lists make sense together, is steer/'s, asked by checks.ts.
import { z } from 'zod'
import type { StepConfig } from '../steer/steer.ts'
import { fraction } from './scalars.ts'

/** Steps of the design that this version does not have; naming one gets a fault that says so. */
const PLANNED_STEPS = [
  'fence',
  'map',
  'fastest',
  'least-connections',
  'weighted-least-connections',
  'least-response-time',
  'ip-hash',
]

const weight = z.int().min(0).max(1_000_000).describe('Share of this region; 0 for none')
const regionName = z.string().meta({ title: 'region name' })

const nearest = z.strictObject({
  within: fraction(10).prefault(0).describe('Regions at most this much farther than the nearest share its tier'),
  depth: z.int().min(1).max(8).prefault(3).describe('Regions told apart by distance; configured order beyond'),
  bias: z
    .record(z.string(), z.number().min(0.01).max(100).meta({ title: 'factor from 0.01 to 100' }))
    .prefault({})
    .describe('Factor per region that makes it draw from farther (above 1) or nearer (below 1)'),
})

const consistentHash = z.strictObject({
  seed: z.string().max(200).prefault('').describe('Changes which clients meet which region; alike on every node'),
  ipv4Bits: z.int().min(1).max(32).prefault(24).describe('Prefix of an IPv4 client that is pinned as one'),
  ipv6Bits: z.int().min(1).max(128).prefault(48).describe('Prefix of an IPv6 client that is pinned as one'),
})

const options = z.strictObject({
  nearest: nearest.optional().describe('Ranks regions by great-circle distance from the client; needs geo'),
  failover: z
    .array(regionName)
    .min(1)
    .optional()
    .describe('Ranks regions in this order; the bare name takes the order of the service'),
  weighted: z
    .record(z.string(), weight)
    .optional()
    .describe('Shares by these weights; a region left out, and the bare name, takes the weight of the region'),
  'round-robin': z.never().optional().meta({ title: 'bare name', example: '- round-robin' }).describe('Shares equally'),
  'consistent-hash': consistentHash.optional().describe('Pins a client prefix to a region'),
  take: z.int().min(1).max(16).optional().describe('Addresses in one answer, all of one tier'),
})

const NAMES = ['nearest', 'failover', 'weighted', 'round-robin', 'consistent-hash'] as const

const bareStep = z
  .enum(NAMES)
  .meta({ planned: PLANNED_STEPS })
  .transform((name) => toStepConfig({ [name]: undefined }))

const stepWithOptions = options
  .refine((written) => Object.keys(written).length === 1, {
    params: { message: 'must be a name, or one key with its options', hint: 'make each step an item of its own' },
  })
  .meta({ minProperties: 1, maxProperties: 1, planned: PLANNED_STEPS })
  .transform(toStepConfig)

/** A step: a bare name, or one key with its options. An empty `order` or `weights` stands for those of the service. */
export const stepSchema = z.union([bareStep, stepWithOptions]).meta({ title: 'step', example: 'nearest' })

function toStepConfig(written: z.output<typeof options>): StepConfig {
  if ('nearest' in written) return { step: 'nearest', ...(written.nearest ?? nearest.parse({})) }
  if ('failover' in written) return { step: 'failover', order: written.failover ?? [] }
  if ('weighted' in written) return { step: 'weighted', weights: written.weighted ?? {} }
  if ('take' in written) return { step: 'take', count: written.take ?? 1 }
  if ('round-robin' in written) return { step: 'round-robin' }
  return { step: 'consistent-hash', ...(written['consistent-hash'] ?? consistentHash.parse({})) }
}
