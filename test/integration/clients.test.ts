// Clients that others wrote understand what we answer: dig and kdig parse every kind of answer without complaint and print
// the rdata that the zone file has; dns2 and @leichtgewicht/dns-packet decode the types that they know.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { decode } from '@leichtgewicht/dns-packet'
import DNS2 from 'dns2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseType } from '../../src/dns/types.ts'
import { askWith, isInstalled, type ClientAnswer, type Program } from '../support/client-output.ts'
import { buildQuery, decodeMessage } from '../support/message.ts'
import { CASES } from './clients-cases.ts'
import { serveClientsZone } from './clients-zone.ts'

let served: Awaited<ReturnType<typeof serveClientsZone>>

beforeAll(async () => {
  served = await serveClientsZone()
})

afterAll(() => served.stop())

const WELL = { status: 'NOERROR', flags: 'qr aa', answer: [], authority: [], additional: [], transport: 'UDP' } as const

/** What each program says when it asks again by TCP. */
const RETRIES: Readonly<Record<Program, RegExp>> = {
  dig: /^;; Truncated, retrying in TCP mode\.$/,
  kdig: /^;; WARNING: truncated reply from 127\.0\.0\.1@\d+\(UDP\), retrying over TCP$/,
}

describe.each<Program>(['dig', 'kdig'])('%s', (program) => {
  const missing = !isInstalled(program) && process.env['CI'] === undefined
  test.skipIf(missing).each(CASES)('$title', async ({ words, retried, expected }) => {
    const { complaints, ...answer } = await askWith(program, served.port, words.split(' '))
    const retries = complaints.filter((line) => RETRIES[program].test(line))
    expect(complaints.filter((line) => !retries.includes(line))).toEqual([])
    expect(retries).toHaveLength(retried ? 1 : 0)
    expect(alike(answer)).toEqual(alike({ ...WELL, ...expected }))
  })

  test.skipIf(missing)('minds when recursion is asked for, and nothing else', async () => {
    const { complaints } = await askWith(program, served.port, ['a.clients.test', 'A', '+rec'])
    expect(complaints).toEqual(program === 'dig' ? [';; WARNING: recursion requested but not available'] : [])
  })
})

/** dig quotes the values of service parameters, kdig does not. */
function alike(answer: Omit<ClientAnswer, 'complaints'>): Omit<ClientAnswer, 'complaints'> {
  return { ...answer, answer: answer.answer.map((record) => record.replaceAll(/([\w-]=)"([^" ]*)"/g, '$1$2')) }
}

/** Why a library gives the bytes of rdata as they are. */
const UNKNOWN = 'knows no such type, and keeps the bytes (RFC 3597 §5)'

interface Decoded {
  readonly type: string
  readonly name: string
  /** What the library makes of the first record, or why it makes nothing of it. */
  readonly dns2: object | typeof UNKNOWN
  readonly dnsPacket: unknown
}

const DECODED: readonly Decoded[] = [
  { type: 'A', name: 'a', dns2: { address: '192.0.2.1' }, dnsPacket: '192.0.2.1' },
  { type: 'AAAA', name: 'aaaa', dns2: { address: '2001:db8::1' }, dnsPacket: '2001:db8::1' },
  { type: 'NS', name: '', dns2: { ns: 'ns1.clients.test' }, dnsPacket: 'ns1.clients.test' },
  { type: 'CNAME', name: 'canonical', dns2: { domain: 'a.clients.test' }, dnsPacket: 'a.clients.test' },
  { type: 'DNAME', name: 'renamed', dns2: UNKNOWN, dnsPacket: 'target.clients.test' },
  { type: 'PTR', name: 'ptr', dns2: { domain: 'host.example' }, dnsPacket: 'host.example' },
  {
    type: 'SOA',
    name: '',
    dns2: {
      primary: 'ns1.clients.test',
      admin: 'hostmaster.clients.test',
      serial: 7,
      expiration: 1_209_600,
      minimum: 60,
    },
    dnsPacket: {
      mname: 'ns1.clients.test',
      rname: 'hostmaster.clients.test',
      serial: 7,
      expire: 1_209_600,
      minimum: 60,
    },
  },
  {
    type: 'MX',
    name: 'mx',
    dns2: { priority: 10, exchange: 'a.clients.test' },
    dnsPacket: { preference: 10, exchange: 'a.clients.test' },
  },
  {
    type: 'TXT',
    name: 'txt',
    dns2: { data: ['plain', 'with "quotes" and \\ and é', ''] },
    dnsPacket: ['plain', 'with "quotes" and \\ and é', ''].map((text) => Buffer.from(text)),
  },
  {
    type: 'SRV',
    name: '_sip._tcp.srv',
    dns2: { priority: 1, weight: 2, port: 5060, target: 'a.clients.test' },
    dnsPacket: { priority: 1, weight: 2, port: 5060, target: 'a.clients.test' },
  },
  {
    type: 'CAA',
    name: 'caa',
    dns2: { flags: 0, tag: 'issue', value: 'letsencrypt.org' },
    dnsPacket: { flags: 0, tag: 'issue', value: 'letsencrypt.org' },
  },
  {
    type: 'DS',
    name: 'ds',
    dns2: UNKNOWN,
    dnsPacket: {
      keyTag: 60485,
      algorithm: 13,
      digestType: 2,
      digest: Buffer.from('D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A', 'hex'),
    },
  },
  { type: 'NAPTR', name: 'naptr', dns2: UNKNOWN, dnsPacket: UNKNOWN },
  { type: 'TLSA', name: '_443._tcp.tlsa', dns2: UNKNOWN, dnsPacket: UNKNOWN },
  { type: 'SSHFP', name: 'sshfp', dns2: UNKNOWN, dnsPacket: UNKNOWN },
  { type: 'SVCB', name: 'svcb', dns2: UNKNOWN, dnsPacket: UNKNOWN },
  { type: 'HTTPS', name: 'https', dns2: UNKNOWN, dnsPacket: UNKNOWN },
  { type: 'TYPE65280', name: 'other', dns2: UNKNOWN, dnsPacket: UNKNOWN },
]

describe.each(DECODED)('$type', ({ type, name, dns2, dnsPacket }) => {
  test(`dns2 ${dns2 === UNKNOWN ? UNKNOWN : 'decodes it'}`, async () => {
    const message = await ask(name, type)
    const { answers, errors } = DNS2.Packet.parse(message)
    expect(errors).toEqual([])
    expect(answers[0]).toMatchObject({
      type: parseType(type),
      ...(dns2 === UNKNOWN ? { data: rdataOf(message) } : dns2),
    })
  })

  test(`@leichtgewicht/dns-packet ${dnsPacket === UNKNOWN ? UNKNOWN : 'decodes it'}`, async () => {
    const message = await ask(name, type)
    const [record] = decode(message).answers ?? []
    expect(record).toMatchObject({ data: dnsPacket === UNKNOWN ? rdataOf(message) : dnsPacket })
  })
})

test('both decode the client subnet that comes back', async () => {
  const message = await ask('lb', 'A', { address: '203.0.113.0', source: 32 })
  const subnet = { family: 1, sourcePrefixLength: 32, scopePrefixLength: 25, ip: '203.0.113.0' }
  expect(DNS2.Packet.parse(message).additionals).toMatchObject([{ rdata: [subnet] }])
  expect(decode(message).additionals).toMatchObject([{ options: [{ code: 8, ...subnet }] }])
})

/** One answer by UDP, as bytes. */
async function ask(name: string, type: string, clientSubnet?: { address: string; source: number }): Promise<Buffer> {
  const socket = createSocket('udp4')
  const edns = { ...(clientSubnet && { clientSubnet }) }
  socket.send(
    buildQuery({ name: name === '' ? 'clients.test' : `${name}.clients.test`, type, edns }),
    served.port,
    '127.0.0.1',
  )
  const [message] = (await once(socket, 'message', { signal: AbortSignal.timeout(5_000) })) as [Buffer]
  socket.close()
  return message
}

function rdataOf(message: Buffer): Buffer {
  return Buffer.from(decodeMessage(message).answer[0]?.rdata ?? [])
}
