import { afterEach, describe, expect, it } from 'vitest'
import { parseAddress } from '../../../src/base/address.ts'
import { systemClock } from '../../../src/base/clock.ts'
import type { Observation } from '../../../src/health/health.ts'
import type { DnsMonitor } from '../../../src/health/monitor.ts'
import { createDnsProbe } from '../../../src/health/prober/dns.ts'
import { answerDns } from './answers.ts'
import { dnsMonitor } from './monitors.ts'
import { closeAll, serve, serveUdp } from './servers.ts'

const probeDns = createDnsProbe()
afterEach(closeAll)

type Answer = (query: Buffer) => Uint8Array | undefined

async function probe(answer: Answer, monitor: Partial<DnsMonitor> = {}, host = '127.1.0.1'): Promise<Observation> {
  const { port } = await serveUdp((query, reply) => {
    const said = answer(query)
    if (said !== undefined) reply(said)
  }, host)
  return aim({ ...monitor, port }, host)
}

function aim(monitor: Partial<DnsMonitor>, host = '127.1.0.1'): Promise<Observation> {
  const target = { id: 'test', address: parseAddress(host)!, monitor: { ...dnsMonitor, timeoutMs: 200, ...monitor } }
  return probeDns(target, new AbortController().signal, systemClock)
}

const good: Answer = (query) => answerDns(query, ['192.0.2.1', '192.0.2.2'])

function patched(answer: Buffer, at: number, value: number): Buffer {
  answer[at] = value
  return answer
}

describe('the dns prober over UDP', () => {
  it.each(['127.1.0.1', '::1'])('sees a server at %s', async (host) => {
    const seen = await probe(good, {}, host)
    expect(seen).toMatchObject({ outcome: 'success', reason: expect.stringMatching(/^NOERROR in \d+ ms$/) as string })
  })

  it('finds the answer that is expected', async () => {
    expect((await probe(good, { expectedAnswer: '192.0.2.2' })).outcome).toBe('success')
    expect(await probe(good, { expectedAnswer: '192.0.2.9' })).toMatchObject({
      outcome: 'failure',
      reason: 'NOERROR, but 192.0.2.1, 192.0.2.2',
    })
    const empty: Answer = (query) => answerDns(query, [])
    expect(await probe(empty, { expectedAnswer: '192.0.2.9' })).toMatchObject({ reason: 'NOERROR, but no answer' })
  })

  it('takes the RCODEs that are configured', async () => {
    const absent: Answer = (query) => answerDns(query, [], 3)
    expect(await probe(absent)).toMatchObject({ outcome: 'failure', reason: 'NXDOMAIN' })
    expect((await probe(absent, { expectedRcodes: [0, 3] })).outcome).toBe('success')
    expect(await probe((query) => answerDns(query, [], 5))).toMatchObject({ outcome: 'failure', reason: 'REFUSED' })
  })

  it.each<[string, Answer]>([
    ['another id', (query) => patched(answerDns(query, []), 0, query[0]! ^ 1)],
    ['another question', (query) => patched(answerDns(query, []), 13, 0x78)],
    ['the query itself', (query) => query],
    ['three bytes', () => Uint8Array.of(1, 2, 3)],
    ['nothing', () => undefined],
  ])('does not take %s for an answer', async (_what, answer) => {
    const seen = await probe(answer)
    expect(seen).toMatchObject({ outcome: 'failure', waited: true })
    expect(seen.reason).toMatch(/^timeout after 200 ms: (no answer|only messages that do not answer the query)$/)
  })

  it('waits for the true answer behind a false one', async () => {
    const { port } = await serveUdp((query, reply) => {
      reply(patched(answerDns(query, []), 0, query[0]! ^ 1))
      reply(answerDns(query, ['192.0.2.1']))
    })
    expect((await aim({ port, expectedAnswer: '192.0.2.1' })).outcome).toBe('success')
  })

  it('takes a question in other case, and an error without a question', async () => {
    expect((await probe((query) => patched(answerDns(query, []), 13, 0x57))).outcome).toBe('success')
    const bare: Answer = (query) => Uint8Array.of(query[0]!, query[1]!, 0x80, 2, 0, 0, 0, 0, 0, 0, 0, 0)
    expect(await probe(bare)).toMatchObject({ outcome: 'failure', reason: 'SERVFAIL' })
  })

  it('says what is wrong with an answer that it cannot read', async () => {
    const cut: Answer = (query) => answerDns(query, ['192.0.2.1']).subarray(0, -3)
    expect(await probe(cut, { expectedAnswer: '192.0.2.1' })).toMatchObject({ reason: 'NOERROR, but malformed' })
    const truncated: Answer = (query) => patched(answerDns(query, []), 2, 0x83)
    expect(await probe(truncated, { expectedAnswer: '192.0.2.1' })).toMatchObject({
      reason: 'NOERROR, but truncated: ask by tcp',
    })
  })

  it('sees that nobody listens', async () => {
    const { port, close } = await serveUdp(() => undefined)
    await close()
    expect(await aim({ port })).toMatchObject({ outcome: 'failure', reason: 'refused' })
  })
})

it('asks over TCP, and fails what does not answer the query', async () => {
  const framed = (answer: Uint8Array): Uint8Array => Uint8Array.of(answer.length >> 8, answer.length & 0xff, ...answer)
  const { port } = await serve((socket) => {
    socket.on('data', (query: Buffer) => {
      const answer = framed(answerDns(query.subarray(2), ['192.0.2.1']))
      socket.write(answer.subarray(0, 5))
      setTimeout(() => socket.write(answer.subarray(5)), 10)
    })
  })
  expect((await aim({ port, transport: 'tcp', expectedAnswer: '192.0.2.1' })).outcome).toBe('success')
  const { port: liar } = await serve((socket) => {
    socket.on('data', () => socket.write(framed(new Uint8Array(20))))
  })
  const reason = 'the message does not answer the query'
  expect(await aim({ port: liar, transport: 'tcp' })).toMatchObject({ outcome: 'failure', reason })
})
