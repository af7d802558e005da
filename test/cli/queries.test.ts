import { expect, test } from 'vitest'
import type { QueryStatus } from '../../src/admin/queries.ts'
import { plainPaint, printable } from '../../src/cli/paint.ts'
import { formatQueries } from '../../src/cli/queries.ts'

const QUERY: QueryStatus = {
  ...{ at: '2026-11-24T12:00:00.250Z', name: 'www.example.com.', type: 'AAAA', rcode: 'NOERROR', transport: 'udp' },
  ...{ truncated: false, client: '192.0.2.53', service: 'web', region: 'eu', snapshot: 4 },
}

function without(query: QueryStatus, ...keys: (keyof QueryStatus)[]): QueryStatus {
  const entries = Object.entries(query).filter(([key]) => !keys.includes(key as keyof QueryStatus))
  return Object.fromEntries(entries) as unknown as QueryStatus
}

const UNSTEERED = without(QUERY, 'service', 'region')

const linesOf = (...queries: QueryStatus[]) => formatQueries({ sample: 100, queries }, plainPaint).split('\n')

test('the newest stands last, and its explanation is one command away', () => {
  const subnet = { prefix: '203.0.113.0/24', scope: 20 }
  const lines = linesOf({ ...QUERY, subnet }, { ...QUERY, name: 'old.example.com.' })
  expect(lines[0]).toBe('one query in 100 is sampled')
  expect(lines[1]).toMatch(/^\d\d:00:00\.250 .*192\.0\.2\.53 .*old\.example\.com\. AAAA .*NOERROR +web → eu$/)
  expect(lines[2]).toContain('192.0.2.53 for 203.0.113.0/24 (scope /20)')
  expect(lines[4]).toBe(
    'why the last of a service: explain www.example.com. --type AAAA --client 203.0.113.0 --at 2026-11-24T12:00:00.250Z',
  )
})

test('a subnet of no length names nobody: the sender is explained', () => {
  const [, , , line] = linesOf({ ...QUERY, subnet: { prefix: '0.0.0.0/0', scope: 0 } })
  expect(line).toContain('--client 192.0.2.53 ')
})

test('what no service answered needs no explanation; NODATA, TCP and truncation are told', () => {
  expect(linesOf({ ...without(QUERY, 'region'), truncated: true, transport: 'tcp' })[1]).toMatch(
    /web → NODATA +TCP, truncated$/,
  )
  expect(linesOf({ ...UNSTEERED, rcode: 'NXDOMAIN' })).toHaveLength(3)
})

test('a question that could not be read is told as such', () => {
  expect(linesOf({ ...without(UNSTEERED, 'name', 'type'), rcode: 'FORMERR' })[1]).toContain('unreadable')
})

test('nothing in a name can steer the terminal', () => {
  const text = linesOf({ ...QUERY, name: '\u001b[2J\u009b0m.' }).join('')
  expect(text).toBe(printable(text))
})
