// From a query to its explanation, as an operator goes: dig asks, a region fails, the query log lists what was answered,
// and `explain --at` tells why, before and after; across a reload too.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { QueryList, QueryStatus } from '../../src/admin/queries.ts'
import type { Explanation } from '../../src/director/explain.ts'
import { dig, digIsMissing } from '../support/dig.ts'
import { startDirector, type DirectorProcess } from '../support/director-process.ts'
import { portFreeOn } from '../support/loopback-port.ts'
import { until } from '../support/monotonic.ts'
import { RegionFarm } from '../support/region-farm.ts'
import { createSite, zoneText, type Site, type WrittenConfig } from '../support/site.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const [NEAR, FAR] = ['127.1.0.1', '127.2.0.1']
const CLIENT = '203.0.113.0/24'

describe.skipIf(digIsMissing)('the past, from a query on', () => {
  let port: number
  let farm: RegionFarm
  let site: Site
  let director: DirectorProcess

  beforeAll(async () => {
    port = await portFreeOn(NEAR, FAR)
    farm = await RegionFarm.start([NEAR, FAR], port)
    site = await createSite(configOf(port, 'failover'), { 'example.com': 'www IN LB web\nshop IN CNAME www' })
    director = await startDirector(site)
  })

  afterAll(async () => {
    await director.stop()
    await farm.kill()
    site.remove()
  })

  async function meridian(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const all = [MAIN, ...words, '--server', site.adminUrl]
    return promisify(execFile)(process.execPath, all).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: unknown) => error as { code: number; stdout: string; stderr: string },
    )
  }

  async function queries(...words: string[]): Promise<readonly QueryStatus[]> {
    return (JSON.parse((await meridian('queries', '--json', ...words)).stdout) as QueryList).queries
  }

  async function explainAt({ at, name }: QueryStatus): Promise<Explanation> {
    const { stdout } = await meridian('explain', name!, '--client', '203.0.113.9', '--at', at, '--json')
    return JSON.parse(stdout) as Explanation
  }

  const ask = () => dig(site, ['shop.example.com', 'A', `+subnet=${CLIENT}`])
  const answersOf = ({ answers }: Explanation) => answers.map(({ addresses }) => addresses.join())

  let first: QueryStatus

  test('the query log tells each query, its subnet, and the region that it was given', async () => {
    await ask()
    await farm.set(NEAR, '503')
    await until('the other region', async () => (await ask())[0]!.answer.at(-1)?.data === FAR)
    await dig(site, ['none.example.com', 'AAAA', '+tcp', '+noedns'])
    const all = await queries('--limit', '1000')
    first = all.at(-1)!
    const answered = { name: 'shop.example.com.', type: 'A', rcode: 'NOERROR', service: 'web', transport: 'udp' }
    expect(first).toMatchObject({
      ...answered,
      region: 'near',
      client: '127.0.0.1',
      subnet: { prefix: CLIENT, scope: 24 },
    })
    expect(all[1]).toMatchObject({ ...answered, region: 'far' })
    expect(all[0]).toMatchObject({ name: 'none.example.com.', type: 'AAAA', rcode: 'NXDOMAIN', transport: 'tcp' })
    expect(all[0]).not.toHaveProperty('service')
    expect((await queries('--region', 'far')).every(({ region }) => region === 'far')).toBe(true)
    const { stdout } = await meridian('queries')
    expect(stdout).toContain(`127.0.0.1 for ${CLIENT} (scope /24)`)
    expect(stdout).toMatch(/explain shop\.example\.com\. --type A --client 203\.0\.113\.0 --at 2\S+Z/)
  })

  test('explain --at tells why, before and after the failure', async () => {
    const before = await explainAt(first)
    expect(before.moment).toMatchObject({ at: first.at, snapshot: first.snapshot })
    expect(before.moment).not.toHaveProperty('replaced')
    expect(answersOf(before)).toEqual([NEAR])
    expect(before.regions.map(({ isUp }) => isUp)).toEqual([true, true])
    expect(before).toMatchObject({ ttl: 20, scope: 24, pinned: { prefix: CLIENT } })
    const last = (await queries('--service', 'web'))[0]!
    const after = await explainAt(last)
    expect(after.moment).toMatchObject({ snapshot: last.snapshot })
    expect(answersOf(after)).toEqual([FAR])
    expect(after.regions[0]).toMatchObject({ region: 'near', isUp: false, share: 0 })
    expect(after.regions[0]!.balancers[0]!.reason).toContain('503')
    expect(after.steps.map(({ step }) => step)).toContain('failover')
  })

  test('also by time ago, as text', async () => {
    const { stdout, code } = await meridian('explain', 'www.example.com', '--at', '0s')
    expect(code).toBe(0)
    expect(stdout).toMatch(/at \S+Z: snapshot \d+ answered since \S+Z, and still/)
  })

  test('after a reload the configuration and the zone of then are told', async () => {
    site.configure(configOf(port, 'round-robin'))
    site.write('zones/example.com.zone', zoneText('www IN LB web', 2))
    director.signal('SIGHUP')
    await until('the reload', async () => (await director.status()).lastReload?.ok)
    const before = await explainAt(first)
    expect(before.moment).toHaveProperty('replaced')
    expect(answersOf(before)).toEqual([NEAR])
    expect(before.steps.map(({ step }) => step)).toContain('failover')
    expect(before).toMatchObject({ service: 'web', scope: 24 })
    const { code, stderr } = await meridian('explain', 'shop.example.com')
    expect(code).toBe(1)
    expect(stderr).toContain('shop.example.com does not exist in the zone example.com.')
  })

  test('what lies before the history, ahead, or is no time, is told as such', async () => {
    const early = await meridian('explain', 'www.example.com', '--at', '2026-01-01T00:00:00Z')
    expect(early.code).toBe(1)
    expect(early.stderr).toMatch(/the history begins at 2\S+Z/)
    const late = await meridian('explain', 'www.example.com', '--at', '2999-01-01T00:00:00Z')
    expect(late).toMatchObject({ code: 2 })
    expect(late.stderr).toContain('lies in the future')
    const none = await meridian('explain', 'www.example.com', '--at', 'noon')
    expect(none).toMatchObject({ code: 2 })
    expect(none.stderr).toContain('--at "noon" is no moment: 10m (ago)')
  })

  test('metrics tell answers by service and region, and how long they took', async () => {
    const text = await (await fetch(`${site.adminUrl}/metrics`)).text()
    const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
    const near = value('meridian_answers_total{service="web",region="near"}')
    const far = value('meridian_answers_total{service="web",region="far"}')
    const listed = await queries('--limit', '1000', '--service', 'web')
    expect(near + far).toBe(listed.length)
    expect(far).toBeGreaterThan(0)
    expect(value('meridian_query_duration_seconds_count')).toBe(
      value('meridian_sent_answers_total{transport="udp"}') + 1,
    )
    expect(value('meridian_query_duration_seconds_bucket{le="0.25"}')).toBeGreaterThan(0)
  })

  test('sampling is turned off by a reload', async () => {
    site.configure({ ...configOf(port, 'round-robin'), queryLog: { sample: 0 } })
    const before = (await director.status()).lastReload?.at
    director.signal('SIGHUP')
    await until('the reload', async () => (await director.status()).lastReload?.at !== before)
    const count = (await queries('--limit', '1000')).length
    await ask()
    expect(await queries('--limit', '1000')).toHaveLength(count)
    expect((await meridian('queries')).stdout).toContain('no query is sampled')
  })
})

function configOf(port: number, step: string): WrittenConfig {
  return {
    workers: 1,
    queryLog: { sample: 1 },
    monitors: { l7: { type: 'http', port, interval: '100ms', timeout: '100ms' } },
    regions: {
      near: { monitor: 'l7', balancers: [NEAR] },
      far: { monitor: 'l7', balancers: [FAR] },
    },
    services: { web: { regions: ['near', 'far'], steer: [step, 'consistent-hash'], ttl: '20s' } },
  }
}
