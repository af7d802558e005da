// Services that answer a CNAME: for every type, chased where the target is ours, walked by a counter a type.
import { expect, test } from 'vitest'
import { createAsker, hosts, NO_ANSWER, slots } from '../support/query-worker.ts'

const ZONE = `$TTL 3600
@ SOA ns1 h 1 2 3 4 300
@ NS ns1
ns1 A 192.0.2.53
www LB cloud
shop CNAME www
*.wild LB cloud
home LB home
lb LB web
round LB round
none LB none
pinned LB pinned
`
const one = { clientMap: -1, pin: undefined, leastTtl: 20, answers: 'cname' } as const
const cloud = hosts('lb-1.eu.cloud.example', 'lb-1.us.cloud.example')
const row = (table: ReturnType<typeof hosts>) => [{ ttl: 20, ipv4: table, ipv6: table }]

function createOne() {
  return createAsker({
    zones: { 'example.com': ZONE },
    services: [
      { ...one, name: 'cloud', rows: row(cloud) },
      { ...one, name: 'home', rows: row(hosts('lb.example.com')) },
      { ...one, name: 'round', rows: row(hosts('round.example.com')) },
      { ...one, name: 'none', rows: row(NO_ANSWER) },
      { ...one, name: 'pinned', pin: { ipv4Bits: 24, ipv6Bits: 48, seed: 1 }, rows: row(cloud) },
      { ...one, answers: 'addresses', name: 'web', rows: [{ ttl: 9, ipv4: slots('192.0.2.1'), ipv6: NO_ANSWER }] },
    ],
  })
}

function brief(name: string, type: string): string {
  const { rcode, aa, answer, authority } = createOne().ask({ name: `${name}.example.com`, type })
  const sections = [answer, authority].map((records) =>
    records.map((record) => `${record.ttl} ${record.type} ${record.text}`).join(', '),
  )
  return `${rcode}${aa ? ' aa' : ''} | ${sections.join(' | ')}`
}

const CNAME = 'NOERROR aa | 20 CNAME lb-1.eu.cloud.example. | '

test.each([
  ...['A', 'AAAA', 'HTTPS', 'TXT', 'MX', 'NS', 'SOA', 'CNAME', 'ANY', 'TYPE4711'].map((type) => ['www', type, CNAME]),
  ['a.b.wild', 'A', CNAME],
  ['shop', 'A', 'NOERROR aa | 3600 CNAME www.example.com., 20 CNAME lb-1.eu.cloud.example. | '],
  ['home', 'A', 'NOERROR aa | 20 CNAME lb.example.com., 9 A 192.0.2.1 | '],
  ['home', 'CNAME', 'NOERROR aa | 20 CNAME lb.example.com. | '],
  ['home', 'AAAA', 'NOERROR aa | 20 CNAME lb.example.com. | 20 SOA ns1.example.com. h.example.com. 1 2 3 4 300'],
  ['round', 'A', 'NOERROR aa | 20 CNAME round.example.com. | '],
  ['none', 'A', 'NOERROR aa |  | 20 SOA ns1.example.com. h.example.com. 1 2 3 4 300'],
])('%s %s', (name, type, expected) => {
  expect(brief(name, type)).toBe(expected)
})

test('A, AAAA and all other types walk the slots each by itself', () => {
  const { ask } = createOne()
  const seen = Array.from({ length: 4 }, () =>
    ['A', 'AAAA', 'HTTPS'].map((type) => ask({ name: 'www.example.com', type }).answer[0]!.text.slice(5, 7)).join(),
  )
  expect(seen).toEqual(['eu,eu,eu', 'us,us,us', 'eu,eu,eu', 'us,us,us'])
})

test('a pinned client is sent to one host name, whatever it asks, with the scope of its pin', () => {
  const { ask } = createOne()
  const targets = new Set<string>()
  for (let i = 0; i < 40; i++) {
    const edns = { clientSubnet: { address: `10.0.${i}.0`, source: 24 } }
    const answers = ['A', 'AAAA', 'MX'].map((type) => ask({ name: 'pinned.example.com', type, edns }))
    const own = new Set(answers.map(({ answer }) => answer[0]!.text))
    expect(own.size).toBe(1)
    expect(answers.map((answer) => answer.edns?.clientSubnet?.scope)).toEqual([24, 24, 24])
    for (const target of own) targets.add(target)
  }
  expect(targets.size).toBe(2)
})
