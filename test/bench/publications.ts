// node test/bench/publications.ts: what users notice of publications, in one run, at a fixed rate in an open loop (70 % of
// what one worker can): latencies while nothing happens, at 1,000 publications a second, and while the main thread plans half
// of the time (an event on 200 services, then as long a pause); and resident memory over 100,000 publications.
//   --rate N    queries a second; default: 70 % of what dnsperf gets
//   --seconds N of each, 20 by default
import { execFileSync, fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as yieldLoop, setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createLog } from '../../src/base/log.ts'
import type { TargetHealth } from '../../src/health/health.ts'
import { Running, startRunning } from '../../src/wiring/running.ts'
import { freePort } from '../support/free-port.ts'
import { createSite } from '../support/site.ts'
import { load } from './load/dnsperf.ts'
import { writeQueries } from './load/kinds.ts'
import type { Latencies } from './load/open-loop.ts'
import { HOST } from './load/peers.ts'

/** What the main thread does meanwhile. */
type Order = 'nothing' | 'publish' | 'plan'

const PUBLICATIONS = 100_000
const PER_SECOND = 1000
const SERVICES = 200
const SHARE_OF_LOAD = 0.7

const { values } = parseArgs({
  options: {
    serve: { type: 'string' },
    rate: { type: 'string' },
    seconds: { type: 'string', default: '20' },
  },
})

if (values.serve === undefined) await measure(Number(values.seconds))
else await serve(Number(values.serve))

async function measure(seconds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'meridian-publications-'))
  const queries = join(folder, 'queries')
  writeFileSync(queries, writeQueries([{ name: 'www.example.com', type: 'A' }]))
  const port = await freePort(HOST)
  const child = fork(import.meta.filename, ['--serve', String(port)])
  try {
    await once(child, 'message')
    const found = values.rate === undefined ? await load(port, child.pid!, queries, 5) : undefined
    const rate = found ? Math.round(found.queriesPerSecond * SHARE_OF_LOAD) : Number(values.rate)
    for (const order of ['nothing', 'publish', 'plan', 'nothing'] as const) {
      child.send(order)
      const words = [
        join(import.meta.dirname, 'load/open-loop.ts'),
        String(port),
        String(rate),
        String(seconds),
        queries,
      ]
      const { p50, p99, p999, lost } = JSON.parse(
        execFileSync(process.execPath, words, { encoding: 'utf8' }),
      ) as Latencies
      console.log(`${order.padEnd(8)} at ${rate} q/s: p50 ${p50}, p99 ${p99}, p99.9 ${p999} µs, ${lost} lost`)
    }
    child.send('publish')
    await tellMemory(child)
  } finally {
    child.kill('SIGTERM')
    rmSync(folder, { recursive: true })
  }
}

async function tellMemory(child: ChildProcess): Promise<void> {
  const [from] = await generation(child)
  for (let part = 0; part <= 10; part++) {
    while ((await generation(child))[0] < from + (part * PUBLICATIONS) / 10) await sleep(200)
    const resident = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid!}/status`, 'utf8'))![1]) / 1024
    console.log(
      `${((part * PUBLICATIONS) / 10).toString().padStart(7)} publications: ${resident.toFixed(0)} MiB resident`,
    )
  }
}

async function generation(child: ChildProcess): Promise<[number]> {
  child.send('generation')
  return (await once(child, 'message')) as [number]
}

/** The child's part: a director that answers on that port, and obeys. */
async function serve(port: number): Promise<void> {
  const names = Array.from({ length: SERVICES }, (_, i) => `s${i}`)
  const site = await createSite(configOf(port, names), {
    'example.com': ['www IN LB web', ...names.map((name) => `${name} IN LB ${name}`)].join('\n'),
  })
  const options = { configFile: site.configFile, version: 'bench', log: () => createLog('silent') }
  const running = await startRunning(options)
  if (!(running instanceof Running)) throw new Error(JSON.stringify(running))
  const told: { order: Order } = { order: 'nothing' }
  process.on('message', (said: Order | 'generation') => {
    if (said === 'generation') process.send!(running.status().snapshot.number)
    else told.order = said
  })
  process.once('SIGTERM', () => {
    site.remove()
    process.exit()
  })
  process.send!('ready')
  let turns = 0
  for (let began = performance.now(), done = 0; ;) {
    const { order } = told
    if (order === 'plan') {
      const before = performance.now()
      await running.director.applyHealth(healthOf('many', turns++))
      await sleep(performance.now() - before)
    } else if (order === 'publish' && done < ((performance.now() - began) * PER_SECOND) / 1000) {
      await running.director.applyHealth(healthOf('few', turns++))
      done++
    } else if (order === 'publish') await yieldLoop()
    else {
      await sleep(10)
      ;[began, done] = [performance.now(), 0]
    }
  }
}

/** Every second time the region is down that all services rest on, or `web` alone. */
function healthOf(whose: 'many' | 'few', turn: number): ReadonlyMap<string, TargetHealth> {
  const state = turn % 2 === 0 ? 'down' : 'up'
  const id = whose === 'many' ? 'm0/192.0.2.10' : 'w0/192.0.2.1'
  return new Map([[id, { state, reason: 'told', since: 0, provisional: false }]])
}

function configOf(port: number, names: readonly string[]): Record<string, unknown> {
  const regions = [
    ...[1, 2, 3].map((i) => [`w${i - 1}`, { weight: i, balancers: [`192.0.2.${i}`] }] as const),
    ...[10, 11, 12, 13, 14, 15].map((i) => [`m${i - 10}`, { weight: i, balancers: [`192.0.2.${i}`] }] as const),
  ]
  const many = regions.map(([name]) => name).filter((name) => name.startsWith('m'))
  return {
    listen: [`${HOST}:${port}`],
    workers: 1,
    regions: Object.fromEntries(regions),
    services: {
      web: { regions: ['w0', 'w1', 'w2'], steer: ['weighted'] },
      ...Object.fromEntries(names.map((name, i) => [name, { regions: many, steer: ['weighted'], ttl: `${20 + i}s` }])),
    },
  }
}
