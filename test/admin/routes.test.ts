import { expect, test } from 'vitest'
import { createRoutes, type AdminSources, type ExplainQuery } from '../../src/admin/routes.ts'
import { SAMPLE_STATUS } from './sample-status.ts'

function routes(changes: Partial<AdminSources> = {}) {
  return createRoutes({
    status: () => SAMPLE_STATUS,
    explain: (query) => Promise.resolve({ explanation: { query } }),
    queries: () => ({ sample: 1, queries: [] }),
    now: () => Date.parse('2026-11-24T12:00:00Z'),
    ready: () => ({ ready: true, reasons: [] }),
    metrics: () => Promise.resolve('meridian_build_info 1\n'),
    onError: (error) => {
      throw error
    },
    ...changes,
  })
}

test('status is served as it was handed in', async () => {
  const response = await routes().request('/v1/status')
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(await response.json()).toEqual(SAMPLE_STATUS)
})

test.each<[string, ExplainQuery]>([
  ['?name=www.example.com', { name: 'www.example.com', type: 'A' }],
  ['?name=a&type=AAAA&client=2001:db8::1', { name: 'a', type: 'AAAA', client: '2001:db8::1' }],
])('explain reads %s', async (query, expected) => {
  const response = await routes().request(`/v1/explain${query}`)
  expect(await response.json()).toEqual({ query: expected })
})

test.each([
  ['', 'missing-parameter', 'name'],
  ['?name=a&client=here', 'bad-address', 'client'],
  ['?name=a&cleint=1.2.3.4', 'unknown-parameter', 'cleint'],
  ['?name=a&name=b', 'repeated-parameter', 'name'],
])('explain%s is refused as %s', async (query, code, parameter) => {
  const response = await routes().request(`/v1/explain${query}`)
  expect(response.status).toBe(400)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(await response.json()).toMatchObject({ title: 'Bad Request', status: 400, code, parameter })
})

test('a problem found while explaining becomes the answer', async () => {
  const problem = { status: 404, code: 'not-ours', detail: 'no zone of ours holds it', parameter: 'name' } as const
  const response = await routes({ explain: () => Promise.resolve({ problem }) }).request('/v1/explain?name=a')
  expect(response.status).toBe(404)
  expect(await response.json()).toEqual({ title: 'Not Found', ...problem })
})

test('readiness says why not', async () => {
  const reasons = ['no zone is loaded']
  const response = await routes({ ready: () => ({ ready: false, reasons }) }).request('/readyz')
  expect(response.status).toBe(503)
  expect(await response.json()).toEqual({ ready: false, reasons })
  expect((await routes().request('/readyz')).status).toBe(200)
  expect((await routes({ ready: () => ({ ready: false, reasons }) }).request('/healthz')).status).toBe(200)
})

test('metrics carry the content type of Prometheus', async () => {
  const response = await routes().request('/metrics')
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  expect(await response.text()).toBe('meridian_build_info 1\n')
})

test('unknown paths get the nearest known one', async () => {
  const response = await routes().request('/v1/statsu')
  expect(response.status).toBe(404)
  expect(await response.json()).toMatchObject({ code: 'unknown-path', hint: 'did you mean /v1/status?' })
})

test('writing is refused by method and by body', async () => {
  const posted = await routes().request('/v1/status', { method: 'POST' })
  expect(posted.status).toBe(405)
  expect(posted.headers.get('allow')).toBe('GET, HEAD')
  const stuffed = await routes().request('/v1/status', {
    method: 'POST',
    body: 'x',
    headers: { 'content-length': '1' },
  })
  expect(stuffed.status).toBe(413)
})

test('HEAD answers without a body', async () => {
  const response = await routes().request('/v1/status', { method: 'HEAD' })
  expect(response.status).toBe(200)
  expect(await response.text()).toBe('')
})

test('an exception is told to the owner, and its text not to the client', async () => {
  const seen: unknown[] = []
  const status = () => {
    throw new Error('secret')
  }
  const response = await routes({ status, onError: (error) => seen.push(error) }).request('/v1/status')
  expect(response.status).toBe(500)
  expect(await response.text()).not.toContain('secret')
  expect(seen).toHaveLength(1)
})
