// A reload over HTTP.
import { createRoute, z } from '@hono/zod-openapi'
import { writing } from './body.ts'
import {
  jsonBody,
  jsonContent,
  problemResponses,
  reasonSchema,
  sendOutcome,
  serveWrite,
  type Api,
  type Caller,
  type Outcome,
} from './api.ts'

const requestSchema = z
  .strictObject({
    reason: reasonSchema.optional(),
    overrule: reasonSchema.optional().describe('Why safety rules shall not hold for it'),
  })
  .openapi('ReloadRequest')

const reloadSchema = z
  .object({
    at: z.string(),
    ok: z.boolean(),
    changes: z.array(z.string()).describe('What is different now'),
    faults: z.array(z.object({}).loose()).describe('Warnings, and errors of zones that keep their last good versions'),
  })
  .openapi('Reload')

export type ReloadRequest = z.output<typeof requestSchema>

export interface ReloadView {
  readonly at: string
  readonly ok: boolean
  readonly changes: readonly string[]
  readonly faults: readonly object[]
}

export interface ReloadSources {
  readonly reload: (request: ReloadRequest, by: Caller) => Promise<Outcome<ReloadView>>
}

const reloadRoute = createRoute({
  ...{ method: 'post', path: '/v1/reload', ...writing('operate') },
  request: { body: jsonBody(requestSchema) },
  responses: { 200: jsonContent(reloadSchema, 'It was taken over'), ...problemResponses },
})

export function addReloadRoutes(api: Api, { reload }: ReloadSources): void {
  serveWrite(api, reloadRoute, async ({ req }, by) => sendOutcome(await reload(req.valid('json'), by)))
}
