import fc from 'fast-check'
import { expect, it } from 'vitest'
import { DueHeap } from '../../src/health/due-heap.ts'
import { mostInFlight, nextStart, nextTurn, phaseOf } from '../../src/health/timing.ts'
import { hangs, look, startWatch } from '../../src/health/watch.ts'
import { targetOf } from './support.ts'

it('spreads phases evenly over the interval, and alike on every run', () => {
  const tenths = new Array<number>(10).fill(0)
  for (let i = 0; i < 10_000; i++) tenths[Math.floor(phaseOf(`region/192.0.2.${i}`, 10_000) / 1000)]!++
  for (const number of tenths) expect(number).toBeGreaterThan(850)
  expect(phaseOf('us-east/198.51.100.10', 10_000)).toBe(phaseOf('us-east/198.51.100.10', 10_000))
})

it('never leaves more than an interval, nor less than half a fast interval, between two starts in time', () => {
  const delays = fc.array(fc.record({ hurried: fc.boolean(), told: fc.integer({ min: 0, max: 300 }) }), {
    minLength: 20,
  })
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 199 }), fc.integer({ min: 20, max: 200 }), delays, (phase, fast, steps) => {
      let startedAt = 0
      for (const { hurried } of steps) {
        const next = nextStart(startedAt, nextTurn(phase, 200, startedAt), fast, hurried)
        expect(next - startedAt).toBeLessThanOrEqual(200)
        expect(next - startedAt).toBeGreaterThanOrEqual(fast / 2)
        if (hurried) expect(next - startedAt).toBeLessThanOrEqual(fast)
        startedAt = next
      }
    }),
  )
})

it('stays on the grid when nothing hurries, however late starts are', () => {
  let startedAt = 7
  for (let i = 0; i < 1000; i++) {
    const next = nextStart(startedAt, nextTurn(7, 200, startedAt), 50, false)
    expect(next % 200).toBe(7)
    startedAt = next + (i % 40)
  }
})

it('allows as many overlapping probes as a timeout is longer than the fast interval', () => {
  expect(mostInFlight(targetOf(1, { timeoutMs: 5000, fastIntervalMs: 1000 }).monitor)).toBe(6)
  expect(mostInFlight(targetOf(1, { timeoutMs: 150, fastIntervalMs: 200 }).monitor)).toBe(2)
})

it('gives due things back in order of time', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (times) => {
      const heap = new DueHeap<number>()
      for (const at of times) heap.push({ at, item: at })
      expect(heap.peek()?.at).toBe(times.length === 0 ? undefined : Math.min(...times))
      expect(times.map(() => heap.pop()!.at)).toEqual([...times].sort((a, b) => a - b))
      expect(heap.pop()).toBeUndefined()
    }),
  )
})

it('calls a worker hung only when its beat stands still under looks that came in time', () => {
  const looks = (beats: readonly number[], everyMs: number) =>
    beats.reduce((watch, beat) => look(watch, beat, watch.lookedAt + everyMs, 250), startWatch(0, 0))
  expect(hangs(looks([0, 0, 0, 0], 250), 1000)).toBe(true)
  expect(hangs(looks([0, 0, 0], 250), 1000)).toBe(false)
  expect(hangs(looks([0, 0, 1, 1, 1], 250), 1000)).toBe(false)
  expect(hangs(looks([0, 0, 0, 0], 3000), 1000)).toBe(false)
})
