// How a target that fell comes back: the machine against a plain model over every short history, and the promises of
// damping over random ones.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decay, fall, NO_PENALTY } from '../../src/health/damping.ts'
import type { Observation, State } from '../../src/health/health.ts'
import type { Damping, Failback } from '../../src/health/monitor.ts'
import {
  coldCheck,
  healthOf,
  isUndecided,
  observe,
  release,
  savedCheck,
  type Check,
  type Rules,
} from '../../src/health/threshold.ts'

function seen(success: boolean, startedAt: number): Observation {
  return { outcome: success ? 'success' : 'failure', reason: success ? '200' : '503', startedAt, tookMs: 1 }
}

/** One observation a ms, from 0 or from where the check has come to. */
function run(rules: Rules, history: readonly boolean[], check: Check = coldCheck(0)): Check {
  const from = Math.max(0, check.newestAt + 1)
  return history.reduce((before, success, i) => observe(before, seen(success, from + i), rules, from + i), check)
}

/** One observation a ms, judged from the whole history each time. */
function model({ healthyThreshold, unhealthyThreshold, failback }: Rules, history: readonly boolean[]): State {
  let state: State = 'unknown'
  let fell = false
  const falls: number[] = []
  for (const [now, success] of history.entries()) {
    const before = history.slice(0, now + 1).findLastIndex((other) => other !== success)
    const length = now - before
    const isFirst = now === 0
    if (success && state !== 'up') {
      const wants = isFirst || length >= healthyThreshold
      const isHeld = fell && failback !== undefined && holds(failback, falls, now, length)
      if (wants && !isHeld) [state, fell] = ['up', false]
    }
    if (!success && (isFirst || length >= unhealthyThreshold)) {
      if (state === 'up') falls.push(now)
      state = 'down'
      if (length >= unhealthyThreshold) fell = true
    }
  }
  return state
}

function holds(
  { mode, holdDownMs, damping }: Failback,
  falls: readonly number[],
  now: number,
  length: number,
): boolean {
  if (mode === 'manual' || length - 1 < holdDownMs) return true
  if (damping === undefined || falls.length === 0) return false
  const owed = (at: number): number => falls.reduce((sum, fell) => sum + 2 ** (-(at - fell) / damping.halfLifeMs), 0)
  return owed(falls.at(-1)!) >= damping.suppressAt && owed(now) >= damping.reuseAt
}

function* histories(length: number): Generator<boolean[]> {
  if (length === 0) yield []
  else
    for (const rest of histories(length - 1))
      yield* [
        [...rest, true],
        [...rest, false],
      ]
}

const damping: Damping = { suppressAt: 2, reuseAt: 1, halfLifeMs: 3 }

describe('the machine', () => {
  it.each<[string, Failback]>([
    ['hold-down', { mode: 'automatic', holdDownMs: 3 }],
    ['manual failback', { mode: 'manual', holdDownMs: 0 }],
    ['damping', { mode: 'automatic', holdDownMs: 0, damping }],
    ['hold-down and damping', { mode: 'automatic', holdDownMs: 2, damping }],
    ['nothing', { mode: 'automatic', holdDownMs: 0 }],
  ])('agrees with the model on every history of twelve observations: %s', (_what, failback) => {
    for (const [healthyThreshold, unhealthyThreshold] of [
      [1, 1],
      [2, 2],
    ] as const) {
      const rules = { healthyThreshold, unhealthyThreshold, failback }
      for (const history of histories(12)) {
        const [actual, expected] = [run(rules, history).state, model(rules, history)]
        if (actual !== expected) expect({ history, state: actual }).toEqual({ history, state: expected })
      }
    }
  })

  const rules = { healthyThreshold: 2, unhealthyThreshold: 2 }
  const manual: Rules = { ...rules, failback: { mode: 'manual', holdDownMs: 0 } }
  const [S, F] = [true, false]

  it('says that it is held down, and by what, and does not hurry then', () => {
    const held = run(manual, [S, S, F, F, S, S])
    expect(healthOf(held)).toMatchObject({ state: 'down', reason: '503; succeeds again: manual failback', since: 3 })
    expect(isUndecided(held)).toBe(false)
    expect(healthOf(run(manual, [S, S, F, F, S, S, F])).reason).toBe('503')
    expect(isUndecided(run(manual, [S, S, F, F, S]))).toBe(true)
  })

  it('comes back once released, by its thresholds, and is held again after the next fall', () => {
    const fallen = run(manual, [S, S, F, F])
    expect(run(manual, [S], release(fallen)).state).toBe('down')
    expect(run(manual, [F, S, S], release(fallen)).state).toBe('up')
    const again = run(manual, [S, S, F, F, S, S, S], release(fallen))
    expect(again).toMatchObject({ state: 'down', held: 'manual failback' })
  })

  it('holds a state that was saved down over a restart, but not one that only began down', () => {
    const saved = savedCheck({ state: 'down', reason: '503', since: -9 })
    expect(run(manual, [S, S, S], saved)).toMatchObject({ state: 'down', since: -9, held: 'manual failback' })
    expect(run(manual, [F, S, S]).state).toBe('up')
  })
})

describe('damping', () => {
  const rule = fc
    .record({
      suppressAt: fc.double({ min: 1, max: 10, noNaN: true }),
      part: fc.double({ min: 0.05, max: 0.95, noNaN: true }),
      halfLifeMs: fc.integer({ min: 1, max: 1000 }),
    })
    .map(({ suppressAt, part, halfLifeMs }): Damping => ({ suppressAt, reuseAt: suppressAt * part, halfLifeMs }))
  const input = fc.array(fc.record({ success: fc.boolean(), gapMs: fc.integer({ min: 1, max: 400 }) }), {
    minLength: 50,
    maxLength: 400,
  })

  it('allows no input more falls in any span than its rule does, and no return too soon', () => {
    fc.assert(
      fc.property(rule, input, fc.integer({ min: 1, max: 3 }), (damping, steps, threshold) => {
        const failback: Failback = { mode: 'automatic', holdDownMs: 0, damping }
        const rules = { healthyThreshold: threshold, unhealthyThreshold: threshold, failback }
        const { falls, returns } = turnsOf(rules, steps)
        expectFewFalls(falls, damping)
        for (const { afterMs, suppressed } of returns) {
          if (suppressed) expect(afterMs).toBeGreaterThanOrEqual(shortestStay(damping) * (1 - 1e-9))
        }
      }),
      { numRuns: 400 },
    )
  })

  it('lets the worst input fall as often as suppressAt at once, and then but slowly', () => {
    const slow: Damping = { suppressAt: 3, reuseAt: 1, halfLifeMs: 300_000 }
    const failback: Failback = { mode: 'automatic', holdDownMs: 0, damping: slow }
    const steps = Array.from({ length: 6 * 3600 }, (_, i) => ({ success: i % 2 === 0, gapMs: 1000 }))
    const { falls } = turnsOf({ healthyThreshold: 1, unhealthyThreshold: 1, failback }, steps)
    const [first = 0] = falls
    expect(falls.filter((at) => at < first + 300_000).length).toBe(4)
    // Six hours of a fall every two seconds, which would be 10,800.
    expect(falls.length).toBeLessThanOrEqual(4 + (6 * 3600_000) / shortestStay(slow) + 120)
    expectFewFalls(falls, slow)
  })

  it('forgets by halves', () => {
    const twice = fall(fall(NO_PENALTY, 0, damping), 3, damping)
    expect(twice).toEqual({ owed: 1.5, at: 3, suppressed: false })
    expect(fall(twice, 3, damping)).toEqual({ owed: 2.5, at: 3, suppressed: true })
    expect(decay(fall(twice, 3, damping), 6, damping)).toEqual({ owed: 1.25, at: 6, suppressed: true })
    expect(decay(fall(twice, 3, damping), 9, damping)).toEqual({ owed: 0.625, at: 9, suppressed: false })
  })
})

interface Turns {
  readonly falls: number[]
  readonly returns: { afterMs: number; suppressed: boolean }[]
}

function turnsOf(rules: Rules, steps: readonly { success: boolean; gapMs: number }[]): Turns {
  const turns: Turns = { falls: [], returns: [] }
  let check = run(rules, [true, true, true])
  let now = 10
  let suppressed = false
  for (const { success, gapMs } of steps) {
    now += gapMs
    const next = observe(check, seen(success, now), rules, now)
    if (check.state === 'up' && next.state === 'down') {
      turns.falls.push(now)
      suppressed = next.penalty.suppressed
    }
    if (check.state === 'down' && next.state === 'up') {
      turns.returns.push({ afterMs: now - turns.falls.at(-1)!, suppressed })
    }
    check = next
  }
  return turns
}

function shortestStay({ suppressAt, reuseAt, halfLifeMs }: Damping): number {
  return halfLifeMs * Math.log2(suppressAt / reuseAt)
}

/** In the ms from one fall to a later one there are at most (suppressAt + 1) × (1 + ms × ln 2 / halfLifeMs) of them. */
function expectFewFalls(falls: readonly number[], { suppressAt, halfLifeMs }: Damping): void {
  for (let from = 0; from < falls.length; from++) {
    for (let to = from; to < falls.length; to++) {
      const spanMs = falls[to]! - falls[from]!
      const most = (suppressAt + 1) * (1 + (spanMs * Math.LN2) / halfLifeMs)
      if (to - from + 1 > most + 1e-6) expect({ falls: to - from + 1, spanMs }).toEqual({ most })
    }
  }
}
