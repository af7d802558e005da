// How soon a fault is seen, with real sockets: many targets in one worker, each struck at a moment of its own. The bound is
// what the definitions promise: threshold × interval, and the timeout when a server hangs, and 100 ms. On a machine so busy
// that the probe worker itself waits for a core it cannot hold, hence the retries.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { Checker } from '../../src/health/checker.ts'
import type { State } from '../../src/health/health.ts'
import type { FarmMode } from './farm.ts'
import { Farm, sleep, targetOf, type HttpTarget } from './support.ts'

const TARGETS = 24
const ROUNDS = 2
const MARGIN_MS = 100

const farm = new Farm()
const waiting = new Map<string, (at: number) => void>()
const checker = new Checker({
  clock: systemClock,
  onTransition: ({ target, to }) => waiting.get(`${target} ${to}`)?.(Date.now()),
  onTrouble: (what) => console.log(what),
})
let targets: HttpTarget[]

beforeAll(async () => {
  const open = async (n: number): Promise<HttpTarget> =>
    targetOf(n, { port: (await farm.set(`127.1.1.${n}`, 0, 'ok')).port })
  const numbers = Array.from({ length: TARGETS }, (_, i) => i + 1)
  targets = (await Promise.all(numbers.map(open))).map((target, i) => {
    const text = `127.1.1.${i + 1}`
    return { ...target, id: `region-${i}/${text}`, address: { family: 4, bytes: Uint8Array.of(127, 1, 1, i + 1) } }
  })
  checker.start(targets)
  await checker.firstRound(1500)
  await sleep(500)
})
afterAll(async () => {
  await checker.stop()
  await farm.stop()
})

interface Run {
  readonly mode: FarmMode
  readonly down: number
  readonly up: number
}

/** Ms from the moment at which the server changed to the moment at which the main thread knows. */
async function timeTo(state: State, target: HttpTarget, n: number, mode: FarmMode): Promise<number> {
  const told = new Promise<number>((resolve) => waiting.set(`${target.id} ${state}`, resolve))
  const { at } = await farm.set(`127.1.1.${n}`, target.monitor.port, mode)
  return (await told) - at
}

async function strike(
  target: HttpTarget,
  n: number,
  mode: FarmMode,
): Promise<{ mode: FarmMode; down: number; up: number }> {
  await sleep((n * 37) % 200)
  const down = await timeTo('down', target, n, mode)
  await sleep((n * 53) % 200)
  return { mode, down, up: await timeTo('up', target, n, 'ok') }
}

it(
  `sees ${TARGETS * ROUNDS} faults of three kinds in time, and every recovery after two successes`,
  { retry: 2 },
  async () => {
    const modes = ['gone', '503', 'hang'] as const
    const runs: Run[] = []
    for (let round = 0; round < ROUNDS; round++) {
      runs.push(...(await Promise.all(targets.map((target, i) => strike(target, i + 1, modes[(i + round) % 3]!)))))
    }
    const worst = (what: 'down' | 'up', mode: FarmMode): number =>
      Math.max(...runs.filter((run) => run.mode === mode).map((run) => run[what]))
    const figures = modes.map((mode) => ({ mode, downMs: worst('down', mode), upMs: worst('up', mode) }))
    console.log('worst ms from fault to down and from repair to up:', figures, checker.figures())
    for (const { mode, downMs, upMs } of figures) {
      expect(downMs).toBeLessThanOrEqual(3 * 200 + (mode === 'hang' ? 150 : 0) + MARGIN_MS)
      expect(upMs).toBeLessThanOrEqual(2 * 200 + MARGIN_MS)
    }
  },
)
