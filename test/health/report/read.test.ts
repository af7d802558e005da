import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readFigures } from '../../../src/health/report/figures.ts'
import { readHaproxy } from '../../../src/health/report/haproxy.ts'
import { readJson } from '../../../src/health/report/json.ts'
import { MAPPINGS } from '../../../src/health/report/mappings.ts'
import { parseSelector, readPrometheus } from '../../../src/health/report/prometheus.ts'
import { impossible } from '../../../src/health/report/report.ts'

/** Columns of HAProxy 2.6, as `show stat` gives them, cut to those that are looked at and some that are not. */
const CSV = `# pxname,svname,qcur,scur,smax,slim,stot,econ,eresp,status,weight,hrsp_5xx,rtime,req_tot,desc,
www,FRONTEND,,40,90,200,9000,,,OPEN,,45,,9010,,
app,s1,0,10,30,,4500,0,1,UP,100,20,12,,,
app,s2,0,12,30,,4400,2,0,UP 1/2,100,24,14,,"a ""fine"" one, here",
app,s3,0,0,30,,0,0,0,MAINT,100,0,0,,,
app,BACKEND,0,22,60,20,8900,2,1,UP,200,44,13,8910,,
api,BACKEND,0,0,0,20,100,0,0,UP,0,1,113,100,,
stats,FRONTEND,,1,1,10,5,,,OPEN,,0,,5,,
`

it('reads HAProxy statistics of the proxies that count', () => {
  expect(readHaproxy(CSV, ['www', 'app'])).toEqual({
    sample: {
      activeConnections: 40,
      requests: 8910,
      errors: 44,
      responseTimeMs: 13,
      healthyServers: 2,
      totalServers: 3,
      utilisation: 0.2,
    },
  })
  const { sample } = readHaproxy(CSV, []) as { sample: { requests: number; responseTimeMs: number } }
  expect(sample.requests).toBe(9010)
  expect(sample.responseTimeMs).toBeCloseTo((8900 * 13 + 100 * 113) / 9000)
})

it.each([
  ['', [], 'not HAProxy statistics'],
  ['<html>', [], 'not HAProxy statistics'],
  [CSV, ['nobody'], 'no proxy called nobody'],
])('tells what is no HAProxy report', (text, proxies, problem) => {
  expect(readHaproxy(text, proxies)).toEqual({ problem })
})

const TEXT = `# HELP http_requests_total All
# TYPE http_requests_total counter
http_requests_total{code="200",path="/a,b\\"c"} 900 1700000000000
http_requests_total{code="500"} 7
http_requests_total{code="502",} 3
temperature 21.5
up{job="a"} 1
up{job="b"} 0
broken{ 5
far +Inf
http_requests_total_other 99
`

it.each([
  ['http_requests_total', 910],
  ['http_requests_total{code=~"5.."}', 10],
  ['http_requests_total{code!="200"}', 10],
  ['http_requests_total{code!~"2..|500"}', 3],
  ['http_requests_total{path="/a,b\\"c"}', 900],
  ['count(http_requests_total)', 3],
  ['max(http_requests_total)', 900],
  ['mean(up)', 0.5],
  ['sum(up{job=~"a|b"})', 1],
  ['temperature', 21.5],
  ['far', Infinity],
  ['nothing or temperature', 21.5],
  ['http_requests_total{path=" or "} or http_requests_total{code="500"} or temperature', undefined],
])('reads %s of Prometheus text', (requests, value) => {
  const nothing = { problem: 'none of the mapped metrics is there' }
  expect(readPrometheus(TEXT, { requests })).toEqual(value === undefined ? nothing : { sample: { requests: value } })
})

it('leaves out what is not there, and multiplies', () => {
  const mapping = { requests: 'nothing', responseTimeMs: { of: 'temperature', times: 1000 } }
  expect(readPrometheus(TEXT, mapping)).toEqual({ sample: { responseTimeMs: 21_500 } })
  expect(readPrometheus('', mapping)).toEqual({ problem: 'none of the mapped metrics is there' })
})

it('takes a tier that counts requests and has no series of errors to have made none', () => {
  const mapping = {
    requests: 'http_requests_total',
    errors: 'http_requests_total{code="599"}',
    totalServers: 'up{job="z"}',
  }
  expect(readPrometheus(TEXT, mapping)).toEqual({ sample: { requests: 910, errors: 0 } })
  expect(readPrometheus(TEXT, { ...mapping, errors: 'no_such{code="599"}' })).toEqual({ sample: { requests: 910 } })
})

it.each([
  '',
  'a or',
  'a or 1x',
  '1x',
  'a{b}',
  'a{b="c"',
  'min(a)',
  'sum(a',
  'a)',
  'a{b=~"("}',
  'a{b="c" d="e"}',
  'a{b="c"}x',
])('refuses the selector %j', (text) => expect(parseSelector(text)).toBeUndefined())

it.each(Object.entries(MAPPINGS))('has selectors alone in the mapping of %s', (_proxy, mapping) => {
  for (const written of Object.values<string | { of: string }>(mapping)) {
    expect(parseSelector(typeof written === 'string' ? written : written.of)).toBeDefined()
  }
})

const recorded = (name: string): string => readFileSync(join(import.meta.dirname, 'recorded', name), 'utf8')

it('reads what an Envoy told', () => {
  expect(readPrometheus(recorded('envoy.txt'), MAPPINGS.envoy)).toEqual({
    sample: {
      activeConnections: 0,
      requests: 2,
      errors: 0,
      responseTimeSumMs: 72.5,
      responseTimeCount: 1,
      healthyServers: 1,
      totalServers: 1,
    },
  })
})

it('reads what a Traefik told by its entry points', () => {
  const { sample } = readPrometheus(recorded('traefik.txt'), MAPPINGS.traefik) as { sample: Record<string, number> }
  expect(sample).toEqual({
    activeConnections: 4,
    requests: 787_262_719 + 71_907_943 + 25_435_602 + 12_951 + 72_538,
    errors: 12_951 + 72_538,
    responseTimeSumMs: (35_739_302.37570157 + 24_994_444.082210593) * 1000,
    responseTimeCount: 787_262_719 + 71_907_943,
  })
})

it('reads Traefik by its services where it tells of them', () => {
  const traefik = [
    'traefik_open_connections{entrypoint="web",protocol="TCP"} 12',
    'traefik_open_connections{entrypoint="traefik",protocol="TCP"} 1',
    'traefik_entrypoint_requests_total{code="200",method="GET",entrypoint="web"} 99999',
    'traefik_service_requests_total{code="200",method="GET",service="app@file"} 985',
    'traefik_service_requests_total{code="503",method="GET",service="app@file"} 15',
    'traefik_service_request_duration_seconds_sum{code="200",service="app@file"} 19.7',
    'traefik_service_request_duration_seconds_count{code="200",service="app@file"} 985',
    'traefik_service_server_up{service="app@file",url="http://10.0.0.1"} 1',
    'traefik_service_server_up{service="app@file",url="http://10.0.0.2"} 0',
  ]
  expect(readPrometheus(traefik.join('\n'), MAPPINGS.traefik)).toEqual({
    sample: {
      activeConnections: 12,
      requests: 1000,
      errors: 15,
      responseTimeSumMs: 19_700,
      responseTimeCount: 985,
      healthyServers: 1,
      totalServers: 2,
    },
  })
})

it('reads JSON by paths', () => {
  const text = JSON.stringify({ load: { active: 5, list: [{ up: 3 }] }, name: 'x' })
  expect(readJson(text, { activeConnections: 'load.active', healthyServers: '/load/list/0/up', errors: 'no' })).toEqual(
    {
      sample: { activeConnections: 5, healthyServers: 3 },
    },
  )
  expect(readJson(text, { requests: 'name' })).toEqual({ problem: 'name is no number' })
  expect(readJson(text, { requests: 'nothing' })).toEqual({ problem: 'none of the mapped values is there' })
  expect(readJson('{', { requests: 'a' })).toEqual({ problem: 'not JSON' })
})

it.each([
  [{ requests: -1 }, 'requests is -1'],
  [{ utilisation: NaN }, 'utilisation is NaN'],
  [{ activeConnections: Infinity }, 'activeConnections is Infinity'],
  [{ requests: 5, errors: 6 }, 'more errors than requests'],
  [{ healthyServers: 5, totalServers: 4 }, 'more healthy servers than there are'],
  [{}, 'it tells nothing'],
  [{ healthyServers: 4, totalServers: 4 }, undefined],
])('tells whether %j can be', (sample, problem) => expect(impossible(sample)).toBe(problem))

it('reads our own JSON by the names of figures, and nothing else', () => {
  expect(readFigures('{ "requests": 5, "errors": 0 }')).toEqual({ sample: { requests: 5, errors: 0 } })
  expect(readFigures('{ "requets": 5, "errors": "0" }')).toEqual({
    problem: 'requets is no figure of a report (did you mean requests?), errors is no number',
  })
  expect(readFigures('{ "requests": 1, "roundTrips": { "203.0.113.0/24": 12.5, "2001:DB8::/32": 20 } }')).toEqual({
    sample: { requests: 1 },
    roundTrips: new Map([
      ['203.0.113.0/24', 12.5],
      ['2001:db8::/32', 20],
    ]),
  })
  expect(readFigures('{ "roundTrips": { "203.0.113.1/24": 1, "192.0.2.0/24": -1, "192.0.2.1/32": "x" } }')).toEqual({
    problem:
      '203.0.113.1/24 is no CIDR prefix, 192.0.2.0/24 is no time from 0 to 60000 ms away, 192.0.2.1/32 is no time from 0 to 60000 ms away',
  })
  expect(readFigures('{ "roundTrips": [] }')).toEqual({ problem: 'roundTrips is no object' })
  expect(readFigures('[1]')).toEqual({ problem: 'no JSON object' })
  expect(readFigures('{ "__proto__": 1 }')).toEqual({ problem: '__proto__ is no figure of a report' })
  expect(readFigures('{')).toEqual({ problem: 'not JSON' })
})
