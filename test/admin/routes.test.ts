import { describe, expect, test } from 'vitest'
import type { QueryFilter } from '../../src/admin/queries.ts'
import { createRoutes, type AdminSources, type ExplainQuery } from '../../src/admin/routes.ts'
import { NO_ROUND_TRIPS, SAMPLE_STATUS } from './sample-status.ts'

function routes(changes: Partial<AdminSources> = {}) {
  return createRoutes({
    status: () => SAMPLE_STATUS,
    explain: (query) => Promise.resolve({ explanation: { query } }),
    queries: () => ({ sample: 1, queries: [] }),
    roundTrips: NO_ROUND_TRIPS,
    now: () => Date.parse('2026-11-24T12:00:00Z'),
    ready: () => ({ ready: true, reasons: [] }),
    report: (region, text) => ({ taken: { region, text } }),
    metrics: () => Promise.resolve('meridian_build_info 1\n'),
    onError: (error) => {
      throw error
    },
    onRefused: () => undefined,
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
  ['?name=a&at=10m', { name: 'a', type: 'A', at: Date.parse('2026-11-24T11:50:00Z') }],
  ['?name=a&at=2026-11-24T11:00:00Z', { name: 'a', type: 'A', at: Date.parse('2026-11-24T11:00:00Z') }],
])('explain reads %s', async (query, expected) => {
  const response = await routes().request(`/v1/explain${query}`)
  expect(await response.json()).toEqual({ query: expected })
})

test.each([
  ['', 'missing-parameter', 'name'],
  ['?name=a&client=here', 'bad-address', 'client'],
  ['?name=a&cleint=1.2.3.4', 'unknown-parameter', 'cleint'],
  ['?name=a&name=b', 'repeated-parameter', 'name'],
  ['?name=a&at=noon', 'bad-moment', 'at'],
  ['?name=a&at=2026-11-24T12:00:01Z', 'future-moment', 'at'],
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

const JSON_BODY = { method: 'POST', headers: { 'content-type': 'application/json' } }

test('a report is handed on as it was posted', async () => {
  const response = await routes().request('/v1/regions/eu-west/report', { ...JSON_BODY, body: '{"errors":1}' })
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({ region: 'eu-west', text: '{"errors":1}' })
})

test('a report is refused by method, type, size, and by who takes it', async () => {
  const path = '/v1/regions/eu-west/report'
  const got = await routes().request(path)
  expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST'])
  const form = { method: 'POST', body: '{}', headers: { 'content-type': 'text/plain' } }
  expect((await routes().request(path, form)).status).toBe(415)
  const large = await routes().request(path, { ...JSON_BODY, body: 'x'.repeat((1 << 20) + 1) })
  expect(large.status).toBe(413)
  const problem = { status: 409, code: 'not-pushed', detail: 'its reports are not pushed' } as const
  const refused = await routes({ report: () => ({ problem }) }).request(path, { ...JSON_BODY, body: '{}' })
  expect([refused.status, await refused.json()]).toEqual([409, { title: 'Conflict', ...problem }])
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

test.each<[string, QueryFilter]>([
  ['', { limit: 100 }],
  ['?limit=7&name=WWW.example.com&region=us', { limit: 7, name: 'www.example.com.', region: 'us' }],
])('queries reads %s', async (query, expected) => {
  const seen: QueryFilter[] = []
  const list = { sample: 3, queries: [] }
  const queries = (filter: QueryFilter) => {
    seen.push(filter)
    return list
  }
  const response = await routes({ queries }).request(`/v1/queries${query}`)
  expect(await response.json()).toEqual(list)
  expect(seen).toEqual([expected])
})

test.each(['0', '10001', 'ten', '-1', '1e3'])('queries refuses a limit of %s', async (limit) => {
  const response = await routes().request(`/v1/queries?limit=${limit}`)
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ code: 'bad-limit', parameter: 'limit' })
})

describe('round-trip times', () => {
  const report = (body: string, method = 'POST', type = 'application/json') => ({
    ...{ method, body },
    headers: { 'content-type': type, 'content-length': String(body.length) },
  })
  const GOOD = '{ "region": "us", "times": { "2001:DB8::/32": 9, "192.0.2.7": 0.5 } }'

  test.each(['POST', 'PUT'] as const)('are taken by %s', async (method) => {
    const seen: unknown[] = []
    const receipt = { region: 'us', known: 2, knownOfAll: 5, appliedWithinMs: 10 }
    const take: AdminSources['roundTrips']['take'] = ({ region, times }, how) => {
      seen.push([region, Object.fromEntries(times), how])
      return receipt
    }
    const response = await routes({ roundTrips: { ...NO_ROUND_TRIPS, take } }).request(
      '/v1/round-trips',
      report(GOOD, method),
    )
    expect(await response.json()).toEqual(receipt)
    expect(seen).toEqual([['us', { '2001:db8::/32': 9, '192.0.2.7/32': 0.5 }, method === 'PUT' ? 'replace' : 'add']])
  })

  test.each([
    ['{', 'bad-json', 'not JSON'],
    ['[]', 'bad-report', 'at its root'],
    ['{ "region": "us" }', 'bad-report', 'at /times'],
    ['{ "region": "us", "times": {}, "more": 1 }', 'bad-report', 'more'],
    ['{ "region": "us", "times": { "192.0.2.0/24": 60001 } }', 'bad-report', 'at /times/192.0.2.0~124: '],
    ['{ "region": "us", "times": { "192.0.2.0/24": "9" } }', 'bad-report', 'at /times/192.0.2.0~124: '],
    ['{ "region": "us", "times": { "192.0.2.1/24": 9 } }', 'bad-prefix', '192.0.2.1/24'],
    ['{ "region": "us", "times": { "2001:db8::/32": 9, "2001:DB8::/32": 8 } }', 'duplicate-prefix', '2001:db8::/32'],
  ])('%s is refused as %s', async (body, code, detail) => {
    const response = await routes().request('/v1/round-trips', report(body))
    expect(response.status).toBe(400)
    const problem = (await response.json()) as { code: string; detail: string }
    expect(problem.code).toBe(code)
    expect(problem.detail).toContain(detail)
  })

  test('must say that they are JSON, and are not too long', async () => {
    const plain = await routes().request('/v1/round-trips', report(GOOD, 'POST', 'text/plain'))
    expect([plain.status, plain.headers.get('connection')]).toEqual([415, 'close'])
    const long = await routes().request('/v1/round-trips', report(`"${'x'.repeat(1 << 20)}"`))
    expect(long.status).toBe(413)
    expect(await long.json()).toMatchObject({ code: 'report-too-long' })
  })

  test('what they cannot do is said by method', async () => {
    const response = await routes().request('/v1/round-trips', { method: 'DELETE' })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST, PUT'])
  })

  test('are listed', async () => {
    const listed = {
      regions: [{ region: 'us', times: [{ network: '192.0.2.0/24', ms: 1, at: '2026-11-24T12:00:00Z' }] }],
    }
    const response = await routes({ roundTrips: { ...NO_ROUND_TRIPS, list: () => listed } }).request('/v1/round-trips')
    expect(await response.json()).toEqual(listed)
  })
})
