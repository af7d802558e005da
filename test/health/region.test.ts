import { expect, it } from 'vitest'
import type { State } from '../../src/health/health.ts'
import { judgeRegion, type RegionBalancer } from '../../src/health/region.ts'

function balancer(state: State, family: 4 | 6 = 4, reason = '503'): RegionBalancer {
  return { family, health: { state, reason, since: 0, provisional: false } }
}

it('is up while at least minHealthy balancers of any family are up or unknown', () => {
  const mixed = [balancer('up'), balancer('down'), balancer('unknown', 6)]
  expect(judgeRegion(mixed, 2, undefined, 9).overall).toEqual({
    state: 'up',
    reason: '1 of 3 balancers up, 1 unknown (503)',
    since: 9,
  })
  expect(judgeRegion(mixed, 3, undefined, 9).overall.state).toBe('down')
})

it('counts balancers that nobody monitors as up', () => {
  const { overall } = judgeRegion([{ family: 4 }], 1, undefined, 0)
  expect(overall).toMatchObject({ state: 'up', reason: 'not monitored' })
})

it('has a state for each family that it has balancers of', () => {
  const health = judgeRegion([balancer('up'), balancer('down', 6, 'refused')], 1, undefined, 0)
  expect(health.ipv4).toMatchObject({ state: 'up' })
  expect(health.ipv6).toMatchObject({ state: 'down', reason: 'refused' })
  expect(judgeRegion([balancer('up')], 1, undefined, 0)).not.toHaveProperty('ipv6')
})

it('takes its families down with it', () => {
  const { ipv4 } = judgeRegion([balancer('up'), balancer('down', 6)], 2, undefined, 0)
  expect(ipv4).toMatchObject({ state: 'down', reason: '1 of 2 balancers up (503)' })
})

it('keeps since until the state changes', () => {
  const first = judgeRegion([balancer('up'), balancer('up')], 1, undefined, 1)
  const second = judgeRegion([balancer('up'), balancer('down')], 1, first, 2)
  const third = judgeRegion([balancer('down'), balancer('down')], 1, second, 3)
  expect([first, second, third].map(({ overall }) => overall.since)).toEqual([1, 1, 3])
})
