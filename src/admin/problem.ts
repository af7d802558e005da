// An error answer of the HTTP API, by RFC 9457 (problem+json). Programs match on `code`, people read `detail`.

export interface Problem {
  readonly status: ProblemStatus
  /** Kebab-case, stable. */
  readonly code: string
  /** One sentence, without a full stop: what is wrong with this request. */
  readonly detail: string
  /** The query parameter that is at fault. */
  readonly parameter?: string
  /** The part of the body that is at fault: a JSON pointer (RFC 6901). */
  readonly pointer?: string
  /** Further parts of the body that are. */
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
  /** Of a safety rule that refuses: each rule with its numbers. */
  readonly rules?: readonly object[]
  /** Of a configuration that is refused: every fault. */
  readonly faults?: readonly object[]
  /** What to do about it. */
  readonly hint?: string
}

export type ProblemStatus = keyof typeof TITLES

/** RFC 9457 §4.2.1: with no `type` given, the title is that of the status (RFC 9110 §15). */
const TITLES = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  411: 'Length Required',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
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
