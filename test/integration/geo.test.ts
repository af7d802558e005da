// Geo data in MaxMind format while serving: a new file in the place of the old one steers within seconds and without a reload; a
// spoilt one changes nothing but a metric, and holds up no other change.
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDirector, type DirectorProcess } from '../support/director-process.ts'
import { addressesIn, askUdp } from '../support/dns-client.ts'
import { buildMmdb, type MmdbShape, type MmdbValue } from '../support/mmdb-writer.ts'
import { until } from '../support/monotonic.ts'
import { createSite, zoneText, type Site } from '../support/site.ts'

const CITY: MmdbShape = { type: 'GeoLite2-City', ipVersion: 6, recordSize: 28, hasAliases: true }
const US = '192.0.2.1'
const EU = '192.0.2.2'
const PRIVATE = '192.0.2.3'

const washington = { country: { iso_code: 'US' }, location: { latitude: 38.9, longitude: -77.4 } }
const dublin = { country: { iso_code: 'IE' }, location: { latitude: 53.3, longitude: -6.3 } }

/** Both files, and a third region in Mumbai near whom private clients count as being. */
const CONFIG = {
  workers: 1,
  geo: {
    source: 'mmdb',
    city: 'city.mmdb',
    asn: 'asn.mmdb',
    private: { latitude: 19.1, longitude: 72.9, country: 'IN' },
  },
  regions: {
    us: { location: { latitude: 38.9, longitude: -77.4 }, balancers: [US] },
    eu: { location: { latitude: 53.3, longitude: -6.3 }, balancers: [EU] },
    ap: { location: { latitude: 19.1, longitude: 72.9 }, balancers: [PRIVATE] },
  },
  services: {
    near: { regions: ['us', 'eu', 'ap'], steer: ['nearest'] },
    isp: { regions: ['us', 'eu', 'ap'], steer: [{ map: { AS64500: ['eu'] } }, 'failover'] },
  },
}

let site: Site
let director: DirectorProcess

/** As geoipupdate does it. */
function replace(file: string, bytes: Uint8Array): void {
  writeFileSync(join(site.folder, 'next'), bytes)
  renameSync(join(site.folder, 'next'), join(site.folder, file))
}

function replaceCity(place: MmdbValue): void {
  replace('city.mmdb', buildMmdb(CITY, { '203.0.113.0/24': place }))
}

async function ask(name: string, subnet = '203.0.113.0'): Promise<string | undefined> {
  const edns = { clientSubnet: { address: subnet, source: 24 } }
  return addressesIn(await askUdp(site, { name: `${name}.example.com`, type: 'A', edns }))[0]
}

async function isStale(): Promise<string | undefined> {
  return /^meridian_geo_stale (\d)$/m.exec(await (await fetch(`${site.adminUrl}/metrics`)).text())?.[1]
}

beforeAll(async () => {
  site = await createSite(CONFIG, { 'example.com': 'near IN LB near\nisp IN LB isp' })
  replaceCity(dublin)
  replace(
    'asn.mmdb',
    buildMmdb({ ...CITY, type: 'GeoLite2-ASN' }, { '198.51.100.0/24': { autonomous_system_number: 64500 } }),
  )
  director = await startDirector(site)
})

afterAll(async () => {
  await director.stop()
  site.remove()
})

test('places and providers steer, and private clients count as being where it is said', async () => {
  expect([await ask('near'), await ask('isp', '198.51.100.0'), await ask('isp')]).toEqual([EU, EU, US])
  expect([await ask('near', '10.1.2.0'), await ask('near', '100.64.0.0')]).toEqual([PRIVATE, PRIVATE])
  const { answer } = await askUdp(site, { name: 'near.example.com', type: 'A' })
  expect(answer[0]!.text).toBe(PRIVATE)
})

test('explain says who placed the client', async () => {
  const why = async (client: string) => {
    const response = await fetch(`${site.adminUrl}/v1/explain?name=near.example.com&client=${client}&type=A`)
    return ((await response.json()) as { client: { why: string } }).client.why
  }
  expect(await why('203.0.113.9')).toBe('geo data: 203.0.113.0 to 203.0.113.255 is at IE 53.3 -6.3')
  expect(await why('10.1.2.3')).toBe('geo.private: 10.0.0.0 to 10.255.255.255 is at IN 19.1 72.9')
  expect(await why('192.0.2.99')).toBe('the geo data does not know where it is')
})

test('a new file steers within seconds; a spoilt one changes nothing, and a good one after it is taken', async () => {
  replaceCity(washington)
  await until('the new data', async () => (await ask('near')) === US, 10_000)
  await director.logged(/^geo data: mmdb: GeoLite2-City/)
  expect(await isStale()).toBe('0')

  const good = buildMmdb(CITY, { '203.0.113.0/24': dublin })
  replace('city.mmdb', good.subarray(0, good.length - 200))
  await director.logged(/^new geo data has faults: .*goes on/, 10_000)
  expect(director.log.some(({ level, msg }) => level === 50 && /city\.mmdb.*cut off/.test(msg))).toBe(true)
  expect([await ask('near'), await isStale()]).toEqual([US, '1'])
  expect((await director.status()).geo).toMatchObject({ isStale: true })

  site.write('zones/example.com.zone', zoneText('near IN LB near\nnew IN LB isp', 2))
  director.signal('SIGHUP')
  await until('the new name', async () => (await ask('new')) === US)
  expect([await ask('near'), await isStale()]).toEqual([US, '1'])

  replace('city.mmdb', good)
  await until('the good data', async () => (await ask('near')) === EU, 10_000)
  expect(await isStale()).toBe('0')
})
