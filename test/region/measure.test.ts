import { describe, expect, it } from 'vitest'
import { feel, quantile, shareOf, type Sample } from '../../deploy/region/lab/measure.ts'
import { REGIONS } from '../../deploy/region/lab/plan.ts'
import { EVEN, skewed } from '../../deploy/region/lab/population.ts'
import { missingPrograms } from '../../deploy/region/lab/programs.ts'
import { drawTimeline } from '../../deploy/region/lab/timeline.ts'

/** A request each 100 ms, told by its time. */
function samplesOf(toMs: number, tell: (at: number) => Partial<Sample>): Sample[] {
  return Array.from({ length: toMs / 100 }, (_, i) => ({
    at: i * 100,
    home: 'eu',
    name: 'www.example.com',
    met: 'eu',
    tookMs: 10,
    ...tell(i * 100),
  }))
}

const TIMES = { begunAt: 0, faultAt: 4000, healedAt: 12_000, endedAt: 20_000 }

describe('what users felt', () => {
  it('is nothing when nothing was lost or moved', () => {
    const felt = feel(
      samplesOf(20_000, () => ({})),
      [],
      'eu',
      TIMES,
    )
    expect(felt).toMatchObject({ asked: 160, lost: 0, lostUntilMs: 0, backAfterMs: 0, medianMs: 10, reasons: {} })
    expect(felt.movedAfterMs).toBeUndefined()
    expect(felt.shares).toEqual({ before: 1, during: 1, after: 1 })
  })

  it('counts what was lost until users were elsewhere, and when the region had them back', () => {
    const felt = feel(
      samplesOf(20_000, (at) => {
        if (at >= 4000 && at < 7000) return { lost: 'ECONNREFUSED' }
        return at >= 7000 && at < 15_000 ? { met: 'us' } : {}
      }),
      [],
      'eu',
      TIMES,
    )
    expect(felt).toMatchObject({ lost: 30, lostUntilMs: 2900, reasons: { ECONNREFUSED: 30 } })
    expect(felt.movedAfterMs).toBe(3250)
    expect(felt.backAfterMs).toBeGreaterThan(2500)
    expect(felt.backAfterMs).toBeLessThanOrEqual(3000)
    expect(felt.shares).toEqual({ before: 1, during: 0, after: 1 })
  })

  it('says so when the region never had them back', () => {
    const felt = feel(
      samplesOf(20_000, (at) => (at < 4000 ? {} : { met: 'us' })),
      [],
      'eu',
      TIMES,
    )
    expect(felt.backAfterMs).toBeUndefined()
    expect(felt.shares.after).toBe(0)
  })

  it('tells what reports took, and gave back step by step', () => {
    const part = (at: number) => (at < 6000 ? 1 : at < 13_000 ? 0.85 : at < 15_000 ? 0.95 : 1)
    const looks = Array.from({ length: 100 }, (_, i) => ({ at: i * 200, parts: { eu: part(i * 200), us: 0 } }))
    const { reports } = feel([], looks, 'eu', TIMES)
    expect(reports).toEqual({ takenAfterMs: 2000, least: 0.85, ramp: [0.85, 0.95, 1], wholeAfterMs: 3000 })
    expect(feel([], looks, 'ap', TIMES).reports, 'it reports nothing').toBeUndefined()
    const never = feel([], looks.slice(0, 70), 'eu', TIMES).reports!
    expect([never.ramp, never.wholeAfterMs]).toEqual([[0.85, 0.95], undefined])
  })

  it('looks at the users of the region alone', () => {
    const others = samplesOf(1000, () => ({ home: 'us', met: 'us' }))
    expect(shareOf([...others, ...samplesOf(1000, (at) => (at < 500 ? {} : { met: 'us' }))], 'eu')).toBe(0.5)
    expect(shareOf(others, 'eu')).toBe(0)
  })
})

it('finds quantiles', () => {
  expect([quantile([3, 1, 2], 0.5), quantile([3, 1, 2], 1), quantile([], 0.5)]).toEqual([2, 3, 0])
})

it('names the programs that are missing', () => {
  expect(missingPrograms(['sh', 'no-such-program'])).toEqual(['no-such-program'])
})

it('draws a lane for each region, and what was lost', () => {
  const home = REGIONS[0]!.name
  const name = 'www.example.com'
  const samples: Sample[] = [
    { at: 100, home, name, met: home, tookMs: 1 },
    { at: 200, home, name, tookMs: 1, lost: 'timeout' },
  ]
  const svg = drawTimeline('a < b', samples, [{ at: 150, text: 'killed', heals: false }], 0, 2000)
  expect(svg).toContain('a &#60; b')
  for (const { name } of REGIONS) expect(svg).toContain(`>${name}</text>`)
  expect(svg.match(/height="60\.0"/g)).toHaveLength(2)
  expect(svg).toContain('killed</text>')
})

it('makes populations: one even, one in which a few networks ask most, the same for the same seed', () => {
  expect(new Set(EVEN.map(({ rate }) => rate)).size).toBe(1)
  const users = skewed(7)
  expect(users).toEqual(skewed(7))
  expect(new Set(users.map(({ network }) => network)).size).toBe(168)
  const rates = users.map(({ rate }) => rate)
  expect(rates.reduce((a, b) => a + b, 0)).toBeCloseTo(150, 6)
  expect(rates[0]! / rates[9]!).toBeCloseTo(10, 6)
})
