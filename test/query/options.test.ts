import { describe, expect, test } from 'vitest'
import { parsePrefix } from '../../src/base/prefix.ts'
import { counter } from '../../src/metrics/counters.ts'
import { buildQuery, decodeMessage, type DecodedMessage, type EdnsOption } from '../support/message.ts'
import { createAsker } from '../support/query-worker.ts'

const ZONE = '@ 60 IN SOA ns h 1 2 3 4 5\n@ 60 IN NS ns\nns 60 IN A 192.0.2.1\n'
const NSID = 3
const COOKIE = 10
const KEEPALIVE = 11
const EXTENDED_ERROR = 15

const settings = {
  version: 'Meridian of tests',
  server: 'node-1',
  nsid: 'n1',
  tcpIdleTimeoutMs: 12_300,
  // The secret and the cookies below are those of RFC 9018, appendix A.
  cookieSecrets: [Buffer.from('e5e973e5a6b2a43f48e7dc849e37bfcf', 'hex')],
}
const asker = createAsker({ zones: { 'example.com': ZONE }, failed: ['broken.test'], settings })

const option = (code: number, hex = ''): EdnsOption => ({ code, data: Buffer.from(hex, 'hex') })
const ask = (name: string, options: EdnsOption[], how: Parameters<typeof asker.ask>[1] = {}) =>
  asker.ask({ name, type: 'A', edns: { options } }, how)
const given = (message: DecodedMessage, code: number) => {
  const found = message.edns?.options.find((each) => each.code === code)
  return found && Buffer.from(found.data).toString('hex')
}

describe('DNS cookies', () => {
  const askAt = (cookie: string, at: number, from = '198.51.100.100') => {
    asker.worker.nowS = at
    return ask('ns.example.com', [option(COOKIE, cookie)], { from })
  }

  test('RFC 9018 appendix A.1: a server cookie is learnt', () => {
    const answer = askAt('2464c4abcf10c957', 1559731985)
    expect(given(answer, COOKIE)).toBe('2464c4abcf10c957010000005cf79f111f8130c3eee29480')
    expect(asker.worker.query.options.cookie.isValid).toBe(false)
  })

  test('appendix A.2: half an hour later the same is valid and stays', () => {
    const answer = askAt('2464c4abcf10c957010000005cf79f111f8130c3eee29480', 1559731985 + 1800)
    expect(asker.worker.query.options.cookie.isValid).toBe(true)
    expect(given(answer, COOKIE)).toBe('2464c4abcf10c957010000005cf79f111f8130c3eee29480')
  })

  test('appendix A.3: an old one is valid and made anew', () => {
    const answer = askAt('fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5', 1559727985 + 3600, '203.0.113.203')
    expect(asker.worker.query.options.cookie.isValid).toBe(true)
    // Reserved bytes are hashed as they came and not judged (RFC 9018 §4.2); ours are zero.
    expect(given(answer, COOKIE)?.slice(0, 24)).toBe('fc93fc62807ddb8601000000')
  })

  test.each([
    ['another address', '2464c4abcf10c957010000005cf79f111f8130c3eee29480', 1559731985, '198.51.100.101'],
    ['more than an hour old', '2464c4abcf10c957010000005cf79f111f8130c3eee29480', 1559731985 + 3601, '198.51.100.100'],
    ['of the future', '2464c4abcf10c957010000005cf79f111f8130c3eee29480', 1559731985 - 301, '198.51.100.100'],
    ['a flipped bit', '2464c4abcf10c957010000005cf79f111f8130c3eee29481', 1559731985, '198.51.100.100'],
  ])('one of %s is not valid, and a new one is given', (_, cookie, at, from) => {
    const answer = askAt(cookie, at, from)
    expect(asker.worker.query.options.cookie.isValid).toBe(false)
    expect(given(answer, COOKIE)).toMatch(/^2464c4abcf10c95701000000.{24}$/)
  })

  test('appendix A.4: IPv6', () => {
    const rolled = createAsker({
      zones: { 'example.com': ZONE },
      settings: {
        cookieSecrets: ['445536bcd2513298075a5d379663c962', 'dd3bdf9344b678b185a6f5cb60fca715'].map((hex) =>
          Buffer.from(hex, 'hex'),
        ),
      },
    })
    rolled.worker.nowS = 1559741961
    const cookie = option(COOKIE, '22681ab97d52c298010000005cf7c57926556bd0934c72f8')
    const from = '2001:db8:220:1:59de:d0f4:8769:82b8'
    const answer = rolled.ask({ name: 'ns.example.com', type: 'A', edns: { options: [cookie] } }, { from })
    expect(rolled.worker.query.options.cookie.isValid).toBe(true)
    expect(given(answer, COOKIE)).toMatch(/^22681ab97d52c29801000000/)
  })

  test.each(['', '2464c4abcf10c9', '2464c4abcf10c957ff', `2464c4abcf10c957${'00'.repeat(33)}`])(
    'a cookie of a wrong length (%s) is FORMERR',
    (hex) => expect(ask('ns.example.com', [option(COOKIE, hex)]).rcode).toBe('FORMERR'),
  )

  test('without a question a cookie alone is answered (RFC 7873 §5.4)', () => {
    const askBare = (cookie: string) => {
      const query = buildQuery({ name: '.', type: 'A', edns: { options: [option(COOKIE, cookie)] } })
      const bare = Uint8Array.from([...query.slice(0, 12), ...query.slice(17)])
      bare[5] = 0
      return decodeMessage(asker.send(bare)!)
    }
    const answer = askBare('2464c4abcf10c957')
    expect([answer.rcode, answer.question.length]).toEqual(['NOERROR', 0])
    const cookie = given(answer, COOKIE)
    expect(cookie).toMatch(/^2464c4abcf10c957/)
    expect(askBare(cookie!).rcode).toBe('NOERROR')
    const bad = askBare(cookie!.slice(0, -2) + (cookie!.endsWith('00') ? '01' : '00'))
    expect([bad.rcode, given(bad, COOKIE)]).toEqual(['BADCOOKIE', cookie])
  })
})

describe('who we are', () => {
  const chaos = (name: string, type = 'TXT') => asker.ask({ name, type, class: 'CH' })

  test.each([
    ['version.bind', '"Meridian of tests"'],
    ['VERSION.server', '"Meridian of tests"'],
    ['id.server', '"node-1"'],
    ['hostname.bind', '"node-1"'],
  ])('%s', (name, text) => {
    const answer = chaos(name)
    expect(answer.answer.map((record) => [record.name, record.class, record.ttl, record.text])).toEqual([
      [`${name}.`, 'CH', 0, text],
    ])
  })

  test('other names and hidden ones are refused', () => {
    expect(chaos('authors.bind').rcode).toBe('REFUSED')
    const hidden = createAsker({ zones: {}, settings: { version: '' } })
    expect(hidden.ask({ name: 'version.bind', type: 'TXT', class: 'CH' }).rcode).toBe('REFUSED')
  })

  test('NSID for who asks, and nothing when it is hidden', () => {
    expect(given(ask('ns.example.com', [option(NSID)]), NSID)).toBe(Buffer.from('n1').toString('hex'))
    expect(given(ask('ns.example.com', []), NSID)).toBeUndefined()
    const hidden = createAsker({ zones: {} })
    const answer = hidden.ask({ name: 'a.test', type: 'A', edns: { options: [option(NSID)] } })
    expect(answer.edns?.options.map(({ code }) => code)).toEqual([EXTENDED_ERROR])
  })
})

describe('TCP keepalive (RFC 7828)', () => {
  test('our idle timeout, over a stream alone', () => {
    expect(given(ask('ns.example.com', [option(KEEPALIVE)], { stream: true }), KEEPALIVE)).toBe('007b')
    expect(given(ask('ns.example.com', [option(KEEPALIVE)]), KEEPALIVE)).toBeUndefined()
    expect(given(ask('ns.example.com', [], { stream: true }), KEEPALIVE)).toBeUndefined()
    // A timeout in a query is not the client's to give, and is ignored.
    expect(given(ask('ns.example.com', [option(KEEPALIVE, '0001')], { stream: true }), KEEPALIVE)).toBe('007b')
    expect(ask('ns.example.com', [option(KEEPALIVE, '0001')]).rcode).toBe('NOERROR')
  })
})

test.each([
  ['www.elsewhere.test', 'A', 'REFUSED', '0014'],
  ['www.broken.test', 'A', 'SERVFAIL', '000e'],
  ['example.com', 'AXFR', 'REFUSED', '0015'],
  ['missing.example.com', 'A', 'NXDOMAIN', undefined],
])('%s %s is %s with the extended error %s (RFC 8914)', (name, type, rcode, code) => {
  const answer = asker.ask({ name, type, edns: {} })
  expect([answer.rcode, given(answer, EXTENDED_ERROR)]).toEqual([rcode, code])
})

test('an opcode that we do not serve is answered with an OPT all the same (RFC 6891 §6.1.1)', () => {
  for (const opcode of [2, 4, 5, 6]) {
    const answer = asker.ask({ name: 'example.com', type: 'SOA', flags: opcode << 11, edns: {} })
    expect([answer.rcode, answer.edns?.size]).toEqual([opcode === 4 || opcode === 5 ? 'REFUSED' : 'NOTIMP', 1232])
  }
})

test('of two client subnets the first counts', () => {
  const subnet = (hex: string) => option(8, hex)
  const answer = ask('ns.example.com', [subnet('00011800cb0071'), subnet('00011800c63364')])
  expect(answer.edns?.clientSubnet).toMatchObject({ address: '203.0.113.0', source: 24 })
})

test('unknown options and padding are stepped over', () => {
  const answer = ask('ns.example.com', [option(65001, 'ffff'), option(12, '00'.repeat(100))])
  expect([answer.rcode, answer.edns?.options]).toEqual(['NOERROR', []])
})

test('all options together keep within 512 bytes, and the record still comes', () => {
  const long = createAsker({ zones: { 'example.com': ZONE }, settings: { nsid: 'n'.repeat(64) } })
  const name = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(47)}.example.com`
  const clientSubnet = { address: '2001:db8::', source: 128 }
  const options = [option(NSID), option(COOKIE, '2464c4abcf10c957'), option(KEEPALIVE)]
  const packet = buildQuery({ name, type: 'A', edns: { size: 512, clientSubnet, options } })
  const answer = long.send(packet)!
  expect(answer.length).toBeLessThanOrEqual(512)
  expect(decodeMessage(answer).edns?.options.length).toBe(3)
})

describe('response rate limiting', () => {
  const limited = (exempt: string[] = []) =>
    createAsker({
      zones: { 'example.com': ZONE },
      settings: {
        cookieSecrets: settings.cookieSecrets,
        rateLimit: {
          ...{ responsesPerSecond: 100, slip: 2, ipv4Bits: 24, ipv6Bits: 56 },
          exempt: exempt.map((text) => parsePrefix(text)!),
        },
      },
    })
  const burst = (
    one: ReturnType<typeof limited>,
    queries: number,
    from: string,
    name = 'ns.example.com',
    stream = false,
  ) => {
    const packet = buildQuery({ name, type: 'A' })
    const answers = Array.from({ length: queries }, () => one.send(packet, { from, stream }))
    const sent = answers.filter((answer) => answer !== undefined)
    const truncated = sent.filter((answer) => (answer[2]! & 2) !== 0).length
    return { whole: sent.length - truncated, truncated, dropped: queries - sent.length }
  }

  test('a second of the rate at once, then every second one truncated and the rest dropped', () => {
    const one = limited()
    expect(burst(one, 300, '192.0.2.1')).toEqual({ whole: 100, truncated: 100, dropped: 100 })
    expect(one.worker.counters[counter.limited]).toBe(200)
  })

  test('it comes back with time, at the rate', () => {
    const one = limited()
    burst(one, 200, '192.0.2.1')
    one.worker.limiter.now[0]! += 250
    expect(burst(one, 100, '192.0.2.1').whole).toBe(25)
  })

  test('a prefix shares its rate; others, other kinds of answer, streams and the exempt do not', () => {
    const one = limited(['198.51.100.0/24'])
    burst(one, 200, '192.0.2.1')
    expect(burst(one, 10, '192.0.2.200').whole).toBe(0)
    expect(burst(one, 10, '192.0.3.1').whole).toBe(10)
    expect(burst(one, 10, '192.0.2.1', 'none.example.com').whole).toBe(10)
    expect(burst(one, 10, '192.0.2.1', 'ns.example.com', true).whole).toBe(10)
    expect(burst(one, 500, '198.51.100.7').whole).toBe(500)
    expect(burst(one, 10, '2001:db8::1').whole).toBe(10)
  })

  test('a valid cookie is never limited', () => {
    const one = limited()
    one.worker.nowS = 1559731985
    burst(one, 200, '198.51.100.100')
    const cookie = option(COOKIE, '2464c4abcf10c957010000005cf79f111f8130c3eee29480')
    const packet = buildQuery({ name: 'ns.example.com', type: 'A', edns: { options: [cookie] } })
    expect(decodeMessage(one.send(packet, { from: '198.51.100.100' })!).tc).toBe(false)
  })

  test('many forged senders do not use up memory, nor an honest one’s rate', () => {
    const one = limited()
    for (let i = 0; i < 100_000; i++) burst(one, 1, `${10 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.1`)
    expect(burst(one, 50, '192.0.2.1').whole).toBeGreaterThanOrEqual(45)
  })
})
