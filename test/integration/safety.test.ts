// Each safety rule before what could break it: calls of the API, reloads, restarts, and probes that see regions die and come
// back. Operators and reloads are refused; health never is, and there the rules bound what follows.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { OverrideView } from '../../src/admin/overrides.ts'
import type { Problem } from '../../src/admin/problem.ts'
import { startDirector, type DirectorProcess } from '../support/director-process.ts'
import { portFreeOn } from '../support/loopback-port.ts'
import { sleep, until } from '../support/monotonic.ts'
import { RegionFarm } from '../support/region-farm.ts'
import { createSite, type Site } from '../support/site.ts'

const ADDRESSES = { us: '127.1.0.1', eu: '127.2.0.1', ap: '127.3.0.1' }
type Region = keyof typeof ADDRESSES
const WEIGHTS: Readonly<Record<Region, number>> = { us: 5, eu: 3, ap: 2 }

const JSON_TYPE = { 'content-type': 'application/json' }

interface Wanted {
  readonly safety: object
  readonly weights?: Readonly<Record<Region, number>>
  readonly regions?: readonly Region[]
  /** Of each. */
  readonly capacity?: number
  readonly interval?: string
}

let port: number
let farm: RegionFarm
let site: Site
let director: DirectorProcess

beforeAll(async () => {
  port = await portFreeOn(...Object.values(ADDRESSES))
  farm = await RegionFarm.start(Object.values(ADDRESSES), port)
})
afterAll(() => farm.kill())

beforeEach(() => set('ok', 'us', 'eu', 'ap'))
afterEach(async () => {
  await director.stop()
  site.remove()
})

async function begin(wanted: Wanted): Promise<void> {
  site = await createSite(configOf(wanted), { 'example.com': 'www IN LB web' })
  director = await startDirector(site)
  await until('all regions up', async () => (await down()).length === 0)
}

async function restart(): Promise<void> {
  director.signal('SIGKILL')
  await director.exited
  director = await startDirector(site)
}

async function post<Value>(path: string, body: object): Promise<Value> {
  const init = { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(body) }
  return (await (await fetch(`${site.adminUrl}${path}`, init)).json()) as Value
}

/** Ids of rules that refuse; none: it was taken. */
async function write(kind: string, target: string, more: object = {}): Promise<readonly string[]> {
  const made = await post<OverrideView | Problem>('/v1/overrides', { kind, target, reason: 'x', ...more })
  if ('id' in made) return []
  return (made.rules as { rule: string }[]).map(({ rule }) => rule)
}

async function reload(wanted: Wanted): Promise<readonly string[]> {
  site.configure(configOf(wanted))
  const done = await post<{ ok: boolean } | Problem>('/v1/reload', {})
  if ('ok' in done) return []
  return (done.faults as { code: string; severity: string }[])
    .filter(({ severity }) => severity === 'error')
    .map(({ code }) => code)
}

async function overrides(): Promise<readonly OverrideView[]> {
  return (await director.status()).overrides!
}

async function shares(): Promise<Readonly<Record<Region, number>>> {
  const [web] = (await director.status()).services
  return Object.fromEntries(web!.shares.map(({ region, planned }) => [region, planned])) as Record<Region, number>
}

async function down(): Promise<string[]> {
  return (await director.status()).regions.filter(({ state }) => state !== 'up').map(({ name }) => name)
}

const set = (mode: 'ok' | 'gone', ...regions: readonly Region[]) =>
  Promise.all(regions.map((region) => farm.set(ADDRESSES[region], mode)))

function configOf(wanted: Wanted): Record<string, unknown> {
  const { safety, weights = WEIGHTS, regions = ['us', 'eu', 'ap'], capacity = 100, interval = '100ms' } = wanted
  const one = (address: string) => ({ monitor: 'l7', capacity, balancers: [address] })
  const weighted = Object.fromEntries(regions.map((name) => [name, weights[name]]))
  return {
    workers: 1,
    safety,
    monitors: { l7: { type: 'http', port, interval, timeout: '100ms', fastInterval: '100ms' } },
    regions: Object.fromEntries(Object.entries(ADDRESSES).map(([name, address]) => [name, one(address)])),
    services: { web: { regions, steer: [{ weighted }] } },
  }
}

describe.each([
  ['fewest-regions', { fewestRegions: 2, leastCapacity: 0 }],
  ['least-capacity', { fewestRegions: 0, leastCapacity: 0.6 }],
] as const)('%s', (rule, safety) => {
  beforeEach(() => begin({ safety }))

  test('an API call that would break it is refused, and one after a restart, which forgets no drain', async () => {
    expect(await write('drain', 'eu')).toEqual([])
    expect(await write('drain', 'us')).toEqual([rule])
    await restart()
    expect(await write('drain', 'us')).toEqual([rule])
    expect((await shares()).us).toBeGreaterThan(0.5)
  })

  test('a reload that would break it is refused, and what served goes on', async () => {
    const less = rule === 'fewest-regions' ? { regions: ['us'] as const } : { capacity: 10 }
    expect(await reload({ safety, ...less })).toEqual([`unsafe-${rule}`])
    expect(await write('drain', 'eu')).toEqual([])
    expect((await shares()).ap).toBeGreaterThan(0)
  })

  test('probes that see regions die are believed: the drain of a healthy one is held back', async () => {
    expect(await write('drain', 'ap')).toEqual([])
    await until('ap drained', async () => (await shares()).ap === 0)
    await set('gone', 'us', 'eu')
    await until('ap serves', async () => (await shares()).ap === 1)
    expect(await down()).toEqual(['us', 'eu'])
    await restart()
    await until('ap serves still', async () => (await shares()).ap === 1)
  })
})

describe('movement, a quarter of the users within a minute', () => {
  const safety = { movement: '25%', fewestRegions: 0, leastCapacity: 0 }
  const fifth = { us: 5, eu: 5, ap: 0 } as const
  beforeEach(() => begin({ safety }))

  test('two calls of the API, one after the other, count together; a long enough ramp is let through', async () => {
    expect(await write('drain', 'ap')).toEqual([])
    expect(await write('share', 'eu', { value: 0.5 })).toEqual(['movement'])
    const id = await post<{ detail: string }>('/v1/overrides', { kind: 'share', target: 'eu', value: 0.5, reason: 'x' })
    expect(id.detail).toMatch(/20 % of them by other changes; at most 25 % may: it needs to wait for \d+s/)
    expect(await write('share', 'eu', { value: 0.5, overrule: 'it burns' })).toEqual([])
    expect(await write('weight', 'web:us', { value: 6 })).toEqual(['movement'])
  })

  test('what was moved and is moved back at once counts twice', async () => {
    await write('drain', 'ap')
    const path = `${site.adminUrl}/v1/overrides/${(await overrides())[0]!.id}`
    const end = async (query: string) => (await fetch(`${path}?reason=x&${query}`, { method: 'DELETE' })).status
    expect(await end('rampMs=0')).toBe(409)
    expect(await end('rampMs=0&overrule=mistake')).toBe(200)
  })

  test('one that would go again by its expiry within the same minute is refused', async () => {
    const soon = { expiresAt: new Date(Date.now() + 20_000).toISOString() }
    const late = { expiresAt: new Date(Date.now() + 600_000).toISOString() }
    expect(await write('drain', 'ap', soon)).toEqual(['movement'])
    expect(await write('drain', 'ap', late)).toEqual([])
    const [made] = (await overrides()).map(({ id }) => id)
    const init = { method: 'PATCH', headers: JSON_TYPE, body: JSON.stringify({ expiresAt: soon.expiresAt }) }
    const changed = await fetch(`${site.adminUrl}/v1/overrides/${made}`, init)
    expect(await changed.json()).toMatchObject({ status: 409, rules: [{ rule: 'movement' }] })
  })

  test('a reload after a call, and a call after a reload, count together', async () => {
    expect(await reload({ safety, weights: fifth })).toEqual([])
    expect(await write('share', 'eu', { value: 0.5 })).toEqual(['movement'])
    expect(await reload({ safety })).toEqual(['unsafe-movement'])
    expect((await shares()).ap).toBe(0)
  })

  test('of two calls and a reload at the same time, one is let through', async () => {
    const done = await Promise.all([
      write('drain', 'ap'),
      reload({ safety, weights: fifth }),
      write('share', 'eu', { value: 0.5 }),
    ])
    expect(done.filter((rules) => rules.length === 0)).toHaveLength(1)
  })

  test('a restart in between forgets nothing', async () => {
    expect(await write('drain', 'ap')).toEqual([])
    await restart()
    expect(await write('share', 'eu', { value: 0.5 })).toEqual(['movement'])
    expect(await reload({ safety, weights: fifth })).toEqual(['unsafe-movement'])
  })

  test('regions that die lose their users at once, and get them back no faster, over a restart too', async () => {
    await set('gone', 'us', 'eu')
    await until('ap has all', async () => (await shares()).ap === 1)
    await set('ok', 'us', 'eu')
    await until('both up', async () => (await down()).length === 0)
    const before = await shares()
    await sleep(1500)
    // A quarter within a minute is one in 240 a quarter of a second; each begins with a two-hundredth.
    expect((await shares()).ap).toBeGreaterThan(0.9)
    expect(before.ap).toBeGreaterThan(0.9)
    await restart()
    await until('all up', async () => (await down()).length === 0)
    expect((await shares()).ap).toBeGreaterThan(0.9)
    expect(await write('drain', 'ap')).toContain('movement')
  })

  test('a region that was down when the director ended gets its users back no faster', async () => {
    expect(await reload({ safety, interval: '1s' })).toEqual([])
    await set('gone', 'us')
    await until('us down', async () => (await down()).includes('us'))
    await director.stop()
    await set('ok', 'us')
    director = await startDirector(site)
    expect(await down()).toEqual([])
    expect((await shares()).us).toBeLessThan(0.05)
  })
})
