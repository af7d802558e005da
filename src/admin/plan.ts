// What if, over HTTP: the plans that would answer, from the planner that makes those that do. Nothing is changed.
import { createRoute, z } from '@hono/zod-openapi'
import { checkBody } from './body.ts'
import {
  jsonBody,
  jsonContent,
  problemResponses,
  sendOutcome,
  serve,
  targetSchema,
  type Api,
  type Outcome,
} from './api.ts'

const targets = z.array(targetSchema).max(50)

const requestSchema = z
  .strictObject({
    drain: targets.optional().describe('As if these were drained'),
    fail: targets.optional().describe('As if these regions or balancers were down'),
    weight: z
      .array(z.strictObject({ target: targetSchema, value: z.number().min(0).max(1_000_000) }))
      .max(50)
      .optional()
      .describe('As if these had other weights'),
    share: z
      .array(z.strictObject({ target: targetSchema, value: z.number().min(0).max(1) }))
      .max(50)
      .optional()
      .describe('As if these took at most a part of their shares'),
    rampMs: z.int().min(0).optional().describe('How long it would take, for the rule on movement'),
    config: z
      .string()
      .max(1 << 20)
      .optional()
      .describe('As if this were the configuration: the text of its file'),
  })
  .openapi('PlanRequest')

const sharesSchema = z.record(z.string(), z.number()).describe('By region: 0 to 1')

const moves = {
  before: sharesSchema,
  after: sharesSchema,
  moved: z.number().describe('The part of the users who meet another region: 0 to 1'),
}

export const forecastSchema = z
  .object({
    moved: z.number().describe('Of all users: 0 to 1'),
    isMeasured: z.boolean().describe('Classes count by the queries they made; otherwise alike, as none were counted'),
    services: z.array(
      z.object({
        service: z.string(),
        ...moves,
        fallbackBefore: z.boolean(),
        fallbackAfter: z.boolean(),
        isMeasured: z.boolean(),
        classes: z
          .array(z.object({ class: z.int(), weight: z.number(), ...moves }))
          .describe('Client classes whose shares change, the most moved first; at most 100'),
      }),
    ),
    regions: z.array(
      z.object({
        region: z.string(),
        before: z.number().describe('Of all queries: 0 to 1'),
        after: z.number(),
        requestRate: z.number().optional().describe('A second, as it reports'),
        expectedRate: z.number().optional().describe('The same, after'),
        capacity: z.number().optional().describe('Requests a second that it can take'),
      }),
    ),
    rules: z
      .array(
        z.object({
          rule: z.enum(['fewest-regions', 'least-capacity', 'movement']),
          service: z.string(),
          limit: z.number(),
          before: z.number(),
          after: z.number(),
          detail: z.string(),
        }),
      )
      .describe('Safety rules that would refuse it'),
  })
  .openapi('Forecast')

export type PlanRequest = z.output<typeof requestSchema>
export type Forecast = z.output<typeof forecastSchema>

export interface PlanSources {
  readonly plan: (request: PlanRequest) => Promise<Outcome<Forecast>>
}

const planRoute = createRoute({
  ...{ method: 'post', path: '/v1/plan', middleware: checkBody },
  request: { body: jsonBody(requestSchema) },
  responses: { 200: jsonContent(forecastSchema, 'What would be'), ...problemResponses },
})

export function addPlanRoutes(api: Api, { plan }: PlanSources): void {
  serve(api, planRoute, async ({ req }) => sendOutcome(await plan(req.valid('json'))))
}
