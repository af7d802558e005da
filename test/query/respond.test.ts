import { describe, expect, test } from 'vitest'
import { counter, dropCounter } from '../../src/metrics/counters.ts'
import { buildQuery, decodeMessage, type DecodedMessage, type DecodedRecord } from '../support/message.ts'
import { createAsker, NO_ANSWER, slots } from '../support/query-worker.ts'

const EXAMPLE = `
$TTL 3600
@        IN SOA ns1 hostmaster 7 7200 1800 1209600 300
         IN NS  ns1
         IN NS  ns2.example.net.
         IN MX  10 Mail
ns1      IN A   192.0.2.1
mail     IN A   192.0.2.25
www      IN LB  web
pinned   IN LB  pin
nothing  IN LB  none
six      IN LB  six
         IN TXT "beside"
*.lb     IN LB  web
a        IN A   192.0.2.10
a        IN A   192.0.2.11
alias    IN CNAME a
chain    IN CNAME Alias
lbalias  IN CNAME www
out      IN CNAME host.example.net.
away     IN CNAME www.example.org.
gone     IN CNAME missing
loop1    IN CNAME loop2
loop2    IN CNAME loop1
old      IN DNAME new
twice.new IN CNAME end.old
end.new  IN A   192.0.2.99
self     IN CNAME self
round    IN DNAME round2
round2   IN DNAME round
*.wild   IN TXT "wild"
x.y.wild IN A 192.0.2.77
deep.ent.empty IN A 192.0.2.12
sub      IN NS  ns.sub
sub      IN NS  ns1
sub      IN NS  ns.elsewhere.org.
sub      IN DS  1 8 2 0000000000000000000000000000000000000000000000000000000000000000
ns.sub   IN A   192.0.2.60
ns.sub   IN AAAA 2001:db8::60
d        IN DNAME example.net.
dd       IN DNAME long-target
big      IN TXT ( ${Array.from({ length: 12 }, (_, i) => `"${String.fromCharCode(97 + i).repeat(200)}"`).join(' ')} )
`
const NET = `
$TTL 60
@     IN SOA ns hostmaster 1 7200 1800 1209600 60
      IN NS ns
ns    IN A 198.51.100.1
host  IN A 198.51.100.2
alias IN CNAME host
`

const row = (ipv4: ReturnType<typeof slots>, ipv6 = NO_ANSWER) => ({ ttl: 30, ipv4, ipv6 })
const service = (name: string, rows: ReturnType<typeof row>[], extra = {}) => ({
  name,
  clientMap: -1,
  pin: undefined,
  rows,
  leastTtl: 30,
  ...extra,
})

const asker = createAsker({
  zones: { 'example.com': EXAMPLE, 'example.net': NET },
  failed: ['broken.test'],
  services: [
    service('web', [row(slots('192.0.2.101', '192.0.2.102', '192.0.2.101'), slots('2001:db8::101'))]),
    service('pin', [row(slots(...Array.from({ length: 4096 }, (_, i) => `10.0.${i >> 8}.${i & 255}`)))], {
      pin: { ipv4Bits: 24, ipv6Bits: 48, seed: 1 },
    }),
    service('none', [row(NO_ANSWER)]),
    service('six', [row(NO_ANSWER, slots('2001:db8::6 2001:db8::66'))]),
  ],
})

const lines = (records: readonly DecodedRecord[]) =>
  records.map(({ name, ttl, type, text }) => `${name} ${ttl} ${type} ${text}`)

/** As dig would print it, in short: flags, rcode, then each section. */
function show(message: DecodedMessage): string[] {
  return [
    `${message.rcode}${message.aa ? ' aa' : ''}${message.tc ? ' tc' : ''}`,
    ...lines(message.answer),
    ...lines(message.authority).map((line) => `authority: ${line}`),
    ...lines(message.additional).map((line) => `additional: ${line}`),
  ]
}

const SOA = 'authority: example.com. 300 SOA ns1.example.com. hostmaster.example.com. 7 7200 1800 1209600 300'

describe('what a name of a zone answers', () => {
  test.each<[name: string, type: string, expected: string[]]>([
    ['a.example.com', 'A', ['NOERROR aa', 'a.example.com. 3600 A 192.0.2.10', 'a.example.com. 3600 A 192.0.2.11']],
    ['a.example.com', 'AAAA', ['NOERROR aa', SOA]],
    ['a.example.com', 'ANY', ['NOERROR aa', 'a.example.com. 3600 A 192.0.2.10', 'a.example.com. 3600 A 192.0.2.11']],
    ['missing.example.com', 'A', ['NXDOMAIN aa', SOA]],
    ['below.a.example.com', 'A', ['NXDOMAIN aa', SOA]],
    ['example.com', 'MX', ['NOERROR aa', 'example.com. 3600 MX 10 Mail.example.com.']],
    ['ent.empty.example.com', 'A', ['NOERROR aa', SOA]],
    ['empty.example.com', 'A', ['NOERROR aa', SOA]],
    ['alias.example.com', 'CNAME', ['NOERROR aa', 'alias.example.com. 3600 CNAME a.example.com.']],
    [
      'chain.example.com',
      'A',
      [
        'NOERROR aa',
        'chain.example.com. 3600 CNAME Alias.example.com.',
        'Alias.example.com. 3600 CNAME a.example.com.',
        'a.example.com. 3600 A 192.0.2.10',
        'a.example.com. 3600 A 192.0.2.11',
      ],
    ],
    ['alias.example.com', 'TXT', ['NOERROR aa', 'alias.example.com. 3600 CNAME a.example.com.', SOA]],
    [
      'out.example.com',
      'A',
      ['NOERROR aa', 'out.example.com. 3600 CNAME host.example.net.', 'host.example.net. 60 A 198.51.100.2'],
    ],
    ['away.example.com', 'A', ['NOERROR aa', 'away.example.com. 3600 CNAME www.example.org.']],
    ['gone.example.com', 'A', ['NXDOMAIN aa', 'gone.example.com. 3600 CNAME missing.example.com.', SOA]],
    ['any.wild.example.com', 'TXT', ['NOERROR aa', 'any.wild.example.com. 3600 TXT "wild"']],
    ['any.wild.example.com', 'A', ['NOERROR aa', SOA]],
    ['one.more.wild.example.com', 'TXT', ['NOERROR aa', 'one.more.wild.example.com. 3600 TXT "wild"']],
    ['z.y.wild.example.com', 'TXT', ['NXDOMAIN aa', SOA]],
    ['y.wild.example.com', 'TXT', ['NOERROR aa', SOA]],
    ['wild.example.com', 'TXT', ['NOERROR aa', SOA]],
    [
      'host.d.example.com',
      'A',
      [
        'NOERROR aa',
        'd.example.com. 3600 DNAME example.net.',
        'host.d.example.com. 3600 CNAME host.example.net.',
        'host.example.net. 60 A 198.51.100.2',
      ],
    ],
    ['d.example.com', 'A', ['NOERROR aa', SOA]],
    ['d.example.com', 'DNAME', ['NOERROR aa', 'd.example.com. 3600 DNAME example.net.']],
    ['www.example.org', 'A', ['REFUSED']],
    ['www.broken.test', 'A', ['SERVFAIL']],
    ['example.com', 'AXFR', ['REFUSED']],
    ['a.example.com', 'AXFR', ['NOTAUTH']],
    ['example.org', 'IXFR', ['NOTAUTH']],
    ['com', 'NS', ['REFUSED']],
  ])('%s %s', (name, type, expected) => {
    expect(show(asker.ask({ name, type }))).toEqual(expected)
  })

  test('a delegation refers, with the glue that only we can give first', () => {
    for (const name of ['sub.example.com', 'www.sub.example.com', 'ns.sub.example.com']) {
      expect(show(asker.ask({ name, type: 'A' }))).toEqual([
        'NOERROR',
        'authority: sub.example.com. 3600 NS ns.sub.example.com.',
        'authority: sub.example.com. 3600 NS ns1.example.com.',
        'authority: sub.example.com. 3600 NS ns.elsewhere.org.',
        'additional: ns.sub.example.com. 3600 A 192.0.2.60',
        'additional: ns.sub.example.com. 3600 AAAA 2001:db8::60',
        'additional: ns1.example.com. 3600 A 192.0.2.1',
      ])
    }
  })

  test('DS at a cut is the parent’s to answer', () => {
    expect(show(asker.ask({ name: 'sub.example.com', type: 'DS' }))[0]).toBe('NOERROR aa')
    expect(show(asker.ask({ name: 'x.sub.example.com', type: 'DS' }))[0]).toBe('NOERROR')
  })

  test.each([
    [
      'loop1.example.com',
      ['loop1.example.com. 3600 CNAME loop2.example.com.', 'loop2.example.com. 3600 CNAME loop1.example.com.'],
    ],
    ['self.example.com', ['self.example.com. 3600 CNAME self.example.com.']],
    [
      'x.round.example.com',
      [
        'round.example.com. 3600 DNAME round2.example.com.',
        'x.round.example.com. 3600 CNAME x.round2.example.com.',
        'round2.example.com. 3600 DNAME round.example.com.',
        'x.round2.example.com. 3600 CNAME x.round.example.com.',
      ],
    ],
  ])('a chain that comes round stops: %s', (name, expected) => {
    expect(show(asker.ask({ name, type: 'A' }))).toEqual(['NOERROR aa', ...expected])
  })

  test('a chain may pass a DNAME twice, whose record stands once', () => {
    expect(show(asker.ask({ name: 'twice.old.example.com', type: 'A' }))).toEqual([
      'NOERROR aa',
      'old.example.com. 3600 DNAME new.example.com.',
      'twice.old.example.com. 3600 CNAME twice.new.example.com.',
      'twice.new.example.com. 3600 CNAME end.old.example.com.',
      'end.old.example.com. 3600 CNAME end.new.example.com.',
      'end.new.example.com. 3600 A 192.0.2.99',
    ])
  })

  test('a CNAME made from a DNAME answers a question for it', () => {
    expect(show(asker.ask({ name: 'host.d.example.com', type: 'CNAME' }))).toEqual([
      'NOERROR aa',
      'd.example.com. 3600 DNAME example.net.',
      'host.d.example.com. 3600 CNAME host.example.net.',
    ])
  })

  test('servers come with their addresses', () => {
    expect(show(asker.ask({ name: 'example.com', type: 'NS' }))).toEqual([
      'NOERROR aa',
      'example.com. 3600 NS ns1.example.com.',
      'example.com. 3600 NS ns2.example.net.',
      'additional: ns1.example.com. 3600 A 192.0.2.1',
    ])
  })

  test('a DNAME that makes a name too long answers YXDOMAIN', () => {
    const long = Array.from({ length: 3 }, () => 'l'.repeat(63)).join('.')
    const name = `${long}.${'l'.repeat(46)}.dd.example.com`
    expect(asker.ask({ name, type: 'A' }).rcode).toBe('YXDOMAIN')
    expect(asker.ask({ name: `${long}.${'l'.repeat(30)}.dd.example.com`, type: 'A' }, { stream: true }).rcode).toBe(
      'NXDOMAIN',
    )
  })

  test('a DNAME that does not fit leaves nothing that later names point at (it hung on what an older answer had left)', () => {
    asker.worker.message.output.fill(0xff)
    const label = 'l'.repeat(63)
    const name = `${label}.${label}.${label}.${'l'.repeat(17)}.old.example.com`
    for (let size = 512; size < 560; size++) {
      const answer = asker.ask({ name, type: 'A', edns: { size } })
      if (answer.tc) expect(answer.answer).toEqual([])
    }
  })

  test('the case of the question comes back, and does not matter', () => {
    const answer = asker.ask({ name: 'ChAiN.eXaMpLe.CoM', type: 'A' })
    expect(answer.question[0]?.name).toBe('ChAiN.eXaMpLe.CoM.')
    expect(answer.answer[0]?.name).toBe('ChAiN.eXaMpLe.CoM.')
    expect(answer.answer.length).toBe(4)
  })
})

describe('what a service answers', () => {
  test('slots in order, A and AAAA and every name counted apart', () => {
    const picks = Array.from({ length: 6 }, () => {
      asker.ask({ name: 'www.example.com', type: 'AAAA' })
      asker.ask({ name: 'x.lb.example.com', type: 'A' })
      return asker.ask({ name: 'www.example.com', type: 'A' }).answer[0]?.text
    })
    expect(picks.filter((text) => text === '192.0.2.101').length).toBe(4)
    expect(picks.slice(0, 3)).toEqual(picks.slice(3))
  })

  test('its own TTL, and the whole answer of a slot', () => {
    expect(show(asker.ask({ name: 'six.example.com', type: 'AAAA' }))).toEqual([
      'NOERROR aa',
      'six.example.com. 30 AAAA 2001:db8::6',
      'six.example.com. 30 AAAA 2001:db8::66',
    ])
  })

  test('negative answers are NODATA and live no longer than its TTL', () => {
    const nodata = SOA.replace(' 300 SOA', ' 30 SOA')
    expect(show(asker.ask({ name: 'nothing.example.com', type: 'A' }))).toEqual(['NOERROR aa', nodata])
    expect(show(asker.ask({ name: 'six.example.com', type: 'A' }))).toEqual(['NOERROR aa', nodata])
    expect(show(asker.ask({ name: 'six.example.com', type: 'MX' }))).toEqual(['NOERROR aa', nodata])
    expect(show(asker.ask({ name: 'six.example.com', type: 'TXT' }))[1]).toBe('six.example.com. 3600 TXT "beside"')
  })

  test('through a CNAME and under a wildcard', () => {
    expect(show(asker.ask({ name: 'lbalias.example.com', type: 'AAAA' }))).toEqual([
      'NOERROR aa',
      'lbalias.example.com. 3600 CNAME www.example.com.',
      'www.example.com. 30 AAAA 2001:db8::101',
    ])
    expect(show(asker.ask({ name: 'any.lb.example.com', type: 'AAAA' }))[1]).toBe(
      'any.lb.example.com. 30 AAAA 2001:db8::101',
    )
  })

  test('a pinned client keeps its answer, and its prefix is the scope', () => {
    const edns = (address: string, source: number) => ({ clientSubnet: { address, source } })
    const ask = (address: string, source = 32) =>
      asker.ask({ name: 'pinned.example.com', type: 'A', edns: edns(address, source) })
    const first = ask('203.0.113.7')
    expect(first.edns?.clientSubnet).toMatchObject({ address: '203.0.113.7', source: 32, scope: 24 })
    expect(ask('203.0.113.200').answer).toEqual(first.answer)
    expect(ask('203.0.113.0', 24).answer).toEqual(first.answer)
    expect(ask('198.51.100.1').answer).not.toEqual(first.answer)
    const byAddress = asker.ask({ name: 'pinned.example.com', type: 'A', edns: {} }, { from: '203.0.113.99' })
    expect(byAddress.answer).toEqual(first.answer)
    expect(byAddress.edns?.clientSubnet).toBeUndefined()
  })

  test('SOURCE 0 is steered by the sender, for all', () => {
    const query = {
      name: 'pinned.example.com',
      type: 'A',
      edns: { clientSubnet: { address: '0.0.0.0', source: 0 } },
    } as const
    const answer = asker.ask(query, { from: '203.0.113.99' })
    expect(answer.edns?.clientSubnet).toMatchObject({ source: 0, scope: 0 })
    expect(answer.answer).toEqual(asker.ask({ name: 'pinned.example.com', type: 'A' }, { from: '203.0.113.99' }).answer)
  })
})

describe('EDNS', () => {
  const subnet = (address: string, source: number, scope = 0) => ({ clientSubnet: { address, source, scope } })

  test('none without being asked; ours is version 0 and 1,232 bytes', () => {
    expect(asker.ask({ name: 'a.example.com', type: 'A' }).edns).toBeUndefined()
    const { edns } = asker.ask({ name: 'a.example.com', type: 'A', edns: { size: 4096, dnssecOk: true } })
    expect(edns).toMatchObject({ size: 1232, version: 0, dnssecOk: true, options: [] })
  })

  test('an unknown version is BADVERS', () => {
    const answer = asker.ask({ name: 'a.example.com', type: 'A', edns: { version: 1 } })
    expect(answer.rcode).toBe('BADVERS')
    expect(answer.answer).toEqual([])
  })

  test('static and negative answers have scope 0', () => {
    for (const name of ['a.example.com', 'missing.example.com', 'x.sub.example.com', 'nothing.example.com']) {
      const answer = asker.ask({ name, type: 'A', edns: subnet('203.0.113.0', 24) })
      expect(answer.edns?.clientSubnet).toMatchObject({ address: '203.0.113.0', source: 24, scope: 0 })
    }
  })

  test.each([
    ['bits beyond the source', subnet('203.0.113.0', 20)],
    ['a scope in the query', subnet('203.0.113.0', 24, 24)],
  ])('a client subnet with %s is FORMERR', (_, edns) => {
    const answer = asker.ask({ name: 'a.example.com', type: 'A', edns })
    expect(answer.rcode).toBe('FORMERR')
  })

  test('what does not fit is truncated to question and OPT, and comes whole over a stream', () => {
    const small = asker.ask({ name: 'big.example.com', type: 'TXT', edns: { size: 512 } })
    expect([small.tc, small.answer.length, small.edns?.size]).toEqual([true, 0, 1232])
    expect(asker.ask({ name: 'big.example.com', type: 'TXT' }).tc).toBe(true)
    expect(asker.ask({ name: 'big.example.com', type: 'TXT', edns: { size: 4096 } }).tc).toBe(true)
    const whole = asker.ask({ name: 'big.example.com', type: 'TXT', edns: { size: 512 } }, { stream: true })
    expect([whole.tc, whole.answer.length]).toEqual([false, 1])
  })
})

describe('what is not a query', () => {
  const query = buildQuery({ name: 'a.example.com', type: 'A', id: 0x1234 })
  const patched = (at: number, ...bytes: number[]) => {
    const copy = query.slice()
    copy.set(bytes, at)
    return copy
  }

  test.each([
    ['a response', patched(2, 0x80), 'response' as const],
    ['nothing', new Uint8Array(0), 'runt' as const],
    ['half a header', query.slice(0, 11), 'runt' as const],
  ])('%s gets silence', (_, packet, reason) => {
    const dropped = asker.worker.counters[dropCounter(reason)]!
    expect(asker.send(packet)).toBeUndefined()
    expect(asker.worker.counters[dropCounter(reason)]).toBe(dropped + 1)
  })

  test.each([
    ['no question', patched(4, 0, 0), 'FORMERR', 0],
    ['two questions', patched(4, 0, 2), 'FORMERR', 0],
    ['an answer', patched(6, 0, 1), 'FORMERR', 1],
    ['a name cut off', query.slice(0, 20), 'FORMERR', 0],
    ['a compressed question', patched(12, 0xc0, 0x0c), 'FORMERR', 0],
    ['loose bytes behind', Uint8Array.from([...query, 1, 2, 3]), 'FORMERR', 1],
    ['an additional count that lies', patched(10, 0, 1), 'FORMERR', 1],
    ['NOTIFY', patched(2, 0x20), 'REFUSED', 1],
    ['UPDATE', patched(2, 0x28), 'REFUSED', 1],
    ['STATUS', patched(2, 0x10), 'NOTIMP', 1],
    ['class CH', patched(query.length - 2, 0, 3), 'REFUSED', 1],
  ])('%s: %#', (_, packet, rcode, questions) => {
    const answer = decodeMessage(asker.send(packet)!)
    expect([answer.rcode, answer.id, answer.question.length]).toEqual([rcode, 0x1234, questions])
  })
})

test('a chain longer than an answer holds is cut, and counted', () => {
  const links = Array.from({ length: 20 }, (_, i) => `c${i} CNAME c${i + 1}`).join('\n')
  const asker = createAsker({
    zones: { 'example.com': `$TTL 60\n@ SOA a a 1 1 1 1 1\n@ NS a\na A 192.0.2.1\n${links}\n` },
  })
  const cut = () => asker.worker.counters[counter.cutChains]!
  expect(asker.ask({ name: 'c4.example.com', type: 'A' }).answer).toHaveLength(16)
  expect(cut()).toBe(0)
  expect(asker.ask({ name: 'c0.example.com', type: 'A' }).answer).toHaveLength(17)
  expect(cut()).toBe(1)
})
