// A region's own reports, from its L7 tier to the plan: what it cannot take goes to the next.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { createLog } from '../../src/base/log.ts'
import { Running, startRunning } from '../../src/wiring/running.ts'
import { closeAll, listen } from '../health/prober/servers.ts'
import { freePort } from '../support/free-port.ts'

let running: Running | undefined
let folder = ''
afterEach(async () => {
  await running?.stop()
  await closeAll()
  rmSync(folder, { recursive: true })
})

const ZONE = '$TTL 60\n@ SOA ns h 1 7200 1800 1209600 300\n@ NS ns\nns A 127.0.0.1\nwww LB web\n'

/** A director of two regions, the first of which reports so. */
async function start(report: string, ...more: readonly string[]): Promise<string> {
  folder = mkdtempSync(join(tmpdir(), 'meridian-reports-'))
  mkdirSync(join(folder, 'zones'))
  writeFileSync(join(folder, 'zones', 'example.com.zone'), ZONE)
  const [port, adminPort] = [await freePort(), await freePort()]
  const config = [
    `listen: ["127.0.0.1:${port}"]`,
    `admin: { listen: "127.0.0.1:${adminPort}" }`,
    'zones: zones',
    'state: state',
    'workers: 1',
    'regions:',
    `  near: { balancers: [192.0.2.1], report: ${report} }`,
    '  far: { balancers: [192.0.2.2] }',
    'services: { web: { regions: [near, far], steer: [failover] } }',
    ...more,
  ]
  writeFileSync(join(folder, 'round-trips.txt'), '')
  writeFileSync(join(folder, 'meridian.yaml'), config.join('\n'))
  const started = await startRunning({
    configFile: join(folder, 'meridian.yaml'),
    version: 'test',
    log: () => createLog('silent'),
  })
  if (!(started instanceof Running)) throw new Error(JSON.stringify(started))
  running = started
  return `http://127.0.0.1:${adminPort}`
}

it('spills what a region with half of its servers gone cannot take', async () => {
  const tier = { up: 4, all: 4, connections: 7 }
  const { port: reports } = await listen(createServer((_, response) => response.end(JSON.stringify(tier))))
  const mapping = '{ healthyServers: up, totalServers: all, activeConnections: connections }'
  await start(`{ type: json, url: "http://127.1.0.1:${reports}/", interval: 1s, mapping: ${mapping} }`)
  await until(() => regionOf('near').report?.healthyServers === 4)
  expect(sharesOf()).toEqual({ near: 1, far: 0 })
  tier.up = 2
  await until(() => sharesOf().near === 0.5)
  expect(sharesOf()).toEqual({ near: 0.5, far: 0.5 })
  expect(regionOf('near').report).toMatchObject({ availability: 0.5, reason: '2 of 4 servers', activeConnections: 7 })
  expect(told()).toContain('region near takes 50 % of its share: 2 of 4 servers')
})

it('hands round-trip times in a report to the table of them all', async () => {
  const api = await start('{ type: push, interval: 1s }', 'roundTrips: round-trips.txt')
  const roundTrips = { '203.0.113.0/24': 12.5 }
  const taken = await push(api, 'near', { requests: 1, roundTrips })
  expect(taken.status).toBe(200)
  expect(taken.said).not.toHaveProperty('roundTripsRefused')
  const { regions } = (await (await fetch(`${api}/v1/round-trips`)).json()) as { regions: unknown }
  expect(regions).toMatchObject([{ region: 'near', times: [{ network: '203.0.113.0/24', ms: 12.5 }] }])
})

it('says when nobody wants the round-trip times in a report, and takes the rest', async () => {
  const api = await start('{ type: push, interval: 1s }')
  const report = { healthyServers: 1, totalServers: 2, roundTrips: { '203.0.113.0/24': 12.5 } }
  for (let i = 0; i < 2; i++) {
    expect(await push(api, 'near', report)).toMatchObject({
      status: 200,
      said: { availability: 0.5, roundTripsRefused: 'the configuration has no `roundTrips`' },
    })
  }
  expect(told().filter((text) => text.startsWith('round-trip times in reports of region near'))).toHaveLength(1)
})

it('takes what a region pushes, until it pushes no more', async () => {
  const api = await start('{ type: push, interval: 1s }')
  const taken = await push(api, 'near', { healthyServers: 1, totalServers: 4, activeConnections: 12 })
  expect(taken).toEqual({
    status: 200,
    said: {
      ...{ region: 'near', availability: 0.25, reason: '1 of 4 servers' },
      ...{ activeConnections: 12, healthyServers: 1, totalServers: 4 },
    },
  })
  expect(sharesOf()).toEqual({ near: 0.25, far: 0.75 })
  expect(await push(api, 'near', { healthyServer: 1 })).toMatchObject({
    status: 400,
    said: { code: 'bad-report', detail: 'healthyServer is no figure of a report (did you mean healthyServers?)' },
  })
  expect(await push(api, 'far', {})).toMatchObject({ status: 409, said: { code: 'not-pushed' } })
  expect(await push(api, 'neer', {})).toMatchObject({ status: 404, said: { hint: 'did you mean near?' } })
  await until(() => sharesOf().near === 1)
  expect(told().at(-1)).toMatch(/^region near takes 100 % of its share: no report: nothing was pushed for \d s$/)
})

async function push(api: string, region: string, report: object) {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify(report)
  const response = await fetch(`${api}/v1/regions/${region}/report`, { method: 'POST', headers, body })
  return { status: response.status, said: (await response.json()) as Record<string, unknown> }
}

function told(): string[] {
  return running!.status().events.map(({ text }) => text)
}

function regionOf(name: string) {
  return running!.status().regions.find((region) => region.name === name)!
}

function sharesOf(): Record<string, number> {
  const { shares } = running!.status().services[0]!
  return Object.fromEntries(shares.map(({ region, planned }) => [region, planned]))
}

async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 8000; !condition();) {
    if (Date.now() > end) throw new Error(`not in time: ${condition.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
