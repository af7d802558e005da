// Whether the trouble is ours: the machine in a table, and what no course of events can make it do.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calmSince, judgeDoubt, type Doubt, type DoubtRules, type Sight } from '../../src/health/doubt.ts'

const RULES: DoubtRules = { fraction: 0.6, leastTargets: 2, windowMs: 30_000, longestMs: 300_000 }

/** `failing/of in regions, silent/beacons`. */
function sight(text: string): Sight {
  const [, failing, of, regions, silent, beacons] = /^(\d+)\/(\d+) in (\d+), (\d+)\/(\d+)$/.exec(text)!.map(Number)
  return { failing: failing!, of: of!, regions: regions!, silent: silent!, beacons: beacons! }
}

const doubt = (state: Doubt['state'], spentMs = 0): Doubt => ({ state, since: 0, spentMs })

describe('the doubt of our own network', () => {
  it.each<[Doubt['state'], string, Doubt['state'], string]>([
    ['calm', '0/8 in 0, 0/2', 'calm', 'all is well'],
    ['calm', '8/8 in 3, 2/2', 'frozen', 'everything fails, and no beacon answers'],
    ['calm', '5/8 in 2, 2/2', 'frozen', 'most fail, and no beacon answers'],
    ['calm', '8/8 in 3, 1/2', 'storm', 'everything fails, but one beacon answers'],
    ['calm', '8/8 in 3, 0/2', 'storm', 'everything fails, and beacons answer'],
    ['calm', '8/8 in 3, 0/0', 'storm', 'everything fails, and there is nobody to ask'],
    ['calm', '4/8 in 2, 2/2', 'calm', 'half is not most'],
    ['calm', '4/4 in 1, 2/2', 'calm', 'one region is a failover, whatever beacons say'],
    ['calm', '1/1 in 1, 2/2', 'calm', 'one target is no spread'],
    ['calm', '1/2 in 1, 2/2', 'calm', 'a user of two regions who loses one'],
    ['calm', '2/2 in 2, 1/1', 'frozen', 'a user of two regions who hears nobody'],
    ['calm', '0/8 in 0, 2/2', 'calm', 'beacons alone say nothing'],
    ['storm', '8/8 in 3, 2/2', 'frozen', 'beacons fall silent later'],
    ['storm', '1/8 in 1, 0/2', 'calm', 'they are back, or their fall is long ago'],
    ['frozen', '8/8 in 3, 2/2', 'frozen', 'nothing has changed'],
    ['frozen', '8/8 in 3, 1/2', 'calm', 'a beacon answers'],
    ['frozen', '2/8 in 2, 2/2', 'calm', 'most targets answer'],
    ['frozen', '8/8 in 3, 0/0', 'calm', 'there are no beacons any more'],
    ['overruled', '8/8 in 3, 2/2', 'overruled', 'nothing has changed'],
    ['overruled', '8/8 in 3, 1/2', 'calm', 'a beacon answers'],
    ['overruled', '2/8 in 2, 2/2', 'calm', 'most targets answer'],
  ])('%s, %s: %s (%s)', (from, seen, to) => {
    expect(judgeDoubt(doubt(from), sight(seen), 1000, RULES).state).toBe(to)
  })

  const lost = sight('8/8 in 3, 2/2')

  it('freezes for a bounded time', () => {
    const frozen = judgeDoubt(calmSince(0), lost, 1000, RULES)
    expect(frozen).toEqual({ state: 'frozen', since: 1000, spentMs: 0 })
    expect(judgeDoubt(frozen, lost, 300_999, RULES)).toBe(frozen)
    expect(judgeDoubt(frozen, lost, 301_000, RULES)).toEqual({ state: 'overruled', since: 301_000, spentMs: 300_000 })
  })

  it('lets what was frozen be paid back before as much can be frozen again', () => {
    const again = judgeDoubt({ state: 'calm', since: 0, spentMs: 300_000 }, lost, 100_000, RULES)
    expect(again).toMatchObject({ state: 'frozen', spentMs: 200_000 })
    expect(judgeDoubt(again, lost, 200_000, RULES).state).toBe('overruled')
    expect(judgeDoubt({ state: 'calm', since: 0, spentMs: 300_000 }, lost, 0, RULES).state).toBe('overruled')
  })

  const anySight = fc
    .tuple(fc.nat(12), fc.nat(12), fc.nat(4), fc.nat(3), fc.nat(3))
    .map(([failing, well, regions, silent, answering]): Sight => {
      return { failing, of: failing + well, regions, silent, beacons: silent + answering }
    })
  const anyRules = fc.record({
    fraction: fc.double({ min: 0.5, max: 1, noNaN: true }),
    leastTargets: fc.integer({ min: 2, max: 6 }),
    windowMs: fc.constant(30_000),
    longestMs: fc.integer({ min: 0, max: 5000 }),
  })
  const course = fc.array(fc.record({ sight: anySight, afterMs: fc.integer({ min: 1, max: 3000 }) }), {
    maxLength: 100,
  })

  it('never freezes without a storm in which every beacon is silent, and never for longer than it may', () => {
    fc.assert(
      fc.property(anyRules, course, (rules, steps) => {
        let [state, now, frozenMs, otherMs] = [calmSince(0), 0, 0, 0]
        for (const { sight, afterMs } of steps) {
          // Between two sights it is looked at as often as the worker does.
          for (let passed = 0; passed < afterMs; passed++, now++) {
            state = judgeDoubt(state, sight, now, rules)
            if (state.state === 'frozen') frozenMs++
            else otherMs++
          }
          expect(frozenMs).toBeLessThanOrEqual(otherMs + rules.longestMs + 1)
          const { failing, of, regions, silent, beacons } = sight
          const mayFreeze =
            beacons > 0 &&
            silent === beacons &&
            regions > 1 &&
            failing >= rules.leastTargets &&
            failing >= rules.fraction * of
          if (!mayFreeze) expect(['calm', 'storm']).toContain(state.state)
        }
      }),
      { numRuns: 100 },
    )
  })
})
