import { expect, test } from 'vitest'
import { parseMoment } from '../../src/base/moment.ts'

const NOW = Date.parse('2026-11-24T12:00:00.500Z')

test.each([
  ['10m', NOW - 600_000],
  ['1500ms', NOW - 1500],
  ['0s', NOW],
  ['2026-11-24T11:00:00Z', NOW - 3_600_500],
  ['2026-11-24 12:30:00.25+01:00', NOW - 1_800_250],
  ['2027-01-01T00:00:00Z', Date.parse('2027-01-01T00:00:00Z')],
])('reads %s', (written, expected) => {
  expect(parseMoment(written, NOW)).toBe(expected)
})

test('a time of day is the last time that it was that, here', () => {
  const local = new Date(NOW)
  const text = (ms: number): string => new Date(ms).toTimeString().slice(0, 8)
  const whole = local.setMilliseconds(0)
  expect(parseMoment(text(NOW), NOW)).toBe(whole)
  expect(parseMoment(`${text(NOW)}.25`, NOW)).toBe(whole + 250)
  expect(parseMoment(`${text(NOW)}.75`, NOW)).toBe(whole + 750 - 86_400_000)
  expect(parseMoment(text(NOW + 60_000), NOW)).toBe(whole + 60_000 - 86_400_000)
})

test.each(['', 'now', '10', '-5m', '24:00:00', '12', '2026-11-24T11:00:00', '2026-02-30T25:00:00Z', '2026-11-24'])(
  'refuses "%s"',
  (written) => {
    expect(parseMoment(written, NOW)).toBeUndefined()
  },
)
