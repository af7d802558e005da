// HTTPS and SVCB records for LB names, as a query sees them: hints filled in their places, one region, one TTL, the scope.
import { expect, test } from 'vitest'
import type { ServiceRows } from '../../src/snapshot/plan-image.ts'
import { createAsker, hosts, NO_ANSWER, slots, UNRESOLVED } from '../support/query-worker.ts'

const ZONE = `$TTL 3600
@ SOA ns1 h 1 2 3 4 300
@ NS ns1
ns1 A 192.0.2.53
@ HTTPS 1 www alpn=h2
www LB web
www HTTPS 1 . alpn=h2,h3
www 20 IN SVCB 2 . key65333=x
www TXT x
shop CNAME www
_8443._https.www HTTPS 1 www port=8443
sorted LB web
sorted HTTPS 1 . mandatory=alpn alpn=h2 port=8443 ech=AEX+DQBBnQ== key7=/q
alias LB web
alias HTTPS 0 www
own LB web
own HTTPS 1 . ipv4hint=203.0.113.1
own SVCB 1 . ipv6hint=2001:db8::53
two LB web
two HTTPS 1 . alpn=h2
two HTTPS 2 quiet alpn=h2
two HTTPS 3 elsewhere.example.net. alpn=h2
half LB web
half HTTPS 1 . ipv4hint=203.0.113.1
half HTTPS 2 .
v4 LB v4
v4 HTTPS 1 .
none LB none
none HTTPS 1 . alpn=h2
lost LB lost
lost HTTPS 1 . alpn=h2
quiet LB quiet
quiet HTTPS 1 . alpn=h2
cloud LB cloud
to-cloud HTTPS 1 cloud alpn=h2
outside ALIAS x.example.net.
outside HTTPS 1 . alpn=h2
*.wild LB web
*.wild HTTPS 1 .
pinned LB pinned
pinned HTTPS 1 .
`
const one = { clientMap: -1, pin: undefined, leastTtl: 30, answers: 'hinted' } as const
const web = { ttl: 30, ipv4: slots('192.0.2.1', '192.0.2.2'), ipv6: slots('2001:db8::1', '2001:db8::2') }
const services: readonly ServiceRows[] = [
  { ...one, name: 'web', rows: [web] },
  { ...one, name: 'v4', rows: [{ ttl: 90, ipv4: slots('192.0.2.4 192.0.2.5'), ipv6: NO_ANSWER }] },
  { ...one, name: 'none', leastTtl: 7, rows: [{ ttl: 30, ipv4: NO_ANSWER, ipv6: NO_ANSWER }] },
  { ...one, name: 'lost', leastTtl: 8, rows: [{ ttl: 30, ipv4: UNRESOLVED, ipv6: slots('2001:db8::8') }] },
  { ...one, name: 'quiet', answers: 'addresses', rows: [web] },
  { ...one, name: 'cloud', answers: 'cname', rows: [{ ttl: 30, ipv4: hosts('a.b'), ipv6: hosts('a.b') }] },
  { ...one, name: 'ALIAS 3600 x.example.net.', answers: 'addresses', rows: [web] },
  { ...one, name: 'pinned', pin: { ipv4Bits: 24, ipv6Bits: 48, seed: 3 }, rows: [web] },
]

function ask(name: string, type = 'HTTPS', times = 1): string[] {
  const { ask: send } = createAsker({ zones: { 'example.com': ZONE }, services })
  return Array.from({ length: times }, () => {
    const { rcode, answer } = send({ name, type })
    return [rcode, ...answer.map((record) => `${record.ttl} ${record.text}`)].join(' | ')
  })
}

const FIRST = 'ipv4hint="192.0.2.1" ipv6hint="2001:db8::1"'
const SECOND = 'ipv4hint="192.0.2.2" ipv6hint="2001:db8::2"'

test.each([
  ['www', 'HTTPS', `NOERROR | 30 1 . alpn="h2,h3" ${FIRST}`],
  ['www', 'SVCB', `NOERROR | 20 2 . ${FIRST} key65333="x"`],
  ['@', 'HTTPS', `NOERROR | 30 1 www.example.com. alpn="h2" ${FIRST}`],
  ['shop', 'HTTPS', `NOERROR | 3600 www.example.com. | 30 1 . alpn="h2,h3" ${FIRST}`],
  ['_8443._https.www', 'HTTPS', `NOERROR | 30 1 www.example.com. port="8443" ${FIRST}`],
  [
    'sorted',
    'HTTPS',
    'NOERROR | 30 1 . mandatory="alpn" alpn="h2" port="8443" ipv4hint="192.0.2.1" ech="AEX+DQBBnQ==" ipv6hint="2001:db8::1" key7="/q"',
  ],
  ['alias', 'HTTPS', 'NOERROR | 3600 0 www.example.com.'],
  ['own', 'HTTPS', 'NOERROR | 3600 1 . ipv4hint="203.0.113.1"'],
  ['own', 'SVCB', 'NOERROR | 3600 1 . ipv6hint="2001:db8::53"'],
  [
    'two',
    'HTTPS',
    `NOERROR | 30 1 . alpn="h2" ${FIRST} | 30 2 quiet.example.com. alpn="h2" | 30 3 elsewhere.example.net. alpn="h2"`,
  ],
  ['half', 'HTTPS', `NOERROR | 30 1 . ipv4hint="203.0.113.1" | 30 2 . ${FIRST}`],
  ['v4', 'HTTPS', 'NOERROR | 90 1 . ipv4hint="192.0.2.4,192.0.2.5"'],
  ['none', 'HTTPS', 'NOERROR | 7 1 . alpn="h2"'],
  ['lost', 'HTTPS', 'NOERROR | 30 1 . alpn="h2" ipv6hint="2001:db8::8"'],
  ['quiet', 'HTTPS', 'NOERROR | 3600 1 . alpn="h2"'],
  ['to-cloud', 'HTTPS', 'NOERROR | 3600 1 cloud.example.com. alpn="h2"'],
  ['outside', 'HTTPS', 'NOERROR | 3600 1 . alpn="h2"'],
  ['x.wild', 'HTTPS', `NOERROR | 30 1 . ${FIRST}`],
  ['www', 'TXT', 'NOERROR | 3600 "x"'],
])('%s %s', (name, type, expected) => {
  expect(ask(name === '@' ? 'example.com' : `${name}.example.com`, type)).toEqual([expected])
})

test('HTTPS has a counter of its own: a browser that asks A, AAAA and HTTPS meets each region in each', () => {
  const { ask: send } = createAsker({ zones: { 'example.com': ZONE }, services })
  const rounds = Array.from({ length: 4 }, () =>
    ['A', 'AAAA', 'HTTPS'].map((type) => send({ name: 'www.example.com', type }).answer[0]!.text),
  )
  expect(rounds.map(([, , https]) => https)).toEqual([FIRST, SECOND, FIRST, SECOND].map((h) => `1 . alpn="h2,h3" ${h}`))
  expect(rounds.map(([a]) => a)).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.1', '192.0.2.2'])
})

test('a pinned client gets the hints of its addresses, with their scope', () => {
  const { ask: send } = createAsker({ zones: { 'example.com': ZONE }, services })
  for (let i = 0; i < 50; i++) {
    const edns = { clientSubnet: { address: `10.0.${i}.0`, source: 24 } }
    const [a, aaaa, https] = ['A', 'AAAA', 'HTTPS'].map((type) => send({ name: 'pinned.example.com', type, edns }))
    const hints = `1 . ipv4hint="${a!.answer[0]!.text}" ipv6hint="${aaaa!.answer[0]!.text}"`
    expect(https!.answer[0]!.text).toBe(hints)
    expect(https!.edns?.clientSubnet?.scope).toBe(24)
  }
})

test.each([
  ['www', [1, 0]],
  ['v4', [1, 0]],
  ['lost', [1, 0]],
  ['none', [0, 1]],
])('hints of %s are counted once, for the region that they are of', (name, counted) => {
  const { ask: send, worker } = createAsker({ zones: { 'example.com': ZONE }, services })
  send({ name: `${name}.example.com`, type: 'HTTPS' })
  expect([...worker.tallies.subarray(1, 3)]).toEqual(counted)
})

test('what does not fit is truncated, and nothing of it is sent', () => {
  const many = Array.from({ length: 16 }, (_, i) => `2001:db8::${i + 1}`).join(' ')
  const { ask: send } = createAsker({
    zones: { 'example.com': ZONE },
    services: [...services.slice(1), { ...one, name: 'web', rows: [{ ...web, ipv6: slots(many) }] }],
  })
  const question = { name: 'sorted.example.com', type: 'HTTPS' }
  expect(send({ ...question, edns: { size: 1232 } }).answer).toHaveLength(1)
  const long = { name: `${'x.'.repeat(110)}wild.example.com`, type: 'HTTPS' }
  const cut = send(long)
  expect([cut.tc, cut.answer.length]).toEqual([true, 0])
  expect(send(long, { stream: true }).answer).toHaveLength(1)
})
