import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Clock } from '../../src/base/clock.ts'
import type { Observation, ProbeTarget } from '../../src/health/health.ts'
import type { HttpMonitor } from '../../src/health/monitor.ts'
import { discardLagged, LoopLag, TICK_MS } from '../../src/health/lag.ts'
import { Scheduler, type SchedulerOptions } from '../../src/health/scheduler.ts'
import { phaseOf } from '../../src/health/timing.ts'
import { targetOf } from './support.ts'

const clock: Clock = { now: () => performance.now(), wall: () => 0 }

beforeEach(() =>
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'performance'],
  }),
)
afterEach(() => vi.useRealTimers())

interface Start {
  readonly id: string
  readonly at: number
}

/** A scheduler whose probes take as long as the target's number says, and that notes every start. */
function watched(tookMs: (target: ProbeTarget) => number, options: Partial<SchedulerOptions> = {}) {
  const starts: Start[] = []
  const most = { inFlight: 0 }
  const given: string[] = []
  let inFlight = 0
  const probe = (target: ProbeTarget, signal: AbortSignal): Promise<Observation> =>
    new Promise((resolve) => {
      const startedAt = performance.now()
      starts.push({ id: target.id, at: startedAt })
      most.inFlight = Math.max(most.inFlight, ++inFlight)
      const end = (): void => {
        clearTimeout(timer)
        inFlight--
        resolve({ outcome: 'success', reason: '', startedAt, tookMs: tookMs(target) })
      }
      const timer = setTimeout(end, tookMs(target))
      signal.addEventListener('abort', () => {
        given.push(target.id)
        end()
      })
    })
  const scheduler = new Scheduler({ clock, probe, onObservation: () => false, ...options })
  const startsOf = (target: ProbeTarget): number[] => starts.filter(({ id }) => id === target.id).map(({ at }) => at)
  return { scheduler, starts, startsOf, most, given }
}

function targets(number: number, monitor: Partial<HttpMonitor> = {}): ProbeTarget[] {
  return Array.from({ length: number }, (_, i) => targetOf(i + 1, monitor))
}

describe('the scheduler', () => {
  it('probes all at once at the start, then each at its own phase for ever, without drift', async () => {
    const all = targets(20)
    const { scheduler, startsOf } = watched(() => 10)
    const began = performance.now()
    scheduler.setTargets(all)
    await vi.advanceTimersByTimeAsync(60_000)
    for (const target of all) {
      const [first, ...later] = startsOf(target)
      expect(first! - began).toBeLessThan(2)
      for (const at of later.slice(1)) expect(Math.floor(at % 200)).toBe(phaseOf(target.id, 200))
      expect(later.length).toBeGreaterThanOrEqual(300)
      expect(later.length).toBeLessThanOrEqual(301)
    }
  })

  it('starts at the phase whatever the probe before does, with a bound for each target', async () => {
    const [target] = targets(1, { timeoutMs: 500 })
    const { scheduler, startsOf, most } = watched(() => 500)
    scheduler.setTargets([target!])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(startsOf(target!).length).toBeGreaterThanOrEqual(50)
    expect(most.inFlight).toBe(4)
  })

  it('never has more than ceil(timeout / fast interval) + 1 probes of a target outstanding', async () => {
    const [target] = targets(1, { timeoutMs: 300 })
    const { scheduler, most } = watched(() => 3000)
    scheduler.setTargets([target!])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(most.inFlight).toBe(3)
    expect(scheduler.figures().skipped).toBeGreaterThan(20)
  })

  it('hurries while asked to, and goes back to the phase', async () => {
    const [target] = targets(1, { intervalMs: 10_000, fastIntervalMs: 1000, timeoutMs: 5000 })
    let hurry = true
    const { scheduler, startsOf } = watched(() => 10, { onObservation: () => hurry })
    const began = performance.now()
    scheduler.setTargets([target!])
    await vi.advanceTimersByTimeAsync(3500)
    expect(
      startsOf(target!)
        .slice(0, 4)
        .map((at) => Math.floor(at - began)),
    ).toEqual([0, 1000, 2000, 3000])
    hurry = false
    await vi.advanceTimersByTimeAsync(40_000)
    const calm = startsOf(target!).slice(-3)
    for (const at of calm) expect(Math.floor(at % 10_000)).toBe(phaseOf(target!.id, 10_000))
  })

  it('hurries at once when the first failure took longer than the fast interval', async () => {
    const [target] = targets(1, { intervalMs: 10_000, fastIntervalMs: 1000, timeoutMs: 5000 })
    const { scheduler, startsOf } = watched(() => 2500, { onObservation: () => true })
    const began = performance.now()
    scheduler.setTargets([target!])
    await vi.advanceTimersByTimeAsync(3600)
    expect(startsOf(target!).map((at) => Math.floor(at - began))).toEqual([0, 2500, 3500])
  })

  it('bounds all probes, and lets hung targets delay nobody who has none outstanding', async () => {
    const all = targets(20, { timeoutMs: 1000 })
    const hung = new Set(all.slice(0, 9).map(({ id }) => id))
    const { scheduler, startsOf, most } = watched(({ id }) => (hung.has(id) ? 1000 : 5), { maxInFlight: 20 })
    scheduler.setTargets(all)
    await vi.advanceTimersByTimeAsync(20_000)
    expect(most.inFlight).toBeLessThanOrEqual(20)
    for (const target of all.slice(9)) expect(startsOf(target).length).toBeGreaterThanOrEqual(100)
  })

  it('starts nobody twice before everybody has had a place', async () => {
    const all = targets(12, { timeoutMs: 1000 })
    const { scheduler, starts } = watched(() => 100, { maxInFlight: 3 })
    scheduler.setTargets(all)
    await vi.advanceTimersByTimeAsync(390)
    expect(starts.length).toBe(12)
    expect(new Set(starts.map(({ id }) => id)).size).toBe(12)
  })

  it('does not catch up after a blocked loop: one start, then the phase', async () => {
    const [target] = targets(1)
    const { scheduler, startsOf } = watched(() => 5)
    scheduler.setTargets([target!])
    await vi.advanceTimersByTimeAsync(1000)
    const before = startsOf(target!).length
    const now = vi.spyOn(performance, 'now')
    const real = performance.now()
    now.mockReturnValue(real + 3000)
    await vi.advanceTimersByTimeAsync(205)
    expect(startsOf(target!).length).toBe(before + 1)
    now.mockRestore()
  })

  it('leaves unchanged targets alone, probes new and changed ones at once, gives up those that left', async () => {
    const [stays, changes, leaves, joins] = targets(4, { intervalMs: 10_000, timeoutMs: 5000 })
    const told: ProbeTarget[] = []
    const onObservation = (target: ProbeTarget): boolean => told.push(target) === 0
    const { scheduler, startsOf, given } = watched(() => 4000, { onObservation })
    scheduler.setTargets([stays!, changes!, leaves!])
    await vi.advanceTimersByTimeAsync(100)
    const changed = targetOf(2, { intervalMs: 10_000, timeoutMs: 4000 })
    scheduler.setTargets([structuredClone(stays!), changed, joins!])
    await vi.advanceTimersByTimeAsync(10)
    expect([stays!, changed, leaves!, joins!].map((target) => startsOf(target).length)).toEqual([1, 2, 1, 1])
    expect(given).toEqual([leaves!.id, changes!.id])
    await vi.advanceTimersByTimeAsync(4000)
    expect(told.map(({ id }) => id)).toEqual([stays!.id, changed.id, joins!.id])
    expect(told).toContain(changed)
    scheduler.setTargets([])
    await vi.advanceTimersByTimeAsync(0)
    expect(vi.getTimerCount()).toBe(0)
    expect(scheduler.figures().inFlight).toBe(0)
  })
})

describe('the lag of the loop', () => {
  const timeout: Observation = { outcome: 'failure', reason: 'timeout', waited: true, startedAt: 0, tookMs: 150 }

  it('is what exceeds a tick, within the span asked for, up to now', async () => {
    const ticks = vi.fn()
    const lag = new LoopLag(clock, ticks)
    const began = performance.now()
    await vi.advanceTimersByTimeAsync(10 * TICK_MS)
    expect(ticks).toHaveBeenCalledTimes(10)
    expect(lag.blockedWithin(began, performance.now())).toBe(0)
    const from = performance.now()
    const now = vi.spyOn(performance, 'now').mockReturnValue(from + 3000)
    expect(lag.blockedWithin(from, from + 3000)).toBeCloseTo(3000 - TICK_MS)
    expect(lag.blockedWithin(from + 2900, from + 3000)).toBeCloseTo(100)
    vi.advanceTimersByTime(TICK_MS)
    now.mockReturnValue(from + 3000 + TICK_MS)
    expect(lag.blockedWithin(from + 2900, from + 3000 + TICK_MS)).toBeCloseTo(100)
    expect(lag.blockedWithin(from + 3000, from + 3000 + TICK_MS)).toBe(0)
    now.mockRestore()
    lag.stop()
  })

  it('discards a verdict that rests on waiting when half of the timeout was lost', () => {
    expect(discardLagged(timeout, 75, 150)).toBe(timeout)
    expect(discardLagged(timeout, 76, 150)).toEqual({
      outcome: 'none',
      reason: 'our loop lagged',
      startedAt: 0,
      tookMs: 150,
    })
  })

  it('leaves answers and refusals alone', () => {
    const refused: Observation = { outcome: 'failure', reason: 'refused', startedAt: 0, tookMs: 150 }
    expect(discardLagged(refused, 3000, 150)).toBe(refused)
  })
})
