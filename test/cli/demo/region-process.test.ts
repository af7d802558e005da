import { createServer } from 'node:http'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { RegionProcess, type Site } from '../../../src/cli/demo/region-process.ts'
import { freeSites, isAlive, until } from './sites.ts'

const started: RegionProcess[] = []

afterEach(async () => {
  await Promise.all(started.splice(0).map((region) => region.stop()))
})

async function createRegion(restartAfterMs: number) {
  const [site] = (await freeSites()) as [Site]
  const events: string[] = []
  const region = new RegionProcess({ site, restartAfterMs, onEvent: (text) => events.push(text) })
  started.push(region)
  return { site, events, region, pid: () => region.view().pid }
}

const ask = async ({ address, port }: Site, path: string): Promise<Response> =>
  await fetch(`http://${address}:${port}${path}`)

test('a region says that it is healthy, and who it is', async () => {
  const { site, region } = await createRegion(10_000)
  expect(await region.start()).toBeUndefined()
  expect(await (await ask(site, '/health')).json()).toEqual({ region: 'us-east', healthy: true })
  expect(await (await ask(site, '/')).text()).toMatch(/^us-east answered/)
  const page = await fetch(`http://${site.address}:${site.port}/`, { headers: { accept: 'text/html' } })
  expect(page.headers.get('content-type')).toMatch(/^text\/html/)
  expect(await page.text()).toContain('<h1>us-east</h1>')
})

test('a killed region is noticed, and starts again by itself', async () => {
  const { site, events, region, pid } = await createRegion(300)
  await region.start()
  const first = pid()!
  process.kill(first, 'SIGKILL')
  await until('the death', () => region.view().restartsInMs)
  expect(events).toEqual([`us-east: process ${first} died (SIGKILL); it starts again in 0.3 s`])
  await expect(ask(site, '/health')).rejects.toThrow()
  const second = await until('the new start', () => events[1])
  expect(second).toBe(`us-east: started again as process ${pid()!}`)
  expect(pid()).not.toBe(first)
  expect((await ask(site, '/health')).status).toBe(200)
})

test('toggle kills a running region and starts a dead one at once', async () => {
  const { events, region, pid } = await createRegion(60_000)
  await region.start()
  region.toggle()
  await until('the death', () => region.view().restartsInMs)
  region.toggle()
  await until('the new start', () => events[1])
  expect(pid()).toBeGreaterThan(0)
})

test('stop ends a suspended region, and no timer brings it back', async () => {
  const { events, region, pid } = await createRegion(50)
  await region.start()
  const first = pid()!
  process.kill(first, 'SIGSTOP')
  await region.stop()
  await new Promise((resolve) => setTimeout(resolve, 150))
  expect(isAlive(first)).toBe(false)
  expect(events).toEqual([])
})

test('a taken port is one line that says what to do', async () => {
  const { site, region } = await createRegion(10_000)
  const other = createServer().listen(site.port, site.address)
  await once(other, 'listening')
  const failed = await region.start()
  other.close()
  expect(failed?.fault).toMatch(
    /^cannot listen on 127\.1\.0\.1:\d+: another program has it; end that one .* and try again$/,
  )
})

test('a place that this machine lacks is one line too', async () => {
  const region = new RegionProcess({
    site: { name: 'far', address: '192.0.2.1', port: 8080 },
    restartAfterMs: 10_000,
    onEvent: () => undefined,
  })
  started.push(region)
  expect((await region.start())?.fault).toMatch(/this machine has no such address/)
})
