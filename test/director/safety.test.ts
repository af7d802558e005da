import { describe, expect, test } from 'vitest'
import type { Override } from '../../src/director/overrides/override.ts'
import { wordsAt } from '../../src/director/overrides/words.ts'
import { footingsOf, judgeFootings, relate, suspend, type SafetyRules } from '../../src/director/safety.ts'
import { override } from './overrides/sample.ts'
import { apSouth, euWest, region, service, usEast, WEIGHTED, world } from './plan-sample.ts'

const rules: SafetyRules = { fewestRegions: 1, leastCapacity: 0.1, movement: 1 }
const web = service([WEIGHTED])
const drain = (name: string, more: Partial<Override> = {}) => override({ id: name, target: { region: name }, ...more })

function footings(overrides: readonly Override[], down: readonly string[] = [], regions = [usEast, euWest, apSouth]) {
  return footingsOf({ ...world(down, regions, [web]), words: wordsAt(overrides, 0, 0) })
}

const US = ['us-east/198.51.100.10', 'us-east/2001:db8:1::10']
const EU = ['eu-west/198.51.100.20']
const AP = ['ap-south/198.51.100.30']

describe('a step that leaves too little serving breaks a rule:', () => {
  test.each<
    [string, Partial<SafetyRules>, readonly Override[], readonly Override[], readonly string[], readonly string[]]
  >([
    ['one of three drained', {}, [], [drain('us-east')], [], []],
    [
      'the last that is healthy drained',
      {},
      [],
      [drain('us-east')],
      [...EU, ...AP],
      ['fewest-regions', 'least-capacity'],
    ],
    [
      'fewer than asked',
      { fewestRegions: 2 },
      [drain('ap-south')],
      [drain('ap-south'), drain('eu-west')],
      [],
      ['fewest-regions'],
    ],
    ['less than asked', { leastCapacity: 0.6 }, [], [drain('us-east')], [], ['least-capacity']],
    [
      'a share counts by its part',
      { leastCapacity: 0.8 },
      [],
      [{ ...drain('us-east'), kind: 'share', value: 0.5 }],
      [],
      ['least-capacity'],
    ],
    [
      'what was broken before by health, and gets no worse',
      { fewestRegions: 2 },
      [],
      [drain('eu-west')],
      [...EU, ...AP],
      [],
    ],
    ['an end makes it better', { fewestRegions: 3 }, [drain('us-east'), drain('eu-west')], [drain('us-east')], [], []],
  ])('%s', (_, more, before, after, down, expected) => {
    const broken = judgeFootings({ ...rules, ...more }, footings(before, down), footings(after, down))
    expect(broken.map(({ rule }) => rule)).toEqual(expected)
    for (const { detail, before: was, after: is } of broken) {
      expect(detail).toContain('web')
      expect(is).toBeLessThan(was)
    }
  })
})

test('the capacity that regions tell counts, where they all do', () => {
  const regions = [
    { ...usEast, capacity: 10 },
    { ...euWest, capacity: 90 },
    { ...apSouth, capacity: 100 },
  ]
  expect(footings([drain('ap-south')], [], regions).get('web')).toEqual({ regions: 2, capacity: 0.5, rate: 100 })
  expect(footings([drain('ap-south')]).get('web')).toEqual({ regions: 2, capacity: 0.8 })
})

test('a reload that leaves a tenth of the requests a second is seen, though everything it declares is well', () => {
  const before = new Map([['web', { regions: 3, capacity: 1, rate: 200 }]])
  const after = new Map([['web', { regions: 1, capacity: 1, rate: 10 }]])
  expect(judgeFootings(rules, before, relate(before, after)).map(({ rule }) => rule)).toEqual(['least-capacity'])
  expect(judgeFootings(rules, before, relate(new Map(), after))).toEqual([])
})

describe('health events fail open:', () => {
  const held = (more: Partial<SafetyRules>, overrides: readonly Override[], down: readonly string[]) =>
    [...suspend({ ...rules, ...more }, overrides, footings(overrides), (counting) => footings(counting, down))].sort()

  test.each<[string, Partial<SafetyRules>, readonly Override[], readonly string[], readonly string[]]>([
    ['nothing is held back while enough serve', {}, [drain('us-east')], EU, []],
    ['a drain, when all others fail', {}, [drain('us-east')], [...EU, ...AP], ['us-east']],
    ['not one that would bring nobody back', {}, [drain('us-east')], [...US, ...EU, ...AP], []],
    [
      'the newest, and no more than needed',
      { fewestRegions: 2, leastCapacity: 0 },
      [{ ...drain('us-east'), kind: 'share', value: 0.5 }, drain('eu-west', { createdAt: 5 })],
      AP,
      ['eu-west'],
    ],
    [
      'never one that overrules',
      { leastCapacity: 0.5 },
      [{ ...drain('us-east'), kind: 'share', value: 0.9 }, drain('ap-south', { createdAt: 5, overruled: 'yes' })],
      EU,
      ['us-east'],
    ],
    ['nor what operators took by overruling', { fewestRegions: 3 }, [drain('us-east'), drain('eu-west')], [], []],
    ['nor a force', {}, [{ ...drain('us-east'), kind: 'force-down' }], [...EU, ...AP], []],
  ])('%s', (_, more, overrides, down, expected) => {
    expect(held(more, overrides, down)).toEqual(expected)
  })
})

test('regions of services within count, by name', () => {
  const inner = service([WEIGHTED], { name: 'inner', regions: ['us-east', 'eu-west'] })
  const outer = service([WEIGHTED], { name: 'outer', regions: ['inner', 'ap-south'] })
  const around = world([], [usEast, euWest, apSouth, region('x', 1, ['192.0.2.1'])], [inner, outer])
  const at = (overrides: readonly Override[]) => footingsOf({ ...around, words: wordsAt(overrides, 0, 0) })
  expect(at([]).get('outer')!.regions).toBe(3)
  expect(at([drain('inner', { target: { service: 'outer', region: 'inner' } })]).get('outer')!.regions).toBe(1)
  expect(at([drain('eu-west')]).get('outer')!.regions).toBe(2)
})
