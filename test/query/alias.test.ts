// ALIAS names as a query sees them: all addresses, NODATA, or SERVFAIL while the target is not resolved.
import { expect, test } from 'vitest'
import { createAsker, NO_ANSWER, slots, UNRESOLVED } from '../support/query-worker.ts'

const ZONE = `$TTL 3600
@ SOA ns1 h 1 2 3 4 300
@ NS ns1
ns1 A 192.0.2.53
@ ALIAS both.example.net.
@ MX 10 ns1
v4 ALIAS v4.example.net.
gone ALIAS gone.example.net.
half ALIAS half.example.net.
old ALIAS old.example.net.
many ALIAS many.example.net.
to-gone CNAME gone
`
const MANY = Array.from({ length: 40 }, (_, i) => `192.0.2.${i}`).join(' ')
const stale = (addresses: string) => ({ ...slots(addresses), stale: new Set([0]) })
const row = { clientMap: -1, pin: undefined, leastTtl: 60 }
const { ask } = createAsker({
  zones: { 'example.com': ZONE },
  services: [
    {
      ...{ ...row, name: 'ALIAS 3600 both.example.net.' },
      rows: [{ ttl: 60, ipv4: slots('192.0.2.1 192.0.2.2'), ipv6: slots('2001:db8::1') }],
    },
    { ...row, name: 'ALIAS 3600 v4.example.net.', rows: [{ ttl: 60, ipv4: slots('192.0.2.1'), ipv6: NO_ANSWER }] },
    { ...row, name: 'ALIAS 3600 gone.example.net.', rows: [{ ttl: 60, ipv4: UNRESOLVED, ipv6: UNRESOLVED }] },
    { ...row, name: 'ALIAS 3600 old.example.net.', rows: [{ ttl: 30, ipv4: stale('192.0.2.1'), ipv6: stale('') }] },
    { ...row, name: 'ALIAS 3600 many.example.net.', rows: [{ ttl: 30, ipv4: stale(MANY), ipv6: slots('') }] },
    { ...row, name: 'ALIAS 3600 half.example.net.', rows: [{ ttl: 60, ipv4: slots('192.0.2.1'), ipv6: UNRESOLVED }] },
  ],
})

/** RCODE, AA and the data of an answer. */
function brief(name: string, type: string): string {
  const { rcode, aa, answer, authority } = ask({ name, type })
  const sections = [answer, authority].map((records) =>
    records.map((record) => `${record.ttl} ${record.text}`).join(', '),
  )
  return `${rcode}${aa ? ' aa' : ''} | ${sections.join(' | ')}`
}

test.each([
  ['example.com', 'A', 'NOERROR aa | 60 192.0.2.1, 60 192.0.2.2 | '],
  ['example.com', 'AAAA', 'NOERROR aa | 60 2001:db8::1 | '],
  ['example.com', 'MX', 'NOERROR aa | 3600 10 ns1.example.com. | '],
  ['v4.example.com', 'A', 'NOERROR aa | 60 192.0.2.1 | '],
  ['v4.example.com', 'AAAA', 'NOERROR aa |  | 60 ns1.example.com. h.example.com. 1 2 3 4 300'],
  ['gone.example.com', 'A', 'SERVFAIL |  | '],
  ['gone.example.com', 'AAAA', 'SERVFAIL |  | '],
  ['gone.example.com', 'ANY', 'SERVFAIL |  | '],
  ['gone.example.com', 'TXT', 'NOERROR aa |  | 60 ns1.example.com. h.example.com. 1 2 3 4 300'],
  ['half.example.com', 'A', 'NOERROR aa | 60 192.0.2.1 | '],
  ['half.example.com', 'AAAA', 'SERVFAIL |  | '],
  ['to-gone.example.com', 'A', 'NOERROR aa | 3600 gone.example.com. | '],
])('%s %s', (name, type, expected) => {
  expect(brief(name, type)).toBe(expected)
})

test('says why it fails (RFC 8914 §4.23)', () => {
  const { edns } = ask({ name: 'gone.example.com', type: 'A', edns: {} })
  expect(edns?.options).toEqual([{ code: 15, data: Uint8Array.of(0, 22) }])
})

const STALE = [{ code: 15, data: Uint8Array.of(0, 3) }]

test.each([
  ['old.example.com', 'A', 'NOERROR', 1, STALE],
  ['old.example.com', 'AAAA', 'NOERROR', 0, STALE],
  ['half.example.com', 'A', 'NOERROR', 1, []],
])('says of %s %s whether its last answer stands in (RFC 8914 §4.4)', (name, type, rcode, records, options) => {
  const reply = ask({ name, type, edns: {} })
  expect([reply.rcode, reply.answer.length, reply.edns?.options]).toEqual([rcode, records, options])
  expect(ask({ name, type }).edns).toBeUndefined()
})

// Header and question 34 bytes, forty records of 16, OPT 11, the extended error 6.
test.each([
  [684, 'truncated', STALE],
  [685, 'whole', []],
  [690, 'whole', []],
  [691, 'whole', STALE],
])('in %i bytes the answer is %s and says %j: an extended error truncates nothing', (size, expected, options) => {
  const { tc, answer, edns } = ask({ name: 'many.example.com', type: 'A', edns: { size } })
  expect([tc ? 'truncated' : 'whole', answer.length, edns?.options]).toEqual([expected, tc ? 0 : 40, options])
})
