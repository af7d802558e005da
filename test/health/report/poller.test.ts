import { createServer } from 'node:http'
import { createServer as createSocketServer } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
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
  const fetch = (port: number) => fetchText({ from: { url: `http://127.1.0.1:${port}/` }, timeoutMs: 1000 })
  expect(await fetchText({ from: { url: `http://127.1.0.1:${silent}/` }, timeoutMs: 100 })).toEqual({
    problem: 'no whole report within 100 ms',
  })
  expect(await fetch(refusing)).toEqual({ problem: 'ECONNREFUSED' })
  expect(await fetch(busy)).toEqual({ problem: 'HTTP status 503' })
  expect(await fetch(endless)).toEqual({ problem: `more than ${MAX_REPORT_BYTES >> 20} MiB` })
  expect(await fetchText({ from: { socket: '/nowhere/s' }, timeoutMs: 100 })).toEqual({ problem: 'ENOENT' })
})
