import { expect, test } from 'vitest'
import { checkSteer } from '../../src/steer/check.ts'
import type { StepConfig } from '../../src/steer/steer.ts'
import { facts } from './sample-regions.ts'

const regions = [...facts].map(([name, all]) => ({ name, ...all }))
const nearest: StepConfig = { step: 'nearest', depth: 3, within: 0, bias: {} }
const pin: StepConfig = { step: 'consistent-hash', seed: '', ipv4Bits: 24, ipv6Bits: 48 }

test.each<[string, StepConfig[], string[]]>([
  ['two pins', [pin, { ...pin, seed: 'other' }], ['1 step-twice']],
  ['two takes', [{ step: 'take', count: 1 }, nearest, { step: 'take', count: 2 }], ['2 step-twice']],
  [
    'an unknown region in weights',
    [{ step: 'weighted', weights: { 'eu-wst': 1 } }],
    ['0 region-not-in-service eu-wst'],
  ],
  ['an unknown region in failover', [{ step: 'failover', order: ['x'] }], ['0 region-not-in-service x']],
  ['an unknown region in bias', [{ ...nearest, bias: { y: 2 } }], ['0 region-not-in-service y']],
  ['failover with a region twice', [{ step: 'failover', order: ['us-east', 'us-east'] }], ['0 region-twice us-east']],
  [
    'weights that are all 0',
    [{ step: 'weighted', weights: { 'us-east': 0, 'eu-west': 0, 'ap-south': 0 } }],
    ['0 no-weight'],
  ],
  ['a rank behind a failover of all', [{ step: 'failover', order: [] }, nearest], ['1 rank-without-effect']],
  ['a rank behind a failover of some', [{ step: 'failover', order: ['us-east'] }, nearest], []],
  ['a failover behind nearest', [nearest, { step: 'failover', order: [] }], []],
  ['a sound list', [nearest, { step: 'weighted', weights: { 'us-east': 1 } }, pin, { step: 'take', count: 2 }], []],
  ['none', [], []],
])('%s', (_, steps, expected) => {
  const found = checkSteer(regions, steps).map(({ step, code, key }) => [step, code, key].join(' ').trim())
  expect(found).toEqual(expected)
})

test('hints name the nearest region, and every problem has one', () => {
  const [problem] = checkSteer(regions, [{ step: 'weighted', weights: { 'eu-wst': 1 } }])
  expect(problem!.hint).toBe('did you mean "eu-west"?')
  const [other] = checkSteer(regions, [{ step: 'failover', order: ['mars'] }])
  expect(other!.hint).toContain("service's regions")
})

test('nearest asks every region for a location', () => {
  const found = checkSteer([...regions, { name: 'lost', weight: 1 }], [nearest])
  expect(found).toMatchObject([{ code: 'region-without-location', key: 'lost', step: 0 }])
})
