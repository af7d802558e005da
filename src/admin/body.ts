// Which bodies are let in before anything reads them: JSON alone, of a length that is told and bounded.
import { createMiddleware } from 'hono/factory'
import { requireRole, type Env } from './access.ts'
import { problemResponse } from './problem.ts'
import type { Role } from './tokens.ts'

const MAX_BODY_BYTES = 1 << 20

const WRITES = ['POST', 'PATCH']

/** A body is JSON, and says how long it is; other methods have none. What is refused is left unread. */
export const checkBody = createMiddleware<Env>(async ({ req }, next) => {
  const length = req.header('content-length')
  const isChunked = req.header('transfer-encoding') !== undefined
  const type = req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (!WRITES.includes(req.method)) {
    if (isChunked || Number(length ?? 0) > 0) return refuseBody(413, 'body-not-wanted', 'this request has no body')
  } else if (type !== 'application/json') {
    return refuseBody(415, 'json-needed', 'the body must be JSON, with content-type application/json')
  } else if (isChunked || length === undefined) {
    return refuseBody(411, 'length-needed', 'the length of the body must be told (content-length)')
  } else if (!(Number(length) <= MAX_BODY_BYTES)) {
    return refuseBody(413, 'body-too-large', `the body is longer than ${MAX_BODY_BYTES} bytes`)
  }
  await next()
  return undefined
})

function refuseBody(status: 411 | 413 | 415, code: string, detail: string): Response {
  return problemResponse({ status, code, detail }, { connection: 'close' })
}

/** What a route that writes declares: who may call it comes before what is sent. */
export function writing(role: Role) {
  return { 'x-role': role, middleware: [requireRole(role), checkBody] }
}

/** The text of a body, or undefined when it is longer: read no further than that, whether its length is told or not. */
export async function readBounded({ headers, body }: Request, maxBytes: number): Promise<string | undefined> {
  if (Number(headers.get('content-length') ?? 0) > maxBytes) return undefined
  const decoder = new TextDecoder()
  let [text, bytes] = ['', 0]
  for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += part.length
    if (bytes > maxBytes) return undefined
    text += decoder.decode(part, { stream: true })
  }
  return text + decoder.decode()
}
