import fc from 'fast-check'
import { expect, it } from 'vitest'
import { judgeCalculated } from '../../src/health/calculated.ts'
import type { State, TargetHealth } from '../../src/health/health.ts'
import type { CalculatedMonitor } from '../../src/health/monitor.ts'
import { targetOf } from './support.ts'

const { monitor } = targetOf(1)

function health(state: State, reason = '503'): TargetHealth {
  return { state, reason, since: 0, provisional: false }
}

function rule(need: CalculatedMonitor['need'], children: number): CalculatedMonitor {
  const names = Array.from({ length: children }, (_, i) => ({ ...monitor, name: `m${i}` }))
  return { type: 'calculated', name: 'both', need, children: names }
}

it.each<[CalculatedMonitor['need'], State[], State]>([
  ['all', ['up', 'up'], 'up'],
  ['all', ['up', 'down'], 'down'],
  ['all', ['up', 'unknown'], 'unknown'],
  ['any', ['down', 'up'], 'up'],
  ['any', ['down', 'down'], 'down'],
  ['any', ['down', 'unknown'], 'unknown'],
  [2, ['up', 'down', 'up'], 'up'],
  [2, ['up', 'down', 'down'], 'down'],
  [2, ['up', 'down', 'unknown'], 'unknown'],
])('%s of %j is %s', (need, states, expected) => {
  expect(
    judgeCalculated(
      rule(need, states.length),
      states.map((state) => health(state)),
      undefined,
      0,
    ).state,
  ).toBe(expected)
})

it('says which children are not up, and why', () => {
  const judged = judgeCalculated(
    rule(2, 3),
    [health('up'), health('down'), health('unknown', 'not probed yet')],
    undefined,
    7,
  )
  expect(judged).toEqual({
    state: 'unknown',
    reason: '1 of 3 checks up, 2 needed (m1: 503; m2: not probed yet)',
    since: 7,
    provisional: false,
  })
})

it('keeps since until the state changes', () => {
  const before = judgeCalculated(rule('any', 2), [health('up'), health('up')], undefined, 1)
  const same = judgeCalculated(rule('any', 2), [health('down'), health('up')], before, 2)
  const other = judgeCalculated(rule('any', 2), [health('down'), health('down')], same, 3)
  expect([same.since, other.since]).toEqual([1, 3])
})

it('is never down when all unknown children could save it, nor up when they could not', () => {
  const states = fc.array(fc.constantFrom<State>('up', 'down', 'unknown'), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(states, fc.nat(), (all, seed) => {
      const need = (seed % all.length) + 1
      const judge = (as: State): State =>
        judgeCalculated(
          rule(need, all.length),
          all.map((state) => health(state === 'unknown' ? as : state)),
          undefined,
          0,
        ).state
      const [best, worst] = [judge('up'), judge('down')]
      expect(judge('unknown')).toBe(best === worst ? best : 'unknown')
    }),
  )
})
