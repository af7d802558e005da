import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { Checker } from '../../src/health/checker.ts'
import type { Transition } from '../../src/health/health.ts'
import type { HttpMonitor } from '../../src/health/monitor.ts'
import type { FarmMode } from './farm.ts'
import { Farm, sleep, targetOf, type HttpTarget } from './support.ts'

let farm: Farm
let checker: Checker | undefined
let transitions: Transition[] = []
let troubles: string[] = []

beforeAll(() => {
  farm = new Farm()
})
afterAll(() => farm.stop())
afterEach(async () => {
  await checker?.stop()
  transitions = []
  troubles = []
})

/** A server on 127.1.0.`n` and the target that probes it. */
async function serve(n: number, mode: FarmMode, monitor: Partial<HttpMonitor> = {}): Promise<HttpTarget> {
  await farm.set(`127.1.0.${n}`, 0, 'gone')
  const { port } = await farm.set(`127.1.0.${n}`, 0, mode)
  return targetOf(n, { port, ...monitor })
}

async function gone(n: number): Promise<HttpTarget> {
  const target = await serve(n, 'ok')
  await farm.set(`127.1.0.${n}`, target.monitor.port, 'gone')
  return target
}

function createChecker(hungAfterMs = 5000): Checker {
  checker = new Checker({
    clock: systemClock,
    onTransition: (transition) => transitions.push(transition),
    onTrouble: (what) => troubles.push(what),
    hungAfterMs,
  })
  return checker
}

async function until(condition: () => boolean, limitMs = 3000): Promise<void> {
  const end = Date.now() + limitMs
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${condition.toString()}`)
    await sleep(5)
  }
}

/** Threads of this process that probe, by their name. */
function probeThreads(): number {
  const names = readdirSync('/proc/self/task').map((task) => readFileSync(`/proc/self/task/${task}/comm`, 'utf8'))
  return names.filter((name) => name.trim() === 'probes').length
}

function block(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

describe('the first round', () => {
  it('decides each target provisionally by its first observation', async () => {
    const [live, busy, dead] = [await serve(1, 'ok'), await serve(2, '503'), await gone(3)]
    const it = createChecker()
    it.start([live, busy, dead])
    expect(await it.firstRound(1500)).toEqual({ missing: [] })
    expect([...it.health()]).toMatchObject([
      [live.id, { state: 'up', provisional: true }],
      [busy.id, { state: 'down', reason: '503', provisional: true }],
      [dead.id, { state: 'down', reason: 'refused', provisional: true }],
    ])
    expect(transitions.map(({ from, to }) => `${from} ${to}`).sort()).toEqual([
      'unknown down',
      'unknown down',
      'unknown up',
    ])
    await until(() => [...it.health().values()].every(({ provisional }) => !provisional))
  })

  it('ends at its deadline and names who is missing; saved states stand in', async () => {
    const hung = await serve(1, 'hang', { intervalMs: 5000, timeoutMs: 5000 })
    const other = await serve(2, 'hang', { intervalMs: 5000, timeoutMs: 5000 })
    const it = createChecker()
    it.start([hung, other], new Map([[other.id, { state: 'down', reason: 'refused', since: 7 }]]))
    expect(await it.firstRound(300)).toEqual({ missing: [hung.id, other.id] })
    expect(it.health().get(hung.id)).toMatchObject({ state: 'unknown', reason: 'not probed yet' })
    expect(it.health().get(other.id)).toMatchObject({ state: 'down', reason: 'refused', since: 7 })
  })

  it('has no thread while there is nothing to probe, and one from the first target on', async () => {
    const live = await serve(1, 'ok')
    const it = createChecker()
    it.start([])
    expect(await it.firstRound(1500)).toEqual({ missing: [] })
    await sleep(50)
    expect(probeThreads()).toBe(0)
    it.update([live])
    await until(() => it.health().get(live.id)?.state === 'up')
    expect(probeThreads()).toBe(1)
  })

  it('takes a first observation over a saved state, and keeps since where both agree', async () => {
    const [live, dead] = [await serve(1, 'ok'), await gone(2)]
    const saved = { state: 'up' as const, reason: '200 in 1 ms', since: 7 }
    const it = createChecker()
    it.start(
      [live, dead],
      new Map([
        [live.id, saved],
        [dead.id, saved],
      ]),
    )
    expect(await it.firstRound(1500)).toEqual({ missing: [] })
    expect(it.health().get(live.id)).toMatchObject({ state: 'up', since: 7 })
    expect(transitions).toMatchObject([{ target: dead.id, from: 'up', to: 'down', reason: 'refused' }])
  })
})

describe('a reload', () => {
  it('keeps states, drops what left, and lets new targets join at their first success', async () => {
    const [stays, leaves, joins] = [await serve(1, 'ok'), await serve(2, 'ok'), await serve(3, '503')]
    const it = createChecker()
    it.start([stays, leaves])
    await it.firstRound(1500)
    const { since } = it.health().get(stays.id)!
    it.update([{ ...stays, monitor: { ...stays.monitor, healthyThreshold: 5 } }, joins])
    expect([...it.health().keys()]).toEqual([stays.id, joins.id])
    expect(it.health().get(joins.id)).toMatchObject({ state: 'down', reason: 'added, no success yet' })
    await until(() => it.reports().get(joins.id)!.failures > 3)
    await farm.set('127.1.0.3', joins.monitor.port, 'ok')
    await until(() => it.health().get(joins.id)!.state === 'up')
    expect(it.reports().get(joins.id)!.successes).toBe(1)
    expect(it.health().get(stays.id)).toMatchObject({ state: 'up', since })
    expect(transitions.filter(({ target }) => target === leaves.id)).toHaveLength(1)
  })
})

it('holds a target that fell until it is released, and a reload without the rule releases it, too', async () => {
  const manual = { failback: { mode: 'manual', holdDownMs: 0 } } as const
  const [one, two] = [await serve(1, 'ok', manual), await serve(2, 'ok', manual)]
  const it = createChecker()
  it.start([one, two])
  await until(() => [...it.health().values()].every(({ provisional }) => !provisional))
  await Promise.all([one, two].map((target, i) => farm.set(`127.1.0.${i + 1}`, target.monitor.port, '503')))
  await until(() => [...it.health().values()].every(({ state }) => state === 'down'))
  await Promise.all([one, two].map((target, i) => farm.set(`127.1.0.${i + 1}`, target.monitor.port, 'ok')))
  const isHeld = ({ reason }: { reason: string }): boolean => reason === '503; succeeds again: manual failback'
  await until(() => [...it.health().values()].every(isHeld))
  it.release([one.id])
  await until(() => it.health().get(one.id)!.state === 'up')
  expect(it.health().get(two.id)!.state).toBe('down')
  it.update([one, { ...two, monitor: { ...two.monitor, failback: { mode: 'automatic', holdDownMs: 0 } } }])
  await until(() => it.health().get(two.id)!.state === 'up')
})

describe('what marks nothing down', () => {
  it('a probe worker blocked for three seconds, though one failure would be enough', async () => {
    // Late answers and short intervals: some probe of each target is outstanding at any time.
    const delicate = { timeoutMs: 600, unhealthyThreshold: 1 }
    const targets = await Promise.all([1, 2, 3, 4].map((n) => serve(n, 'late', delicate)))
    const it = createChecker()
    it.start(targets)
    await until(() => [...it.health().values()].every(({ provisional }) => !provisional))
    const before = transitions.length
    it.blockForTest(3000)
    await sleep(3800)
    expect(transitions.slice(before)).toEqual([])
    expect(it.figures().workersReplaced).toBe(0)
    expect(it.figures().probes.none).toBeGreaterThanOrEqual(4)
    expect(troubles).toEqual(['probes say nothing: our loop lagged'])
    const { at } = await farm.set('127.1.0.1', targets[0]!.monitor.port, '503')
    await until(() => it.health().get(targets[0]!.id)!.state === 'down')
    expect(it.health().get(targets[0]!.id)!.since - at).toBeLessThan(300)
  })

  it('a main thread blocked for three seconds', async () => {
    const targets = [await serve(1, 'ok'), await serve(2, 'ok')]
    const it = createChecker(500)
    it.start(targets)
    await it.firstRound(1500)
    const before = transitions.length
    block(3000)
    await sleep(600)
    expect(transitions.slice(before)).toEqual([])
    expect(it.figures().workersReplaced).toBe(0)
  })

  it('a probe worker that hangs and is replaced, with states and counts kept', async () => {
    const targets = [await serve(1, 'ok'), await gone(2)]
    const it = createChecker(600)
    it.start(targets)
    await until(() => [...it.health().values()].every(({ provisional }) => !provisional))
    await sleep(500)
    const [before, health] = [transitions.length, structuredClone(new Map(it.health()))]
    it.blockForTest(60_000)
    await until(() => it.figures().workersReplaced === 1)
    expect(it.health()).toEqual(health)
    const { failures } = it.reports().get(targets[1]!.id)!
    await until(() => it.reports().get(targets[1]!.id)!.failures > failures, 700)
    expect(transitions.slice(before)).toEqual([])
    expect(troubles).toContain('the probe worker is replaced: its loop stands still')
    await farm.set('127.1.0.1', targets[0]!.monitor.port, 'gone')
    await until(() => it.health().get(targets[0]!.id)!.state === 'down')
  })

  it('a probe worker that dies of a fault in its own code, and is replaced until it lives', async () => {
    const target = await serve(1, 'ok')
    const it = createChecker()
    it.start([target])
    await it.firstRound(1500)
    const poison = await serve(2, 'ok', { expectedStatus: null as never })
    it.update([target, poison])
    await until(() => it.figures().workersReplaced >= 2)
    expect(it.health().get(target.id)!.state).toBe('up')
    expect(troubles).toContainEqual(expect.stringMatching(/^the probe worker is replaced: TypeError/))
    it.update([target])
    const { port } = target.monitor
    await farm.set('127.1.0.1', port, 'gone')
    await until(() => it.health().get(target.id)!.state === 'down')
    expect(transitions).toMatchObject([{ to: 'up' }, { to: 'down', reason: 'refused' }])
  })
})
