// The audit log over HTTP: its newest entries, for who may administer.
import { createRoute, z } from '@hono/zod-openapi'
import type { AuditEntry } from './audit.ts'
import { jsonContent, problemResponses, sendJson, serve, type Api } from './api.ts'
import { writing } from './body.ts'

export interface AuditSource {
  /** The newest, oldest first. */
  readonly latest: (limit: number) => Promise<readonly AuditEntry[]>
}

const PAGE = 100

const auditRoute = createRoute({
  ...{ method: 'get', path: '/v1/audit', ...writing('admin') },
  request: { query: z.strictObject({ limit: z.coerce.number().int().min(1).max(1000).optional() }) },
  responses: {
    200: jsonContent(z.object({ entries: z.array(z.object({}).loose()) }), 'The newest entries, oldest first'),
    ...problemResponses,
  },
})

export function addAuditRoute(api: Api, { latest }: AuditSource): void {
  serve(api, auditRoute, async ({ req }) => sendJson({ entries: await latest(req.valid('query').limit ?? PAGE) }))
}
