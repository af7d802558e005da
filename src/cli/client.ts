// Asks a running director over its HTTP API. Whatever goes wrong becomes one line for people.
import type { Problem } from '../admin/problem.ts'
import type { QueryList } from '../admin/queries.ts'
import type { ExplainQuery } from '../admin/routes.ts'
import type { Status } from '../admin/status.ts'
import type { ShownExplanation } from './explain.ts'

export const DEFAULT_SERVER = 'http://127.0.0.1:8053'

/** A director, and the token that it wants to see. */
export interface Connection {
  /** A URL, or `host:port`. */
  readonly server: string
  readonly token?: string
}

/** What is asked of a director beside a path. */
export interface Asked {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly query?: Readonly<Record<string, string>>
  readonly body?: object
  /** How long it may take, ms. */
  readonly timeoutMs?: number
}

/** An answer, a refusal by the director, or why there is neither. */
export type Reply<Value> =
  | { readonly value: Value }
  | { readonly problem: Problem }
  /** `absent`: nothing listens there, as far as can be told. */
  | { readonly fault: string; readonly absent: boolean }

/** How long a director may take to answer, ms. */
const TIMEOUT_MS = 5_000

/** `to`: also a URL, or `host:port`, of one that wants no token. */
export function fetchStatus(to: Connection | string): Promise<Reply<Status>> {
  return askDirector<Status>(to, '/v1/status')
}

/** `to`: also a URL, or `host:port`, of one that wants no token. */
export function fetchExplanation(
  to: Connection | string,
  { at, ...query }: ExplainQuery,
): Promise<Reply<ShownExplanation>> {
  const moment = at === undefined ? {} : { at: new Date(at).toISOString() }
  return askDirector<ShownExplanation>(to, '/v1/explain', { query: { ...query, ...moment } })
}

/** The newest sampled queries that fit. `to`: also a URL, or `host:port`, of one that wants no token. */
export function fetchQueries(to: Connection | string, query: Record<string, string>): Promise<Reply<QueryList>> {
  return askDirector<QueryList>(to, '/v1/queries', { query })
}

/** Asks anything of the API. */
export async function askDirector<Value>(
  to: Connection | string,
  path: string,
  { method = 'GET', query = {}, body, timeoutMs = TIMEOUT_MS }: Asked = {},
): Promise<Reply<Value>> {
  const { server, token } = typeof to === 'string' ? { server: to } : to
  const url = urlOf(server, path)
  if (!url) return { fault: `"${server}" is not the URL of a director (like ${DEFAULT_SERVER})`, absent: false }
  url.search = new URLSearchParams(query).toString()
  const headers = { ...authorization(token), ...(body && { 'content-type': 'application/json' }) }
  try {
    const signal = AbortSignal.timeout(timeoutMs)
    const init = { method, headers, signal, redirect: 'error', ...(body && { body: JSON.stringify(body) }) } as const
    return await readReply<Value>(await fetch(url, init), url.origin)
  } catch (error) {
    return describeFailure(error, url.origin, timeoutMs)
  }
}

/** The body of a stream of events, as it comes; or why there is none. */
export async function followDirector(
  { server, token }: Connection,
  path: string,
): Promise<{ readonly body: AsyncIterable<Uint8Array> } | Exclude<Reply<never>, { value: never }>> {
  const url = urlOf(server, path)
  if (!url) return { fault: `"${server}" is not the URL of a director (like ${DEFAULT_SERVER})`, absent: false }
  try {
    const response = await fetch(url, { headers: authorization(token), redirect: 'error' })
    if (response.ok && response.body) return { body: response.body }
    const reply = await readReply<never>(response, url.origin)
    return 'value' in reply ? { fault: `${url.origin} streams nothing`, absent: false } : reply
  } catch (error) {
    return describeFailure(error, url.origin, TIMEOUT_MS)
  }
}

function urlOf(server: string, path: string): URL | null {
  return URL.parse(path, server.includes('://') ? server : `http://${server}`)
}

function authorization(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}

async function readReply<Value>(response: Response, origin: string): Promise<Reply<Value>> {
  const type = response.headers.get('content-type') ?? 'no content type'
  const text = await response.text()
  if (type.startsWith('application/problem+json')) return { problem: JSON.parse(text) as Problem }
  if (response.ok && type.startsWith('application/json')) return { value: JSON.parse(text) as Value }
  return { fault: `${origin} is no Meridian director: it answers ${response.status} with ${type}`, absent: false }
}

function describeFailure(
  error: unknown,
  origin: string,
  timeoutMs: number,
): { readonly fault: string; readonly absent: boolean } {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const { code, name, message } = cause as NodeJS.ErrnoException
  if (code === 'ECONNREFUSED') return { fault: `no director runs at ${origin}`, absent: true }
  if (name === 'TimeoutError') return { fault: `${origin} did not answer within ${timeoutMs / 1000} s`, absent: false }
  return { fault: `cannot ask ${origin}: ${code ?? message}`, absent: code === 'ENOTFOUND' || code === 'EHOSTUNREACH' }
}
