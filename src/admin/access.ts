// Who may ask what: the gate before every route. While there are no tokens, loopback may do everything and nobody else
// anything; with tokens, everybody needs one, on loopback too. Only liveness and readiness are open to all. The gate also
// bounds how often one address may ask, and keeps web pages in an operator's browser out.
import type { Context, MiddlewareHandler } from 'hono'
import { createMiddleware } from 'hono/factory'
import type { Clock } from '../base/clock.ts'
import { isLoopback } from '../base/address.ts'
import { refuseHost } from './own-host.ts'
import { problemResponse, type Problem } from './problem.ts'
import type { Actor, Role, TokenBook } from './tokens.ts'

export interface Env {
  /** As @hono/node-server hands it in. */
  readonly Bindings: { readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } } }
  readonly Variables: { readonly actor: Actor }
}

export interface AccessOptions {
  readonly clock: Clock
  readonly tokens: Pick<TokenBook, 'isOpen' | 'find' | 'refresh'>
  /** Of one address; a burst of six times as many. */
  readonly requestsPerSecond: number
  /** Names by which it may be called, beside localhost and addresses. */
  readonly hosts: readonly string[]
}

const OPEN_PATHS = ['/healthz', '/readyz']

/** Everything but the open paths needs a caller, and `read` at the least. */
export function createGate({ clock, tokens, requestsPerSecond, hosts }: AccessOptions): MiddlewareHandler<Env> {
  const limit = createRateLimit(clock, requestsPerSecond)
  return createMiddleware<Env>(async (context, next) => {
    if (OPEN_PATHS.includes(context.req.path)) return pass(next)
    const peer = context.env.incoming?.socket?.remoteAddress ?? ''
    if (!limit(peer)) return problemResponse(TOO_MANY, { 'retry-after': '1' })
    const misdirected = refuseHost(context.req.url, hosts)
    if (misdirected) return problemResponse(misdirected)
    await tokens.refresh()
    const actor = callerOf(context, tokens, peer)
    if ('problem' in actor) return problemResponse(actor.problem, actor.headers)
    if (!mayAct(actor.role, 'read') && !hasOwnRole(context.req)) return problemResponse(roleNeeded(actor, 'read'))
    context.set('actor', actor)
    return pass(next)
  })
}

/** Routes that ask for a role which cannot read. */
function hasOwnRole({ path, method }: { readonly path: string; readonly method: string }): boolean {
  if (path === '/v1/challenges' || path.startsWith('/v1/challenges/')) return true
  const isReport = path === '/v1/round-trips' || /^\/v1\/regions\/[^/]+\/report$/.test(path)
  return isReport && (method === 'POST' || method === 'PUT')
}

/** Typed as middleware that answers, or does not. */
function pass(next: () => Promise<void>): Promise<undefined> {
  return next().then(() => undefined)
}

/** Lets callers of that role through, and `admin`. */
export function requireRole(role: Role): MiddlewareHandler<Env> {
  return createMiddleware<Env>((context, next) => {
    const actor = context.get('actor')
    return mayAct(actor.role, role) ? pass(next) : Promise.resolve(problemResponse(roleNeeded(actor, role)))
  })
}

function roleNeeded({ name, role: own }: Actor, role: Role): Problem {
  return {
    ...{ status: 403, code: 'role-needed', detail: `this needs the role ${role}; the token ${name} has ${own}` },
    hint: `meridian tokens create NAME --role ${role} --config FILE makes one that may`,
  }
}

/** Whether a role includes another. */
export function mayAct(own: Role, needed: Role): boolean {
  if (own === 'admin' || own === needed) return true
  return own === 'operate' && (needed === 'read' || needed === 'report')
}

interface Refused {
  readonly problem: Problem
  readonly headers: Record<string, string>
}

function callerOf(context: Context<Env>, tokens: AccessOptions['tokens'], peer: string): Actor | Refused {
  if (!tokens.isOpen) {
    const text = /^Bearer +(\S+)$/i.exec(context.req.header('authorization') ?? '')?.[1]
    const actor = text === undefined ? undefined : tokens.find(text)
    return actor ?? { problem: text === undefined ? TOKEN_NEEDED : TOKEN_UNKNOWN, headers: CHALLENGE }
  }
  if (!isLoopback(peer)) return { problem: LOOPBACK_ONLY, headers: {} }
  if (isFromWebPage(context)) return { problem: FROM_WEB_PAGE, headers: {} }
  return { name: 'local', role: 'admin' }
}

/** A page in a browser on this machine may reach loopback too: it gives itself away by its origin. */
function isFromWebPage({ req }: Context<Env>): boolean {
  const site = req.header('sec-fetch-site')
  const isForeign = site !== undefined && site !== 'same-origin' && site !== 'none'
  const isRead = req.method === 'GET' || req.method === 'HEAD'
  return isForeign || (!isRead && req.header('origin') !== undefined)
}

const CHALLENGE = { 'www-authenticate': 'Bearer realm="meridian"' }

const TOKEN_NEEDED: Problem = {
  ...{ status: 401, code: 'token-needed', detail: 'this needs a token' },
  hint: 'send "Authorization: Bearer TOKEN"; the command line takes MERIDIAN_TOKEN or its config file',
}
const TOKEN_UNKNOWN: Problem = {
  ...{ status: 401, code: 'token-unknown', detail: 'this token is not known, or was revoked' },
}
const LOOPBACK_ONLY: Problem = {
  ...{ status: 403, code: 'loopback-only', detail: 'while there are no tokens, only this machine may ask' },
  hint: 'meridian tokens create NAME --role ROLE --config FILE makes one',
}
const FROM_WEB_PAGE: Problem = {
  ...{ status: 403, code: 'web-page', detail: 'a web page of another site may not ask' },
}
const TOO_MANY: Problem = {
  ...{ status: 429, code: 'too-many-requests', detail: 'this address asks too often' },
}

const BURST = 6
const MAX_PEERS = 1000

/** A token bucket for each address; the least recently seen are forgotten. */
function createRateLimit({ now }: Clock, perSecond: number): (peer: string) => boolean {
  const buckets = new Map<string, { left: number; at: number }>()
  return (peer) => {
    const at = now()
    const known = buckets.get(peer) ?? { left: perSecond * BURST, at }
    const left = Math.min(perSecond * BURST, known.left + ((at - known.at) / 1000) * perSecond)
    buckets.delete(peer)
    buckets.set(peer, { left: left < 1 ? left : left - 1, at })
    if (buckets.size > MAX_PEERS) buckets.delete(buckets.keys().next().value!)
    return left >= 1
  }
}
