// Overrides over HTTP: seen, made, changed and ended. What they mean, and which safety rules they meet, is the director's;
// here is what fits, who may, and which version a write was made for.
import { createRoute, z } from '@hono/zod-openapi'
import {
  jsonBody,
  jsonContent,
  momentSchema,
  problemResponses,
  reasonSchema,
  sendJson,
  sendOutcome,
  serve,
  serveWrite,
  targetSchema,
  tagOf,
  type Api,
  type Caller,
  type Outcome,
} from './api.ts'
import { writing } from './body.ts'
import { forecastSchema, type Forecast } from './plan.ts'
import { problemResponse } from './problem.ts'

const KINDS = ['drain', 'force-up', 'force-down', 'share', 'weight'] as const

const WEEK_MS = 7 * 24 * 3_600_000

const kindSchema = z
  .enum(KINDS)
  .describe('`share`: at most a part of its share; `weight`: in the place of the configured one')

export const newOverrideSchema = z
  .strictObject({
    kind: kindSchema,
    target: targetSchema,
    value: z.number().min(0).max(1_000_000).optional().describe('Of `share` (0 to 1) and `weight`'),
    reason: reasonSchema,
    owner: z.string().trim().min(1).max(100).optional().describe('Who asks, while there are no tokens'),
    startsAt: momentSchema.optional().describe('By default now'),
    rampMs: z.int().min(0).max(WEEK_MS).optional().describe('How long it takes to come into force; by default at once'),
    expiresAt: momentSchema.optional().describe('Undone of itself from then on, along the same ramp'),
    overrule: reasonSchema.optional().describe('Why safety rules shall not hold for it'),
  })
  .openapi('NewOverride')

const changeSchema = z
  .strictObject({
    reason: reasonSchema.optional(),
    expiresAt: momentSchema.nullable().optional().describe('null: never'),
  })
  .openapi('OverrideChange')

const drainSchema = z.object({
  state: z.enum(['scheduled', 'draining', 'emptying', 'safe', 'ending']).describe('`safe`: it may be stopped'),
  share: z.number().describe('The most that it gets of a service by the present plan: 0 to 1'),
  emptyAt: momentSchema.optional().describe('When it is expected to be empty; missing: that cannot be told'),
  why: z.string(),
})

export const overrideSchema = z
  .object({
    id: z.string(),
    kind: kindSchema,
    target: targetSchema,
    value: z.number().optional(),
    owner: z.string(),
    reason: z.string(),
    createdAt: momentSchema,
    startsAt: momentSchema,
    rampMs: z.number(),
    expiresAt: momentSchema.optional(),
    overruled: z.string().optional().describe('Why safety rules do not hold for it'),
    undo: z.object({ at: momentSchema, overMs: z.number(), owner: z.string(), reason: z.string() }).optional(),
    state: z.enum(['scheduled', 'coming', 'in-force', 'ending', 'ended', 'suspended', 'without-target']),
    strength: z.number().describe('How far it is in force: 0 to 1'),
    drain: drainSchema.optional(),
  })
  .openapi('Override')

export type NewOverride = z.output<typeof newOverrideSchema>
export type OverrideChange = z.output<typeof changeSchema>
export type OverrideView = z.output<typeof overrideSchema>

export interface EndOverride {
  readonly reason: string
  /** Missing: as it came. */
  readonly rampMs?: number | undefined
  readonly overrule?: string | undefined
}

/** What a write did, and what it means for users; or, of a dry run, would. */
export interface Written {
  readonly override: OverrideView
  readonly version: number
  readonly forecast: Forecast
}

/** Who answers. None of these may throw for anything that a client sent. */
export interface OverrideSources {
  readonly list: () => { readonly overrides: readonly OverrideView[]; readonly version: number }
  readonly create: (wanted: NewOverride, by: Caller, isDry: boolean) => Promise<Outcome<Written>>
  readonly change: (id: string, change: OverrideChange, by: Caller, isDry: boolean) => Promise<Outcome<Written>>
  readonly end: (id: string, how: EndOverride, by: Caller, isDry: boolean) => Promise<Outcome<Written>>
}

/** On every write: says what it would do, and does nothing. */
const dryRun = z.enum(['true', 'false']).optional().describe('`true`: nothing is done; the answer is the forecast')
const dryRunQuery = z.strictObject({ dryRun })
const DRY = { 200: jsonContent(forecastSchema, 'Of a dry run: what would be') }

const PATH = '/v1/overrides'
const ONE = `${PATH}/{id}`
const idParameter = z.object({ id: z.string().max(100) })

const listRoute = createRoute({
  method: 'get',
  path: PATH,
  request: {
    query: z.strictObject({
      limit: z.coerce.number().int().min(1).max(500).optional().describe('100 by default'),
      after: z.string().max(100).optional().describe('The last id of the page before'),
    }),
  },
  responses: {
    200: jsonContent(
      z.object({ overrides: z.array(overrideSchema), next: z.string().optional() }),
      'Those that are, oldest first; `next`: there are more after this id',
    ),
    ...problemResponses,
  },
})

const readRoute = createRoute({
  ...{ method: 'get', path: ONE },
  request: { params: idParameter },
  responses: { 200: jsonContent(overrideSchema, 'One override'), ...problemResponses },
})

const createOne = createRoute({
  ...{ method: 'post', path: PATH, ...writing('operate') },
  request: { query: dryRunQuery, body: jsonBody(newOverrideSchema) },
  responses: { ...DRY, 201: jsonContent(overrideSchema, 'It is kept and comes into force'), ...problemResponses },
})

const changeOne = createRoute({
  ...{ method: 'patch', path: ONE, ...writing('operate') },
  request: { params: idParameter, query: dryRunQuery, body: jsonBody(changeSchema) },
  responses: { 200: jsonContent(overrideSchema, 'It is changed'), ...problemResponses },
})

const endOne = createRoute({
  ...{ method: 'delete', path: ONE, ...writing('operate') },
  request: {
    params: idParameter,
    query: z.strictObject({
      dryRun,
      reason: reasonSchema,
      rampMs: z.coerce
        .number()
        .int()
        .min(0)
        .max(WEEK_MS)
        .optional()
        .describe('How long it takes; by default as it came'),
      overrule: reasonSchema.optional().describe('Why safety rules shall not hold'),
    }),
  },
  responses: { 200: jsonContent(overrideSchema, 'It ends'), ...problemResponses },
})

const PAGE = 100

export function addOverrideRoutes(api: Api, sources: OverrideSources): void {
  serve(api, listRoute, (context) => sendList(sources, context.req.valid('query')))
  serve(api, readRoute, (context) => sendOne(sources, context.req.valid('param').id))
  serveWrite(api, createOne, async ({ req }, by) => {
    const isDry = req.valid('query').dryRun === 'true'
    return sendWritten(await sources.create(req.valid('json'), by, isDry), isDry, 201)
  })
  serveWrite(api, changeOne, async ({ req }, by) => {
    const isDry = req.valid('query').dryRun === 'true'
    return sendWritten(await sources.change(req.valid('param').id, req.valid('json'), by, isDry), isDry)
  })
  serveWrite(api, endOne, async ({ req }, by) => {
    const isDry = req.valid('query').dryRun === 'true'
    return sendWritten(await sources.end(req.valid('param').id, req.valid('query'), by, isDry), isDry)
  })
}

interface Page {
  readonly limit?: number | undefined
  readonly after?: string | undefined
}

function sendList({ list }: OverrideSources, page: Page): Response {
  const { overrides, version } = list()
  const { limit = PAGE, after } = page
  const from = after === undefined ? 0 : overrides.findIndex(({ id }) => id === after) + 1
  const shown = overrides.slice(from, from + limit)
  const next = from + limit < overrides.length ? shown.at(-1)?.id : undefined
  return sendJson({ overrides: shown, ...(next !== undefined && { next }) }, 200, { etag: tagOf(version) })
}

function sendOne({ list }: OverrideSources, id: string): Response {
  const { overrides, version } = list()
  const override = overrides.find((one) => one.id === id)
  if (override) return sendJson(override, 200, { etag: tagOf(version) })
  return problemResponse({ status: 404, code: 'no-such-override', detail: `there is no override ${id}` })
}

function sendWritten(outcome: Outcome<Written>, isDry: boolean, status = 200): Response {
  return sendOutcome(outcome, ({ override, version, forecast }) => {
    if (isDry) return sendJson(forecast)
    const location = status === 201 ? { location: `${PATH}/${override.id}` } : {}
    return sendJson(override, status, { etag: tagOf(version), ...location })
  })
}
