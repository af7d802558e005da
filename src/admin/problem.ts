// An error answer of the HTTP API, by RFC 9457 (problem+json). Programs match on `code`, people read `detail`.

export interface Problem {
  readonly status: ProblemStatus
  /** Kebab-case, stable. */
  readonly code: string
  /** One sentence, without a full stop: what is wrong with this request. */
  readonly detail: string
  /** The query parameter that is at fault. */
  readonly parameter?: string
  /** What to do about it. */
  readonly hint?: string
}

export type ProblemStatus = keyof typeof TITLES

/** RFC 9457 §4.2.1: with no `type` given, the title is that of the status (RFC 9110 §15). */
const TITLES = {
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const

export function problemResponse(problem: Problem, headers: Record<string, string> = {}): Response {
  const body = JSON.stringify({ title: TITLES[problem.status], ...problem })
  return new Response(`${body}\n`, {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
  })
}
