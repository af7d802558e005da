// ACME challenges over HTTP, with a role of their own: a certificate client sets a TXT record, has it looked at, and removes
// it. A call returns once the record answers, or no longer does.
import { createRoute, z } from '@hono/zod-openapi'
import {
  jsonBody,
  jsonContent,
  momentSchema,
  problemResponses,
  sendJson,
  sendOutcome,
  serve,
  serveWrite,
  type Api,
  type Caller,
  type Outcome,
} from './api.ts'
import { writing } from './body.ts'

const nameSchema = z
  .string()
  .min(1)
  .max(255)
  .openapi({ example: '_acme-challenge.example.com' })
  .describe('Begins with `_acme-challenge.`; the final dot may be left out')

/** RFC 8555 §8.4: base64url of a SHA-256 digest. */
const valueSchema = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'is no key authorization digest (RFC 8555 §8.4)')

const DAY_MS = 24 * 3_600_000

const newChallengeSchema = z
  .strictObject({
    name: nameSchema,
    value: valueSchema,
    lifeMs: z.int().min(1000).max(DAY_MS).optional().describe('Gone of itself after this; by default an hour'),
  })
  .openapi('NewChallenge')

const challengeSchema = z
  .object({ name: z.string(), value: z.string(), owner: z.string(), expiresAt: momentSchema })
  .openapi('Challenge')

export type NewChallenge = z.output<typeof newChallengeSchema>
export type ChallengeView = z.output<typeof challengeSchema>

export interface ChallengeSources {
  readonly list: () => readonly ChallengeView[]
  readonly set: (wanted: NewChallenge, by: Caller) => Promise<Outcome<ChallengeView>>
  /** All of that name, or the one of that value; gives how many went. */
  readonly remove: (
    name: string,
    value: string | undefined,
    by: Caller,
  ) => Promise<Outcome<{ readonly removed: number }>>
}

const PATH = '/v1/challenges'

const listRoute = createRoute({
  ...{ method: 'get', path: PATH, ...writing('acme') },
  responses: { 200: jsonContent(z.object({ challenges: z.array(challengeSchema) }), 'All'), ...problemResponses },
})

const setRoute = createRoute({
  ...{ method: 'post', path: PATH, ...writing('acme') },
  request: { body: jsonBody(newChallengeSchema) },
  responses: { 201: jsonContent(challengeSchema, 'It answers'), ...problemResponses },
})

const removeRoute = createRoute({
  ...{ method: 'delete', path: `${PATH}/{name}`, ...writing('acme') },
  request: { params: z.object({ name: nameSchema }), query: z.strictObject({ value: valueSchema.optional() }) },
  responses: { 200: jsonContent(z.object({ removed: z.int() }), 'It answers no longer'), ...problemResponses },
})

export function addChallengeRoutes(api: Api, { list, set, remove }: ChallengeSources): void {
  serve(api, listRoute, () => sendJson({ challenges: list() }))
  serveWrite(api, setRoute, async ({ req }, by) => {
    return sendOutcome(await set(req.valid('json'), by), (value) => sendJson(value, 201))
  })
  serveWrite(api, removeRoute, async ({ req }, by) => {
    return sendOutcome(await remove(req.valid('param').name, req.valid('query').value, by))
  })
}
