import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Status } from '../../../src/admin/status.ts'
import { addSample, measureShares, RECENT_MS, type ShareSample } from '../../../src/cli/demo/shares.ts'
import { renderView, type DemoModel } from '../../../src/cli/demo/view.ts'
import { plainPaint, widthOf } from '../../../src/cli/paint.ts'
import { SAMPLE_STATUS } from '../../admin/sample-status.ts'

const MODEL: DemoModel = {
  status: SAMPLE_STATUS,
  processes: [
    { name: 'us-east', address: '127.1.0.1', port: 8080, pid: 41 },
    { name: 'eu-west', address: '127.2.0.1', port: 8080, restartsInMs: 13_400 },
    { name: 'ap-south', address: '127.3.0.1', port: 8080 },
  ],
  shares: { basis: 'recent', byRegion: new Map([['us-east', 0.6], ['eu-west', 0], ['ap-south', 0.4]]) }, // prettier-ignore
  events: SAMPLE_STATUS.events,
}

const draw = (changes: Partial<DemoModel> = {}, columns = 100, rows = 30) =>
  renderView({ ...MODEL, ...changes }, { columns, rows }, plainPaint)

test('regions show state, process, share and reason', () => {
  const lines = draw()
  expect(lines[2]).toMatch(/answers, last 10 s/)
  expect(lines[3]).toMatch(/^1 {2}us-east +up +3 s +pid 41 +█{12}░{8} +60 % +200 in 3 ms$/)
  expect(lines[4]).toMatch(/^2 {2}eu-west +down +3 s +dead, starts in 14 s +░{20} +0 % +refused$/)
  expect(lines[5]).toMatch(/^3 {2}ap-south +unknown +3 s +starting +█{8}░{12} +40 % +not probed yet$/)
  expect(lines.at(-1)).toMatch(/1 2 3 +kill or start that region +q +quit$/)
})

test('the lines to try fit 80 columns, with the real endpoint and a living process', () => {
  const text = draw({}, 80, 30).join('\n')
  expect(text).toContain('  Frankfurt  dig +short @127.0.0.1 -p 5300 www.example.com +subnet=3.120.0.0/24\n')
  expect(text).toContain('curl http://$(dig +short @127.0.0.1 -p 5300 www.example.com):8080/\n')
  expect(text).toContain('  failover   kill 41 ')
})

test('an engaged fallback is told', () => {
  const services: Status['services'] = [{ ...SAMPLE_STATUS.services[0]!, fallbackEngaged: true }]
  expect(draw({ status: { ...SAMPLE_STATUS, services } })).toContain('fallback engaged: web')
  expect(draw().join()).not.toContain('fallback')
})

test('the latest events are shown where room is short', () => {
  const events = Array.from({ length: 50 }, (_, i) => ({ at: SAMPLE_STATUS.at, text: `event ${i}` }))
  const text = draw({ events }, 80, 24).join('\n')
  expect(text).toContain('event 49')
  expect(text).not.toContain('event 40')
})

test('the view never grows beyond the terminal', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 60 }), (columns, rows) => {
      const lines = draw({}, columns, rows)
      expect(lines.length).toBeLessThanOrEqual(rows)
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns)
    }),
  )
})

/** A status in which regions have answered so often. */
function answered(east: number, west: number): Status {
  const shares = [
    { region: 'us-east', planned: 0.75, answered: east },
    { region: 'eu-west', planned: 0.25, answered: west },
  ]
  return { ...SAMPLE_STATUS, services: [{ ...SAMPLE_STATUS.services[0]!, shares }] }
}

test('shares are of the last seconds, else of all answers, else of the plan', () => {
  let samples: ShareSample[] = addSample([], answered(0, 0), 0)
  expect(measureShares(samples, answered(0, 0))).toMatchObject({ basis: 'planned' })
  expect(measureShares(samples, answered(0, 0)).byRegion.get('us-east')).toBe(0.75)
  samples = addSample(samples, answered(30, 10), 1_000)
  const recent = measureShares(samples, answered(30, 30))
  expect(recent.basis).toBe('recent')
  expect(recent.byRegion.get('eu-west')).toBe(0.5)
  samples = addSample(samples, answered(30, 30), 1_000 + RECENT_MS + 1)
  const late = measureShares(samples, answered(30, 30))
  expect(late.basis).toBe('since start')
  expect(late.byRegion.get('us-east')).toBe(0.5)
})

test('a region that never answered has a share of nothing', () => {
  expect(measureShares([], answered(5, 0)).byRegion.get('ap-south')).toBe(0)
})
