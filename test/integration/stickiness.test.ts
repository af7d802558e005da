// What a pinned client is promised across processes: the same answer from every node that has the same configuration, and
// from a node that was started again.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDirector, type DirectorProcess } from '../support/director-process.ts'
import { addressesIn, askUdp, type Endpoint } from '../support/dns-client.ts'
import { createSite, type Site } from '../support/site.ts'

const NAMES = ['a', 'b', 'c', 'd']
const CONFIG = {
  workers: 2,
  regions: Object.fromEntries(NAMES.map((name, i) => [name, { weight: i + 1, balancers: [`192.0.2.${i + 1}`] }])),
  services: {
    web: { regions: NAMES, steer: ['weighted', 'consistent-hash'] },
    hash: { regions: NAMES, steer: ['ip-hash'] },
  },
}
const ZONES = { 'example.com': 'web IN LB web\nhash IN LB hash' }
const CLIENTS = Array.from({ length: 120 }, (_, i) => `10.${i}.${(i * 7) % 256}.0`)

let sites: Site[]
let directors: DirectorProcess[]

beforeAll(async () => {
  sites = [await createSite(CONFIG, ZONES), await createSite(CONFIG, ZONES)]
  directors = await Promise.all(sites.map((site) => startDirector(site)))
})

afterAll(async () => {
  await Promise.all(directors.map((director) => director.stop()))
  for (const site of sites) site.remove()
})

/** The answers of each client, one after the other. */
async function askAll(endpoint: Endpoint, name: string): Promise<string[]> {
  const found: string[] = []
  for (const subnet of CLIENTS) {
    const edns = { clientSubnet: { address: subnet, source: 24 } }
    found.push(addressesIn(await askUdp(endpoint, { name: `${name}.example.com`, type: 'A', edns })).join())
  }
  return found
}

test.each(['web', 'hash'])('%s: two nodes answer alike, again and again, and after a restart', async (name) => {
  const [one, other] = sites as [Site, Site]
  const first = await askAll(one, name)
  expect(new Set(first).size).toBe(NAMES.length)
  expect(await askAll(one, name)).toEqual(first)
  expect(await askAll(other, name)).toEqual(first)
  await directors[0]!.stop()
  directors[0] = await startDirector(one)
  expect(await askAll(one, name)).toEqual(first)
})
