import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LoadBoard, smoothScore, type Measures } from '../../src/director/load-board.ts'
import { planService } from '../../src/director/plan.ts'
import type { StepConfig } from '../../src/steer/steer.ts'
import { seededRandom } from '../../src/base/random.ts'
import { region, service, world } from './plan-sample.ts'

const LEAST: StepConfig = { step: 'least-connections', lowest: false, movement: 0.2 }
const regions = ['a', 'b', 'c'].map((name, i) => region(name, i + 1, [`192.0.2.${i + 1}`]))

function board(step: StepConfig = LEAST, ttl = 30) {
  const web = service([step], { regions: ['a', 'b', 'c'], ttl })
  const definitions = world([], regions, [web])
  const loads = new LoadBoard()
  loads.configure(definitions)
  const shares = () => {
    const { classes } = planService(web, { ...definitions, scores: loads.scores })
    return Object.fromEntries(classes[0]!.members.map(({ name, share }) => [name, share]))
  }
  return { web, definitions, loads, shares }
}

function connections(at: number, ...counts: (number | undefined)[]): Measures {
  const names = ['a', 'b', 'c']
  return new Map(counts.flatMap((count, i) => (count === undefined ? [] : [[names[i]!, { connections: count, at }]])))
}

describe('one score', () => {
  test('moves towards what is reported, by the part that the interval is of interval + TTL', () => {
    const next = smoothScore({ score: 10, at: 0 }, 11, 10_000, 30_000, 1)
    expect(next.score).toBeCloseTo(10 + (1 - Math.exp(-0.25)), 9)
    expect(smoothScore(next, 99, 10_000, 30_000, 1)).toBe(next)
  })

  test('never takes a share farther than the limit within report interval + TTL, whatever is reported', () => {
    const report = fc.record({ wait: fc.integer({ min: 100, max: 60_000 }), raw: fc.nat(100_000) })
    fc.assert(
      fc.property(fc.array(report, { minLength: 1, maxLength: 30 }), fc.nat(1000), (reports, start) => {
        let now = 0
        let one = { score: start, at: 0 }
        let other = { score: 7, at: 0 }
        for (const [i, { wait, raw }] of reports.entries()) {
          now += wait
          const share = 1 / (1 + one.score) / (1 / (1 + one.score) + 1 / (1 + other.score))
          one = smoothScore(one, raw, now, 30_000, 0.2)
          other = smoothScore(other, i % 2 === 0 ? 0 : 1e6, now, 30_000, 0.2)
          const moved = 1 / (1 + one.score) / (1 / (1 + one.score) + 1 / (1 + other.score))
          const most = 1.2 ** (wait / (wait + 30_000)) + 1e-9
          expect(moved / share).toBeLessThanOrEqual(most)
          expect(share / moved).toBeLessThanOrEqual(most)
        }
      }),
    )
  })
})

describe('the board', () => {
  test('takes the first reports as they are, and names whose scores moved', () => {
    const { loads, shares } = board()
    expect(loads.take(connections(0, 1, 3, 3))).toEqual(['web'])
    expect(shares()).toEqual({ a: 0.5, b: 0.25, c: 0.25 })
    expect(loads.take(connections(0, 1, 3, 3))).toEqual([])
    expect(loads.take(connections(10_000, 1, 3, 3))).toEqual([])
  })

  test('a region that falls silent counts as the mean, and comes back from there', () => {
    const { loads, shares } = board()
    loads.take(connections(0, 0, 1, 1))
    expect(loads.take(connections(1000, undefined, 1, 1))).toEqual(['web'])
    expect(shares()['a']).toBeCloseTo(1 / 3, 9)
    loads.take(connections(2000, 1_000_000, 1, 1))
    expect(shares()['a']).toBeGreaterThan(0.32)
  })

  test('a service that a reload leaves as it was keeps its scores; another begins anew', () => {
    const { loads, definitions, web, shares } = board()
    loads.take(connections(0, 1, 3, 3))
    loads.configure(structuredClone({ ...definitions, preferences: undefined }))
    expect(shares()['a']).toBe(0.5)
    loads.configure({ ...definitions, services: new Map([['web', { ...web, ttl: 31 }]]) })
    expect(loads.scores.get('web')!.get('least-connections')!.size).toBe(0)
  })

  test('services without a load step are nobody it watches', () => {
    const loads = new LoadBoard()
    loads.configure(world([], regions, [service([{ step: 'weighted', weights: {} }], { regions: ['a'] })]))
    expect(loads.take(connections(0, 1, 2, 3))).toEqual([])
    expect(loads.scores.size).toBe(0)
  })
})

/**
 * Resolvers cache an answer for a TTL, and regions report every ten seconds how many users they have.
 * Returns the greatest share of all users that any region had from the fifth minute to the tenth.
 */
function simulate(step: StepConfig): number {
  const { loads, shares } = board(step)
  const random = seededRandom(1)
  const resolvers = Array.from({ length: 300 }, (_, i) => ({ users: 1 + (i % 7), until: i % 30, at: 'abc'[i % 3]! }))
  let worst = 0
  let now = shares()
  for (let second = 0; second < 600; second++) {
    const users: Record<string, number> = { a: 0, b: 0, c: 0 }
    for (const { at, users: own } of resolvers) users[at]! += own
    if (second % 10 === 0) {
      loads.take(connections(second * 1000, users['a'], users['b'], users['c']))
      now = shares()
    }
    for (const resolver of resolvers) {
      if (resolver.until > second) continue
      resolver.until = second + 30
      let left = random()
      resolver.at = Object.entries(now).find(([, share]) => (left -= share) < 0)?.[0] ?? 'a'
    }
    const all = Object.values(users).reduce((sum, one) => sum + one, 0)
    if (second > 300) worst = Math.max(worst, Math.max(...Object.values(users)) / all)
  }
  return worst
}

test('why not the lowest: behind caching resolvers it herds users from region to region, shares do not', () => {
  expect(simulate(LEAST)).toBeLessThan(0.45)
  expect(simulate({ step: 'least-connections', lowest: true, movement: 1 })).toBeGreaterThan(0.6)
})
