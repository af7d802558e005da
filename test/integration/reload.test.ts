// What `serve` does with good and bad files, at the start and on SIGHUP: a good change takes effect, a bad one is told
// whole and takes nothing away; and how it ends.
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ReloadStatus } from '../../src/admin/status.ts'
import { DirectorProcess, startDirector } from '../support/director-process.ts'
import { addressesIn, askTcp, askUdp } from '../support/dns-client.ts'
import { monotonicMs, until } from '../support/monotonic.ts'
import { createSite, zoneText, type Site, type WrittenConfig } from '../support/site.ts'

const WARN = 40
const ERROR = 50

const ZONES = {
  'example.com': 'www IN LB web\nmail IN A 192.0.2.25',
  'example.net': 'www IN A 192.0.2.80',
}

const BAD_RECORDS = 'www IN A 192.0.2.999\nmail IN MX ten mail'

let site: Site
let director: DirectorProcess

function configOf(weights: Readonly<Record<string, number>> = { one: 3, two: 1 }): WrittenConfig {
  const regions = { one: { balancers: ['192.0.2.1'] }, two: { balancers: ['192.0.2.2'] } }
  return { workers: 1, regions, services: { web: { regions: ['one', 'two'], steer: [{ weighted: weights }] } } }
}

function writeZones(zones: Readonly<Record<string, string>>): void {
  for (const [origin, records] of Object.entries(zones)) site.write(`zones/${origin}.zone`, zoneText(records))
}

async function reload(): Promise<ReloadStatus> {
  const before = (await director.status()).lastReload?.at
  director.signal('SIGHUP')
  return until('the reload', async () => {
    const { lastReload } = await director.status()
    return lastReload && lastReload.at !== before ? lastReload : undefined
  })
}

/** Addresses or the error of one name by UDP. */
async function ask(name: string): Promise<string> {
  const message = await askUdp(site, { name, type: 'A' })
  return message.rcode === 'NOERROR' ? addressesIn(message).join(' ') : message.rcode
}

async function askTimes(name: string, times: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (let i = 0; i < times; i++) {
    const answer = await ask(name)
    counts[answer] = (counts[answer] ?? 0) + 1
  }
  return counts
}

async function expectCleanEnd(signal: 'SIGINT' | 'SIGTERM'): Promise<void> {
  const from = monotonicMs()
  director.signal(signal)
  expect(await director.exited).toEqual({ code: 0, signal: null })
  expect(monotonicMs() - from).toBeLessThan(2000)
  expect(director.log.at(-1)).toMatchObject({ msg: 'stopped' })
}

async function removeAll(): Promise<void> {
  director.signal('SIGKILL')
  await director.exited
  site.remove()
}

describe('SIGHUP', () => {
  beforeAll(async () => {
    site = await createSite(configOf(), ZONES)
    director = await startDirector(site)
  })
  afterAll(removeAll)

  beforeEach(async () => {
    site.configure(configOf())
    writeZones(ZONES)
    expect(await reload()).toMatchObject({ ok: true, faults: [] })
  })

  test('a good configuration takes effect', async () => {
    expect(await askTimes('www.example.com', 4)).toEqual({ '192.0.2.1': 3, '192.0.2.2': 1 })
    site.configure(configOf({ one: 1, two: 4 }))
    expect(await reload()).toMatchObject({ ok: true, faults: [] })
    expect(await askTimes('www.example.com', 5)).toEqual({ '192.0.2.1': 1, '192.0.2.2': 4 })
  })

  test('a faulty one is refused whole, every fault told, and the last keeps answering', async () => {
    const { snapshot } = await director.status()
    site.write('zones/example.net.zone', zoneText('www IN A 192.0.2.81', 2))
    site.configure({ ...configOf(), workers: 0, serices: {}, monitors: { l7: { type: 'htpp', port: 80 } } })
    const { ok, faults } = await reload()
    expect(ok).toBe(false)
    expect(faults.map(({ place }) => [place.file, (place.line ?? 0) > 0, (place.column ?? 0) > 0])).toEqual(
      Array.from({ length: 3 }, () => [site.configFile, true, true]),
    )
    await director.logged(/^reload refused: 3 faults/)
    const told = director.log.filter(({ level, msg }) => level === ERROR && msg.startsWith(site.configFile))
    expect(told).toHaveLength(3)
    expect(await askTimes('www.example.com', 4)).toEqual({ '192.0.2.1': 3, '192.0.2.2': 1 })
    expect(await ask('www.example.net')).toBe('192.0.2.80')
    expect((await director.status()).snapshot.number).toBe(snapshot.number)
  })

  test('a zone edited badly keeps its last good version, another takes its edit', async () => {
    site.write('zones/example.com.zone', zoneText(BAD_RECORDS, 2))
    site.write('zones/example.net.zone', zoneText('www IN A 192.0.2.81', 2))
    const { ok, faults } = await reload()
    expect(ok).toBe(true)
    expect(faults.map(({ place }) => `${place.file}:${place.line ?? 0}`)).toEqual([
      join(site.folder, 'zones/example.com.zone:5'),
      join(site.folder, 'zones/example.com.zone:6'),
    ])
    expect(await ask('mail.example.com')).toBe('192.0.2.25')
    expect(await ask('www.example.com')).toMatch(/^192\.0\.2\.[12]$/)
    expect(await ask('www.example.net')).toBe('192.0.2.81')
    const { zones } = await director.status()
    expect(zones.map(({ origin, state, serial, faults }) => [origin, state, serial, faults])).toEqual([
      ['example.com.', 'last-good', 1, 2],
      ['example.net.', 'current', 2, 0],
    ])
  })

  test('a zone that is added answers, one whose file is removed does not', async () => {
    writeZones({ 'example.org': 'www IN A 192.0.2.60' })
    expect(await ask('www.example.org')).toBe('REFUSED')
    await reload()
    expect(await ask('www.example.org')).toBe('192.0.2.60')
    rmSync(join(site.folder, 'zones/example.org.zone'))
    await reload()
    expect(await ask('www.example.org')).toBe('REFUSED')
    expect(await ask('www.example.net')).toBe('192.0.2.80')
  })

  test('several at once end with what the files say last', async () => {
    for (let i = 1; i <= 5; i++) {
      site.write('zones/example.net.zone', zoneText(`www IN A 192.0.2.${100 + i}`, i + 1))
      director.signal('SIGHUP')
    }
    await until('the last version', async () => (await ask('www.example.net')) === '192.0.2.105')
  })

  test('a start after a bad edit answers from the last good version', async () => {
    await expectCleanEnd('SIGTERM')
    site.write('zones/example.com.zone', zoneText(BAD_RECORDS, 2))
    writeZones({ 'example.org': BAD_RECORDS })
    director = await startDirector(site)
    expect(await ask('mail.example.com')).toBe('192.0.2.25')
    expect(director.log.filter(({ level, msg }) => level === ERROR && msg.includes('example.com.zone'))).toHaveLength(2)
  })
})

describe('a start', () => {
  beforeEach(async () => {
    site = await createSite(configOf(), ZONES)
  })
  afterEach(removeAll)

  test('with a zone that never loaded and a state folder that is none: SERVFAIL for it, warnings, answers', async () => {
    site.configure({ ...configOf(), state: 'blocked/state' })
    site.write('blocked', 'not a folder')
    writeZones({ 'example.org': BAD_RECORDS })
    director = await startDirector(site)
    const warnings = director.log.filter(({ level }) => level === WARN).map(({ msg }) => msg)
    expect(warnings.filter((msg) => msg.includes('could not be kept')).length).toBeGreaterThan(0)
    expect(await ask('www.example.org')).toBe('SERVFAIL')
    expect(await ask('example.org')).toBe('SERVFAIL')
    expect(await ask('www.example.net')).toBe('192.0.2.80')
    expect(addressesIn(await askTcp(site, { name: 'mail.example.com', type: 'A' }))).toEqual(['192.0.2.25'])
    writeZones({ 'example.org': 'www IN A 192.0.2.60' })
    await reload()
    expect(await ask('www.example.org')).toBe('192.0.2.60')
    await expectCleanEnd('SIGINT')
    expect(readFileSync(join(site.folder, 'blocked'), 'utf8')).toBe('not a folder')
  })

  test('with a faulty configuration prints every fault with its place, and exits with 2', async () => {
    site.write('meridian.yaml', FAULTY_CONFIG)
    director = new DirectorProcess(site)
    expect(await director.exited).toEqual({ code: 2, signal: null })
    const places = director.said.match(/meridian\.yaml:\d+:\d+/g)
    expect(places).toEqual(FAULTY_PLACES.map((place) => `meridian.yaml:${place}`))
    expect(director.said).toMatch(/unknown key `wieght`[^\n]*\n.*\n.*\n *hint:[^\n]*weight/)
  })

  test.each(['DNS', 'the HTTP API'])(
    'with the port of %s taken says so in one line, and exits with 1',
    async (what) => {
      const port = what === 'DNS' ? site.port : Number(new URL(site.adminUrl).port)
      const other = createServer().listen(port, site.host)
      await once(other, 'listening')
      director = new DirectorProcess(site)
      expect(await director.exited).toEqual({ code: 1, signal: null })
      other.close()
      const complaint = director.said.split('\n').filter((line) => line !== '' && !line.startsWith('{'))
      expect(complaint).toHaveLength(1)
      expect(complaint[0]).toContain(String(port))
    },
  )
})

const FAULTY_CONFIG = `listen: ["127.0.0.1:99999"]
zones: zones
worker: 1
monitors:
  l7: { type: http, port: 80, interval: 10 seconds }
regions:
  one: { balancers: [192.0.2.1], wieght: 5 }
  two: { balancers: [192.0.2.300], monitor: l8 }
services:
  web: { regions: [one, three], steer: [weighted], ttl: 0s }
`

/** Line and column of each, in the order of reading. */
const FAULTY_PLACES = ['1:10', '3:1', '5:41', '7:34', '8:22', '8:45', '10:25', '10:57']
