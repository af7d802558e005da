// A small application as it stands behind a region's balancer: login, renewal, logout, who am I, and /health. It keeps no
// user's state in its memory, so that any request may meet any server: what it must know is in the pass (signed) or in a
// store that all servers share. No users' database: whoever knows the one password is who they say.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { judgeHealth } from './health.ts'
import type { Revocations } from './revocations.ts'
import { StoreTrouble, type Pass, type Sessions } from './sessions.ts'
import { sameBytes } from './tokens.ts'

export interface AppOptions {
  /** Of this server, for people: `X-Server`. */
  readonly name: string
  readonly sessions: Sessions
  readonly password: string
  /** Of signed sessions: shown to peers. */
  readonly revocations?: Revocations
}

export interface App {
  readonly server: Server
  /** /health says from now on that it ends; all else goes on. */
  readonly announceStop: () => void
}

interface Answer {
  readonly status: number
  readonly body?: object
}

type Route = (request: IncomingMessage) => Promise<Answer>

const MAX_BODY_BYTES = 4096
const REFUSED: Answer = { status: 401, body: { error: 'no valid pass' } }

export function createApp({ name, sessions, password, revocations }: AppOptions): App {
  let stopping = false
  const routes: Readonly<Record<string, Route>> = {
    'GET /health': () => judgeHealth(sessions.dependencies, stopping),
    'POST /api/login': async (request) => {
      const { user, password: given } = await readJson(request)
      const known = user !== undefined && given !== undefined && sameText(given, password)
      return known ? { status: 200, body: describe(await sessions.open(user)) } : REFUSED
    },
    'POST /api/refresh': async (request) => {
      const { refresh } = await readJson(request)
      const pass = refresh === undefined ? undefined : await sessions.renew(refresh)
      return pass ? { status: 200, body: describe(pass) } : REFUSED
    },
    'POST /api/logout': async (request) => {
      await sessions.close(bearerOf(request))
      return { status: 204 }
    },
    'GET /api/me': async (request) => {
      const user = await sessions.whose(bearerOf(request))
      return user === undefined ? REFUSED : { status: 200, body: { user, server: name } }
    },
    'GET /internal/revocations': () => Promise.resolve({ status: 200, body: revocations?.list() ?? [] }),
  }
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url?.split('?')[0] ?? ''
    const route = routes[`${request.method ?? ''} ${path}`]
    const { status, body } = route ? await route(request).catch(describeTrouble) : { status: 404 }
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-server': name })
    response.end(body && `${JSON.stringify(body)}\n`)
  }
  return {
    server: createServer((request, response) => void serve(request, response)),
    announceStop: () => (stopping = true),
  }
}

/** The store is not there: 503, and the balancer tries another server or says so. Anything else is a fault of ours. */
function describeTrouble(error: unknown): Answer {
  if (error instanceof StoreTrouble) return { status: 503, body: { error: `the session store: ${error.message}` } }
  if (error instanceof SyntaxError) return { status: 400, body: { error: error.message } }
  console.error(error)
  return { status: 500, body: { error: 'internal' } }
}

function describe({ access, refresh, accessLifeMs }: Pass): object {
  return { access, refresh, expiresInSeconds: accessLifeMs / 1000 }
}

/** Text fields of the body; throws SyntaxError for what is no JSON object, or too long. */
async function readJson(request: IncomingMessage): Promise<Readonly<Record<string, string | undefined>>> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw new SyntaxError('the body is too long')
    chunks.push(chunk)
  }
  const value: unknown = JSON.parse(Buffer.concat(chunks).toString())
  if (typeof value !== 'object' || value === null) throw new SyntaxError('the body is no object')
  return Object.fromEntries(Object.entries(value).filter(([, field]) => typeof field === 'string'))
}

function bearerOf({ headers }: IncomingMessage): string {
  return /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1] ?? ''
}

function sameText(a: string, b: string): boolean {
  return sameBytes(Buffer.from(a), Buffer.from(b))
}
