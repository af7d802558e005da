import { describe, expect, test } from 'vitest'
import { Desk, LOCAL, TOKENS } from './desk.ts'

const headers = { 'content-type': 'application/json' }
const drain = { kind: 'drain', target: 'eu-west', reason: 'new kernel' }

function post(app: ReturnType<Desk['routes']>, body: unknown, more: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const length = { 'content-length': String(Buffer.byteLength(text)) }
  return app.request(
    '/v1/overrides',
    { method: 'POST', headers: { ...headers, ...length, ...more }, body: text },
    LOCAL,
  )
}

test('one is made, seen, and has its owner from the token', async () => {
  const desk = new Desk()
  desk.tokens = TOKENS
  const authorization = { authorization: 'Bearer operate' }
  const app = desk.routes()
  const made = await post(app, { ...drain, rampMs: 600_000 }, authorization)
  expect([made.status, made.headers.get('location'), made.headers.get('etag')]).toEqual([
    201,
    '/v1/overrides/o0',
    '"v1"',
  ])
  expect(await made.json()).toMatchObject({ id: 'o0', owner: 'operate-token', rampMs: 600_000 })
  const seen = await app.request('/v1/overrides/o0', { headers: { authorization: 'Bearer read' } }, LOCAL)
  expect(await seen.json()).toMatchObject({ id: 'o0', reason: 'new kernel' })
})

describe('a body that does not fit is refused with the place:', () => {
  test.each<[string, unknown, object]>([
    ['no JSON', '{"kind":', { status: 400, code: 'bad-body' }],
    ['no object', '7', { status: 400, code: 'bad-body', pointer: '' }],
    ['a kind that is none', { ...drain, kind: 'dance' }, { status: 400, pointer: '/kind' }],
    ['no reason', { kind: 'drain', target: 'eu-west' }, { status: 400, pointer: '/reason' }],
    ['an empty reason', { ...drain, reason: ' ' }, { status: 400, pointer: '/reason' }],
    ['an unknown key', { ...drain, until: 'later' }, { status: 400, pointer: '/until' }],
    ['a moment that is none', { ...drain, startsAt: 'noon' }, { status: 400, pointer: '/startsAt' }],
    ['a negative ramp', { ...drain, rampMs: -1 }, { status: 400, pointer: '/rampMs' }],
    ['a body without end', `{"kind":"${'x'.repeat(2 << 20)}"}`, { status: 413, code: 'body-too-large' }],
  ])('%s', async (_, body, expected) => {
    const desk = new Desk()
    const response = await post(desk.routes(), body)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject(expected)
    expect(desk.overrides).toEqual([])
    expect(desk.errors).toEqual([])
  })

  test('all places are told', async () => {
    const response = await post(new Desk().routes(), { kind: 'dance', target: 7 })
    const { errors } = (await response.json()) as { errors: { pointer: string }[] }
    expect(errors.map(({ pointer }) => pointer)).toEqual(['/kind', '/target', '/reason'])
  })

  test('a body whose length is not told', async () => {
    const init = { method: 'POST', headers, body: JSON.stringify(drain) }
    expect((await new Desk().routes().request('/v1/overrides', init, LOCAL)).status).toBe(411)
  })

  test('what is no JSON by its type', async () => {
    const init = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: JSON.stringify(drain) }
    expect((await new Desk().routes().request('/v1/overrides', init, LOCAL)).status).toBe(415)
  })
})

test('a write for a version that is gone is refused; one for the version that is, is not', async () => {
  const app = new Desk().routes()
  expect((await post(app, drain, { 'if-match': '"v0"' })).status).toBe(201)
  expect((await post(app, drain, { 'if-match': '"v0"' })).status).toBe(412)
  expect((await post(app, drain, { 'if-match': 'W/"something"' })).status).toBe(412)
  expect((await post(app, drain, { 'if-match': '*' })).status).toBe(201)
})

test('pages', async () => {
  const desk = new Desk()
  const app = desk.routes()
  for (let i = 0; i < 5; i++) await post(app, drain)
  const page = async (query: string) => {
    const response = await app.request(`/v1/overrides?${query}`, {}, LOCAL)
    const { overrides, next } = (await response.json()) as { overrides: { id: string }[]; next?: string }
    return [overrides.map(({ id }) => id).join(), next]
  }
  expect(await page('limit=2')).toEqual(['o0,o1', 'o1'])
  expect(await page('limit=2&after=o3')).toEqual(['o4', undefined])
  expect(await page('')).toEqual(['o0,o1,o2,o3,o4', undefined])
  expect((await app.request('/v1/overrides?limit=0', {}, LOCAL)).status).toBe(400)
})

test('methods that a path does not take are told which it does', async () => {
  const response = await new Desk().routes().request('/v1/overrides', { method: 'PUT' }, LOCAL)
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST'])
})

test('the API describes itself', async () => {
  const document = (await (await new Desk().routes().request('/v1/openapi.json', {}, LOCAL)).json()) as {
    openapi: string
    paths: Record<string, object>
    components: { schemas: Record<string, object> }
  }
  expect(document.openapi).toBe('3.1.0')
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining(['/v1/status', '/v1/overrides', '/v1/overrides/{id}']),
  )
  expect(Object.keys(document.components.schemas)).toEqual(
    expect.arrayContaining(['Override', 'NewOverride', 'Problem']),
  )
})
