import { expect, test } from 'vitest'
import { formatExplanation } from '../../src/cli/explain.ts'
import { plainPaint } from '../../src/cli/paint.ts'
import { explain } from '../../src/director/explain.ts'
import { address, ALL_DOWN, frankfurt, NEAREST, PIN, service, WEIGHTED, world } from '../director/plan-sample.ts'

const client = { address: address('203.0.113.9'), location: frankfurt, class: 1, why: 'geo data' }

test('shows each step, each region and each answer', () => {
  const told = explain({ name: 'www.example.com', type: 'A', client, scope: 24 }, service([NEAREST]), world())
  expect(formatExplanation(told, plainPaint)).toBe(
    `www.example.com A is answered by service web
client: 203.0.113.9, class 1 (geo data), ECS scope /24
fallback "all" would apply if nothing were healthy; 100 % is

nearest (rank)
  us-east   tier 1  share 1  available 100 %  6556 km away
  eu-west   tier 0  share 1  available 100 %  1091 km away
  ap-south  tier 2  share 1  available 100 %  6562 km away

health (availability)
  us-east   tier 1  share 1  available 100 %  up: 2 of 2 balancers up
  eu-west   tier 0  share 1  available 100 %  up: 200
  ap-south  tier 2  share 1  available 100 %  up: 200

spill (spread)
  us-east   tier 1  share 0  available 100 %  nothing spills to tier 1
  eu-west   tier 0  share 1  available 100 %  takes 100 % of the 100 % that reach tier 0
  ap-south  tier 2  share 0  available 100 %  nothing spills to tier 2

us-east up, 0 % of the answers: nothing spills to tier 1
  198.51.100.10  0 % wanted  0 % by slots  up: 200

eu-west up, 100 % of the answers: takes 100 % of the 100 % that reach tier 0
  198.51.100.20  100 % wanted  100 % by slots  up: 200

ap-south up, 0 % of the answers: nothing spills to tier 2
  198.51.100.30  0 % wanted  0 % by slots  up: 200

answers from 1 slot, TTL 30 s
  100 %  198.51.100.20
`,
  )
})

test('says aloud that a fallback applies, what is NODATA, and where a client is pinned', () => {
  const none = explain({ name: 'www', type: 'A' }, service([WEIGHTED], { fallback: 'none' }), world(ALL_DOWN))
  const lines = formatExplanation(none, (style, text) => `<${style}>${text}</>`)
  expect(lines).toContain('<red>fallback "none" applies: 0 % of the weight is healthy</>')
  expect(lines).toContain('100 %  NODATA')
  expect(lines).toContain('client: none given')
  const pinned = explain({ name: 'www', type: 'A', client }, service([PIN]), world())
  expect(formatExplanation(pinned, plainPaint)).toMatch(
    / {2}203\.0\.113\.0\/24 is pinned to slot \d+: 198\.51\.100\.\d0\n/,
  )
})

test("shows what a fence leaves out, and whose step it is when a service stands in a region's place", () => {
  const inner = service([{ step: 'fence', entries: { unknown: ['us-east'] } }], { name: 'inner' })
  const outer = service([{ step: 'failover', order: [] }], { regions: ['inner', 'ap-south'] })
  const told = explain({ name: 'www', type: 'A' }, outer, world([], undefined, [inner]))
  const text = formatExplanation(told, plainPaint)
  expect(text).toContain(
    'inner: fence (fence)\n  us-east  tier 0  share 1  available 100 %  within the fence of unknown',
  )
  expect(text).toContain('\n  left out: eu-west, ap-south\n')
  expect(text).toContain('inner › us-east up, 100 % of the answers')
})

test('text from elsewhere cannot steer the terminal', () => {
  const told = explain({ name: 'www\u001b[31m', type: 'A' }, service([]), world())
  expect(formatExplanation(told, plainPaint)).not.toContain('\u001b')
})
