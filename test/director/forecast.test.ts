import { expect, test } from 'vitest'
import { compare } from '../../src/director/forecast.ts'
import { planService, type ServicePlan } from '../../src/director/plan.ts'
import { wordsAt } from '../../src/director/overrides/words.ts'
import { override } from './overrides/sample.ts'
import { frankfurt, mumbai, NEAREST, service, virginia, WEIGHTED, world } from './plan-sample.ts'

const clients = [{}, frankfurt, virginia, mumbai]

function plans(
  steer: Parameters<typeof service>[0],
  isDrained: boolean,
  classes = clients,
): ReadonlyMap<string, ServicePlan> {
  const words = wordsAt(isDrained ? [override()] : [], 0, 0)
  return new Map([['web', planService(service(steer), { ...world(), words }, classes, 0)]])
}

test('classes count by their queries, and those that change are told', () => {
  const [forecast] = compare(plans([NEAREST], false), plans([NEAREST], true), () => [0, 60, 30, 10])
  expect(forecast).toMatchObject({ service: 'web', isMeasured: true, moved: 0.6 })
  // The unknown ones were spread over all three.
  expect(forecast!.classes.map((one) => one.class)).toEqual([0, 1])
  expect(forecast!.classes[1]).toEqual({
    ...{ class: 1, weight: 0.6, before: { 'eu-west': 1 }, after: { 'us-east': 1 }, moved: 1 },
  })
  expect(forecast!.before).toEqual({ 'us-east': 0.3, 'eu-west': 0.6, 'ap-south': 0.1 })
})

test('without history classes count alike, and that is said', () => {
  for (const queries of [undefined, [0, 0, 0, 0], [1, 2]]) {
    expect(compare(plans([NEAREST], false), plans([NEAREST], true), () => queries)[0]).toMatchObject({
      isMeasured: false,
      moved: expect.closeTo(1 / 3, 9) as number,
    })
  }
})

test('who moves is who loses a region, or had none', () => {
  const [forecast] = compare(plans([WEIGHTED], false), plans([WEIGHTED], true), () => undefined)
  expect(forecast!.moved).toBeCloseTo(0.3, 9)
  const nobody = new Map([['web', { ...plans([WEIGHTED], false).get('web')!, classes: [] }]])
  expect(compare(nobody, plans([WEIGHTED], false), () => undefined)[0]!.moved).toBeCloseTo(1, 9)
})
