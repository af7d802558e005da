// How soon a fault is out of every answer, and how soon a recovery is back: fifty runs of each of the three classic faults
// (refused, bad response, timeout), on fifty regions at once, each with a service that prefers it. Every answer counts:
// each name is asked every 20 ms, and none of the answers may carry a failed region after the bound.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDirector, type DirectorProcess } from '../support/director-process.ts'
import { Poller, type Sample } from '../support/dns-client.ts'
import { portFreeOn } from '../support/loopback-port.ts'
import { measure } from '../support/machine.ts'
import { sleep, until } from '../support/monotonic.ts'
import { RegionFarm } from '../support/region-farm.ts'
import type { RegionAnswer, RegionMode } from '../support/region-server.ts'
import { createSite, type Site } from '../support/site.ts'

const RUNS = 50
const INTERVAL_MS = 200
const TIMEOUT_MS = 150
const UNHEALTHY_THRESHOLD = 3
const HEALTHY_THRESHOLD = 2
/** For a probe to be made and seen through, a plan, a snapshot, and the next query. */
const SLACK_MS = 100
const ASK_EVERY_MS = 20
/** Of the queries: a client without a processor loses datagrams, and a test that hears nothing proves nothing. */
const LEAST_ANSWERED = 0.9
const ATTEMPTS = 3
/** Faults do not fall together: they are spread over two intervals, and so over every place in the grid of probes. */
const SPREAD_MS = 2 * INTERVAL_MS

const WITHDRAWN_MS = INTERVAL_MS * UNHEALTHY_THRESHOLD + SLACK_MS
const RETURNED_MS = INTERVAL_MS * HEALTHY_THRESHOLD + SLACK_MS

const REGIONS = Array.from({ length: RUNS }, (_, i) => ({ name: `r${i}`, address: `127.${10 + i}.0.1` }))
const SPARE = '192.0.2.1'

interface Run {
  /** Monotonic ms. */
  readonly failedAt: number
  readonly recoveredAt: number
  readonly samples: readonly Sample[]
  readonly probes: readonly RegionAnswer[]
  readonly address: string
}

let site: Site
let farm: RegionFarm
let director: DirectorProcess

beforeAll(async () => {
  const port = await portFreeOn(...REGIONS.map(({ address }) => address))
  const records = REGIONS.map(({ name }) => `${name} IN LB ${name}`)
  site = await createSite(configOf(port), { 'example.com': records.join('\n') })
  farm = await RegionFarm.start(
    REGIONS.map(({ address }) => address),
    port,
  )
  director = await startDirector(site)
})

afterAll(async () => {
  await director.stop()
  await farm.kill()
  site.remove()
})

const FAULTS = [
  { fault: 'gone', meaning: 'refused', boundMs: WITHDRAWN_MS },
  { fault: '503', meaning: 'bad response', boundMs: WITHDRAWN_MS },
  { fault: 'hang', meaning: 'timeout', boundMs: WITHDRAWN_MS + TIMEOUT_MS },
] as const

test.each(FAULTS)(
  '$fault is out of every answer within $boundMs ms, and back after two successes',
  { timeout: 40_000 },
  async ({ fault, meaning, boundMs }) => {
    await measure(
      ATTEMPTS,
      () => runAll(fault, boundMs),
      (runs, machine) => {
        const [withdrawals, returns] = [runs.map(withdrawalMs), runs.map(returnMs)]
        console.log(`${fault.padEnd(5)} (${meaning}), ${RUNS} runs: ${machine}
  out of every answer after   ${describeMs(withdrawals)}   bound ${boundMs}
  back after the recovery by  ${describeMs(returns)}   bound ${RETURNED_MS}`)
        expect(Math.max(...withdrawals), machine).toBeLessThanOrEqual(boundMs)
        expect(Math.max(...returns), machine).toBeLessThanOrEqual(RETURNED_MS)
        for (const run of runs) expectCounted(run, fault)
      },
    )
  },
)

/** All regions fail, each at its own moment, and recover when the bound is over. */
async function runAll(fault: RegionMode, boundMs: number): Promise<Run[]> {
  await until('all regions up', async () => (await director.status()).regions.every(({ state }) => state === 'up'))
  farm.answers.length = 0
  const names = REGIONS.map(({ name }) => `${name}.example.com`)
  const poller = await Poller.start(site, names, ASK_EVERY_MS)
  await sleep(INTERVAL_MS)
  const failedAt = await setEach(fault)
  await sleep(boundMs)
  const recoveredAt = await setEach('ok')
  await sleep(RETURNED_MS + INTERVAL_MS)
  const samples = await poller.stop()
  return REGIONS.map(({ address }, i) => ({
    address,
    failedAt: failedAt[i]!,
    recoveredAt: recoveredAt[i]!,
    samples: samples.filter(({ name }) => name === names[i]),
    probes: farm.answers.filter(({ host }) => host === address),
  }))
}

function setEach(mode: RegionMode): Promise<number[]> {
  return Promise.all(
    REGIONS.map(async ({ address }, i) => {
      await sleep((i * SPREAD_MS) / RUNS)
      return farm.set(address, mode)
    }),
  )
}

/** From the fault to the arrival of the last answer that still carried the region: all later ones lack it. */
function withdrawalMs({ address, failedAt, recoveredAt, samples }: Run): number {
  const last = answered(samples).findLast((sample) => sample.sentAt < recoveredAt && sample.address === address)
  return Math.max(0, last!.receivedAt - failedAt)
}

/** From the recovery to the arrival of the first answer that carried the region, as all later ones do. */
function returnMs({ address, recoveredAt, samples }: Run): number {
  const last = answered(samples).findLastIndex((sample) => sample.address !== address)
  const back = answered(samples)[last + 1]
  return back ? back.receivedAt - recoveredAt : Infinity
}

/** Not before the third failure, and not before the second success: a director that guesses early is no better. */
function expectCounted({ address, failedAt, recoveredAt, samples, probes }: Run, fault: RegionMode): void {
  const heard = answered(samples)
  expect(heard.length).toBeGreaterThan(samples.length * LEAST_ANSWERED)
  const lost = heard.find((sample) => sample.address === SPARE)!
  const failures = probes.filter(({ status, at }) => status === 503 && at >= failedAt && at <= lost.receivedAt)
  if (fault === '503') expect(failures.length).toBeGreaterThanOrEqual(UNHEALTHY_THRESHOLD)
  const back = heard.find((sample) => sample.sentAt >= recoveredAt && sample.address === address)!
  const successes = probes.filter(({ status, at }) => status === 200 && at >= recoveredAt && at <= back.receivedAt)
  expect(successes.length).toBeGreaterThanOrEqual(HEALTHY_THRESHOLD)
}

/** In the order of arrival. */
function answered(samples: readonly Sample[]): (Sample & { receivedAt: number })[] {
  const heard = samples.filter((sample) => sample.receivedAt !== undefined) as (Sample & { receivedAt: number })[]
  return heard.sort((a, b) => a.receivedAt - b.receivedAt)
}

function describeMs(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  const [least, median, most] = [sorted[0]!, sorted[sorted.length >> 1]!, sorted.at(-1)!].map((ms) => ms.toFixed(0))
  return `min ${least!.padStart(4)}  median ${median!.padStart(4)}  max ${most!.padStart(4)} ms`
}

function configOf(port: number): Record<string, unknown> {
  return {
    workers: 1,
    log: { level: 'info' },
    monitors: {
      l7: {
        ...{ type: 'http', port, interval: `${INTERVAL_MS}ms`, timeout: `${TIMEOUT_MS}ms` },
        ...{ healthyThreshold: HEALTHY_THRESHOLD, unhealthyThreshold: UNHEALTHY_THRESHOLD },
      },
    },
    regions: {
      ...Object.fromEntries(REGIONS.map(({ name, address }) => [name, { monitor: 'l7', balancers: [address] }])),
      spare: { balancers: [SPARE] },
    },
    services: Object.fromEntries(
      REGIONS.map(({ name }) => [name, { regions: [name, 'spare'], steer: ['failover'], fallback: 'all' }]),
    ),
  }
}
