// The director's whole job, seen with dig: three regions that are real HTTP servers in processes of their own, and the
// director in another. What is measured to the millisecond stands in failover-timing.test.ts.
import { createRequire } from 'node:module'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { RegionStatus } from '../../src/admin/status.ts'
import { dig, digIsMissing, type DigAnswer } from '../support/dig.ts'
import { startDirector, type DirectorProcess } from '../support/director-process.ts'
import { portFreeOn } from '../support/loopback-port.ts'
import { until } from '../support/monotonic.ts'
import { RegionFarm } from '../support/region-farm.ts'
import { createSite, type Site } from '../support/site.ts'

const REGIONS = {
  'us-east': { address: '127.1.0.1', weight: 5, location: { latitude: 38.9, longitude: -77.4, country: 'US' } },
  'eu-west': { address: '127.2.0.1', weight: 3, location: { latitude: 53.3, longitude: -6.3, country: 'IE' } },
  'ap-south': { address: '127.3.0.1', weight: 2, location: { latitude: 19.1, longitude: 72.9, country: 'IN' } },
} as const
type RegionName = keyof typeof REGIONS
const NAMES = Object.keys(REGIONS) as RegionName[]
const ADDRESSES = NAMES.map((name) => REGIONS[name].address)

/** Only its comings and goings matter: each makes a plan. */
const RESTLESS = '127.4.0.1'

/** Clients that geoip-lite's data of 2019 places in these cities. */
const CLIENTS = [
  { city: 'Frankfurt am Main', subnets: ['3.120.0.0/24', '2a05:d014::/56'], nearest: 'eu-west' },
  { city: 'Ashburn', subnets: ['52.0.0.0/24', '2600:1f18::/56'], nearest: 'us-east' },
  { city: 'Mumbai', subnets: ['13.232.1.0/24', '2406:da1a::/56'], nearest: 'ap-south' },
] as const

const TRANSPORTS = [
  { transport: 'UDP', by: [] },
  { transport: 'TCP', by: ['+tcp'] },
]

describe.skipIf(digIsMissing)('failover seen with dig', () => {
  const farms = new Map<RegionName, RegionFarm>()
  let port: number
  let restless: RegionFarm
  let site: Site
  let director: DirectorProcess

  beforeAll(async () => {
    port = await portFreeOn(...ADDRESSES, RESTLESS)
    for (const name of NAMES) farms.set(name, await RegionFarm.start([REGIONS[name].address], port))
    restless = await RegionFarm.start([RESTLESS], port)
    site = await createSite(configOf(port), { 'example.com': ZONE })
    director = await startDirector(site)
  })

  afterAll(async () => {
    await director.stop()
    await Promise.all([...farms.values(), restless].map((farm) => farm.kill()))
    site.remove()
  })

  afterEach(async () => {
    await Promise.all([set('ok', ...NAMES), restless.set(RESTLESS, 'ok')])
    await until('all regions up', async () => (await downRegions()).length === 0)
  })

  async function downRegions(): Promise<string[]> {
    const { regions } = await director.status()
    return regions.filter(({ state }) => state !== 'up').map(({ name }) => name)
  }

  async function statusOf(name: RegionName): Promise<RegionStatus> {
    const { regions } = await director.status()
    return regions.find((region) => region.name === name)!
  }

  async function set(mode: 'ok' | '503' | 'hang', ...names: readonly RegionName[]): Promise<void> {
    await Promise.all(names.map((name) => farms.get(name)!.set(REGIONS[name].address, mode)))
  }

  describe.each(TRANSPORTS)('by $transport', ({ by }) => {
    const ask = (...questions: readonly string[][]) => dig(site, ...questions.map((question) => [...question, ...by]))

    async function askWeb(count: number): Promise<string[]> {
      const answers = await ask(...Array.from({ length: count }, () => ['web.example.com', 'A']))
      return answers.map(oneAddress)
    }

    test('weights 5:3:2 give 5, 3 and 2 of any ten consecutive answers', async () => {
      expectTenths(await askWeb(30))
    })

    test('also between other types, other names and other plans', async () => {
      const web: string[] = []
      for (let round = 0; round < 5; round++) {
        const before = (await director.status()).snapshot.number
        await restless.set(RESTLESS, round % 2 === 0 ? '503' : 'ok')
        const answers = await ask(
          ['web.example.com', 'A'],
          ['web.example.com', 'AAAA'],
          ['dual.example.com', 'AAAA'],
          ['web.example.com', 'A'],
          ['also.example.com', 'A'],
          ['web.example.com', 'AAAA'],
          ['web.example.com', 'A'],
        )
        web.push(...[0, 3, 6].map((i) => oneAddress(answers[i]!)))
        await until('another plan', async () => (await director.status()).snapshot.number > before)
        web.push(...(await askWeb(1)))
      }
      expectTenths(web)
    })

    test('A and AAAA walk apart, and so do names with one service', async () => {
      const pair = [
        ['dual.example.com', 'A'],
        ['dual.example.com', 'AAAA'],
      ]
      const answers = await ask(...Array.from({ length: 10 }, () => pair).flat())
      const [a, aaaa] = [0, 1].map((odd) => answers.filter((_, i) => i % 2 === odd).map(oneAddress))
      expect(countOf(a!)).toEqual({ '192.0.2.1': 5, '192.0.2.2': 5 })
      expect(countOf(aaaa!)).toEqual({ '2001:db8::1': 5, '2001:db8::2': 5 })
    })

    test.each(CLIENTS)('a client in $city gets $nearest', async ({ city, subnets, nearest }) => {
      for (const subnet of subnets) {
        expect(cityOf(subnet)).toBe(city)
        const [answer] = await ask(['near.example.com', 'A', `+subnet=${subnet}`])
        expect(oneAddress(answer!)).toBe(REGIONS[nearest].address)
        expect(answer!.answer[0]!.ttl).toBe(20)
        expect(scopeOf(answer!)).toBeGreaterThan(0)
      }
    })

    test.each(['503', 'hang'] as const)('a region that answers %s leaves every answer and comes back', async (mode) => {
      await set(mode, 'us-east')
      await until('us-east down', async () => (await downRegions()).includes('us-east'))
      expect(countOf(await askWeb(10))).toEqual({ '127.2.0.1': 6, '127.3.0.1': 4 })
      const [near] = await ask(['near.example.com', 'A', '+subnet=52.0.0.0/24'])
      expect(oneAddress(near!)).toBe('127.2.0.1')
      await set('ok', 'us-east')
      await until('us-east up', async () => (await downRegions()).length === 0)
      expectTenths(await askWeb(10))
    })

    test('with all down, `fallback: all` answers as if all were up, `none` answers NODATA', async () => {
      await set('503', ...NAMES)
      await until('all down', async () => (await downRegions()).length === NAMES.length)
      expectTenths(await askWeb(10))
      const [near, none, noneBare] = await ask(
        ['near.example.com', 'A', '+subnet=13.232.1.0/24'],
        ['none.example.com', 'A', '+subnet=13.232.1.0/24'],
        ['none.example.com', 'A'],
      )
      expect(oneAddress(near!)).toBe('127.3.0.1')
      for (const answer of [none!, noneBare!]) {
        expect(answer).toMatchObject({ status: 'NOERROR', answer: [], warnings: [] })
        expect(answer.flags).toContain('aa')
        expect(answer.authority.map(({ name, type }) => `${name} ${type}`)).toEqual(['example.com. SOA'])
        expect(answer.authority[0]!.ttl).toBeLessThanOrEqual(7)
      }
      expect(none!.clientSubnet).toBe('13.232.1.0/24/0')
    })
  })

  test.each(['SIGKILL', 'SIGSTOP'] as const)(
    'a region whose process gets %s leaves, and comes back',
    async (signal) => {
      const { address } = REGIONS['us-east']
      farms.get('us-east')!.signal(signal)
      await until('us-east down', async () => (await downRegions()).includes('us-east'))
      const { regions } = await director.status()
      expect(regions.find(({ name }) => name === 'us-east')!.reason).toMatch(
        signal === 'SIGKILL' ? /refused/ : /timeout|no answer/,
      )
      for (const { by } of TRANSPORTS) {
        const answers = await dig(site, ...Array.from({ length: 10 }, () => ['web.example.com', 'A', ...by]))
        expect(answers.map(oneAddress)).not.toContain(address)
      }
      if (signal === 'SIGKILL') farms.set('us-east', await RegionFarm.start([address], port))
      else farms.get('us-east')!.signal('SIGCONT')
      await until('us-east up', async () => (await downRegions()).length === 0)
      const back = await dig(site, ...Array.from({ length: 10 }, () => ['web.example.com', 'A']))
      expectTenths(back.map(oneAddress))
    },
  )

  test('one success does not bring a region back', async () => {
    await set('503', 'eu-west')
    await until('eu-west down', async () => (await downRegions()).includes('eu-west'))
    const farm = farms.get('eu-west')!
    const { since } = await statusOf('eu-west')
    farm.answers.length = 0
    await set('ok', 'eu-west')
    await until('a first success', () => farm.answers.some(({ status }) => status === 200))
    await set('503', 'eu-west')
    await until('some failures', () => farm.answers.filter(({ status }) => status === 503).length >= 3)
    expect(farm.answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(await statusOf('eu-west')).toMatchObject({ state: 'down', since })
  })
})

const ZONE = `
web  IN LB web
also IN LB web
near IN LB near
none IN LB none
dual IN LB dual
restless IN LB restless`

function configOf(port: number): Record<string, unknown> {
  const monitored = NAMES.map((name) => {
    const { address, weight, location } = REGIONS[name]
    return [name, { location, weight, monitor: 'l7', balancers: [address] }] as const
  })
  return {
    workers: 1,
    geo: { source: 'geoip-lite' },
    monitors: { l7: { type: 'http', port, interval: '100ms', timeout: '100ms' } },
    regions: {
      ...Object.fromEntries(monitored),
      restless: { monitor: 'l7', balancers: [RESTLESS] },
      one: { balancers: ['192.0.2.1', '2001:db8::1'] },
      two: { balancers: ['192.0.2.2', '2001:db8::2'] },
    },
    services: {
      web: { regions: NAMES, steer: ['weighted'], ttl: '20s' },
      near: { regions: NAMES, steer: ['nearest'], ttl: '20s', fallback: 'all' },
      none: { regions: NAMES, steer: ['nearest'], ttl: '7s', fallback: 'none' },
      dual: { regions: ['one', 'two'], steer: ['round-robin'] },
      restless: { regions: ['restless', 'one'], steer: ['failover'] },
    },
  }
}

function oneAddress({ status, answer, warnings }: DigAnswer): string {
  expect({ status, warnings, records: answer.length }).toEqual({ status: 'NOERROR', warnings: [], records: 1 })
  return answer[0]!.data
}

function countOf(values: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    [...new Set(values)].sort().map((value) => [value, values.filter((v) => v === value).length]),
  )
}

/** Any ten in a row, wherever they begin. */
function expectTenths(addresses: readonly string[]): void {
  expect(addresses.length).toBeGreaterThanOrEqual(10)
  for (let from = 0; from + 10 <= addresses.length; from++) {
    expect(countOf(addresses.slice(from, from + 10))).toEqual({ '127.1.0.1': 5, '127.2.0.1': 3, '127.3.0.1': 2 })
  }
}

function scopeOf({ clientSubnet }: DigAnswer): number {
  return Number(clientSubnet?.split('/')[2])
}

/** By the package's own look-up, which we do not use otherwise. */
function cityOf(subnet: string): string | undefined {
  const { lookup } = createRequire(import.meta.url)('geoip-lite') as {
    lookup: (address: string) => { readonly city: string } | null
  }
  return lookup(subnet.split('/')[0]!.replace(/::$/, '::1'))?.city
}
