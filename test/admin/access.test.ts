import { describe, expect, test } from 'vitest'
import { Desk, from, LOCAL, TOKENS } from './desk.ts'

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly 'x-role'?: string }>>>>
}

/** Every route that the API describes, with the role that it says it needs. */
async function listRoutes(desk: Desk) {
  const response = await desk.routes().request('/v1/openapi.json', {}, LOCAL)
  const { paths } = (await response.json()) as Described
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, about]) => ({
      path: path.replaceAll(/\{\w+\}/g, 'some'),
      method: method.toUpperCase(),
      role: about['x-role'] ?? 'read',
    })),
  )
  return [...described, { path: '/v1/openapi.json', method: 'GET', role: 'read' }]
}

test('what the router takes and what the API describes is the same', async () => {
  const desk = new Desk()
  const routed = desk
    .routes()
    .routes.filter(({ method }) => method !== 'ALL')
    .map(({ path, method }) => `${method} ${path.replaceAll(/:\w+(\{[^}]*\})?/g, 'some')}`)
  const described = (await listRoutes(desk)).map(({ path, method }) => `${method} ${path}`)
  expect([...new Set(routed)].sort()).toEqual(described.sort())
})

test.each(['', 'no JSON', '[]', '7', '{"nothing":', '\u0000'])(
  'on every route that takes a body, %j is refused with 400 and the place',
  async (body) => {
    const desk = new Desk()
    const app = desk.routes()
    const writes = (await listRoutes(desk)).filter(({ method }) => ['POST', 'PUT', 'PATCH'].includes(method))
    expect(writes.length).toBeGreaterThanOrEqual(8)
    for (const { path, method } of writes) {
      const headers = { ...json, 'content-length': String(Buffer.byteLength(body)) }
      const response = await app.request(path, { method, headers, body }, LOCAL)
      const problem: unknown = await response.json()
      expect([response.status, problem], `${method} ${path}`).toEqual([
        400,
        expect.objectContaining({
          code: expect.stringMatching(/^bad-/) as string,
          pointer: expect.any(String) as string,
        }),
      ])
    }
    expect(desk.errors).toEqual([])
  },
)

const MAY: Readonly<Record<string, readonly string[]>> = {
  read: ['read', 'operate', 'admin'],
  operate: ['operate', 'admin'],
  admin: ['admin'],
  acme: ['acme', 'admin'],
  report: ['report', 'operate', 'admin'],
}

const OPEN = ['/healthz', '/readyz']

const json = { 'content-type': 'application/json' }

test('of all routes and roles, every call that may not is refused, and every other gets past the gate', async () => {
  const desk = new Desk()
  const routes = await listRoutes(desk)
  expect(routes.length).toBeGreaterThan(10)
  desk.tokens = TOKENS
  const app = desk.routes()
  for (const { path, method, role } of routes) {
    for (const token of [undefined, 'wrong', ...Object.keys(TOKENS)]) {
      const abort = new AbortController()
      const headers = { ...json, ...(token !== undefined && { authorization: `Bearer ${token}` }) }
      const { status } = await app.request(path, { method, headers, signal: abort.signal }, LOCAL)
      abort.abort()
      const isKnown = token !== undefined && token in TOKENS
      const expected = OPEN.includes(path) ? undefined : !isKnown ? 401 : MAY[role]!.includes(token) ? undefined : 403
      if (expected === undefined) expect([401, 403], `${method} ${path} as ${token}`).not.toContain(status)
      else expect(status, `${method} ${path} as ${token}`).toBe(expected)
    }
  }
})

test('unknown paths are behind the gate too', async () => {
  const desk = new Desk()
  desk.tokens = TOKENS
  expect((await desk.routes().request('/v1/nothing', {}, LOCAL)).status).toBe(401)
})

describe('without tokens', () => {
  test.each([
    ['127.0.0.1', 200],
    ['127.9.9.9', 200],
    ['::1', 200],
    ['::ffff:127.0.0.1', 200],
    ['192.0.2.1', 403],
    ['::ffff:192.0.2.1', 403],
    ['', 403],
  ])('a call from "%s" gets %i', async (peer, status) => {
    expect((await new Desk().routes().request('/v1/status', {}, from(peer))).status).toBe(status)
  })

  test.each([
    ['with its origin', 'http://127.0.0.1/v1/overrides', { origin: 'http://evil.example' }],
    ['as the browser tells', 'http://127.0.0.1/v1/overrides', { 'sec-fetch-site': 'cross-site' }],
  ])('a web page is kept out: %s', async (_, url, headers) => {
    const init = { method: 'POST', headers: { ...json, ...headers }, body: '{}' }
    expect(await (await new Desk().routes().request(url, init, LOCAL)).json()).toMatchObject({ code: 'web-page' })
  })
})

describe.each([undefined, TOKENS])('by the name in Host, with tokens %o,', (tokens) => {
  const ask = (host: string, path = '/v1/status') => {
    const desk = new Desk()
    desk.tokens = tokens
    const headers = { authorization: 'Bearer admin' }
    return desk.routes().request(`http://${host}${path}`, { headers }, LOCAL)
  }

  test.each([
    ...['localhost', 'LOCALHOST:8053', 'meridian.localhost', '127.0.0.1', '127.0.0.1:8053', '[::1]:8053', '192.0.2.7'],
    ...['director-1.example.net', 'Director-1.example.net.:8053'],
  ])('%s may ask', async (host) => {
    expect((await ask(host)).status).toBe(200)
  })

  test.each(['rebound.example', 'localhost.rebound.example', 'x.director-1.example.net', '127.0.0.1.rebound.example'])(
    '%s may not',
    async (host) => {
      const response = await ask(host)
      expect([response.status, response.headers.get('content-type')]).toEqual([421, 'application/problem+json'])
      expect(await response.json()).toMatchObject({ code: 'host-unknown', title: 'Misdirected Request' })
      expect((await ask(host, '/metrics')).status).toBe(421)
      expect((await ask(host, '/readyz')).status).toBe(200)
    },
  )
})

test('one address may ask so often, and others are not touched by it', async () => {
  const desk = new Desk()
  desk.requestsPerSecond = 2
  const app = desk.routes()
  const ask = async (peer: string) => (await app.request('/v1/status', {}, from(peer))).status
  const first = await Promise.all(Array.from({ length: 20 }, () => ask('127.0.0.1')))
  expect(first.filter((status) => status === 200)).toHaveLength(12)
  expect(first.filter((status) => status === 429)).toHaveLength(8)
  expect(await ask('127.0.0.2')).toBe(200)
  expect((await app.request('/healthz', {}, LOCAL)).status).toBe(200)
  desk.now = 500
  expect([await ask('127.0.0.1'), await ask('127.0.0.1')]).toEqual([200, 429])
})
