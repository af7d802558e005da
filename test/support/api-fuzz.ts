// Calls of the HTTP API as nobody would make them: right ones with parts exchanged, cut off or of another type. They come
// from many addresses of this machine, so that the limit of one does not stop them.
import { request } from 'node:http'
import type { Random } from '../../src/base/random.ts'

const PATHS = [
  ...['/v1/overrides', '/v1/overrides/abc', '/v1/plan', '/v1/reload', '/v1/events', '/v1/audit', '/v1/challenges'],
  ...['/v1/challenges/_acme-challenge.example.com', '/v1/status', '/v1/explain', '/v1/openapi.json', '/v1/nothing'],
  ...['/v1/overrides/%00', '/v1/challenges/%ff', '/metrics', '//', '/v1/round-trips', '/v1/queries'],
]
const QUERIES = [
  '',
  '?limit=-1',
  '?limit=1e9',
  '?after=x',
  '?dryRun=true',
  '?dryRun=7',
  '?reason=x',
  '?name=%00',
  '?__proto__=1',
]
/** Where what is sent is taken, if it fits. */
const TAKING = ['/v1/overrides', '/v1/overrides?dryRun=true', '/v1/plan', '/v1/challenges']
const METHODS = ['GET', 'POST', 'PATCH', 'DELETE', 'PUT', 'HEAD', 'OPTIONS', 'TRACE']
const TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'text/plain',
  '',
  'multipart/form-data; boundary=x',
]
const KEYS = [
  'kind',
  'target',
  'value',
  'reason',
  'rampMs',
  'startsAt',
  'expiresAt',
  'overrule',
  'drain',
  'fail',
  'weight',
  'share',
]
const MORE_KEYS = ['config', 'name', 'lifeMs', '__proto__', 'constructor', 'region', 'times', '']
const LEAVES: readonly unknown[] = [
  ...['drain', 'weight', 'share', 'force-up', 'eu-west', 'web:us-east', 'eu-west/198.51.100.20', ':', '/', 'a:b/c', ''],
  ...[0, -1, 0.5, 1e308, 2 ** 53, null, true, [], {}, '2026-01-01T00:00:00Z', '9999-12-31T23:59:59Z', 'x'.repeat(2000)],
  ...['\u0000', '\ud800', 'A'.repeat(43), '_acme-challenge.example.com', 'listen: [', 'toString'],
]

const SOUND = [
  { kind: 'share', target: 'eu-west', value: 0.5, reason: 'x' },
  { kind: 'weight', target: 'web:us-east', value: 0, reason: 'x', rampMs: 1000, overrule: 'x' },
  { kind: 'drain', target: 'ap-south', reason: 'x', expiresAt: '9999-12-31T23:59:59Z' },
  { kind: 'force-down', target: 'eu-west/198.51.100.20', reason: 'x' },
  { drain: ['eu-west'], fail: ['us-east'], weight: [{ target: 'canary:eu-west', value: 10 }] },
  { config: 'listen: []' },
  { name: '_acme-challenge.example.com', value: 'A'.repeat(43), lifeMs: 1000 },
]

/** Makes one, and gives the status of the answer; 0: the connection was closed. */
export function fuzzOnce(url: string, random: Random): Promise<number> {
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!
  const isLikely = random() < 0.3
  const method = isLikely ? 'POST' : pick(METHODS)
  const path = isLikely ? pick(TAKING) : pick(PATHS) + pick(QUERIES)
  const isWrite = method === 'POST' || method === 'PATCH' || method === 'PUT'
  const body = isWrite || random() < 0.1 ? makeBody(random, pick) : ''
  const headers: Record<string, string> = {}
  if (body !== '') headers['content-type'] = random() < 0.8 ? 'application/json' : pick(TYPES)
  if (body !== '' && random() < 0.9) headers['content-length'] = String(Buffer.byteLength(body))
  if (random() < 0.2) headers['if-match'] = pick(['"v1"', '*', 'W/"1"', '"v99999999999999999999"', ''])
  if (random() < 0.1) headers['authorization'] = pick(['Bearer x', 'Basic eDp5', 'Bearer mrd.a.b', 'Bearer'])
  const options = { method, headers, localAddress: `127.0.0.${2 + Math.floor(random() * 250)}`, agent: false }
  return new Promise((resolve) => {
    const call = request(url + path, options, (response) => {
      response.resume()
      response.on('close', () => resolve(response.statusCode!))
    })
    call.on('error', () => resolve(0))
    call.end(body)
  })
}

function makeBody(random: Random, pick: <T>(all: readonly T[]) => T): string {
  if (random() < 0.3) return JSON.stringify(pick(SOUND))
  const entries = Array.from({ length: Math.floor(random() * 7) }, () => [
    pick([...KEYS, ...MORE_KEYS]),
    random() < 0.2 ? [pick(LEAVES), { target: pick(LEAVES), value: pick(LEAVES) }] : pick(LEAVES),
  ])
  const sound = random() < 0.4 ? { kind: pick(['drain', 'share', 'weight']), target: pick(LEAVES), reason: 'x' } : {}
  const text = JSON.stringify({ ...sound, ...(Object.fromEntries(entries) as object) })
  return random() < 0.1 ? text.slice(0, Math.floor(random() * text.length)) : text
}
