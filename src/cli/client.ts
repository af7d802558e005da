// Asks a running director over its HTTP API. Whatever goes wrong becomes one line for people.
import type { Problem } from '../admin/problem.ts'
import type { QueryList } from '../admin/queries.ts'
import type { ExplainQuery } from '../admin/routes.ts'
import type { Status } from '../admin/status.ts'
import type { ShownExplanation } from './explain.ts'

export const DEFAULT_SERVER = 'http://127.0.0.1:8053'

/** An answer, a refusal by the director, or why there is neither. */
export type Reply<Value> =
  | { readonly value: Value }
  | { readonly problem: Problem }
  /** `absent`: nothing listens there, as far as can be told. */
  | { readonly fault: string; readonly absent: boolean }

/** How long a director may take to answer, ms. */
const TIMEOUT_MS = 5_000

/** `server`: a URL, or `host:port`. */
export function fetchStatus(server: string): Promise<Reply<Status>> {
  return fetchJson<Status>(server, '/v1/status', {})
}

/** `server`: a URL, or `host:port`. */
export function fetchExplanation(server: string, { at, ...query }: ExplainQuery): Promise<Reply<ShownExplanation>> {
  const moment = at === undefined ? {} : { at: new Date(at).toISOString() }
  return fetchJson<ShownExplanation>(server, '/v1/explain', { ...query, ...moment })
}

/** The newest sampled queries that fit. `server`: a URL, or `host:port`. */
export function fetchQueries(server: string, parameters: Record<string, string>): Promise<Reply<QueryList>> {
  return fetchJson<QueryList>(server, '/v1/queries', parameters)
}

async function fetchJson<Value>(
  server: string,
  path: string,
  parameters: Record<string, string>,
): Promise<Reply<Value>> {
  const url = URL.parse(path, server.includes('://') ? server : `http://${server}`)
  if (!url) return { fault: `"${server}" is not the URL of a director (like ${DEFAULT_SERVER})`, absent: false }
  url.search = new URLSearchParams(parameters).toString()
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' })
    return await readReply<Value>(response, url.origin)
  } catch (error) {
    return describeFailure(error, url.origin)
  }
}

async function readReply<Value>(response: Response, origin: string): Promise<Reply<Value>> {
  const type = response.headers.get('content-type') ?? 'no content type'
  const text = await response.text()
  if (type.startsWith('application/problem+json')) return { problem: JSON.parse(text) as Problem }
  if (response.ok && type.startsWith('application/json')) return { value: JSON.parse(text) as Value }
  return { fault: `${origin} is no Meridian director: it answers ${response.status} with ${type}`, absent: false }
}

function describeFailure(error: unknown, origin: string): Reply<never> {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const { code, name, message } = cause as NodeJS.ErrnoException
  if (code === 'ECONNREFUSED') return { fault: `no director runs at ${origin}`, absent: true }
  if (name === 'TimeoutError') return { fault: `${origin} did not answer within ${TIMEOUT_MS / 1000} s`, absent: false }
  return { fault: `cannot ask ${origin}: ${code ?? message}`, absent: code === 'ENOTFOUND' || code === 'EHOSTUNREACH' }
}
