// An operator at work, by the command line and the API of a director in a process of its own, and what DNS answers then.
import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Forecast } from '../../src/admin/plan.ts'
import type { OverrideView } from '../../src/admin/overrides.ts'
import { seededRandom } from '../../src/base/random.ts'
import { askOn, openFlow } from '../support/dns-client.ts'
import type { DirectorProcess } from '../support/director-process.ts'
import { fuzzOnce } from '../support/api-fuzz.ts'
import { monotonicMs, sleep, until } from '../support/monotonic.ts'
import { operate, REGIONS, startOperated } from '../support/operate-site.ts'
import type { Site } from '../support/site.ts'

/** 200 by `SCENARIOS=200`. */
const SCENARIOS = Number(process.env['SCENARIOS'] ?? 6)

/** 600 by `FUZZ_SECONDS=600`. */
const FUZZ_SECONDS = Number(process.env['FUZZ_SECONDS'] ?? 2)

const NAMES = Object.fromEntries(Object.entries(REGIONS).map(([name, { balancers }]) => [balancers[0]!, name]))

let site: Site
let director: DirectorProcess

beforeAll(async () => void ({ site, director } = await startOperated()))
afterAll(async () => {
  await director.stop()
  site.remove()
})

afterEach(endAll)

async function call<Value>(method: string, path: string, body?: object): Promise<Value> {
  const headers = { 'content-type': 'application/json' }
  const init = { method, headers, ...(body && { body: JSON.stringify(body) }) }
  const response = await fetch(`${site.adminUrl}${path}`, init)
  return (await response.json()) as Value
}

/** The part of so many answers in a row that each region gets. */
async function answered(name: string, count: number): Promise<Record<string, number>> {
  const socket = await openFlow({ host: site.host, port: site.port })
  const shares: Record<string, number> = {}
  for (let id = 0; id < count; id++) {
    const message = await askOn(socket, { name, type: 'A', id })
    const data = message?.answer[0]?.text
    const region = NAMES[String(data)] ?? String(data)
    shares[region] = (shares[region] ?? 0) + 1 / count
  }
  socket.close()
  return shares
}

function expectClose(shares: Record<string, number>, expected: Record<string, number>, within: number): void {
  for (const name of Object.keys(REGIONS)) {
    expect(
      Math.abs((shares[name] ?? 0) - (expected[name] ?? 0)),
      `${name} of ${JSON.stringify([shares, expected])}`,
    ).toBeLessThan(within)
  }
}

async function endAll(): Promise<void> {
  const { overrides } = await call<{ overrides: OverrideView[] }>('GET', '/v1/overrides')
  for (const { id } of overrides) await call('DELETE', `/v1/overrides/${id}?reason=over&rampMs=0`)
}

test('a maintenance: plan, drain with a ramp, wait for safe to stop, undrain', async () => {
  const plan = await operate(site, ['plan', '--drain', 'eu-west', '--json'])
  expect(plan.code).toBe(0)
  expect(JSON.parse(plan.out)).toMatchObject({ rules: [], regions: expect.anything() as unknown })
  const drained = await operate(site, [
    'drain',
    'eu-west',
    '-r',
    'kernel',
    '--over',
    '1s',
    '--wait',
    '--timeout',
    '20s',
  ])
  expect(drained).toMatchObject({ code: 0, err: '' })
  expect(drained.out).toContain('safe to stop')
  const web = await answered('www.example.com', 100)
  expect(web['eu-west']).toBeUndefined()
  const again = await operate(site, ['drain', 'eu-west', '-r', 'twice'])
  expect([again.code, again.err]).toEqual([1, expect.stringContaining('there is a drain of eu-west')])
  expect((await operate(site, ['undrain', 'eu-west', '-r', 'done', '--over', '0s'])).code).toBe(0)
  expectClose(await answered('www.example.com', 100), { 'us-east': 0.5, 'eu-west': 0.3, 'ap-south': 0.2 }, 0.02)
  const events = await operate(site, ['events', '-n', '50'])
  expect(events.out).toContain('drain of eu-west by')
}, 40_000)

test('what would leave nobody serving is refused with its numbers, unless it is overruled; a restart changes nothing', async () => {
  await call('POST', '/v1/overrides', { kind: 'drain', target: 'us-east', reason: 'x' })
  const last = { kind: 'drain', target: 'eu-west', reason: 'x' }
  expect(await call('POST', '/v1/overrides', last)).toMatchObject({
    ...{ status: 409, code: 'unsafe', title: 'Conflict' },
    rules: [
      { rule: 'fewest-regions', service: 'canary', before: 1, after: 0, limit: 1 },
      { rule: 'least-capacity', service: 'canary', after: 0 },
    ],
  })
  expect(await call('POST', '/v1/overrides', { ...last, overrule: 'the end of the service' })).toMatchObject({
    kind: 'drain',
  })
  director.signal('SIGKILL')
  await director.exited
  ;({ director } = { director: await restart() })
  const { overrides } = await call<{ overrides: OverrideView[] }>('GET', '/v1/overrides')
  expect(overrides.map(({ target }) => target)).toEqual(['us-east', 'eu-west'])
  const shares = await answered('www.example.com', 100)
  expect(shares['ap-south']).toBeCloseTo(1, 6)
  await endAll()
}, 40_000)

async function restart(): Promise<DirectorProcess> {
  const { startDirector } = await import('../support/director-process.ts')
  return await startDirector(site)
}

test('a ramp is within a hundredth of its line at every second', async () => {
  const rampMs = 10_000
  const drain = { kind: 'drain', target: 'web:us-east', reason: 'x', rampMs }
  const { startsAt } = await call<OverrideView>('POST', '/v1/overrides', drain)
  const begins = Date.parse(startsAt)
  for (let second = 1; second < 5; second++) {
    await sleep(Math.max(0, begins + second * 1000 - Date.now()))
    const { services, at } = await director.status()
    const { shares } = services.find(({ name }) => name === 'web')!
    const { planned } = shares.find(({ region }) => region === 'us-east')!
    expect(Math.abs(planned - 0.5 * (1 - (Date.parse(at) - begins) / rampMs))).toBeLessThan(0.01)
  }
}, 20_000)

test(
  `what was forecast is what is answered, in ${SCENARIOS} scenarios`,
  async () => {
    const random = seededRandom(11)
    const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!
    await answered('www.example.com', 100)
    for (let scenario = 0; scenario < SCENARIOS; scenario++) {
      const wanted = {
        drain: random() < 0.5 ? [pick(['us-east', 'web:us-east', 'eu-west/198.51.100.20'])] : [],
        share: [{ target: pick(['eu-west', 'web:ap-south']), value: Math.round(random() * 100) / 100 }],
        weight: random() < 0.5 ? [{ target: pick(['web:eu-west', 'ap-south']), value: Math.floor(random() * 20) }] : [],
      }
      const forecast = await call<Forecast>('POST', '/v1/plan', wanted)
      const making = [
        ...wanted.drain.map((target) => ({ kind: 'drain', target })),
        ...wanted.share.map((one) => ({ kind: 'share', ...one })),
        ...wanted.weight.map((one) => ({ kind: 'weight', ...one })),
      ]
      for (const one of making) {
        const made = await call<OverrideView>('POST', '/v1/overrides', {
          ...one,
          reason: 'scenario',
          overrule: 'a test',
        })
        expect(made.id, JSON.stringify(made)).toBeDefined()
      }
      const web = forecast.services.find(({ service }) => service === 'web')!
      expect(web.isMeasured, 'classes count by their queries').toBe(true)
      expectClose(await answered('www.example.com', 1024), web.after, 0.01)
      await endAll()
    }
  },
  20_000 + SCENARIOS * 3000,
)

describe('tokens', () => {
  test('made by the command line, they are needed from then on, until the last is revoked', async () => {
    const files = ['-c', site.configFile]
    const reader = await operate(site, ['tokens', 'create', 'viewer', '--role', 'read', ...files])
    const operator = await operate(site, ['tokens', 'create', 'oncall', '--role', 'operate', ...files])
    const as = (token: string, words: readonly string[]) => operate(site, words, { MERIDIAN_TOKEN: token.trim() })
    expect((await operate(site, ['status'])).err).toContain('this needs a token')
    expect((await as(reader.out, ['status'])).code).toBe(0)
    const forbidden = await as(reader.out, ['force', 'eu-west', 'down', '-r', 'x'])
    expect([forbidden.code, forbidden.err]).toEqual([1, expect.stringContaining('needs the role operate')])
    site.write('meridian/cli.yaml', `server: ${site.adminUrl}\ntoken: ${operator.out}`)
    expect((await operate(site, ['force', 'eu-west', 'down', '-r', 'fire'])).out).toContain('by oncall: fire')
    expect((await as(reader.out, ['overrides'])).out).toContain('force-down eu-west')
    expect((await operate(site, ['undo', 'eu-west', '-r', 'out'])).code).toBe(0)
    for (const name of ['viewer', 'oncall'])
      expect((await operate(site, ['tokens', 'revoke', name, ...files])).code).toBe(0)
    site.write('meridian/cli.yaml', '')
    expect((await operate(site, ['status'])).code).toBe(0)
  }, 40_000)
})

test('a reload that leaves too few regions is refused by what it declares, and can be overruled', async () => {
  site.configure({ workers: 1, regions: REGIONS, services: twoServices('all'), safety: { fewestRegions: 2 } })
  expect((await operate(site, ['reload'])).code).toBe(0)
  site.configure({ workers: 1, regions: REGIONS, services: twoServices('one'), safety: { fewestRegions: 2 } })
  const refused = await operate(site, ['reload', '-r', 'less'])
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('unsafe-fewest-regions')])
  expect((await operate(site, ['reload', '--overrule', 'it is meant'])).code).toBe(0)
  await until('the audit', async () => {
    const { entries } = await call<{ entries: { what: string; outcome: string }[] }>('GET', '/v1/audit')
    return (
      entries
        .filter(({ what }) => what === 'reload')
        .map(({ outcome }) => outcome)
        .join() === 'done,refused,done'
    )
  })
}, 40_000)

function twoServices(which: 'all' | 'one') {
  const regions = which === 'all' ? Object.keys(REGIONS) : ['us-east']
  return { web: { regions, steer: ['weighted'] }, canary: { regions: ['us-east', 'eu-west'], steer: ['weighted'] } }
}

test(
  `a fuzz of the API for ${FUZZ_SECONDS} s yields no 500 and no leak`,
  async () => {
    const random = seededRandom(Date.now())
    const residentKb = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${director.pid}/status`, 'utf8'))![1])
    const until = monotonicMs() + FUZZ_SECONDS * 1000
    const seen: Record<number, number> = {}
    let before = 0
    for (let calls = 0; monotonicMs() < until; calls++) {
      const status = await fuzzOnce(site.adminUrl, random)
      seen[status] = (seen[status] ?? 0) + 1
      if (calls === 2000) before = residentKb()
    }
    expect(Object.keys(seen).map(Number)).not.toContain(500)
    expect(seen[400]).toBeGreaterThan(0)
    if (before > 0) expect(residentKb() - before).toBeLessThan(64 << 10)
    if (FUZZ_SECONDS > 10) console.log(JSON.stringify({ seen, residentKb: [before, residentKb()] }))
    expect(director.said).not.toContain('failed to answer')
    await endAll()
  },
  30_000 + FUZZ_SECONDS * 1000,
)
