// How long the way is from a probe that decides to the first changed answer on the wire: a director in this process, a
// region that is told to fail and to recover in another, and a client that asks all the time in a third.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createLog } from '../../src/base/log.ts'
import { Running, startRunning } from '../../src/wiring/running.ts'
import type { Change } from './change-asker.ts'
import { portFreeOn } from './loopback-port.ts'
import { monotonicMs, sleep, until } from './monotonic.ts'
import { RegionFarm } from './region-farm.ts'
import { createSite, type Site } from './site.ts'

const REGION = '127.1.0.1'
const INTERVAL_MS = 30

export interface TransitionLoad {
  /** Beside the one that changes, each over ten regions. */
  readonly services: number
}

/** Ms from the end of the deciding probe to the arrival of the first changed answer, of each of so many transitions. */
export async function measureTransitions(count: number, load: TransitionLoad): Promise<number[]> {
  const port = await portFreeOn(REGION)
  const farm = await RegionFarm.start([REGION], port)
  const names = Array.from({ length: load.services }, (_, i) => `s${i} IN LB s${i}`)
  const site = await createSite(configOf(port, load.services), {
    'example.com': ['www IN LB web', ...names].join('\n'),
  })
  const running = await startQuietly(site)
  const asker = fork(join(import.meta.dirname, 'change-asker.ts'), [site.host, String(site.port), 'www.example.com'], {
    execPath: process.execPath,
    execArgv: [],
  })
  try {
    return await turnOften(count, running, farm, asker)
  } finally {
    asker.kill('SIGKILL')
    await running.stop()
    await farm.kill()
    site.remove()
  }
}

async function startQuietly(site: Site): Promise<Running> {
  const options = { configFile: site.configFile, version: 'test', log: () => createLog('silent') }
  const running = await startRunning(options)
  if (running instanceof Running) return running
  throw new Error(JSON.stringify(running))
}

async function turnOften(count: number, running: Running, farm: RegionFarm, asker: ChildProcess): Promise<number[]> {
  const isTurned = (state: string) => () => running.checker.health().get(`turning/${REGION}`)!.state === state
  const [changes, decided, taken]: [Change[], number[], number[]] = [[], [], []]
  asker.on('message', (change: Change) => changes.push(change))
  running.onEvent(({ text }) => {
    if (text.startsWith(`turning/${REGION} `)) decided.push(decidedAt(running))
  })
  await once(asker, 'message')
  await until('up', isTurned('up'))
  for (let i = 0; i < count; i++) {
    changes.length = decided.length = 0
    await farm.set(REGION, i % 2 === 0 ? '503' : 'ok')
    await until('a turn', () => decided.length > 0 && changes.length > 0)
    taken.push(changes[0]!.at - decided[0]!)
    await sleep(((i * 7) % INTERVAL_MS) + 5)
  }
  return taken
}

/** The end of the newest probe, as processes share it. */
function decidedAt(running: Running): number {
  const { last } = running.checker.reports().get(`turning/${REGION}`)!
  return last!.startedAt + last!.tookMs + (monotonicMs() - performance.now())
}

function configOf(port: number, services: number): Record<string, unknown> {
  const others = Array.from({ length: 10 }, (_, i) => `r${i}`)
  const timing = { interval: `${INTERVAL_MS}ms`, timeout: `${INTERVAL_MS}ms`, fastInterval: '10ms' }
  return {
    workers: 1,
    monitors: { l7: { type: 'http', port, ...timing, healthyThreshold: 1, unhealthyThreshold: 1 } },
    regions: {
      turning: { monitor: 'l7', balancers: [REGION] },
      ...Object.fromEntries(others.map((name, i) => [name, { weight: i + 1, balancers: [`192.0.2.${i + 1}`] }])),
    },
    services: {
      web: { regions: ['turning', 'r0'], steer: ['failover'] },
      ...Object.fromEntries(
        Array.from({ length: services }, (_, i) => [
          `s${i}`,
          { regions: ['turning', ...others.slice(i % 5)], steer: ['weighted'], ttl: `${20 + i}s` },
        ]),
      ),
    },
  }
}
