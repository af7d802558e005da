import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Admin } from '../../src/admin/admin.ts'
import type { AdminSources, ExplainQuery } from '../../src/admin/routes.ts'
import type { Fault } from '../../src/base/fault.ts'
import { createCommands, type CommandParts } from '../../src/cli/commands.ts'
import type { ShownExplanation } from '../../src/cli/explain.ts'
import { plainPaint } from '../../src/cli/paint.ts'
import { NO_ROUND_TRIPS, SAMPLE_STATUS } from '../admin/sample-status.ts'

const EXPLANATION: ShownExplanation = {
  name: 'www.example.com.',
  type: 'A',
  service: 'web',
  carries: 'addresses',
  ttl: 30,
  steps: [],
  fallback: { rule: 'all', panic: 0, healthy: 1, engaged: false },
  regions: [],
  slots: 1,
  answers: [{ addresses: ['127.1.0.1'], share: 1 }],
}

const admins: Admin[] = []
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'meridian-test-'))
})
afterAll(async () => await rm(folder, { recursive: true }))
afterEach(async () => {
  for (const admin of admins.splice(0)) await admin.stop()
})

async function startDirector(explain?: AdminSources['explain']) {
  const queries: ExplainQuery[] = []
  const admin = new Admin({
    listen: { host: '127.0.0.1', port: 0 },
    status: () => SAMPLE_STATUS,
    explain: (query) => {
      queries.push(query)
      return explain?.(query) ?? Promise.resolve({ explanation: EXPLANATION })
    },
    queries: () => ({ sample: 1, queries: [] }),
    roundTrips: NO_ROUND_TRIPS,
    now: () => Date.now(),
    ready: () => ({ ready: true, reasons: [] }),
    report: () => ({ taken: {} }),
    metrics: () => Promise.resolve(''),
    onError: () => undefined,
    onRefused: () => undefined,
    ...{ maxConnections: 64, requestTimeoutMs: 10_000, maxHeaderBytes: 8192 },
  })
  admins.push(admin)
  const started = await admin.start()
  if ('fault' in started) throw new Error(started.fault)
  return { url: `http://127.0.0.1:${started.port}`, queries }
}

function createSample(parts: Partial<CommandParts> = {}) {
  const said = { printed: '', complained: '' }
  const commands = createCommands({
    check: () => Promise.resolve({ faults: [], summary: '1 zone' }),
    adminUrl: () => Promise.resolve(undefined),
    plan: () => Promise.resolve({ explanation: EXPLANATION }),
    terminal: {
      print: (text) => (said.printed += text),
      complain: (text) => (said.complained += text),
      paint: plainPaint,
      paintComplaint: plainPaint,
    },
    ...parts,
  })
  return { ...commands, said }
}

const fault = (severity: Fault['severity']): Fault => ({
  code: 'unknown-key',
  severity,
  place: { file: join(folder, 'a.yaml'), line: 2, column: 3 },
  message: 'unknown key "lsiten"',
  hint: 'did you mean "listen"?',
})

/** A port on which nothing listens. */
async function closedUrl(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return `http://127.0.0.1:${port}`
}

test('check prints faults with the lines that they stand in', async () => {
  await writeFile(join(folder, 'a.yaml'), '# one\n  lsiten: []\n')
  const { check, said } = createSample({ check: () => Promise.resolve({ faults: [fault('error')], summary: '' }) })
  expect(await check({ config: 'a.yaml', json: false })).toBe(2)
  expect(said.printed.split('\n')).toEqual([
    `${folder}/a.yaml:2:3: error: unknown key "lsiten" [unknown-key]`,
    '    2 |   lsiten: []',
    '          ^',
    '    hint: did you mean "listen"?',
    '1 error in 1 file',
    '',
  ])
})

test('warnings are told, and the configuration is sound', async () => {
  const { check, said } = createSample({
    check: () => Promise.resolve({ faults: [fault('warning')], summary: '1 zone' }),
  })
  expect(await check({ config: 'a.yaml', json: false })).toBe(0)
  expect(said.printed).toMatch(/warning: unknown key[^]*1 warning in 1 file\nsound: a\.yaml: 1 zone\n$/)
})

test('check --json prints all of it for programs', async () => {
  const faults = [fault('error'), fault('warning')]
  const { check, said } = createSample({ check: () => Promise.resolve({ faults, summary: '' }) })
  expect(await check({ config: 'a.yaml', json: true })).toBe(2)
  expect(JSON.parse(said.printed)).toEqual({ ok: false, errors: 1, warnings: 1, faults })
})

test('status asks a running director, by URL or by host and port', async () => {
  const { url } = await startDirector()
  const { status, said } = createSample()
  expect(await status({ server: url, json: false })).toBe(0)
  expect(said.printed).toContain('Meridian 0.1.0, up for 1 min 30 s')
  said.printed = ''
  expect(await status({ server: url.slice('http://'.length), json: true })).toBe(0)
  expect(JSON.parse(said.printed)).toEqual(SAMPLE_STATUS)
})

test('no director is one line that says what to do', async () => {
  const { status, said } = createSample()
  expect(await status({ server: await closedUrl(), json: false })).toBe(1)
  expect(said.complained).toMatch(/^meridian: no director runs at http:\/\/127\.0\.0\.1:\d+; start one with .*\n$/)
})

test('something else that listens there is told apart', async () => {
  const server = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { status, said } = createSample()
  expect(await status({ server: `127.0.0.1:${(server.address() as AddressInfo).port}`, json: false })).toBe(1)
  expect(said.complained).toMatch(/is no Meridian director: it answers 200 with no content type\n$/)
  server.close()
})

test('explain asks the director that is named', async () => {
  const { url, queries } = await startDirector()
  const { explain, said } = createSample()
  const options = { name: 'www.example.com', type: 'AAAA', client: '192.0.2.1', server: url }
  expect(await explain({ ...options, json: true })).toBe(0)
  expect(JSON.parse(said.printed)).toEqual(EXPLANATION)
  expect(await explain({ ...options, json: false })).toBe(0)
  expect(said.printed).toContain('answered by service web')
  expect(queries[0]).toEqual({ name: 'www.example.com', type: 'AAAA', client: '192.0.2.1' })
})

test('explain asks the director of the configuration, and does not plan when it answers', async () => {
  const { url, queries } = await startDirector()
  const plan = () => Promise.reject(new Error('planned'))
  const { explain } = createSample({ adminUrl: () => Promise.resolve(url), plan })
  expect(await explain({ name: 'a', type: 'A', config: 'a.yaml', json: true })).toBe(0)
  expect(queries).toHaveLength(1)
})

test.each([true, false])(
  'explain plans from the configuration when no director runs (admin configured: %s)',
  async (configured) => {
    const url = configured ? await closedUrl() : undefined
    const { explain, said } = createSample({ adminUrl: () => Promise.resolve(url) })
    expect(await explain({ name: 'a', type: 'A', config: 'a.yaml', json: true })).toBe(0)
    expect(JSON.parse(said.printed)).toEqual(EXPLANATION)
    expect(said.complained).toMatch(/^meridian: planned from a\.yaml/)
  },
)

test('explain from a faulty configuration prints its faults', async () => {
  const { explain, said } = createSample({ plan: () => Promise.resolve({ faults: [fault('error')] }) })
  expect(await explain({ name: 'a', type: 'A', config: 'a.yaml', json: false })).toBe(2)
  expect(said.complained).toContain('unknown key "lsiten"')
})

test('a query that makes no sense is wrong usage; one without an answer is a failure', async () => {
  const { url } = await startDirector(({ type }) =>
    Promise.resolve({
      problem: { status: type === 'X' ? 400 : 404, code: 'no', detail: `no ${type}`, hint: 'try A' },
    }),
  )
  const { explain, said } = createSample()
  expect(await explain({ name: 'a', type: 'X', server: url, json: false })).toBe(2)
  expect(await explain({ name: 'a', type: 'A', server: url, json: false })).toBe(1)
  expect(await explain({ name: 'a', type: 'A', client: 'here', server: url, json: false })).toBe(2)
  expect(said.complained.split('\n')).toEqual([
    'meridian: no X (try A)',
    'meridian: no A (try A)',
    'meridian: --client "here" is not an IPv4 or IPv6 address',
    '',
  ])
})

test('a director that is named is never replaced by a plan', async () => {
  const plan = () => Promise.reject(new Error('planned'))
  const { explain, said } = createSample({ plan })
  expect(await explain({ name: 'a', type: 'A', config: 'a.yaml', server: await closedUrl(), json: true })).toBe(1)
  expect(said.complained).toContain('no director runs at')
})

test('explain --at asks for a moment of the past', async () => {
  const { url, queries } = await startDirector()
  const { explain, said } = createSample()
  const asked = { name: 'www.example.com', type: 'A', server: url, json: false }
  expect(await explain({ ...asked, at: '10m' })).toBe(0)
  expect(Math.abs(queries[0]!.at! - (Date.now() - 600_000))).toBeLessThan(5000)
  expect(await explain({ ...asked, at: 'yesterday' })).toBe(2)
  expect(said.complained).toContain('--at "yesterday" is no moment: 10m (ago)')
})

test('explain --at is not planned from a file: it has no past', async () => {
  const { explain, said } = createSample()
  const asked = { name: 'www.example.com', type: 'A', config: 'a.yaml', at: '10m', json: false }
  expect(await explain(asked)).toBe(1)
  expect(said.printed).toBe('')
})

test('queries are listed, and a limit that is none is wrong usage', async () => {
  const { url } = await startDirector()
  const { queries, said } = createSample()
  expect(await queries({ limit: '5', server: url, json: false })).toBe(0)
  expect(said.printed).toContain('one query in 1 is sampled')
  expect(await queries({ limit: '0', server: url, json: false })).toBe(2)
  expect(said.complained).toContain('limit')
})
