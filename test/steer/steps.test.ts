// Table tests of the small steps: failover, weighted, round-robin, consistent-hash, take.
import { describe, expect, test } from 'vitest'
import { consistentHash } from '../../src/steer/consistent-hash.ts'
import { failover } from '../../src/steer/failover.ts'
import { roundRobin } from '../../src/steer/round-robin.ts'
import { take } from '../../src/steer/take.ts'
import { weighted } from '../../src/steer/weighted.ts'
import { begin, facts, nowhere, shares, tiers } from './sample-regions.ts'

const context = { client: nowhere, regions: facts }

describe('failover', () => {
  test.each([
    [['ap-south', 'us-east', 'eu-west'], 'us-east:1 eu-west:2 ap-south:0'],
    [[], 'us-east:0 eu-west:1 ap-south:2'],
    [['eu-west'], 'us-east:1 eu-west:0 ap-south:1'],
  ])('%j ranks in that order', (order, expected) => {
    expect(tiers(failover({ step: 'failover', order }).apply(begin(), context))).toBe(expected)
  })

  test('splits only ties', () => {
    const earlier = begin().map((candidate) => ({ ...candidate, tier: candidate.region === 'ap-south' ? 0 : 1 }))
    const order = ['eu-west', 'us-east', 'ap-south']
    expect(tiers(failover({ step: 'failover', order }).apply(earlier, context))).toBe('us-east:2 eu-west:1 ap-south:0')
  })
})

describe('weighted', () => {
  test.each([
    [{}, [5, 3, 2]],
    [{ 'us-east': 99, 'eu-west': 1, 'ap-south': 0 }, [99, 1, 0]],
    [{ 'us-east': 1 }, [1, 3, 2]],
  ])('%j gives %j', (weights, expected) => {
    expect(shares(weighted({ step: 'weighted', weights }).apply(begin(), context))).toEqual(expected)
  })

  test('multiplies what a spread step before it gave', () => {
    const halved = begin().map((candidate) => ({ ...candidate, share: 0.5 }))
    expect(shares(weighted({ step: 'weighted', weights: {} }).apply(halved, context))).toEqual([2.5, 1.5, 1])
  })
})

test('round-robin leaves shares equal', () => {
  expect(shares(roundRobin().apply(begin(), context))).toEqual([1, 1, 1])
})

test('consistent-hash and take change nothing but the note', () => {
  const pin = consistentHash({ step: 'consistent-hash', seed: 's', ipv4Bits: 20, ipv6Bits: 40 })
  for (const [step, note] of [
    [pin, 'clients of one /20 (IPv6: /40) keep their region'],
    [take({ step: 'take', count: 2 }), 'up to 2 addresses of its tier in an answer'],
    [take({ step: 'take', count: 1 }), 'one address in an answer'],
  ] as const) {
    expect(step.apply(begin(), context)).toEqual(begin().map((candidate) => ({ ...candidate, note })))
  }
})
