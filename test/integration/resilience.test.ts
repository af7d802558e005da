// Threads that stand still or die, by test hooks, in a director of its own process: answers go on, nobody is taken for
// dead who is not, and what is lost is replaced where it stood.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Status } from '../../src/admin/status.ts'
import type { HostOrder } from '../support/director-host.ts'
import { startDirector, type DirectorProcess } from '../support/director-process.ts'
import { addressesIn, askOn, askTcp, openFlow, Poller } from '../support/dns-client.ts'
import { portFreeOn } from '../support/loopback-port.ts'
import { measure } from '../support/machine.ts'
import { monotonicMs, sleep, until } from '../support/monotonic.ts'
import { askThrough } from '../support/restarts.ts'
import { RegionFarm } from '../support/region-farm.ts'
import { createSite, type Site } from '../support/site.ts'

const REGIONS = [
  { name: 'us-east', address: '127.1.0.1', weight: 5 },
  { name: 'eu-west', address: '127.2.0.1', weight: 3 },
  { name: 'ap-south', address: '127.3.0.1', weight: 2 },
]
/** Slow, probed so often that a probe is always under way, and down at the first failure. */
const TOUCHY = '127.4.0.1'
const WEB = { name: 'www.example.com', type: 'A' }

const UDP_SLOTS = [0, 1]
const TCP_SLOT = 2

const INTERVAL_MS = 200
const BLOCK_MS = 3000
/** For probes to go wrong, if they do. */
const AFTERWARDS_MS = 700
/** No answer may take longer, whoever stands still elsewhere. */
const DELAY_MS = 50
/** Every flow is answered again within this, with retries. */
const AGAIN_MS = 1000
const FLOWS = 200

let site: Site
let farm: RegionFarm
let director: DirectorProcess

beforeAll(async () => {
  const addresses = [...REGIONS.map(({ address }) => address), TOUCHY]
  const port = await portFreeOn(...addresses)
  farm = await RegionFarm.start(addresses, port)
  await farm.set(TOUCHY, 'late')
  site = await createSite(configOf(port), { 'example.com': 'www IN LB web' })
  director = await startDirector(site, 'host')
})

afterAll(async () => {
  await director.stop()
  await farm.kill()
  site.remove()
})

describe.each(['block-main', 'block-probes'] as const)('%s for three seconds', (kind) => {
  test('delays no answer and marks no region down', { timeout: 40_000 }, async () => {
    await measure(3, () => watchBlocked(kind), expectUndisturbed)
  })

  test('faults afterwards are seen as before', async () => {
    await farm.set('127.1.0.1', '503')
    await until('us-east down', async () => (await director.status()).regions[0]!.state === 'down')
    await farm.set('127.1.0.1', 'ok')
    await until('us-east up', async () => (await director.status()).regions[0]!.state === 'up')
  })
})

test.each<{ order: HostOrder; slot: number; what: string }>([
  ...UDP_SLOTS.map((slot) => ({ order: { kind: 'kill', slot } as const, slot, what: `worker ${slot} killed` })),
  { order: { kind: 'spin', slot: 0, ms: 60_000 }, slot: 0, what: 'worker 0 standing still' },
])('$what: it is replaced, and no flow stays unanswered', async ({ order, slot }) => {
  const flows = await Promise.all(Array.from({ length: FLOWS }, () => openFlow(site)))
  const replaced = await replacementsOf(slot)
  const askAll = async () => Promise.all(flows.map((flow) => answeredWithin(flow, AGAIN_MS)))
  expect(await askAll()).not.toContain(false)
  director.order(order)
  await until('the replacement', async () => {
    expect(await askAll()).not.toContain(false)
    return (await replacementsOf(slot)) === replaced + 1
  })
  expect(await askAll()).not.toContain(false)
  flows.forEach((flow) => flow.close())
})

/** A worker that lived for less is replaced ever more slowly (server/watch.ts), and those of the test before were short. */
const SETTLED_MS = 1100

// One that spins takes a processor for a second yet.
test.each<{ what: string; pauseMs: number; orderFor: (slot: number) => HostOrder }>([
  { what: 'killed', pauseMs: 300, orderFor: (slot) => ({ kind: 'kill', slot }) },
  { what: 'spinning', pauseMs: 1300, orderFor: (slot) => ({ kind: 'spin', slot, ms: 60_000 }) },
])(
  'workers $what under 5,000 queries a second: none is lost, and none waits for more than 200 ms',
  async ({ orderFor, pauseMs }) => {
    const run = async () => {
      await sleep(SETTLED_MS)
      return askThrough(site, WEB.name, 5000, async () => {
        for (const slot of UDP_SLOTS) {
          director.order(orderFor(slot))
          await sleep(pauseMs)
        }
      })
    }
    await measure(3, run, ({ sent, lost, slowestMs }, machine) => {
      console.log(`${sent} queries, ${lost} lost, the slowest took ${slowestMs.toFixed(0)} ms; ${machine}`)
      expect(lost).toBe(0)
      expect(slowestMs, machine).toBeLessThanOrEqual(200)
    })
  },
)

test('the TCP worker killed: the next connections are answered', async () => {
  const replaced = await replacementsOf(TCP_SLOT)
  director.order({ kind: 'kill', slot: TCP_SLOT })
  const answer = await until('an answer by TCP', () => askTcp(site, WEB).catch(() => undefined), AGAIN_MS)
  expect(addressesIn(answer)).toHaveLength(1)
  await until('the replacement', async () => (await replacementsOf(TCP_SLOT)) === replaced + 1)
  expect(addressesIn(await askTcp(site, WEB))).toHaveLength(1)
})

test('weights walk on in step through replacements', async () => {
  const flow = await openFlow(site)
  const addresses: string[] = []
  for (const slot of [...UDP_SLOTS, ...UDP_SLOTS]) {
    for (let i = 0; i < 7; i++) addresses.push(...addressesIn((await askOn(flow, WEB))!))
    const replaced = await replacementsOf(slot)
    director.order({ kind: 'kill', slot })
    await until('the replacement', async () => (await replacementsOf(slot)) === replaced + 1)
  }
  flow.close()
  expect(addresses).toHaveLength(28)
  for (let from = 0; from + 10 <= addresses.length; from++) {
    const ten = addresses.slice(from, from + 10)
    expect(REGIONS.map(({ address }) => ten.filter((a) => a === address).length)).toEqual([5, 3, 2])
  }
})

function configOf(port: number): Record<string, unknown> {
  const regions = REGIONS.map(({ name, address, weight }) => [name, { weight, monitor: 'l7', balancers: [address] }])
  return {
    workers: UDP_SLOTS.length,
    monitors: {
      l7: { type: 'http', port, interval: `${INTERVAL_MS}ms`, timeout: '150ms' },
      touchy: { type: 'http', port, interval: '100ms', timeout: '500ms', unhealthyThreshold: 1 },
    },
    regions: { ...Object.fromEntries(regions), touchy: { monitor: 'touchy', balancers: [TOUCHY] } },
    services: { web: { regions: REGIONS.map(({ name }) => name), steer: ['weighted'] } },
  }
}

interface Blocked {
  readonly kind: 'block-main' | 'block-probes'
  readonly before: Status
  readonly after: Status
  /** Answered by the regions while the thread stood still. */
  readonly probes: number
  /** Of each query, ms, sorted; Infinity without an answer. */
  readonly delays: readonly number[]
}

async function watchBlocked(kind: Blocked['kind']): Promise<Blocked> {
  const before = await director.status()
  const poller = await Poller.start(site, [WEB.name], 5)
  farm.answers.length = 0
  director.order({ kind, ms: BLOCK_MS })
  await sleep(BLOCK_MS)
  const probes = farm.answers.filter(({ host }) => host !== TOUCHY).length
  await sleep(AFTERWARDS_MS)
  const delays = (await poller.stop()).map(({ sentAt, receivedAt }) => (receivedAt ?? Infinity) - sentAt)
  return { kind, before, after: await director.status(), probes, delays: delays.sort((a, b) => a - b) }
}

function expectUndisturbed({ kind, before, after, probes, delays }: Blocked, machine: string): void {
  const [p99, most] = [delays[Math.floor(delays.length * 0.99)]!, delays.at(-1)!]
  console.log(`${kind}: ${delays.length} answers, p99 ${p99.toFixed(1)} ms, max ${most.toFixed(1)} ms; ${machine}`)
  expect(delays.length).toBeGreaterThan(500)
  expect(most, machine).toBeLessThanOrEqual(DELAY_MS)
  expect(turnsOf(after)).toEqual(turnsOf(before))
  expect(turnsOf(after).map(({ state }) => state)).toEqual(['up', 'up', 'up', 'up'])
  expect(after.snapshot.number).toBe(before.snapshot.number)
  expect(after.workers).toEqual(before.workers)
  const regular = (REGIONS.length * BLOCK_MS) / INTERVAL_MS
  // The hook did what it says: probes go on without the main thread, and stop with their own.
  if (kind === 'block-main') expect(probes).toBeGreaterThan(regular * 0.8)
  else expect(probes).toBeLessThan(regular * 0.2)
}

function turnsOf({ regions }: Status) {
  return regions.map(({ name, state, since }) => ({ name, state, since }))
}

async function replacementsOf(slot: number): Promise<number> {
  const { workers } = await director.status()
  return workers.find((worker) => worker.slot === slot)!.replaced
}

/** Asks up to five times, as a resolver does. */
async function answeredWithin(flow: Awaited<ReturnType<typeof openFlow>>, limitMs: number): Promise<boolean> {
  const deadline = monotonicMs() + limitMs
  while (monotonicMs() < deadline) {
    if (await askOn(flow, WEB, limitMs / 5)) return true
  }
  return false
}
