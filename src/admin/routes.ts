// The HTTP API as a function from request to response: no socket here, and no knowledge of who answers. Every answer
// comes from a function that was handed in. The routes here are read-only, but for reports of regions; those that operators
// use are in operating.ts.
import { OpenAPIHono } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { createGate, requireRole, type AccessOptions, type Env } from './access.ts'
import { refuseMisfit, type Api } from './api.ts'
import { readBounded } from './body.ts'
import { addOperating, type Operating } from './operating.ts'
import { nearestWord } from '../base/fault.ts'
import { parseAddress } from '../base/address.ts'
import { MOMENT_FORMS, parseMoment } from '../base/moment.ts'
import { bad, readParameters, type Parameters } from './parameters.ts'
import { problemResponse, type Problem } from './problem.ts'
import { readQueryFilter, type QueryFilter, type QueryList } from './queries.ts'
import {
  MAX_REPORT_BYTES,
  readReport,
  type RoundTripList,
  type RoundTripReceipt,
  type RoundTripReport,
} from './round-trips.ts'
import type { Status } from './status.ts'

export interface ExplainQuery {
  /** As asked, with or without the final dot. */
  readonly name: string
  /** As asked, `A` by default. */
  readonly type: string
  /** A valid address. Missing: a client of whom nothing is known. */
  readonly client?: string
  /** Wall-clock ms of a moment of the past. Missing: now. */
  readonly at?: number
}

export interface Readiness {
  readonly ready: boolean
  /** Why not; empty when ready. */
  readonly reasons: readonly string[]
}

/** Who answers. None of these may throw for anything that a client sent. */
export interface AdminSources {
  readonly status: () => Status
  /** An explanation (plain JSON), or the problem with the query: an unknown name or type. */
  readonly explain: (query: ExplainQuery) => Promise<{ readonly explanation: object } | { readonly problem: Problem }>
  /** Sampled queries. */
  readonly queries: (filter: QueryFilter) => QueryList
  readonly roundTrips: {
    readonly list: () => RoundTripList
    readonly take: (report: RoundTripReport, how: 'add' | 'replace') => RoundTripReceipt | { readonly problem: Problem }
  }
  /** Wall-clock ms. */
  readonly now: () => number
  /** Takes a region's report, which is JSON by its type: what the region now takes by it, or what is wrong with it. */
  readonly report: (region: string, text: string) => { readonly taken: object } | { readonly problem: Problem }
  readonly ready: () => Readiness
  /** Prometheus text. */
  readonly metrics: () => Promise<string>
  /** Told of every exception, which the client sees as a 500 without its text. */
  readonly onError: (error: unknown) => void
  /** Who may ask; missing: everybody. */
  readonly access?: AccessOptions
  /** What operators may do; missing: nothing. */
  readonly operating?: Operating
  /** Told of every request that is refused unread. */
  readonly onRefused: (reason: AdminRefusal) => void
}

/** Too many connections, too long a head, too slow, no HTTP, or a body where none is wanted, or one too long. */
export type AdminRefusal = 'connections' | 'head' | 'timeout' | 'malformed' | 'body'

const EXPLAIN_PARAMETERS = ['name', 'type', 'client', 'at']

/** Content type of the Prometheus text format, version 0.0.4. */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export function createRoutes(sources: AdminSources): Api {
  const app = new OpenAPIHono<Env>({ defaultHook: refuseMisfit })
  app.use(countRefusedBodies(sources))
  if (sources.access) app.use(createGate(sources.access))
  if (sources.operating) addOperating(app, sources.operating)
  addWrites(app, sources)
  app.use(refuseBodies)
  for (const [path, answer] of Object.entries(listRoutes(sources))) {
    app.get(path, (context) => answer(new URL(context.req.url).searchParams))
    describe(app, 'get', path)
  }
  const known = methodsByPath(app)
  for (const [path, methods] of known) app.all(path, () => refuseMethod(methods))
  app.notFound((context) => problemResponse(unknownPath(context.req.path, [...known.keys()])))
  app.onError((error) => {
    if (error instanceof HTTPException) return problemResponse(UNREADABLE)
    sources.onError(error)
    return problemResponse({
      status: 500,
      code: 'internal-error',
      detail: 'the director failed to answer; see its log',
    })
  })
  return app
}

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  '/v1/status': 'How the director is',
  '/v1/explain': 'Why a client gets its answer, or got it then',
  '/v1/queries': 'Sampled queries',
  '/v1/round-trips': 'Round-trip times that regions reported',
  '/v1/regions/:name/report': 'Takes what a region tells of itself',
  '/healthz': 'The process lives; needs no token',
  '/readyz': 'It serves; needs no token',
  '/metrics': 'Prometheus text',
}

function describe(app: Api, method: string, path: string): void {
  const about = {
    method: method as 'get' | 'post' | 'put',
    path: path.replaceAll(/:(\w+)/g, '{$1}'),
    responses: { 200: { description: DESCRIPTIONS[path] ?? '' } },
  }
  app.openAPIRegistry.registerPath({ ...about, ...(method !== 'get' && { 'x-role': 'report' }) })
}

/** What regions report. */
function addWrites(app: Api, sources: AdminSources): void {
  const checks = sources.access ? [requireRole('report'), refuseOtherTypes] : [refuseOtherTypes]
  for (const [path, methods] of Object.entries(listWrites(sources))) {
    for (const [method, write] of Object.entries(methods)) {
      for (const check of checks) app.on(method, path, check)
      app.on(method, path, ({ req }) => readAndTake(req.raw, req.param('name') ?? '', write))
      describe(app, method.toLowerCase(), path)
    }
  }
}

const UNREADABLE: Problem = { status: 400, code: 'bad-body', detail: 'the body is not JSON', pointer: '' }

/** Every path with a route, in the words of the router, and what may be done there. */
function methodsByPath(app: Api): ReadonlyMap<string, readonly string[]> {
  const routes = app.routes.filter(({ method }) => method !== 'ALL')
  return new Map(
    Array.from(
      Map.groupBy(routes, ({ path }) => path),
      ([path, all]) => [
        path,
        [...new Set(all.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))].sort(),
      ],
    ),
  )
}

type Route = (parameters: URLSearchParams) => Response | Promise<Response>

function listRoutes(sources: AdminSources): Readonly<Record<string, Route>> {
  return {
    '/v1/status': () => json(sources.status()),
    '/v1/explain': (parameters) => explain(parameters, sources),
    '/v1/queries': (parameters) => queries(parameters, sources),
    '/v1/round-trips': () => json(sources.roundTrips.list()),
    '/healthz': () => json({ alive: true }),
    '/readyz': () => readiness(sources.ready()),
    '/metrics': async () => new Response(await sources.metrics(), { headers: { 'content-type': METRICS_TYPE } }),
  }
}

function unknownPath(path: string, known: readonly string[]): Problem {
  const nearest = nearestWord(path, known)
  const hint = nearest === undefined ? `there are ${known.join(', ')}` : `did you mean ${nearest}?`
  return { status: 404, code: 'unknown-path', detail: `there is nothing at ${path}`, hint }
}

function refuseMethod(allowed: readonly string[]): Response {
  const allow = allowed.join(', ')
  const detail = allow === 'GET, HEAD' ? 'this can only be read' : `this takes ${allow}`
  return problemResponse({ status: 405, code: 'method-not-allowed', detail }, { allow })
}

/** Takes the body, which is JSON by its type, and the name in the path. */
type Write = (body: string, name: string) => Response

/** By path and method. */
type Writes = Readonly<Record<string, Readonly<Record<string, Write>>>>

function listWrites({ roundTrips, report }: AdminSources): Writes {
  const take = (how: 'add' | 'replace') => (body: string) => {
    const times = readReport(body)
    if ('problem' in times) return problemResponse(times.problem)
    const receipt = roundTrips.take(times, how)
    return 'problem' in receipt ? problemResponse(receipt.problem) : json(receipt)
  }
  const takeReport = (body: string, region: string) => {
    const answer = report(region, body)
    return 'problem' in answer ? problemResponse(answer.problem) : json(answer.taken)
  }
  return {
    '/v1/round-trips': { POST: take('add'), PUT: take('replace') },
    '/v1/regions/:name/report': { POST: takeReport },
  }
}

/** A body that is not wanted, not JSON or too long. */
function countRefusedBodies({ onRefused }: AdminSources): MiddlewareHandler {
  return async (context, next) => {
    await next()
    if (context.res.status === 413 || context.res.status === 415) onRefused('body')
  }
}

/** Where no body is wanted, one is refused unread, and its connection closed so that the rest need not be read. */
const refuseBodies: MiddlewareHandler = async ({ req }, next) => {
  const isEmpty = (req.header('content-length') ?? '0') === '0' && req.header('transfer-encoding') === undefined
  if (isEmpty) {
    await next()
    return undefined
  }
  const problem = { status: 413, code: 'body-not-wanted', detail: 'such requests have no body' } as const
  return problemResponse(problem, { connection: 'close' })
}

/**
 * What is taken must say that it is JSON: a page in a browser of this machine cannot send that here without being asked
 * first (CORS).
 */
const refuseOtherTypes: MiddlewareHandler = async ({ req }, next) => {
  const type = req.header('content-type') ?? 'none'
  if (/^application\/json\s*(;|$)/i.test(type)) {
    await next()
    return undefined
  }
  const detail = `a report has the content type application/json, not ${type}`
  return problemResponse({ status: 415, code: 'not-json', detail }, { connection: 'close' })
}

async function readAndTake(request: Request, name: string, write: Write): Promise<Response> {
  const body = await readBounded(request, MAX_REPORT_BYTES)
  if (body !== undefined) return write(body, name)
  const detail = `a report has at most ${MAX_REPORT_BYTES} bytes`
  return problemResponse({ status: 413, code: 'report-too-long', detail }, { connection: 'close' })
}

/** Checks what can be checked without knowing DNS; names and types are judged by who explains. */
function readExplainQuery(parameters: URLSearchParams, now: number): ExplainQuery | { readonly problem: Problem } {
  const read = readParameters(parameters, EXPLAIN_PARAMETERS, 'explain')
  if ('problem' in read) return read
  const { name = '', type = 'A', client, at: written }: Parameters = read.values
  if (name === '') return bad('missing-parameter', 'name', 'is missing', '/v1/explain?name=www.example.com')
  if (client !== undefined && !parseAddress(client)) {
    return bad('bad-address', 'client', 'is not an IPv4 or IPv6 address', 'client=192.0.2.1')
  }
  const at = written === undefined ? undefined : parseMoment(written, now)
  if (written !== undefined && at === undefined) return bad('bad-moment', 'at', 'is no moment', `at=${MOMENT_FORMS}`)
  if (at !== undefined && at > now) return bad('future-moment', 'at', 'lies in the future')
  return { name, type, ...(client !== undefined && { client }), ...(at !== undefined && { at }) }
}

async function explain(parameters: URLSearchParams, sources: AdminSources): Promise<Response> {
  const query = readExplainQuery(parameters, sources.now())
  if ('problem' in query) return problemResponse(query.problem)
  const answer = await sources.explain(query)
  return 'problem' in answer ? problemResponse(answer.problem) : json(answer.explanation)
}

function queries(parameters: URLSearchParams, sources: AdminSources): Response {
  const filter = readQueryFilter(parameters)
  return 'problem' in filter ? problemResponse(filter.problem) : json(sources.queries(filter))
}

function readiness(readiness: Readiness): Response {
  return json(readiness, readiness.ready ? 200 : 503)
}

function json(value: object, status = 200): Response {
  return new Response(`${JSON.stringify(value)}\n`, {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  })
}
