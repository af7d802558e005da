import { createServer } from 'node:http'
import { createServer as createSocketServer } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import { fetchText, MAX_REPORT_BYTES } from '../../../src/health/report/fetch.ts'
import { ReportPoller } from '../../../src/health/report/poller.ts'
import type { ReportSource } from '../../../src/health/report/source.ts'
import { closeAll, listen, serve } from '../prober/servers.ts'

let poller: ReportPoller | undefined
afterEach(async () => {
  poller?.stop()
  await closeAll()
})

const source = (from: ReportSource['from'], format: ReportSource['format'] = 'json'): ReportSource => ({
  format,
  from,
  intervalMs: 50,
  timeoutMs: 200,
  tolerated: 0.01,
  mapping: { healthyServers: 'up', totalServers: 'all' },
  proxies: [],
})

/** Until the poller has told so often. */
function told(sources: ReadonlyMap<string, ReportSource>, times: number): Promise<ReportPoller> {
  return new Promise((resolve) => {
    let left = times
    const started: ReportPoller = new ReportPoller({
      clock: systemClock,
      onReport: () => {
        if (--left === 0) resolve(started)
      },
    })
    poller = started
    started.configure(sources)
  })
}

it('polls HTTP and keeps what it comes to', async () => {
  let up = 4
  const { port } = await listen(createServer((_, response) => response.end(JSON.stringify({ up: up--, all: 4 }))))
  const polling = await told(new Map([['eu-west', source({ url: `http://127.1.0.1:${port}/load` })]]), 2)
  expect(polling.reported().get('eu-west')).toMatchObject({ availability: 0.75, reason: '3 of 4 servers' })
  polling.configure(new Map())
  expect(polling.reported().size).toBe(0)
})

it('asks the socket of HAProxy', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'meridian-report-'))
  const path = join(folder, 'haproxy.sock')
  const server = createSocketServer((socket) => {
    socket.on('data', (asked) => {
      const csv = '# pxname,svname,status,scur,slim,stot\napp,s1,UP,1,,5\napp,s2,DOWN,0,,5\n\n'
      socket.end(asked.toString() === 'show stat\n' ? csv : '')
    })
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  const polling = await told(new Map([['eu-west', source({ socket: path }, 'haproxy')]]), 1)
  expect(polling.reported().get('eu-west')).toMatchObject({ availability: 0.5 })
  server.close()
  rmSync(folder, { recursive: true })
})

it('has a word for every way in which nothing comes', async () => {
  const { port: silent } = await serve((socket) => socket.resume())
  const { port: refusing, close } = await serve(() => undefined)
  await close()
  const { port: busy } = await listen(createServer((_, response) => response.writeHead(503).end()))
  const { port: endless } = await serve((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    const more = (): void => {
      while (!socket.destroyed && socket.write(Buffer.alloc(1 << 16)));
    }
    socket.on('drain', more)
    more()
  })
  const fetch = (port: number) => fetchText({ url: `http://127.1.0.1:${port}/` }, 1000)
  expect(await fetchText({ url: `http://127.1.0.1:${silent}/` }, 100)).toEqual({
    problem: 'no whole report within 100 ms',
  })
  expect(await fetch(refusing)).toEqual({ problem: 'ECONNREFUSED' })
  expect(await fetch(busy)).toEqual({ problem: 'HTTP status 503' })
  expect(await fetch(endless)).toEqual({ problem: `more than ${MAX_REPORT_BYTES >> 20} MiB` })
  expect(await fetchText({ socket: '/nowhere/s' }, 100)).toEqual({ problem: 'ENOENT' })
})

/** A poller whose clock the test turns. */
function pushed(intervalMs: number, holds = () => false) {
  vi.useFakeTimers()
  const [now, told] = [{ ms: 0 }, { times: 0 }]
  const started = new ReportPoller({
    clock: { now: () => now.ms, wall: () => now.ms },
    onReport: () => told.times++,
    holds,
  })
  poller = started
  started.configure(new Map([['eu-west', { ...source('push', 'figures'), intervalMs }]]))
  const pass = (ms: number): void => {
    now.ms += ms
    vi.advanceTimersByTime(ms)
  }
  return { poller: started, told, pass, reported: () => started.reported().get('eu-west')! }
}
afterEach(() => vi.useRealTimers())

it('takes what a region pushes, and judges it as what is polled', () => {
  const { poller, told, reported } = pushed(10_000)
  expect(reported().reason).toBe('no report yet')
  const answer = poller.push('eu-west', '{ "healthyServers": 1, "totalServers": 4 }')
  expect(answer).toMatchObject({ reported: { availability: 0.25, reason: '1 of 4 servers' } })
  expect(reported().availability).toBe(0.25)
  expect(told.times).toBe(1)
})

it('refuses what is no report, and keeps what was told before', () => {
  const { poller, told, reported } = pushed(10_000)
  poller.push('eu-west', '{ "healthyServers": 1, "totalServers": 4 }')
  for (const [text, problem] of [
    ['{', 'not JSON'],
    ['{}', 'it tells nothing'],
    ['{ "errors": -1 }', 'errors is -1'],
    ['{ "healthyServers": 5, "totalServers": 4 }', 'more healthy servers than there are'],
  ] as const) {
    expect(poller.push('eu-west', text)).toEqual({ refused: 'bad-report', problem })
  }
  expect(poller.push('us-east', '{}')).toMatchObject({ refused: 'not-pushed' })
  expect([reported().availability, told.times]).toEqual([0.25, 1])
})

it('counts a pushed report for three intervals', () => {
  const { poller, pass, reported } = pushed(10_000)
  poller.push('eu-west', '{ "healthyServers": 1, "totalServers": 4 }')
  pass(30_000)
  expect(reported()).toMatchObject({
    availability: 0.25,
    reason: 'nothing was pushed for 30 s; the report before holds',
  })
  pass(10_000)
  expect(reported()).toEqual({ availability: 1, reason: 'no report: nothing was pushed for 40 s' })
})

it('forgets nothing while our own network is in doubt', () => {
  const { poller, pass, reported } = pushed(10_000, () => true)
  poller.push('eu-west', '{ "healthyServers": 1, "totalServers": 4 }')
  pass(300_000)
  expect(reported()).toMatchObject({ availability: 0.25, reason: '1 of 4 servers' })
})

it('lets nobody rise faster by telling more often', () => {
  const { poller, pass, reported } = pushed(10_000)
  poller.push('eu-west', '{ "healthyServers": 0, "totalServers": 4 }')
  for (let i = 0; i < 10; i++) {
    pass(1000)
    poller.push('eu-west', '{ "healthyServers": 4, "totalServers": 4 }')
  }
  expect(reported().availability).toBeCloseTo(0.1)
})
