import { expect, test } from 'vitest'
import { drainProgress, type DrainSight, type Load } from '../../../src/director/overrides/drain.ts'
import { override } from './sample.ts'

const sight: DrainSight = { share: 0, ttlMs: 30_000, leastTtlMs: 5_000, leadMs: 30_000, loads: [] }
const load = (level: number, at: number): Load => ({ level, at })

test.each([
  ['before it begins', override({ startsAt: 100_000 }), 90_000, sight, 'scheduled', 105_000],
  [
    'on its ramp, TTLs fell when it was made',
    override({ rampMs: 60_000 }),
    30_000,
    { ...sight, share: 0.5 },
    'draining',
    65_000,
  ],
  ['at once: what was answered just before is cached for its TTL', override(), 1_000, sight, 'emptying', 30_000],
  ['a short ramp is no shorter than that', override({ rampMs: 1_000 }), 2_000, sight, 'emptying', 30_000],
  ['scheduled ahead: TTLs were low by then', override({ startsAt: 60_000 }), 61_000, sight, 'emptying', 65_000],
  ['no cache holds it, and it reports nothing', override(), 30_000, sight, 'safe', undefined],
  ['a fallback answers with it', override(), 90_000, { ...sight, share: 1 }, 'emptying', undefined],
  ['it expired', override({ expiresAt: 40_000 }), 40_000, sight, 'ending', undefined],
] as const)('%s', (_, one, now, seen, state, emptyAt) => {
  expect(drainProgress(one, now, seen)).toMatchObject({ state, ...(emptyAt !== undefined && { emptyAt }) })
})

test('its own reports say when the tail has gone', () => {
  const tail = { ...sight, before: load(1000, 0) }
  const halving = [load(160, 40_000), load(80, 50_000), load(40, 60_000)]
  const progress = drainProgress(override(), 60_000, { ...tail, loads: halving })
  expect(progress).toMatchObject({ state: 'emptying', emptyAt: 80_000 })
  expect(drainProgress(override(), 80_000, { ...tail, loads: [...halving, load(10, 80_000)] }).state).toBe('safe')
  const steady = drainProgress(override(), 60_000, { ...tail, loads: [load(50, 40_000), load(50, 60_000)] })
  expect(steady).not.toHaveProperty('emptyAt')
  expect(steady.why).toContain('its load is still 50')
})
