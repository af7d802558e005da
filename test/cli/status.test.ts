import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Status } from '../../src/admin/status.ts'
import { clip, plainPaint, printable, widthOf, type Paint } from '../../src/cli/paint.ts'
import { formatStatus } from '../../src/cli/status.ts'
import { formatDuration, formatShare, formatTable } from '../../src/cli/table.ts'
import { SAMPLE_STATUS } from '../admin/sample-status.ts'

const ansi: Paint = (_, text) => `\u001b[31m${text}\u001b[39m`

test('a status shows every part of itself', () => {
  const lines = formatStatus(SAMPLE_STATUS, plainPaint).split('\n')
  expect(lines).toContain('  eu-west   127.2.0.1  down     3 s  refused')
  expect(lines).toContain('  web  www.example.com.  TTL 30 s  us-east 75 %, eu-west 0 %, ap-south 25 %')
  expect(lines).toContain('  example.org.  failed     never loaded  /etc/meridian/zones/example.org.zone  1 fault')
  expect(lines).toContain('  udp 0  replaced 2 ×')
  expect(lines).toContain('  cdn.example.net.   A     stale   192.0.2.1 192.0.2.2  1 min 35 s old  no answer in time')
  expect(lines.map((line) => line.trimEnd())).toContain(
    '                     AAAA  fresh   none                 5 s old',
  )
  expect(lines).toContain('  gone.example.net.  A     failed  SERVFAIL             never resolved  NXDOMAIN')
  expect(lines.some((line) => line.includes('was refused: 1 error in 1 file'))).toBe(true)
  expect(lines).toContain('This product includes GeoLite2 data')
})

test('a region of several balancers shows each', () => {
  const [region] = SAMPLE_STATUS.regions
  const balancers = ['192.0.2.1', '2001:db8::1'].map((address) => ({ ...region!.balancers[0]!, address }))
  const lines = formatStatus({ ...SAMPLE_STATUS, regions: [{ ...region!, balancers }] }, plainPaint).split('\n')
  expect(lines).toContain('  us-east  2 balancers  up  3 s  200 in 3 ms')
  expect(lines).toContain('           2001:db8::1  up  3 s  200 in 3 ms')
})

test('what operators said is shown, with its age', () => {
  const made = { id: 'o1', reason: 'new kernel', startsAt: SAMPLE_STATUS.at, rampMs: 0, strength: 1 } as const
  const overrides: Status['overrides'] = [
    {
      ...made,
      kind: 'drain',
      target: 'eu-west',
      owner: 'oncall',
      createdAt: '2026-11-24T09:00:30.000Z',
      state: 'in-force',
    },
    {
      ...made,
      kind: 'share',
      target: 'web:ap',
      value: 0.5,
      owner: 'deputy',
      createdAt: SAMPLE_STATUS.at,
      state: 'suspended',
    },
  ]
  const lines = formatStatus({ ...SAMPLE_STATUS, overrides }, plainPaint).split('\n')
  expect(lines).toContain('  drain eu-west     in-force   1 h  by oncall: new kernel')
  expect(lines).toContain('  share web:ap 0.5  suspended  0 s  by deputy: new kernel')
})

test('an engaged fallback is shown', () => {
  const services: Status['services'] = [{ ...SAMPLE_STATUS.services[0]!, fallbackEngaged: true }]
  expect(formatStatus({ ...SAMPLE_STATUS, services }, plainPaint)).toContain('fallback engaged, us-east')
})

test('beacons are shown, and doubt of our own network stands out', () => {
  const beacons = [
    { name: '9.9.9.9', answers: false, reason: 'timeout after 1 s: no answer' },
    { name: '192.0.2.53', answers: true, reason: 'NOERROR in 3 ms' },
  ]
  const show = (doubt: Omit<NonNullable<Status['doubt']>, 'beacons'>) =>
    formatStatus({ ...SAMPLE_STATUS, doubt: { ...doubt, beacons } }, plainPaint).split('\n')
  const storm = { failing: 5, of: 6, regions: 2 }
  expect(show({ state: 'calm', failing: 0, of: 6, regions: 0 })).toContain(
    '  9.9.9.9     silent   timeout after 1 s: no answer',
  )
  expect(show({ state: 'frozen', leftMs: 240_000, ...storm })).toContain(
    'frozen for 4 min at most, our own network being in doubt: 5 of 6 healthy targets in 2 regions fail at once, 1 of 2 beacons are silent',
  )
  expect(show({ state: 'overruled', ...storm }).some((line) => line.startsWith('overruled: 5 of 6'))).toBe(true)
  expect(show({ state: 'calm', failing: 0, of: 6, regions: 0 }).some((line) => line.startsWith('calm'))).toBe(false)
})

test('nothing in a status can steer the terminal', () => {
  const regions = [{ ...SAMPLE_STATUS.regions[0]!, balancers: [], reason: '\u001b[2J\u0007bad\u009b0m' }]
  const text = formatStatus({ ...SAMPLE_STATUS, regions }, plainPaint)
  expect(text.replaceAll('\n', '')).toBe(printable(text.replaceAll('\n', '')))
})

test.each([
  [0, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [185_000, '3 min 5 s'],
  [7_860_000, '2 h 11 min'],
  [90_000_000, '1 d 1 h'],
  [-5, '0 s'],
])('%d ms reads %s', (ms, expected) => expect(formatDuration(ms)).toBe(expected))

test.each([
  [0, '0 %'],
  [0.001, '<1 %'],
  [0.333, '33 %'],
  [1, '100 %'],
])('a share of %d reads %s', (share, expected) => expect(formatShare(share)).toBe(expected))

test('columns align whatever is painted', () => {
  const lines = formatTable([
    ['a', ansi('red', 'bb'), 'c'],
    ['aaa', 'b', 'c'],
  ])
  expect(lines.map((line) => widthOf(line))).toEqual([10, 10].map(() => 'aaa  bb  c'.length))
})

test('clipping keeps at most so many columns, a beginning of the text, and no style open', () => {
  const part = fc.tuple(fc.boolean(), fc.string({ unit: fc.constantFrom('a', '█', '😀') }))
  fc.assert(
    fc.property(fc.array(part), fc.nat(20), (parts, columns) => {
      const line = parts.map(([painted, text]) => (painted ? ansi('red', text) : text)).join('')
      const plain = parts.map(([, text]) => text).join('')
      const clipped = clip(line, columns)
      expect(widthOf(clipped)).toBe(Math.min(columns, widthOf(plain)))
      expect(plain.startsWith(printable(clipped))).toBe(true)
      expect(clipped === line || !clipped.includes('\u001b') || clipped.endsWith('\u001b[0m')).toBe(true)
    }),
  )
})
