// Certificates by DNS-01: a domain whose names are answered here keeps its wildcard certificates. Real clients (certbot and
// lego), with the hook that is shipped, before a real authority (Pebble) that asks this director.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startAuthority, type Authority } from '../support/acme-authority.ts'
import { askOn, openFlow } from '../support/dns-client.ts'
import { startDirector, type DirectorProcess } from '../support/director-process.ts'
import { until } from '../support/monotonic.ts'
import { operate, startOperated } from '../support/operate-site.ts'
import type { Site } from '../support/site.ts'

const HOOK = join(import.meta.dirname, '../../deploy/acme/meridian-acme')
const VALUE = 'A'.repeat(43)
const NAME = '_acme-challenge.example.com'

const run = promisify(execFile)

let site: Site
let director: DirectorProcess
let authority: Authority
let hookEnvironment: Record<string, string | undefined>

beforeAll(async () => {
  ;({ site, director } = await startOperated())
  const token = await operate(site, ['tokens', 'create', 'certs', '--role', 'acme', '-c', site.configFile])
  site.write('acme.token', token.out)
  authority = await startAuthority(site.folder, `${site.host}:${site.port}`)
  const MERIDIAN_TOKEN_FILE = join(site.folder, 'acme.token')
  hookEnvironment = { ...process.env, MERIDIAN_SERVERS: site.adminUrl, MERIDIAN_TOKEN_FILE }
}, 60_000)

afterAll(async () => {
  await authority.stop()
  await director.stop()
  site.remove()
})

async function ask(name = NAME): Promise<string[]> {
  const socket = await openFlow({ host: site.host, port: site.port })
  const message = await askOn(socket, { name, type: 'TXT' })
  socket.close()
  return message!.answer.map(({ text }) => text.replaceAll('"', '')).sort()
}

async function hook(...words: string[]): Promise<void> {
  await run(HOOK, words, { env: hookEnvironment })
}

async function call(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }> {
  const { readFileSync } = await import('node:fs')
  const authorization = `Bearer ${readFileSync(join(site.folder, 'acme.token'), 'utf8').trim()}`
  const headers = { authorization, 'content-type': 'application/json' }
  const response = await fetch(`${site.adminUrl}${path}`, {
    method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: await response.json() }
}

test('a challenge answers once it is set, beside others, over a restart, until it is removed or expires', async () => {
  const other = 'B'.repeat(43)
  await hook('present', NAME, VALUE)
  await hook('present', `${NAME}.`, other)
  expect(await ask()).toEqual([VALUE, other])
  director.signal('SIGKILL')
  await director.exited
  director = await startDirector(site)
  expect(await ask()).toEqual([VALUE, other])
  await hook('cleanup', NAME, other)
  expect(await ask()).toEqual([VALUE])
  await hook('cleanup', NAME, VALUE)
  expect(await ask()).toEqual([])
  await call('POST', '/v1/challenges', { name: NAME, value: VALUE, lifeMs: 1000 })
  expect(await ask()).toEqual([VALUE])
  await until('its expiry', async () => (await ask()).length === 0, 10_000)
}, 60_000)

test('what is no challenge of ours is refused, and the role may do nothing else', async () => {
  const set = (name: string, value = VALUE) => call('POST', '/v1/challenges', { name, value })
  expect(await set('www.example.com')).toMatchObject({ status: 400, body: { pointer: '/name' } })
  expect(await set('_acme-challenge.example.org')).toMatchObject({ status: 422, body: { code: 'no-such-zone' } })
  expect(await set(NAME, 'x" IN A 192.0.2.1')).toMatchObject({ status: 400, body: { pointer: '/value' } })
  expect(await call('GET', '/v1/status')).toMatchObject({ status: 403 })
  site.write(
    'zones/example.com.zone',
    '@ 60 IN SOA ns1 h 2 2 3 4 5\n@ 60 IN NS ns1\nns1 60 IN A 127.0.0.1\n_acme-challenge.www 60 IN CNAME x\n',
  )
  expect(await set('_acme-challenge.www.example.com')).toMatchObject({
    status: 422,
    body: { code: 'challenge-unserved' },
  })
  expect((await call('GET', '/v1/challenges')).body).toEqual({ challenges: [] })
}, 30_000)

test('certbot gets a wildcard certificate', async () => {
  const folder = join(site.folder, 'certbot')
  mkdirSync(folder)
  const own = ['config', 'work', 'logs'].flatMap((which) => [`--${which}-dir`, join(folder, which)])
  const env = { ...hookEnvironment, REQUESTS_CA_BUNDLE: authority.certificate }
  const hooks = ['--manual-auth-hook', `${HOOK} auth`, '--manual-cleanup-hook', `${HOOK} cleanup`]
  const wanted = ['-d', 'example.com', '-d', '*.example.com', '--preferred-challenges', 'dns', '--manual']
  const how = ['--non-interactive', '--agree-tos', '--register-unsafely-without-email', '--server', authority.url]
  await run('certbot', ['certonly', ...how, ...wanted, ...hooks, ...own], { env })
  expect(existsSync(join(folder, 'config/live/example.com/fullchain.pem'))).toBe(true)
  expect(await ask()).toEqual([])
}, 60_000)

test('lego gets a wildcard certificate', async () => {
  const path = join(site.folder, 'lego')
  const env = { ...hookEnvironment, LEGO_CA_CERTIFICATES: authority.certificate, EXEC_PATH: HOOK }
  const dns = ['--dns', 'exec', '--dns.disable-cp', '--dns.resolvers', `${site.host}:${site.port}`]
  const how = ['--accept-tos', '--email', 'hostmaster@example.com', '--server', authority.url, '--path', path]
  await run('lego', [...how, ...dns, '--domains', '*.example.com', 'run'], { env })
  expect(existsSync(join(path, 'certificates/_.example.com.crt'))).toBe(true)
  expect(await ask()).toEqual([])
}, 60_000)
