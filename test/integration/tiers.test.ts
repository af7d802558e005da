// Reports of real L7 tiers: HAProxy in all three of its ways, and nginx by its exporter. Each stands before three servers:
// one that answers, one that answers 500, and one that is gone. Of Envoy and Traefik there are recordings
// (test/health/report/read.test.ts).
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fetchText } from '../../src/health/report/fetch.ts'
import { MAPPINGS } from '../../src/health/report/mappings.ts'
import { reportOf } from '../../src/health/report/rates.ts'
import type { Report, Sample } from '../../src/health/report/report.ts'
import { readText, type ReportPlace, type ReportSource } from '../../src/health/report/source.ts'
import { closeAll, listen } from '../health/prober/servers.ts'
import { watchChild, type Exit } from '../support/child.ts'
import { freePort } from '../support/free-port.ts'
import { until } from '../support/monotonic.ts'

const REQUESTS = 60

const folder = mkdtempSync(join(tmpdir(), 'meridian-tiers-'))
const running: { readonly child: ChildProcess; readonly exited: Promise<Exit> }[] = []
let good: number
let bad: number
let gone: number

beforeAll(async () => {
  good = (
    await listen(
      createServer((_, response) => response.end('ok\n')),
      '127.0.0.1',
    )
  ).port
  const failing = createServer((request, response) => response.writeHead(request.url === '/health' ? 200 : 500).end())
  bad = (await listen(failing, '127.0.0.1')).port
  gone = await freePort()
})
afterAll(async () => {
  for (const { child } of running) child.kill('SIGTERM')
  await Promise.all(running.map(({ exited }) => exited))
  await closeAll()
  rmSync(folder, { recursive: true })
})

const isMissing = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0

describe.skipIf(isMissing('haproxy'))('HAProxy', () => {
  const socket = join(folder, 'haproxy.sock')
  let [web, stats] = [0, 0]

  beforeAll(async () => {
    ;[web, stats] = [await freePort(), await freePort()]
    start('haproxy', '-db', '-f', write('haproxy.cfg', haproxyConfig(web, stats, socket)))
    await until('HAProxy to know its servers', async () => {
      const sample = await look({ format: 'haproxy', from: { socket } })
      return sample?.healthyServers === 2
    })
  })

  test.each<[string, () => Partial<ReportSource>]>([
    ['CSV by its socket', () => ({ format: 'haproxy', from: { socket } })],
    ['CSV by HTTP', () => ({ format: 'haproxy', from: { url: `http://127.0.0.1:${stats}/;csv` } })],
    [
      'its Prometheus exporter',
      () => ({
        format: 'prometheus',
        from: { url: `http://127.0.0.1:${stats}/metrics` },
        mapping: MAPPINGS['haproxy-prometheus'],
      }),
    ],
  ])('tells of requests, errors and servers: %s', async (_what, place) => {
    const source = { proxies: ['web', 'app'], ...place() }
    const report = await between(source, () => askOften(web))
    expect(report).toMatchObject({ healthyServers: 2, totalServers: 3 })
    expect(report.requestRate).toBeCloseTo(REQUESTS, -1)
    expect(report.errorRate).toBeCloseTo(0.5, 1)
    expect(report.activeConnections).toBeLessThan(10)
    expect(report.responseTimeMs).toBeLessThan(1000)
  })
})

describe.skipIf(isMissing('nginx') || isMissing('prometheus-nginx-exporter'))('nginx', () => {
  let [web, status, exporter] = [0, 0, 0]

  beforeAll(async () => {
    ;[web, status, exporter] = [await freePort(), await freePort(), await freePort()]
    start('nginx', '-p', folder, '-e', 'stderr', '-c', write('nginx.conf', nginxConfig(web, status)))
    await until('nginx', async () => 'text' in (await fetchText({ url: `http://127.0.0.1:${status}/` }, 500)))
    const address = `-web.listen-address=127.0.0.1:${exporter}`
    start('prometheus-nginx-exporter', address, `-nginx.scrape-uri=http://127.0.0.1:${status}/`)
    await until('its exporter', async () => (await look(source())) !== undefined)
  })

  const source = (): Partial<ReportSource> => ({
    format: 'prometheus',
    from: { url: `http://127.0.0.1:${exporter}/metrics` },
    mapping: MAPPINGS.nginx,
  })

  test('tells of connections and requests, and of nothing else', async () => {
    const report = await between(source(), () => askOften(web))
    expect(Object.keys(report).sort()).toEqual(['activeConnections', 'requestRate'])
    expect(report.requestRate).toBeGreaterThanOrEqual(REQUESTS)
    expect(report.requestRate).toBeLessThan(REQUESTS + 5)
    expect(report.activeConnections).toBeLessThan(10)
  })
})

/** Undefined while nothing can be read. */
async function look(given: Partial<ReportSource>): Promise<Sample | undefined> {
  const fetched = await fetchText(given.from as ReportPlace, 1000)
  if ('problem' in fetched) return undefined
  const source = { mapping: {}, proxies: [], intervalMs: 1000, timeoutMs: 1000, tolerated: 0, ...given } as ReportSource
  const reading = readText(fetched.text, source)
  return 'sample' in reading ? reading.sample : undefined
}

/** What two looks come to, as if a second lay between them. */
async function between(source: Partial<ReportSource>, act: () => Promise<void>): Promise<Report> {
  const before = (await look(source))!
  await act()
  return reportOf({ sample: before, at: 0 }, { sample: (await look(source))!, at: 1000 })
}

async function askOften(port: number): Promise<void> {
  for (let i = 0; i < REQUESTS; i++) await (await fetch(`http://127.0.0.1:${port}/`)).text()
}

function start(program: string, ...words: string[]): void {
  const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'ignore'] })
  running.push({ child, exited: watchChild(child) })
}

function write(name: string, lines: readonly string[]): string {
  writeFileSync(join(folder, name), [...lines, ''].join('\n'))
  return join(folder, name)
}

function haproxyConfig(web: number, stats: number, socket: string): string[] {
  const servers = [good, bad, gone].map((port, i) => `  server s${i} 127.0.0.1:${port} check inter 200ms fall 1`)
  return [
    'global',
    `  stats socket ${socket} level user`,
    'defaults',
    '  mode http',
    '  timeout connect 1s',
    '  timeout client 5s',
    '  timeout server 5s',
    '  timeout check 5s',
    'frontend web',
    `  bind 127.0.0.1:${web}`,
    '  default_backend app',
    'frontend stats',
    `  bind 127.0.0.1:${stats}`,
    '  http-request use-service prometheus-exporter if { path /metrics }',
    '  stats enable',
    '  stats uri /',
    'backend app',
    '  balance roundrobin',
    '  option httpchk GET /health',
    ...servers,
  ]
}

function nginxConfig(web: number, status: number): string[] {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `  ${name}_temp_path ${join(folder, name)};`,
  )
  return [
    'daemon off;',
    `pid ${join(folder, 'nginx.pid')};`,
    'events {}',
    'http {',
    '  access_log off;',
    ...paths,
    `  upstream app { ${[good, bad, gone].map((port) => `server 127.0.0.1:${port};`).join(' ')} }`,
    `  server { listen 127.0.0.1:${web}; location / { proxy_pass http://app; } }`,
    `  server { listen 127.0.0.1:${status}; location / { stub_status; } }`,
    '}',
  ]
}
