// What the routes that operators use have in common: how they are declared, how a body that does not fit its schema is
// refused, and how versions guard writes (RFC 9110 §13). Schemas here are what the API's description is generated from.
import { z, type Hook, type OpenAPIHono, type RouteConfig, type RouteHandler } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Env } from './access.ts'
import { problemResponse, type Problem } from './problem.ts'
import type { Actor } from './tokens.ts'

export type Api = OpenAPIHono<Env>

/** Adds a route whose answers are made whole here, problems among them: their types are the description's concern. */
export function serve<Route extends RouteConfig>(
  api: Api,
  route: Route,
  answer: (context: Parameters<RouteHandler<Route, Env>>[0]) => Response | Promise<Response>,
): void {
  api.openapi(route, answer)
}

/** The same for a route that writes: on whose behalf, and for which version, is known. */
export function serveWrite<Route extends RouteConfig>(
  api: Api,
  route: Route,
  answer: (context: Parameters<RouteHandler<Route, Env>>[0], by: Caller) => Promise<Response>,
): void {
  serve(api, route, (context) => {
    const caller = callerOf(context)
    return 'code' in caller ? problemResponse(caller) : answer(context, caller)
  })
}

/** A value, or why there is none. */
export type Outcome<Value> = { readonly value: Value } | { readonly problem: Problem }

/** On whose behalf something is done. */
export interface Caller {
  readonly actor: Actor
  /** The version that the caller has seen, if it said so. */
  readonly version?: number
}

export const problemSchema = z
  .object({
    title: z.string(),
    status: z.int(),
    code: z.string().describe('Kebab-case, stable: programs match on it'),
    detail: z.string(),
    hint: z.string().optional(),
    parameter: z.string().optional().describe('The query parameter at fault'),
    pointer: z.string().optional().describe('The part of the body at fault (RFC 6901)'),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
    rules: z.array(z.object({}).loose()).optional().describe('Safety rules that refuse, with their numbers'),
    faults: z.array(z.object({}).loose()).optional().describe('Every fault of a refused configuration'),
  })
  .openapi('Problem')

/** Every answer that is no success. */
export const problemResponses = {
  default: {
    description: 'What is wrong (RFC 9457)',
    content: { 'application/problem+json': { schema: problemSchema } },
  },
}

export function jsonContent<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { 'application/json': { schema } } }
}

/** Declares a body: JSON, and nothing else, or web pages could send it without asking first. */
export function jsonBody<T extends z.ZodType>(schema: T) {
  return { required: true, content: { 'application/json': { schema } } }
}

/** RFC 3339, in any zone; wall-clock ms behind it. */
export const momentSchema = z.iso.datetime({ offset: true }).describe('A moment (RFC 3339)')

export const reasonSchema = z.string().trim().min(1).max(500).describe('Why; it is kept, shown and audited')

export const targetSchema = z
  .string()
  .min(1)
  .max(300)
  .describe('`REGION`, `SERVICE:REGION`, or `REGION/ADDRESS` of a balancer')
  .openapi({ example: 'eu-west' })

/** Turns what does not fit its schema into a problem that names the place. */
export const refuseMisfit: Hook<unknown, Env, string, unknown> = (result) => {
  if (result.success) return undefined
  const errors = result.error.issues.flatMap(flattenIssue)
  const [first] = errors
  const isBody = result.target === 'json'
  return problemResponse({
    ...{ status: 400, code: isBody ? 'bad-body' : 'bad-parameter', detail: first?.detail ?? 'it does not fit' },
    ...(isBody ? { pointer: first?.pointer ?? '' } : { parameter: first?.pointer.slice(1) ?? '' }),
    ...(errors.length > 1 && { errors }),
    hint: 'GET /v1/openapi.json says what fits',
  })
}

interface Misfit {
  readonly pointer: string
  readonly detail: string
}

function flattenIssue(issue: z.core.$ZodIssue): Misfit[] {
  const keys = issue.code === 'unrecognized_keys' ? issue.keys : [undefined]
  return keys.map((key) => {
    const path = [...issue.path, ...(key === undefined ? [] : [key])].map(String)
    const pointer = path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
    return { pointer, detail: `${path.length === 0 ? 'the body' : path.join('.')}: ${issue.message}` }
  })
}

/** The version that `If-Match` asks for; undefined: any will do; a problem when it is no tag of ours. */
function readIfMatch(context: Context<Env>): number | undefined | Problem {
  const header = context.req.header('if-match')
  if (header === undefined || header.trim() === '*') return undefined
  const version = /^"v([0-9]{1,15})"$/.exec(header.trim())?.[1]
  if (version !== undefined) return Number(version)
  return { status: 412, code: 'changed-meanwhile', detail: `If-Match ${header} is no version of it`, hint: READ_AGAIN }
}

export const READ_AGAIN = 'read it again, and decide anew'

export function tagOf(version: number): string {
  return `"v${version}"`
}

/** Who calls, and which version they have seen; or why that cannot be told. */
function callerOf(context: Context<Env>): Caller | Problem {
  const version = readIfMatch(context)
  if (typeof version === 'object') return version
  return { actor: context.get('actor'), ...(version !== undefined && { version }) }
}

export function sendJson(value: object, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(`${JSON.stringify(value)}\n`, {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  })
}

export function sendOutcome<Value extends object>(
  outcome: Outcome<Value>,
  send: (value: Value) => Response = (value) => sendJson(value),
): Response {
  return 'problem' in outcome ? problemResponse(outcome.problem) : send(outcome.value)
}
