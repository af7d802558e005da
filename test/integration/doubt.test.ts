// A director that loses its own network, and one whose regions are lost: the same failures, told apart by beacons. Regions
// and beacons are HTTP servers in processes of their own.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { dig } from '../support/dig.ts'
import { startDirector, type DirectorProcess } from '../support/director-process.ts'
import { portFreeOn } from '../support/loopback-port.ts'
import { sleep, until } from '../support/monotonic.ts'
import { RegionFarm } from '../support/region-farm.ts'
import type { RegionMode } from '../support/region-server.ts'
import { createSite, type Site } from '../support/site.ts'

const REGIONS = { us: '127.1.0.1', eu: '127.2.0.1', ap: '127.3.0.1' }
const BEACONS = ['127.8.0.1', '127.9.0.1']
const ALL = [...Object.values(REGIONS), ...BEACONS]
const INTERVAL_MS = 100
/** For three failures in a row, and a plan. */
const FALLEN_MS = 3 * INTERVAL_MS + 300

let port: number
let farm: RegionFarm
let site: Site
let director: DirectorProcess

beforeAll(async () => {
  port = await portFreeOn(...ALL)
  farm = await RegionFarm.start(ALL, port)
})
afterAll(() => farm.kill())

beforeEach(async () => {
  await set('ok', ...ALL)
  site = await createSite(configOf({ beacons: BEACONS, monitor: 'sun' }), { 'example.com': 'www IN LB web' })
  director = await startDirector(site)
  await until('all regions up', async () => (await down()).length === 0)
})
afterEach(async () => {
  await director.stop()
  site.remove()
})

test('regions and beacons die at once: health is frozen, says so, and thaws', async () => {
  const before = await director.status()
  expect(before.doubt).toMatchObject({ state: 'calm', failing: 0, of: 3 })
  await set('gone', ...ALL)
  await until('frozen', async () => (await doubt()) === 'frozen')
  await sleep(FALLEN_MS)
  const status = await director.status()
  expect(status.regions.map(({ state }) => state)).toEqual(['up', 'up', 'up'])
  expect(status.regions.map(({ since }) => since)).toEqual(before.regions.map(({ since }) => since))
  expect(status.services[0]).toMatchObject({ fallbackEngaged: false })
  expect(status.doubt!.leftMs).toBeGreaterThan(290_000)
  expect(status.doubt!.beacons.map(({ answers, reason }) => [answers, reason])).toEqual([
    [false, 'refused'],
    [false, 'refused'],
  ])
  expect(await answers()).toEqual(['127.1.0.1'])
  expect(await metric('meridian_frozen')).toBe(1)
  expect(await metric('meridian_freezes_total')).toBe(1)
  const told = await director.logged(
    /^frozen: \d of 3 healthy targets in \d regions fail at once and no beacon answers/,
  )
  expect(told.level).toBe(50)

  // One of them is truly gone when our network is back.
  await set('ok', ...BEACONS, REGIONS.eu, REGIONS.ap)
  await until('thawed', async () => (await doubt()) === 'calm')
  await director.logged(/^(a beacon answers|most targets answer): what probes see rules again$/)
  await until('us down', async () => (await down()).includes('us'))
  expect(await down()).toEqual(['us'])
  expect(await answers()).toEqual(['127.2.0.1'])
  expect(await metric('meridian_frozen')).toBe(0)
  expect(director.log.filter(({ msg }) => /^(region|balancer) (eu|ap).* down/.test(msg))).toEqual([])
})

test('regions alone die: nothing is frozen, and fallback decides', async () => {
  await set('gone', ...Object.values(REGIONS))
  await until('all down', async () => (await down()).length === 3)
  const status = await director.status()
  expect(status.doubt!.beacons.map(({ answers }) => answers)).toEqual([true, true])
  expect(status.services[0]!.fallbackEngaged).toBe(true)
  expect(await metric('meridian_freezes_total')).toBe(0)
  await director.logged(/fail at once; beacons answer, so it is not our own network$/)
})

test('one region and the beacons die: its users fail over', async () => {
  await set('gone', REGIONS.us, ...BEACONS)
  await until('us down', async () => (await down()).includes('us'))
  expect(await answers()).toEqual(['127.2.0.1'])
  expect(await doubt()).toBe('calm')
})

test('it begins without a network: what was saved stands, and nobody is asked the faster', async () => {
  await director.stop()
  await set('gone', ...ALL)
  director = await startDirector(site)
  await until('frozen', async () => (await doubt()) === 'frozen')
  const before = (await director.status()).probing!.probes.none
  await sleep(1000)
  const status = await director.status()
  expect(status.regions.map(({ state }) => state)).toEqual(['up', 'up', 'up'])
  // Three targets, ten times a second.
  expect(status.probing!.probes.none - before).toBeLessThan(45)
})

test('a freeze ends after the longest time, and with a reload that takes the beacons away', async () => {
  await configure({ beacons: BEACONS, monitor: 'sun', longest: '1s' })
  await set('gone', ...ALL)
  await until('frozen', async () => (await doubt()) === 'frozen')
  await until('overruled', async () => (await doubt()) === 'overruled')
  await until('all down', async () => (await down()).length === 3)
  await director.logged(/^no longer frozen, for it has lasted too long/)
  await set('ok', ...ALL)
  await until('all up', async () => (await down()).length === 0)

  await configure({ beacons: BEACONS, monitor: 'sun' })
  await set('gone', ...ALL)
  await until('frozen', async () => (await doubt()) === 'frozen')
  await configure({})
  await until('all down', async () => (await down()).length === 3)
})

async function configure(doubt: object): Promise<void> {
  const reloads = director.log.filter(({ msg }) => msg.startsWith('reloaded')).length
  site.configure(configOf(doubt))
  director.signal('SIGHUP')
  await until('reloaded', () => director.log.filter(({ msg }) => msg.startsWith('reloaded')).length > reloads)
}

async function doubt(): Promise<string> {
  return (await director.status()).doubt!.state
}

async function down(): Promise<string[]> {
  return (await director.status()).regions.filter(({ state }) => state !== 'up').map(({ name }) => name)
}

async function answers(): Promise<string[]> {
  const [answer] = await dig(site, ['www.example.com', 'A'])
  return answer!.answer.map(({ data }) => data)
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${site.adminUrl}/metrics`)).text()
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
}

async function set(mode: RegionMode, ...hosts: readonly string[]): Promise<void> {
  await Promise.all(hosts.map((host) => farm.set(host, mode)))
}

function configOf(doubt: object): Record<string, unknown> {
  const timing = { interval: `${INTERVAL_MS}ms`, timeout: `${INTERVAL_MS}ms` }
  return {
    workers: 1,
    doubt,
    monitors: {
      l7: { type: 'http', port, ...timing },
      sun: { type: 'tcp', port, interval: '50ms', timeout: '50ms', fastInterval: '50ms' },
    },
    regions: Object.fromEntries(
      Object.entries(REGIONS).map(([name, address]) => [name, { monitor: 'l7', balancers: [address] }]),
    ),
    services: { web: { regions: Object.keys(REGIONS), steer: ['failover'], fallback: 'all' } },
  }
}
