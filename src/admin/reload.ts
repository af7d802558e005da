// A reload, and the audit log, over HTTP.
import { createRoute, z } from '@hono/zod-openapi'
import type { AuditEntry } from './audit.ts'
import { writing } from './body.ts'
import {
  jsonBody,
  jsonContent,
  problemResponses,
  reasonSchema,
  sendJson,
  sendOutcome,
  serve,
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
  readonly audit: (limit: number) => Promise<readonly AuditEntry[]>
}

const reloadRoute = createRoute({
  ...{ method: 'post', path: '/v1/reload', ...writing('operate') },
  request: { body: jsonBody(requestSchema) },
  responses: { 200: jsonContent(reloadSchema, 'It was taken over'), ...problemResponses },
})

const auditRoute = createRoute({
  ...{ method: 'get', path: '/v1/audit', ...writing('admin') },
  request: { query: z.strictObject({ limit: z.coerce.number().int().min(1).max(1000).optional() }) },
  responses: {
    200: jsonContent(z.object({ entries: z.array(z.object({}).loose()) }), 'The newest entries, oldest first'),
    ...problemResponses,
  },
})

const PAGE = 100

export function addReloadRoutes(api: Api, { reload, audit }: ReloadSources): void {
  serveWrite(api, reloadRoute, async ({ req }, by) => sendOutcome(await reload(req.valid('json'), by)))
  serve(api, auditRoute, async ({ req }) => sendJson({ entries: await audit(req.valid('query').limit ?? PAGE) }))
}
