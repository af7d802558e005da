// The doubt beside real checks: what an outage of our own network does to targets, and what one of theirs does.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DOUBT_DEFAULTS, type DoubtRules } from '../../src/health/doubt.ts'
import { Doubter } from '../../src/health/doubter.ts'
import type { Observation } from '../../src/health/health.ts'
import type { Role } from '../../src/health/spread.ts'
import { coldCheck, observe, savedCheck, type Check } from '../../src/health/threshold.ts'

const THRESHOLDS = { healthyThreshold: 2, unhealthyThreshold: 3 }
const ROLES: Record<string, Role> = {
  a1: ['a'],
  a2: ['a'],
  b1: ['b'],
  b2: ['b'],
  c1: ['c'],
  sun: 'beacon',
  moon: 'beacon',
}
const TARGETS = ['a1', 'a2', 'b1', 'b2', 'c1']
const BEACONS = ['sun', 'moon']

/** A probe worker's part in it, one round of probes a second. */
class Watch {
  readonly checks = new Map<string, Check>()
  readonly doubter: Doubter
  now = 0

  constructor(roles: Record<string, Role> = ROLES, rules: Partial<DoubtRules> = {}) {
    for (const id of Object.keys(roles)) this.checks.set(id, coldCheck(0))
    const setup = { rules: { ...DOUBT_DEFAULTS, ...rules }, roles: new Map(Object.entries(roles)) }
    this.doubter = new Doubter(this.checks, setup, 0)
  }

  see(id: string, outcome: Observation['outcome'], startedAt = this.now): void {
    const seen = { outcome, reason: outcome, startedAt, tookMs: 0 }
    const before = this.checks.get(id)!
    this.checks.set(id, observe(before, this.doubter.weigh(id, seen), THRESHOLDS, this.now))
    this.doubter.see(id, seen, before, this.now)
  }

  /** Rounds in which all are probed, and these do not answer. */
  rounds(count: number, ...silent: readonly string[]): void {
    for (let i = 0; i < count; i++) {
      this.now += 1000
      for (const id of this.checks.keys()) this.see(id, silent.includes(id) ? 'failure' : 'success')
      this.doubter.look(this.now)
    }
  }

  get down(): string[] {
    return TARGETS.filter((id) => this.checks.get(id)?.state === 'down')
  }

  get state() {
    return this.doubter.news(this.now).state
  }
}

describe('when our own network is gone', () => {
  it('nothing falls, and when it is back nothing has happened', () => {
    const watch = new Watch()
    watch.rounds(5)
    const before = new Map(watch.checks)
    watch.rounds(20, ...TARGETS, ...BEACONS)
    expect([watch.state, watch.down]).toEqual(['frozen', []])
    for (const id of TARGETS) expect(watch.checks.get(id)).toEqual(before.get(id))
    watch.rounds(1)
    expect([watch.state, watch.down]).toEqual(['calm', []])
    for (const id of TARGETS) expect(watch.checks.get(id)).toMatchObject({ state: 'up', since: before.get(id)!.since })
  })

  it('those that fell before the storm was seen are up again, and those that were down before stay so', () => {
    const watch = new Watch()
    watch.rounds(40, 'c1')
    expect(watch.down).toEqual(['c1'])
    watch.rounds(4, 'c1', 'a1')
    expect(watch.down).toEqual(['a1', 'c1'])
    watch.rounds(1, ...TARGETS, ...BEACONS)
    expect([watch.state, watch.down]).toEqual(['frozen', ['c1']])
    expect(watch.checks.get('a1')).toMatchObject({
      state: 'up',
      reason: 'success, before our own network was in doubt',
      since: 1000,
    })
  })

  it('what fails long before it is no part of it', () => {
    const watch = new Watch()
    watch.rounds(5)
    watch.rounds(40, 'a1', 'a2', 'b1')
    watch.rounds(1, 'a1', 'a2', 'b1', ...BEACONS)
    expect([watch.state, watch.down]).toEqual(['calm', ['a1', 'a2', 'b1']])
    watch.rounds(1, ...TARGETS, ...BEACONS)
    expect([watch.state, watch.down]).toEqual(['frozen', ['a1', 'a2', 'b1']])
  })

  it('what failed meanwhile and stays failed falls afterwards, by its thresholds', () => {
    const watch = new Watch()
    watch.rounds(5)
    watch.rounds(10, ...TARGETS, ...BEACONS)
    watch.rounds(2, 'a1', 'a2')
    expect([watch.state, watch.down]).toEqual(['calm', []])
    watch.rounds(2, 'a1', 'a2')
    expect(watch.down).toEqual(['a1', 'a2'])
  })

  it('a failure of a probe that began before its end says nothing either', () => {
    const watch = new Watch()
    watch.rounds(5)
    watch.rounds(3, ...TARGETS, ...BEACONS)
    watch.see('sun', 'success')
    expect(watch.state).toBe('calm')
    watch.see('a1', 'failure', watch.now - 1)
    expect(watch.checks.get('a1')!.failures).toBe(0)
  })

  it('what is seen rules again after the longest time, and when it is back all come back', () => {
    const watch = new Watch(ROLES, { longestMs: 10_000 })
    watch.rounds(5)
    watch.rounds(12, ...TARGETS, ...BEACONS)
    expect([watch.state, watch.down]).toEqual(['overruled', []])
    watch.rounds(60, ...TARGETS, ...BEACONS)
    expect([watch.state, watch.down]).toEqual(['overruled', TARGETS])
    watch.rounds(2)
    expect([watch.state, watch.down]).toEqual(['calm', []])
  })

  it('saved health is kept at a cold start', () => {
    const watch = new Watch()
    for (const id of TARGETS) watch.checks.set(id, savedCheck({ state: 'up', reason: '200', since: -9 }))
    watch.rounds(9, ...TARGETS, ...BEACONS)
    expect([watch.state, watch.down]).toEqual(['frozen', []])
  })

  it('ends when most targets answer, though beacons do not', () => {
    const watch = new Watch()
    watch.rounds(5)
    watch.rounds(3, ...TARGETS, ...BEACONS)
    watch.rounds(4, 'a1', ...BEACONS)
    expect([watch.state, watch.down]).toEqual(['calm', ['a1']])
  })

  it('ends when a reload leaves no beacon', () => {
    const watch = new Watch()
    watch.rounds(5)
    watch.rounds(3, ...TARGETS, ...BEACONS)
    const roles = new Map(Object.entries(ROLES).filter(([, role]) => role !== 'beacon'))
    for (const id of BEACONS) watch.checks.delete(id)
    watch.doubter.configure({ rules: DOUBT_DEFAULTS, roles })
    watch.doubter.look(watch.now)
    watch.rounds(3, ...TARGETS)
    expect([watch.state, watch.down]).toEqual(['storm', TARGETS])
  })
})

describe('when it is theirs', () => {
  it.each([
    ['all regions die and beacons answer', TARGETS, 'storm'],
    ['all regions die and one beacon answers', [...TARGETS, 'sun'], 'storm'],
    ['one region dies and beacons with it', ['a1', 'a2', ...BEACONS], 'calm'],
  ])('%s: they fall as ever', (_what, silent, state) => {
    const watch = new Watch()
    watch.rounds(5)
    watch.rounds(2, ...silent)
    expect(watch.down).toEqual([])
    watch.rounds(1, ...silent)
    expect([watch.state, watch.down]).toEqual([state, TARGETS.filter((id) => silent.includes(id))])
  })

  it('a user of two regions who loses one fails over, though beacons are silent', () => {
    const watch = new Watch({ a1: ['a'], b1: ['b'], sun: 'beacon' })
    watch.rounds(5)
    watch.rounds(3, 'a1', 'sun')
    expect([watch.state, watch.down]).toEqual(['calm', ['a1']])
  })

  it('nothing is ever held without beacons', () => {
    const watch = new Watch({ a1: ['a'], b1: ['b'], c1: ['c'] })
    watch.rounds(5)
    watch.rounds(3, ...TARGETS)
    expect([watch.state, watch.down]).toEqual(['storm', ['a1', 'b1', 'c1']])
  })
})

it('with a beacon that answers, any course of events has the outcome that it has without doubt', () => {
  const round = fc.subarray(TARGETS)
  fc.assert(
    fc.property(fc.array(round, { maxLength: 40 }), (rounds) => {
      const watch = new Watch()
      const plain = new Map(TARGETS.map((id) => [id, coldCheck(0)]))
      for (const silent of rounds) {
        watch.rounds(1, ...silent, 'moon')
        for (const id of TARGETS) {
          const outcome = silent.includes(id) ? 'failure' : 'success'
          const seen = { outcome, reason: outcome, startedAt: watch.now, tookMs: 0 } as const
          plain.set(id, observe(plain.get(id)!, seen, THRESHOLDS, watch.now))
        }
        for (const id of TARGETS) expect(watch.checks.get(id)).toEqual(plain.get(id))
      }
    }),
  )
})

it('counts at any moment what a count from scratch would', () => {
  const outcome = fc.constantFrom<Observation['outcome']>('success', 'failure', 'none')
  const step = fc.record({
    id: fc.constantFrom(...TARGETS, ...BEACONS),
    outcome,
    afterMs: fc.integer({ min: 1, max: 9000 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const watch = new Watch()
      for (const { id, outcome, afterMs } of steps) {
        watch.now += afterMs
        watch.see(id, outcome)
        const { sight } = watch.doubter.news(watch.now)
        expect(sight.failing).toBeLessThanOrEqual(sight.of)
        expect(sight.of).toBeLessThanOrEqual(TARGETS.length)
        expect(sight.regions === 0).toBe(sight.failing === 0)
        expect(sight.regions).toBeLessThanOrEqual(Math.min(3, sight.failing))
        const isWell = ({ state, failures }: Check): boolean => state !== 'down' && failures === 0
        const well = TARGETS.filter((target) => isWell(watch.checks.get(target)!)).length
        // Frozen, those that fail look well by their checks.
        if (watch.state === 'frozen') expect(sight.of).toBeLessThanOrEqual(TARGETS.length)
        else expect(sight.of - sight.failing).toBe(well)
      }
    }),
  )
})
