// A resolver that tells client subnets (unbound, subnetcache) in front of us: clients of three continents get their region from
// its cache, and share an entry exactly as far as our scopes allow. What reaches us is counted.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAddress } from '../../src/base/address.ts'
import { formatPrefix, maskAddress } from '../../src/base/prefix.ts'
import { seededRandom } from '../../src/base/random.ts'
import { missingResolvers, startResolver, type Resolver } from '../differential/resolving.ts'
import { startDirector, type DirectorProcess } from '../support/director-process.ts'
import { addressesIn, askUdp, type Endpoint } from '../support/dns-client.ts'
import { createSite, type Site } from '../support/site.ts'

const US = '192.0.2.1'
const EU = '192.0.2.2'
const AP = '192.0.2.3'

/** Blocks of geo data with others inside them, one of them finer than what resolvers tell. */
const TABLE = `
3.0.0.0/8       38.9,-77.4  US
5.0.0.0/8       50.1,8.7    DE
5.1.0.0/16      38.9,-77.4  US
5.2.128.0/20    19.1,72.9   IN
5.4.4.0/25      38.9,-77.4  US
49.0.0.0/8      19.1,72.9   IN
`

const CONFIG = {
  workers: 1,
  geo: { source: 'table', file: 'networks' },
  regions: {
    us: { location: { latitude: 38.9, longitude: -77.4 }, balancers: [US] },
    eu: { location: { latitude: 53.3, longitude: -6.3 }, balancers: [EU] },
    ap: { location: { latitude: 19.1, longitude: 72.9 }, balancers: [AP] },
  },
  services: {
    near: { regions: ['us', 'eu', 'ap'], steer: ['nearest'], ttl: '5m' },
    deaf: { regions: ['us', 'eu', 'ap'], steer: ['nearest'], ttl: '5m', ignoreEcs: true },
    pinned: { regions: ['us', 'eu', 'ap'], steer: ['consistent-hash'], ttl: '5m' },
  },
}

/** What resolvers tell of an IPv4 client at most, and unbound by default. */
const SOURCE = 24

const isMissing = missingResolvers().includes('unbound') && process.env['CI'] === undefined

let site: Site
let director: DirectorProcess
let resolver: Resolver
const folder = mkdtempSync(join(tmpdir(), 'meridian-ecs-'))

interface Told {
  readonly address: string | undefined
  readonly scope: number
}

async function ask(endpoint: Endpoint, name: string, subnet: string): Promise<Told> {
  const edns = { clientSubnet: { address: subnet, source: SOURCE } }
  const message = await askUdp(endpoint, { name: `${name}.example.com`, type: 'A', edns })
  return { address: addressesIn(message)[0], scope: message.edns?.clientSubnet?.scope ?? -1 }
}

/** Answers that services have given so far. */
async function countSteered(): Promise<number> {
  const text = await (await fetch(`${site.adminUrl}/metrics`)).text()
  return Number(/^meridian_steered_responses_total (\d+)$/m.exec(text)![1])
}

/** Each in turn through the resolver: what it gets, and how many of the queries reached us. */
async function askThrough(
  name: string,
  subnets: readonly string[],
): Promise<{ got: (string | undefined)[]; reached: number }> {
  const before = await countSteered()
  const got: (string | undefined)[] = []
  for (const subnet of subnets) got.push((await ask(resolver.endpoint, name, subnet)).address)
  return { got, reached: (await countSteered()) - before }
}

/** The entries that a cache must hold for these subnets by our scopes, and the answers. */
async function askOurselves(name: string, subnets: readonly string[]) {
  const told: Told[] = []
  for (const subnet of subnets) told.push(await ask(site, name, subnet))
  const blocks = subnets.map((subnet, i) =>
    formatPrefix(maskAddress(parseAddress(subnet)!, Math.min(told[i]!.scope, SOURCE))),
  )
  return { wanted: told.map(({ address }) => address), entries: new Set(blocks).size }
}

function randomSubnets(count: number, seed: number): string[] {
  const random = seededRandom(seed)
  const draw = (below: number) => Math.floor(random() * below)
  return Array.from(
    { length: count },
    () => `${[3, 5, 5, 5, 49][draw(5)]}.${draw(8)}.${[4, 127, 128, 143, 144, draw(256)][draw(6)]}.0`,
  )
}

describe.skipIf(isMissing)('unbound that sends client subnets', () => {
  beforeAll(async () => {
    site = await createSite(CONFIG, { 'example.com': 'near IN LB near\ndeaf IN LB deaf\npinned IN LB pinned' })
    site.write('networks', TABLE)
    director = await startDirector(site)
    const setup = { program: 'unbound', upstream: 'UDP', withClientSubnet: true } as const
    resolver = await startResolver(setup, site, ['example.com'], folder, 'example.com')
  })

  afterAll(async () => {
    await resolver.stop()
    await director.stop()
    site.remove()
    rmSync(folder, { recursive: true })
  })

  test('gives clients of three continents their region, and asks once for each block', async () => {
    const { got, reached } = await askThrough('near', [
      '3.9.9.0',
      '5.200.1.0',
      '49.1.1.0',
      '3.77.1.0',
      '5.201.7.0',
      '49.250.0.0',
    ])
    expect(got).toEqual([US, EU, AP, US, EU, AP])
    expect(reached).toBe(3)
  })

  test.each(['near', 'pinned'])('shares entries exactly as far as our scopes allow: %s', async (name) => {
    const subnets = randomSubnets(150, name.length).filter(
      (subnet) => !/^(3\.9|5\.20[01]|49\.(1|250)|3\.77)\./.test(subnet),
    )
    const fresh = name === 'near' ? subnets.filter((subnet) => subnet.startsWith('5.')) : subnets
    const { wanted, entries } = await askOurselves(name, fresh)
    const { got, reached } = await askThrough(name, fresh)
    expect(got).toEqual(wanted)
    expect(reached).toBe(entries)
    expect(new Set(got).size).toBe(3)
    expect(entries).toBeLessThan(fresh.length)
  })

  test('shares one entry among all where the service ignores client subnets', async () => {
    const { got, reached } = await askThrough('deaf', ['3.9.9.0', '5.200.1.0', '49.1.1.0'])
    expect(new Set(got).size).toBe(1)
    expect(reached).toBe(1)
  })
})
