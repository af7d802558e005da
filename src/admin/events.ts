// What happens, over HTTP: as pages, and live as server-sent events that resume after the last one that was seen. The
// stream holds no queue for a client: each reads on in the book from where it is, and is told when it missed something.
import { createRoute, z } from '@hono/zod-openapi'
import { streamSSE, type SSEStreamingApi } from 'hono/streaming'
import { jsonContent, momentSchema, problemResponses, sendJson, serve, type Api } from './api.ts'
import { problemResponse, type Problem } from './problem.ts'

const eventSchema = z
  .object({ id: z.int().describe('Grows, also over restarts'), at: momentSchema, text: z.string() })
  .openapi('Event')

export type NumberedEvent = z.output<typeof eventSchema>

export interface EventSources {
  /** Those after an id, oldest first, and whether some between are forgotten. */
  readonly since: (id: number) => { readonly events: readonly NumberedEvent[]; readonly isWhole: boolean }
  /** Resolves when something happens; at the latest when the signal aborts. */
  readonly next: (signal: AbortSignal) => Promise<void>
}

const idSchema = z.coerce.number().int().min(0)

const listRoute = createRoute({
  ...{ method: 'get', path: '/v1/events' },
  request: {
    query: z.strictObject({
      after: idSchema.optional().describe('Only those after this one'),
      limit: z.coerce.number().int().min(1).max(1000).optional().describe('100 by default'),
    }),
  },
  responses: {
    200: jsonContent(
      z.object({ events: z.array(eventSchema), next: z.int().optional(), isWhole: z.boolean() }),
      'Oldest first; without `after` the latest ones. `isWhole`: none between was forgotten',
    ),
    ...problemResponses,
  },
})

const streamRoute = createRoute({
  ...{ method: 'get', path: '/v1/events/stream' },
  request: { headers: z.object({ 'last-event-id': idSchema.optional() }) },
  responses: {
    200: {
      description:
        'Server-sent events: `event`, and `missed` when some are forgotten; data is an Event. `Last-Event-ID` resumes',
      content: { 'text/event-stream': { schema: z.string() } },
    },
    ...problemResponses,
  },
})

const PAGE = 100
const MAX_STREAMS = 16
/** A comment now and then shows that the stream lives, ms. */
const HEARTBEAT_MS = 15_000

export function addEventRoutes(api: Api, sources: EventSources): void {
  let streams = 0
  serve(api, listRoute, (context) => sendPage(sources, context.req.valid('query')))
  serve(api, streamRoute, (context) => {
    if (streams >= MAX_STREAMS) return problemResponse(TOO_MANY_STREAMS, { 'retry-after': '5' })
    streams++
    const after = context.req.valid('header')['last-event-id'] ?? latestId(sources)
    return streamSSE(context, (stream) => follow(stream, sources, after).finally(() => streams--))
  })
}

interface Page {
  readonly after?: number | undefined
  readonly limit?: number | undefined
}

function sendPage({ since }: EventSources, page: Page): Response {
  const { after, limit = PAGE } = page
  const { events, isWhole } = since(after ?? 0)
  if (after === undefined) return sendJson({ events: events.slice(-limit), isWhole })
  const shown = events.slice(0, limit)
  const next = events.length > limit ? shown.at(-1)?.id : undefined
  return sendJson({ events: shown, isWhole, ...(next !== undefined && { next }) })
}

function latestId({ since }: EventSources): number {
  return since(0).events.at(-1)?.id ?? 0
}

async function follow(stream: SSEStreamingApi, { since, next }: EventSources, after: number): Promise<void> {
  const gone = new AbortController()
  stream.onAbort(() => gone.abort())
  let last = after
  while (!gone.signal.aborted && !stream.closed) {
    const { events, isWhole } = since(last)
    if (!isWhole) await stream.writeSSE({ event: 'missed', data: JSON.stringify({ after: last }) })
    for (const event of events) {
      await stream.writeSSE({ event: 'event', id: String(event.id), data: JSON.stringify(event) })
      last = event.id
    }
    const isQuiet = events.length === 0
    if (isQuiet) await stream.write(': still here\n\n')
    await next(AbortSignal.any([gone.signal, AbortSignal.timeout(HEARTBEAT_MS)]))
  }
}

const TOO_MANY_STREAMS: Problem = {
  ...{ status: 503, code: 'too-many-streams', detail: `${MAX_STREAMS} streams of events are open, which is the most` },
}
