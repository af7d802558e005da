// What every UDP listener must do, over real sockets of loopback.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { counter, dropCounter } from '../../src/metrics/counters.ts'
import { MAX_QUERY_BYTES } from '../../src/server/listener.ts'
import type { Loss, Replacement } from '../../src/server/slot.ts'
import { ask, createTestServer, query, udpClient, waitUntil, withServer } from './fixtures/clients.ts'
import { DO } from './fixtures/fake-responder.ts'
import { openForger } from './fixtures/forger.ts'
import { canMakeNetworks } from './fixtures/networks.ts'

const isLinux = process.platform === 'linux'
const forger = await openForger()
const LISTENERS = [
  ...(isLinux ? ([{ listener: 'batched', options: { sockets: 'batched' } }] as const) : []),
  { listener: 'portable', options: { sockets: 'portable' } },
  { listener: 'portable, on sockets of its own', options: { withoutSystemCalls: true } },
] as const

describe.each(LISTENERS)('$listener', ({ listener, options }) => {
  const troubles: string[] = []
  const server = createTestServer({
    ...options,
    endpoints: [
      { host: '127.0.0.1', port: 0 },
      { host: '::1', port: 0 },
    ],
    workers: 2,
    events: { onTrouble: (_, text) => troubles.push(text) },
  })
  const count = (which: number) => server.counters[0]![which]! + server.counters[1]![which]!
  let port = 0
  beforeAll(async () => {
    expect(await server.start()).toEqual([])
    port = server.endpoints[0]!.port
  })
  afterAll(() => server.stop())

  /** Both workers stand still meanwhile, so that all of it is there when they read on. */
  async function atOnce(send: () => void): Promise<void> {
    server.spin(0, 120)
    server.spin(1, 120)
    await wait(70)
    send()
  }

  test('says which listener runs', () => {
    expect(server.describe()).toMatch(
      listener === 'batched' ? /^UDP is read in batches;/ : /node:dgram, not in batches/,
    )
  })

  test('answers with the client address, the limit and a query path that was entered once', async () => {
    const client = await udpClient('127.0.0.1', '127.0.0.9')
    const answer = (await ask(client, query(0x1234, DO.echo, 'hello'), port))!
    client.close()
    expect(answer.readUInt16BE(0)).toBe(0x1234)
    expect(answer.readUInt16BE(4)).toBe(1232)
    expect(answer[6]).toBe(1)
    expect(answer.subarray(9).toString()).toBe('hello127.0.0.9')
  })

  test('serves IPv4 and IPv6 endpoints', async () => {
    for (const { host, port } of server.endpoints) {
      const client = await udpClient(host)
      const answer = await ask(client, query(7, DO.echo, '@'), port, host)
      client.close()
      expect(answer?.subarray(9).toString()).toBe(`@${host}`)
    }
  })

  test('many clients at once each get their own answer, and nothing beside', async () => {
    const clients = await Promise.all(Array.from({ length: 200 }, () => udpClient('127.0.0.1')))
    const got = clients.map((client) => {
      const messages: Buffer[] = []
      client.on('message', (message) => messages.push(message))
      return messages
    })
    // Every third asks for silence.
    const action = (i: number) => (i % 3 === 0 ? DO.silence : DO.echo)
    await atOnce(() => clients.forEach((client, i) => client.send(query(i, action(i), `#${i}#`), port, '127.0.0.1')))
    await waitUntil(
      () => got.flat(),
      (all) => all.length === 133,
    )
    clients.forEach((client) => client.close())
    got.forEach((messages, i) => {
      const texts = messages.map((message) => `${message.readUInt16BE(0)} ${message.subarray(9).toString()}`)
      expect(texts).toEqual(i % 3 === 0 ? [] : [`${i} #${i}#127.0.0.1`])
    })
  })

  test('a burst of large answers comes back whole: no buffer is reused while it waits', async () => {
    const client = await udpClient('127.0.0.1')
    client.setRecvBufferSize(1 << 20)
    const bodies = new Map<number, string>()
    client.on('message', (message) => bodies.set(message.readUInt16BE(0), message.subarray(9).toString()))
    const body = (id: number) => String(id).padStart(1100, '.')
    for (let id = 0; id < 150; id++) client.send(query(id, DO.echo, body(id)), port, '127.0.0.1')
    await waitUntil(
      () => bodies,
      ({ size }) => size === 150,
    )
    client.close()
    for (const [id, text] of bodies) expect(text).toBe(`${body(id)}127.0.0.1`)
  })

  test('keeps silent when told to, and to what is empty or too long; and goes on', async () => {
    const client = await udpClient('127.0.0.1')
    const ids: number[] = []
    client.on('message', (message) => ids.push(message.readUInt16BE(0)))
    const dropped = count(dropCounter('oversize'))
    const longest = 'x'.repeat(MAX_QUERY_BYTES - 13)
    for (const message of [
      query(1, DO.silence),
      Buffer.alloc(0),
      query(2, DO.echo, `${longest}x`),
      query(3, DO.echo, longest),
      query(4, DO.echo),
    ]) {
      client.send(message, port, '127.0.0.1')
    }
    await waitUntil(
      () => ids,
      (all) => all.length === 2,
    )
    client.close()
    expect(ids).toEqual([3, 4])
    expect(count(dropCounter('oversize')) - dropped).toBe(1)
  })

  test('an exception in the query path is SERVFAIL, counted and reported; the next query is answered', async () => {
    const client = await udpClient('127.0.0.1')
    const answer = (await ask(client, query(5, DO.throw), port))!
    expect(answer.readUInt16BE(0)).toBe(5)
    expect(answer[3]! & 0x0f).toBe(2)
    expect(count(counter.internalErrors)).toBe(1)
    await waitUntil(
      () => troubles,
      (all) => all.length === 1,
    )
    expect(troubles[0]).toContain('asked to throw')
    expect(await ask(client, query(6, DO.echo), port)).toBeDefined()
    client.close()
  })

  test.skipIf(!forger)('forged senders with port 0 cost no other client an answer', async () => {
    const clients = await Promise.all(Array.from({ length: 60 }, () => udpClient('127.0.0.1')))
    const answered = new Set<number>()
    const failed = count(counter.sendErrors)
    clients.forEach((client, i) => client.on('message', () => answered.add(i)))
    await atOnce(() =>
      clients.forEach((client, i) => {
        forger!.send('127.0.0.1', 0, port, query(i, DO.echo))
        client.send(query(i, DO.echo), port, '127.0.0.1')
      }),
    )
    await waitUntil(
      () => answered,
      ({ size }) => size === clients.length,
    )
    clients.forEach((client) => client.close())
    await waitUntil(
      () => count(counter.sendErrors) - failed,
      (forged) => forged === clients.length,
    )
  })

  test('a killed or stalled worker is replaced, and what came meanwhile is answered', async () => {
    const lost: Loss[] = []
    const replaced: Replacement[] = []
    const events = { onLost: (loss: Loss) => lost.push(loss), onReplaced: (one: Replacement) => replaced.push(one) }
    await withServer({ ...options, events }, async (server, port) => {
      const client = await udpClient('127.0.0.1')
      const got = new Set<number>()
      client.on('message', (message) => got.add(message.readUInt16BE(0)))
      const ends = [() => server.kill(0), () => server.spin(0, 10_000)]
      for (const [round, end] of ends.entries()) {
        end()
        // The hook takes effect with the next beat.
        await wait(60)
        if ('withoutSystemCalls' in options) {
          await waitUntil(
            () => replaced,
            (all) => all.length === round + 1,
          )
        }
        client.send(query(round, DO.echo), port, '127.0.0.1')
        await waitUntil(
          () => got,
          (all) => all.has(round),
        )
      }
      client.close()
      expect(lost[0]!.cause).toContain('killed by the test hook')
      expect(lost[1]!.cause).toMatch(/^stalled/)
    })
  })

  test('stops within 200 ms, idle and under load', async () => {
    const stopMs = async (load: boolean) => {
      let tookMs = 0
      await withServer(options, async (server, port) => {
        const client = await udpClient('127.0.0.1')
        const timer = setInterval(() => {
          for (let i = 0; load && i < 50; i++) client.send(query(i, DO.echo), port, '127.0.0.1')
        }, 1)
        await wait(100)
        const started = performance.now()
        await server.stop()
        tookMs = performance.now() - started
        clearInterval(timer)
        client.close()
      })
      return tookMs
    }
    // 200 ms is when a worker is ended by force; the rest is what a busy machine takes for it.
    expect(await stopMs(false)).toBeLessThan(400)
    expect(await stopMs(true)).toBeLessThan(400)
  })
})

describe.runIf(isLinux)('a wildcard address', () => {
  test('answers from the address that was asked', async () => {
    await withServer({ endpoints: [{ host: '0.0.0.0', port: 0 }] }, async (_, port) => {
      const client = await udpClient('127.0.0.1')
      const from: string[] = []
      client.on('message', (_, { address }) => from.push(address))
      const hosts = ['127.0.0.5', '127.0.0.1', '127.3.2.1']
      for (const host of hosts) client.send(query(1, DO.echo), port, host)
      await waitUntil(
        () => from,
        (all) => all.length === 3,
      )
      client.close()
      expect(from).toEqual(hosts)
    })
  })

  test('of IPv6, too', async () => {
    await withServer({ endpoints: [{ host: '::', port: 0 }] }, async (_, port) => {
      const client = await udpClient('::1')
      const answer = await ask(client, query(1, DO.echo), port, '::1')
      client.close()
      expect(answer?.subarray(9).toString()).toBe('::1')
    })
  })

  test.skipIf(!canMakeNetworks())('of IPv6 with several addresses, in a network of its own', async () => {
    const program = fileURLToPath(new URL('./fixtures/ask-wildcard.ts', import.meta.url))
    const addresses = ['fd00::5', 'fd00::6', '::1']
    const script =
      'ip link set lo up && ip addr add fd00::5/128 dev lo && ip addr add fd00::6/128 dev lo && exec "$0" "$@"'
    const words = ['-rn', 'sh', '-c', script, process.execPath, program, ...addresses]
    const { stdout } = await promisify(execFile)('unshare', words, { timeout: 8000 })
    expect(stdout.trim().split('\n')).toEqual(addresses.map((address) => `${address} answered`))
  })

  test('is told of where the listener cannot do that', async () => {
    await withServer({ sockets: 'portable', endpoints: [{ host: '0.0.0.0', port: 0 }] }, async (server) => {
      expect(server.describe()).toContain(
        '(so configured), answers to 0.0.0.0 leave from an address that the system chooses',
      )
    })
  })
})

test('who insists on batches where they are impossible gets a fault, not the other listener', async () => {
  const server = createTestServer({ sockets: 'batched', withoutSystemCalls: true })
  expect((await server.start()).map(({ code, hint }) => `${code}: ${hint}`)).toEqual([
    'batches-impossible: leave the choice of sockets open, or choose portable ones',
  ])
})
