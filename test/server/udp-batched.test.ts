import { constants } from 'node:os'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { formatAddress, parseAddress, readWords } from '../../src/base/address.ts'
import { counter, createCounters, dropCounter } from '../../src/metrics/counters.ts'
import { BATCH_SIZE } from '../../src/server/batch.ts'
import { MAX_QUERY_BYTES } from '../../src/server/listener.ts'
import { BatchLoop } from '../../src/server/udp-batched.ts'
import { controlMessage, FakeKernel, socketAddress, type Datagram } from './fixtures/fake-kernel.ts'
import { WIDE_TCP_LIMITS } from '../support/tcp-limits.ts'

const { EAGAIN, EBADF, ECONNREFUSED, EINTR, EINVAL, ENOBUFS, ENOMEM } = constants.errno
const [FD, OTHER_FD] = [3, 4]
const SILENT = 's'.charCodeAt(0)

let kernel: FakeKernel
let counters = createCounters()
let reports: unknown[] = []
let running = true

beforeEach(() => {
  kernel = new FakeKernel()
  counters = createCounters()
  reports = []
  running = true
})

/** Answers each query with its bytes turned round and the client's address; those that begin with an s with silence. */
function createLoop(fds: readonly number[] = [FD], udpPayloadBytes = 1232): BatchLoop {
  let entered = 0
  const setup = {
    loan: fds.map((fd) => ({ fd, endpoint: { host: '127.0.0.1', port: 53 }, reusePort: false })),
    responder: {
      enter: () => expect(++entered).toBe(1),
      leave: () => expect(--entered).toBe(0),
      sent: () => expect(entered).toBe(0),
      answer: (
        input: Uint8Array,
        at: number,
        length: number,
        client: Int32Array,
        output: Uint8Array,
        outAt: number,
      ) => {
        expect(entered).toBe(1)
        if (input[at] === SILENT) return 0
        const query = input.slice(at, at + length).reverse()
        const answer = Buffer.concat([query, Buffer.from(formatAddress(readWords(client)))]).subarray(
          0,
          udpPayloadBytes,
        )
        output.set(answer, outAt)
        return answer.length
      },
    },
    counters,
    lifeline: {
      pulse: () => running,
      ending: () => 'soon' as const,
      adopt: () => expect.unreachable('lent sockets are the main thread’s to close'),
      atEnd: () => undefined,
      ready: () => undefined,
      report: (error: unknown) => void reports.push(error),
    },
    limits: { udpPayloadBytes, tcp: WIDE_TCP_LIMITS },
    now: () => 0,
  }
  return new BatchLoop(setup, kernel)
}

function nameOf(host: string, port = 4000): Uint8Array {
  const { family, bytes } = parseAddress(host)!
  return socketAddress(family, bytes, port)
}

function queryOf(text: string, host = '192.0.2.1', port = 4000): Datagram {
  return { name: nameOf(host, port), data: Buffer.from(text) }
}

const texts = (datagrams: readonly Datagram[] | undefined) => datagrams?.map(({ data }) => Buffer.from(data).toString())
const numbered = (count: number) => Array.from({ length: count }, (_, i) => queryOf(`#${i}`, `192.0.2.${i % 250}`))
const answersTo = (queries: readonly Datagram[]) =>
  queries.map(({ data, name }) => Buffer.from(data).reverse().toString() + name.subarray(4, 8).join('.'))

test('answers each query of a batch to its own sender, and none twice', () => {
  const queries = numbered(100)
  kernel.incoming.set(FD, [...queries])
  const loop = createLoop()
  for (let i = 0; i < 3; i++) expect(loop.step()).toBe(true)
  expect(texts(kernel.outgoing.get(FD))).toEqual(answersTo(queries))
  expect(kernel.outgoing.get(FD)!.map(({ name }) => name)).toEqual(queries.map(({ name }) => name))
})

test('silence, forged senders and queries that are too long leave no gap and cost nobody an answer', () => {
  const queries = [
    queryOf('one'),
    queryOf('silent'),
    queryOf('forged', '192.0.2.9', 0),
    queryOf('two', '2001:db8::2'),
    queryOf('x'.repeat(MAX_QUERY_BYTES + 1)),
    queryOf('three', '192.0.2.3'),
  ]
  kernel.incoming.set(FD, [...queries])
  createLoop().step()
  expect(texts(kernel.outgoing.get(FD))).toEqual(['eno192.0.2.1', 'owt2001:db8::2', 'eerht192.0.2.3'])
  expect(kernel.outgoing.get(FD)!.map(({ name }) => name)).toEqual([0, 3, 5].map((i) => queries[i]!.name))
  expect(counters[counter.sendErrors]).toBe(1)
  expect(counters[dropCounter('oversize')]).toBe(1)
})

test('the longest query and the longest answer pass', () => {
  kernel.incoming.set(FD, [queryOf('x'.repeat(MAX_QUERY_BYTES)), queryOf('next')])
  createLoop([FD], 4096).step()
  expect(kernel.outgoing.get(FD)![0]!.data).toHaveLength(4096)
  expect(texts(kernel.outgoing.get(FD))![1]).toBe('txen192.0.2.1')
})

test('whatever the address, the client is who base/address says and the answer goes to where the query came from', () => {
  const host = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.ipV4().map((text) => `::ffff:${text}`),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(host, fc.integer({ min: 1, max: 65_535 })), { maxLength: BATCH_SIZE }), (senders) => {
      kernel = new FakeKernel()
      const queries = senders.map(([host, port]) => ({ name: rawName(host, port), data: Buffer.from('q') }))
      kernel.incoming.set(FD, [...queries])
      createLoop().step()
      const sent = kernel.outgoing.get(FD) ?? []
      expect(texts(sent)).toEqual(senders.map(([host]) => `q${formatAddress(parseAddress(host)!)}`))
      expect(sent.map(({ name }) => name)).toEqual(queries.map(({ name }) => name))
    }),
  )
})

/** As the kernel gives it: a mapped address is an IPv6 one to a socket of both families. */
function rawName(host: string, port: number): Uint8Array {
  const mapped = /^::ffff:([\d.]+)$/.exec(host)?.[1]
  if (mapped === undefined) return nameOf(host, port)
  return socketAddress(6, Uint8Array.of(...Array<number>(10).fill(0), 255, 255, ...parseAddress(mapped)!.bytes), port)
}

describe('the address that was asked', () => {
  const [IPV4_PKTINFO, IPV6_PKTINFO] = [8, 50]
  const bytes = (...hosts: string[]) => hosts.flatMap((host) => [...parseAddress(host)!.bytes])
  const interface7 = [7, 0, 0, 0]
  const interface0 = [0, 0, 0, 0]

  test('is the source of the answer, by any interface, for IPv4 and IPv6 side by side', () => {
    const ipv4 = controlMessage(0, IPV4_PKTINFO, Uint8Array.of(...interface7, ...bytes('127.0.0.5', '127.0.0.5')))
    const ipv6 = controlMessage(41, IPV6_PKTINFO, Uint8Array.of(...bytes('2001:db8::5'), ...interface7))
    kernel.incoming.set(FD, [
      { ...queryOf('silent'), control: ipv6 },
      { ...queryOf('a'), control: ipv4 },
      { ...queryOf('b', '2001:db8::1'), control: ipv6 },
      queryOf('c'),
    ])
    createLoop().step()
    expect(kernel.outgoing.get(FD)!.map(({ control }) => trimmed(control!))).toEqual([
      trimmed(controlMessage(0, IPV4_PKTINFO, Uint8Array.of(...interface0, ...bytes('127.0.0.5', '0.0.0.0')))),
      trimmed(controlMessage(41, IPV6_PKTINFO, Uint8Array.of(...bytes('2001:db8::5'), ...interface0))),
      [],
    ])
  })

  test('is the one of this query, whatever stood in its place before', () => {
    const ipv4 = controlMessage(0, IPV4_PKTINFO, Uint8Array.of(...interface7, ...bytes('127.0.0.5', '127.0.0.5')))
    const ipv6 = controlMessage(41, IPV6_PKTINFO, Uint8Array.of(...bytes('2001:db8::5'), ...interface7))
    const loop = createLoop()
    for (const control of [new Uint8Array(0), ipv4, ipv6, ipv4]) {
      kernel.incoming.set(FD, [{ ...queryOf('a'), control }])
      loop.step()
    }
    const [none, first, , second] = kernel.outgoing.get(FD)!.map(({ control }) => trimmed(control!))
    expect(none).toEqual([])
    expect(first!.slice(16)).toEqual([...interface0, ...bytes('127.0.0.5', '0.0.0.0')])
    expect(second).toEqual(first)
  })

  test('is found behind other control messages, and left to the system when it is not there', () => {
    const timestamp = controlMessage(1, 29, new Uint8Array(16))
    const ipv4 = controlMessage(0, IPV4_PKTINFO, Uint8Array.of(...interface7, ...bytes('127.0.0.5', '127.0.0.5')))
    kernel.incoming.set(FD, [
      { ...queryOf('a'), control: Buffer.concat([timestamp, ipv4]) },
      { ...queryOf('b'), control: timestamp },
    ])
    createLoop().step()
    const [a, b] = kernel.outgoing.get(FD)!
    expect([...a!.control!.subarray(20, 24)]).toEqual([127, 0, 0, 5])
    expect(b!.control).toHaveLength(0)
  })

  /** Without the padding behind the data. */
  function trimmed(control: Uint8Array): number[] {
    return control.length === 0 ? [] : [...control.subarray(0, control[0])]
  }
})

describe('sending', () => {
  test('a message that fails is left out and counted; the others go out', () => {
    const queries = numbered(10)
    kernel.incoming.set(FD, [...queries])
    kernel.script.sendmmsg.push({ most: 3 }, { errno: EINVAL }, { most: 2 }, { errno: ENOBUFS })
    createLoop().step()
    const answers = answersTo(queries)
    expect(texts(kernel.outgoing.get(FD))).toEqual([
      ...answers.slice(0, 3),
      ...answers.slice(4, 6),
      ...answers.slice(7),
    ])
    expect(counters[counter.sendErrors]).toBe(2)
  })

  test('an interrupted call is made again', () => {
    kernel.incoming.set(FD, numbered(2))
    kernel.script.sendmmsg.push({ errno: EINTR }, { most: 1 }, { errno: EINTR })
    createLoop().step()
    expect(kernel.outgoing.get(FD)).toHaveLength(2)
    expect(counters[counter.sendErrors]).toBe(0)
  })

  test('a full socket is waited for once; what then finds no room is dropped and counted', () => {
    kernel.incoming.set(FD, numbered(10))
    kernel.script.sendmmsg.push({ most: 4 }, { errno: EAGAIN }, { most: 2 }, { errno: EAGAIN })
    const loop = createLoop()
    loop.step()
    expect(kernel.outgoing.get(FD)).toHaveLength(6)
    expect(counters[counter.sendErrors]).toBe(4)
    expect(kernel.log.filter((call) => call.startsWith('poll'))).toHaveLength(2)
    kernel.incoming.set(FD, numbered(1))
    loop.step()
    expect(kernel.outgoing.get(FD)).toHaveLength(7)
  })

  test('a batch of silence sends nothing', () => {
    kernel.incoming.set(FD, [queryOf('s1'), queryOf('s2')])
    createLoop().step()
    expect(kernel.log).toEqual(['poll 0', 'recvmmsg 3'])
  })
})

describe('receiving', () => {
  test('an interruption, or nothing there after all, is no trouble', () => {
    const loop = createLoop()
    for (const errno of [EINTR, EAGAIN]) {
      kernel.incoming.set(FD, numbered(1))
      kernel.script.recvmmsg.push({ errno })
      expect(loop.step()).toBe(true)
    }
    kernel.script.poll.push({ errno: EINTR })
    expect(loop.step()).toBe(true)
    loop.step()
    expect(kernel.outgoing.get(FD)).toHaveLength(1)
    expect(reports).toEqual([])
  })

  test('trouble of a passing kind is reported and the next query answered', () => {
    const loop = createLoop()
    kernel.incoming.set(FD, numbered(1))
    kernel.script.recvmmsg.push({ errno: ECONNREFUSED }, { errno: ENOBUFS })
    for (let i = 0; i < 3; i++) loop.step()
    expect(reports.map(String)).toEqual(['Error: recvmmsg: ECONNREFUSED', 'Error: recvmmsg: ENOBUFS'])
    expect(kernel.outgoing.get(FD)).toHaveLength(1)
  })

  test('a descriptor that is none is the end of the worker', () => {
    const loop = createLoop()
    kernel.incoming.set(FD, numbered(1))
    kernel.script.recvmmsg.push({ errno: EBADF })
    expect(() => loop.step()).toThrow('recvmmsg: EBADF')
    kernel.script.poll.push({ errno: ENOMEM })
    expect(() => loop.step()).toThrow('poll: ENOMEM')
  })

  test('a flood on one socket does not keep the other waiting for more than a few batches', () => {
    kernel.incoming.set(FD, numbered(1000))
    kernel.incoming.set(OTHER_FD, numbered(1))
    const loop = createLoop([FD, OTHER_FD])
    loop.step()
    expect(kernel.outgoing.get(OTHER_FD)).toHaveLength(1)
    expect(kernel.outgoing.get(FD)!.length).toBeLessThan(1000)
    for (let i = 0; i < 4; i++) loop.step()
    expect(kernel.outgoing.get(FD)).toHaveLength(1000)
  })

  test('ends when told to, before it reads on', () => {
    kernel.incoming.set(FD, numbered(1))
    running = false
    expect(createLoop().step()).toBe(false)
    expect(kernel.log).toEqual([])
  })
})
