// Round-trip times by HTTP: a region reports, and clients of that network are sent where they are fastest.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDirector, type DirectorProcess } from '../support/director-process.ts'
import { addressesIn, askUdp } from '../support/dns-client.ts'
import { until } from '../support/monotonic.ts'
import { createSite, type Site } from '../support/site.ts'

let site: Site
let director: DirectorProcess

beforeAll(async () => {
  const config = {
    workers: 1,
    roundTrips: { file: 'times.txt', maxAge: '1h' },
    regions: { us: { balancers: ['192.0.2.1'] }, eu: { balancers: ['192.0.2.2'] } },
    services: { web: { regions: ['us', 'eu'], steer: ['fastest', 'failover'] } },
  }
  site = await createSite(config, { 'example.com': 'www IN LB web' })
  site.write('times.txt', '203.0.113.0/24 us 10 eu 50\n')
  director = await startDirector(site)
})

afterAll(async () => {
  await director.stop()
  site.remove()
})

async function ask(address: string): Promise<string[]> {
  const edns = { clientSubnet: { address, source: 24 } }
  return addressesIn(await askUdp(site, { name: 'www.example.com', type: 'A', edns }))
}

function report(body: object, method = 'POST'): Promise<Response> {
  return fetch(`${site.adminUrl}/v1/round-trips`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

test('a report wins over the file, and stays over a reload', async () => {
  expect(await ask('203.0.113.0')).toEqual(['192.0.2.1'])
  const response = await report({ region: 'eu', times: { '203.0.113.0/24': 5, '198.51.100.0/24': 9 } })
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ region: 'eu', known: 2, knownOfAll: 2 })
  await until('the report', async () => (await ask('203.0.113.0'))[0] === '192.0.2.2')
  expect(await ask('198.51.100.0')).toEqual(['192.0.2.2'])
  expect(await ask('192.0.2.0')).toEqual(['192.0.2.1'])
  director.signal('SIGHUP')
  await until('the reload', async () => (await director.status()).lastReload?.ok)
  expect(await ask('203.0.113.0')).toEqual(['192.0.2.2'])
})

test('reports are listed, explained, and forgotten when replaced by none', async () => {
  const listed = (await (await fetch(`${site.adminUrl}/v1/round-trips`)).json()) as { regions: unknown[] }
  expect(listed).toMatchObject({ maxAgeMs: 3_600_000, regions: [{ region: 'eu' }] })
  const explained = await fetch(`${site.adminUrl}/v1/explain?name=www.example.com&client=203.0.113.9`)
  expect(await explained.text()).toContain('5 ms from 203.0.113.0/24')
  await report({ region: 'eu', times: {} }, 'PUT')
  await until('the file alone', async () => (await ask('203.0.113.0'))[0] === '192.0.2.1', 10_000)
})

test('what is wrong is a problem, and changes nothing', async () => {
  const wrong = await report({ region: 'mars', times: { '203.0.113.0/24': 1 } })
  expect(wrong.status).toBe(400)
  expect(wrong.headers.get('content-type')).toBe('application/problem+json')
  expect(await wrong.json()).toMatchObject({ code: 'unknown-region' })
  expect(await ask('203.0.113.0')).toEqual(['192.0.2.1'])
})
