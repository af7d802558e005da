// The tests' own codec, tested against two independent implementations: whoever trusts its strictness may.
import * as packet from '@leichtgewicht/dns-packet'
import { Packet } from 'dns2'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildQuery, decodeMessage } from '../support/message.ts'

const ANSWER = {
  type: 'response',
  id: 7,
  flags: packet.AUTHORITATIVE_ANSWER,
  questions: [{ type: 'MX', name: 'example.com' }],
  answers: [{ type: 'MX', name: 'example.com', ttl: 300, data: { preference: 10, exchange: 'mail.example.com' } }],
  additionals: [{ type: 'A', name: 'mail.example.com', ttl: 60, data: '192.0.2.1' }],
}

function encoded(): Uint8Array {
  return new Uint8Array(packet.encode(ANSWER as never))
}

test('decodes what dns-packet encodes', () => {
  expect(decodeMessage(encoded())).toMatchObject({
    id: 7,
    qr: true,
    aa: true,
    tc: false,
    rcode: 'NOERROR',
    question: [{ name: 'example.com.', type: 'MX', class: 'IN' }],
    answer: [{ name: 'example.com.', type: 'MX', class: 'IN', ttl: 300, text: '10 mail.example.com.' }],
    authority: [],
    additional: [{ name: 'mail.example.com.', type: 'A', ttl: 60, text: '192.0.2.1' }],
  })
})

test('dns-packet decodes the queries that are built', () => {
  const query = buildQuery({
    name: 'Www.example.com',
    type: 'HTTPS',
    id: 99,
    edns: { size: 1400, dnssecOk: true, clientSubnet: { address: '2001:db8:1234::', source: 48 } },
  })
  const decoded = packet.decode(Buffer.from(query)) as unknown as Record<string, Record<string, unknown>[]>
  expect(decoded).toMatchObject({
    id: 99,
    questions: [{ name: 'Www.example.com', type: 'UNKNOWN_65' }],
    additionals: [{ type: 'OPT', udpPayloadSize: 1400, flag_do: true }],
  })
  const [option] = decoded['additionals']![0]!['options'] as Record<string, unknown>[]
  expect(option).toMatchObject({ code: 8, family: 2, sourcePrefixLength: 48, ip: '2001:db8:1234::' })
})

test('dns2 parses the queries that are built', () => {
  const query = buildQuery({ name: 'www.example.com', type: 'AAAA', id: 3, edns: {} })
  const parsed = Packet.parse(Buffer.from(query)) as unknown as { header: { id: number }; questions: unknown[] }
  expect(parsed.header.id).toBe(3)
  expect(parsed.questions).toMatchObject([{ name: 'www.example.com', type: 28, class: 1 }])
})

test('decodes EDNS and client subnets', () => {
  const query = buildQuery({
    name: '.',
    type: 'NS',
    edns: { size: 512, version: 1, clientSubnet: { address: '192.0.2.0', source: 25, scope: 24 } },
  })
  expect(decodeMessage(query).edns).toMatchObject({
    size: 512,
    version: 1,
    dnssecOk: false,
    clientSubnet: { address: '192.0.2.0', source: 25, scope: 24 },
  })
})

test('joins the two parts of an extended response code', () => {
  const response = Uint8Array.from([0, 1, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 41, 2, 0, 1, 0, 0, 0, 0, 0])
  expect(decodeMessage(response).rcode).toBe('BADVERS')
})

describe('refuses', () => {
  test('a message cut short anywhere', () => {
    const bytes = encoded()
    for (let end = 0; end < bytes.length; end++) expect(() => decodeMessage(bytes.slice(0, end))).toThrow()
  })

  test('bytes behind the message', () => {
    expect(() => decodeMessage(Uint8Array.from([...encoded(), 0]))).toThrow('1 bytes follow')
  })

  test('a wrong count', () => {
    const bytes = encoded()
    bytes[7] = 0
    expect(() => decodeMessage(bytes)).toThrow()
  })

  test('an rdata length that its names do not fill', () => {
    const ns = [0, 0, 2, 0, 1, 0, 0, 0, 1, 0, 2, 0, 0]
    const message = Uint8Array.from([0, 0, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0, ...ns])
    expect(() => decodeMessage(message)).toThrow('malformed')
  })

  test('a client subnet with bits beyond its source', () => {
    const stray = buildQuery({ name: '.', type: 'A', edns: { clientSubnet: { address: '192.0.2.1', source: 25 } } })
    expect(() => decodeMessage(stray)).toThrow('beyond its source')
  })

  test('random bytes, by an exception of its own at most', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (tail) => {
        const bytes = Uint8Array.from([0, 0, 0x80, 0, 0, 1, 0, 1, 0, 0, 0, 0, ...tail])
        try {
          decodeMessage(bytes)
        } catch (error) {
          expect((error as Error).name).toBe('Error')
        }
      }),
      { numRuns: 2000 },
    )
  })
})
