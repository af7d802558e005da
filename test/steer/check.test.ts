import { expect, test } from 'vitest'
import { checkSteer } from '../../src/steer/check.ts'
import type { StepConfig } from '../../src/steer/steer.ts'
import { facts } from './sample-regions.ts'

const regions = [...facts].map(([name, all]) => ({ name, ...all }))
const nearest: StepConfig = { step: 'nearest', depth: 3, within: 0, bias: {} }
const LOAD = { lowest: false, movement: 0.2 } as const
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
  [
    'an unknown region in a map',
    [{ step: 'map', entries: { DE: ['eu-west', 'x'] }, only: false }],
    ['0 region-not-in-service DE x'],
  ],
  [
    'a region twice in a map',
    [{ step: 'map', entries: { DE: ['eu-west', 'eu-west'] }, only: true }],
    ['0 region-twice DE eu-west'],
  ],
  [
    'an unknown region in a fence',
    [{ step: 'fence', entries: { unknown: ['refuge'] } }],
    ['0 region-not-in-service unknown refuge'],
  ],
  [
    'an unknown region in the weights of a load step',
    [{ ...LOAD, step: 'weighted-least-connections', weights: { z: 1 } }],
    ['0 region-not-in-service z'],
  ],
  [
    'weights that are all 0 in a load step',
    [{ ...LOAD, step: 'weighted-least-connections', weights: { 'us-east': 0, 'eu-west': 0, 'ap-south': 0 } }],
    ['0 no-weight'],
  ],
  ['two kinds of pin', [pin, { step: 'ip-hash', ipv4Bits: 24, ipv6Bits: 48 }], ['1 two-pins']],
  [
    'a map behind a failover of all',
    [
      { step: 'failover', order: [] },
      { step: 'map', entries: {}, only: false },
    ],
    ['1 rank-without-effect'],
  ],
  [
    'round-robin beside weights',
    [{ step: 'round-robin' }, { step: 'weighted', weights: {} }],
    ['0 spread-without-effect'],
  ],
  [
    'weights beside the lowest',
    [
      { step: 'weighted', weights: {} },
      { ...LOAD, step: 'least-connections', lowest: true },
    ],
    ['0 spread-without-effect'],
  ],
  [
    'weights beside load',
    [
      { step: 'weighted', weights: {} },
      { ...LOAD, step: 'least-connections' },
    ],
    [],
  ],
])('%s', (_, steps, expected) => {
  const found = checkSteer(regions, steps).map(({ step, code, entry, key }) =>
    [step, code, entry, key].filter((part) => part !== undefined).join(' '),
  )
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

test("a service in a region's place has no location either, and the hint says what ranks it", () => {
  const [problem] = checkSteer([...regions, { name: 'inner', weight: 1, isService: true }], [nearest])
  expect(problem).toMatchObject({ code: 'region-without-location', key: 'inner' })
  expect(problem!.hint).toContain('failover')
})

test('a fence may name the last resort, which need not be a region of the service', () => {
  expect(checkSteer(regions, [{ step: 'fence', entries: { DE: ['refuge'] } }], 'refuge')).toEqual([])
})
