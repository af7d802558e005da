import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { counter, endCounter, TCP_ENDS } from '../../src/metrics/counters.ts'
import type { Server } from '../../src/server/server.ts'
import { createTestServer, frame, query, tcpClient, waitUntil, withServer } from './fixtures/clients.ts'
import { DO } from './fixtures/fake-responder.ts'
import { WIDE_TCP_LIMITS } from '../support/tcp-limits.ts'

const ids = (messages: readonly Buffer[]) => messages.map((message) => message.readUInt16BE(0))

describe.each([{ withoutSystemCalls: false }, { withoutSystemCalls: true }])(
  'TCP, without system calls: $withoutSystemCalls',
  ({ withoutSystemCalls }) => {
    const server = createTestServer({
      withoutSystemCalls,
      endpoints: [
        { host: '127.0.0.1', port: 0 },
        { host: '::1', port: 0 },
      ],
    })
    let port = 0
    beforeAll(async () => {
      expect(await server.start()).toEqual([])
      port = server.endpoints[0]!.port
    })
    afterAll(() => server.stop())

    test('answers over IPv4 and IPv6 with the limit of a stream', async () => {
      for (const { host, port } of server.endpoints) {
        const client = await tcpClient(port, host)
        client.socket.write(frame(query(3, DO.echo, '@')))
        const [answer] = await client.waitFor(1)
        client.socket.destroy()
        expect(answer!.readUInt16BE(4)).toBe(65_535)
        expect(answer!.subarray(9).toString()).toBe(`@${host}`)
      }
    })

    test('pipelining: many messages in one segment are answered in order', async () => {
      const client = await tcpClient(port)
      const wanted = Array.from({ length: 500 }, (_, id) => id)
      client.socket.write(Buffer.concat(wanted.map((id) => frame(query(id, DO.echo)))))
      expect(ids(await client.waitFor(500))).toEqual(wanted)
      client.socket.destroy()
    })

    test('a message that trickles in byte by byte is answered', async () => {
      const client = await tcpClient(port)
      client.socket.setNoDelay(true)
      for (const byte of Buffer.concat([frame(query(1, DO.echo, 'ab')), frame(query(2, DO.echo))])) {
        client.socket.write(Buffer.of(byte))
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
      expect(ids(await client.waitFor(2))).toEqual([1, 2])
      client.socket.destroy()
    })

    test('the longest message and the longest answer pass', async () => {
      const client = await tcpClient(port)
      client.socket.write(frame(query(1, DO.fill, 'x'.repeat(65_535 - 13))))
      expect((await client.waitFor(1))[0]!.length).toBe(65_535)
      client.socket.destroy()
    })

    test('an empty message and silence leave the connection open', async () => {
      const client = await tcpClient(port)
      client.socket.write(
        Buffer.concat([frame(Buffer.alloc(0)), frame(query(1, DO.silence)), frame(query(2, DO.echo))]),
      )
      expect(ids(await client.waitFor(1))).toEqual([2])
      client.socket.destroy()
    })

    test('an exception in the query path is SERVFAIL and the connection goes on', async () => {
      const client = await tcpClient(port)
      client.socket.write(Buffer.concat([frame(query(1, DO.throw)), frame(query(2, DO.echo))]))
      const answers = await client.waitFor(2)
      expect(ids(answers)).toEqual([1, 2])
      expect(answers[0]![3]! & 0x0f).toBe(2)
      client.socket.destroy()
    })

    test('a half-closed peer gets every answer, then our end', async () => {
      const client = await tcpClient(port)
      client.socket.end(Buffer.concat([1, 2, 3].map((id) => frame(query(id, DO.fill)))))
      await client.over()
      expect(ids(client.received())).toEqual([1, 2, 3])
    })

    test('a slow reader is not served beyond a bound, gets all once it reads, and others are served meanwhile', async () => {
      const answered = () => server.counters[1]![counter.tcpAnswers]!
      const before = answered()
      const slow = await tcpClient(port)
      slow.socket.pause()
      const wanted = Array.from({ length: 400 }, (_, id) => id)
      slow.socket.write(Buffer.concat(wanted.map((id) => frame(query(id, DO.fill)))))
      const other = await tcpClient(port)
      other.socket.write(frame(query(9, DO.echo)))
      await other.waitFor(1)
      // 400 answers of 65,535 bytes are 26 MB. The kernel's buffers take some, ours by choice; we hold less than two answers.
      expect(answered() - before).toBeLessThan(withoutSystemCalls ? 300 : 30)
      slow.socket.resume()
      expect(ids(await slow.waitFor(400, 8000))).toEqual(wanted)
      slow.socket.destroy()
      other.socket.destroy()
    })

    test('resets, with queries under way too, are survived', async () => {
      for (let i = 0; i < 20; i++) {
        const client = await tcpClient(port)
        client.socket.write(frame(query(i, DO.fill)))
        client.socket.resetAndDestroy()
      }
      const client = await tcpClient(port)
      client.socket.write(frame(query(1, DO.echo)))
      expect(ids(await client.waitFor(1))).toEqual([1])
      client.socket.destroy()
      expect(server.workers().map(({ replacements }) => replacements)).toEqual([0, 0])
    })
  },
)

/** Connections that the server ended, by reason. */
function ends(server: Server): Record<string, number> {
  const counts = TCP_ENDS.map((reason) => [reason, server.counters[1]![endCounter(reason)]!] as const)
  return Object.fromEntries(counts.filter(([, count]) => count > 0))
}

describe('TCP limits', () => {
  const limits = (changes: object) => ({
    tcp: { ...WIDE_TCP_LIMITS, ...changes },
  })

  test('a reader who never reads is closed when the idle time is over', () =>
    withServer(limits({ idleTimeoutMs: 300 }), async (server, port) => {
      const client = await tcpClient(port)
      client.socket.pause()
      client.socket.write(Buffer.concat(Array.from({ length: 400 }, (_, id) => frame(query(id, DO.fill)))))
      await new Promise((resolve) => setTimeout(resolve, 700))
      client.socket.resume()
      await client.over()
      expect(client.received().length).toBeLessThan(400)
      expect(ends(server)).toEqual({ unread: 1 })
      expect(server.counters[1]![counter.tcpPaused]).toBeGreaterThan(0)
    }))

  test('idle connections are closed, trickling ones too, busy ones are not', () =>
    withServer(limits({ idleTimeoutMs: 300 }), async (server, port) => {
      const [idle, trickling, busy] = await Promise.all([tcpClient(port), tcpClient(port), tcpClient(port)])
      const timer = setInterval(() => {
        trickling.socket.write(Buffer.of(1))
        busy.socket.write(frame(query(1, DO.echo)))
      }, 50)
      const started = performance.now()
      await Promise.all([idle.over(), trickling.over()])
      expect(performance.now() - started).toBeGreaterThan(250)
      expect(busy.isOver()).toBe(false)
      expect(ends(server)).toEqual({ idle: 1, trickle: 1 })
      clearInterval(timer)
      ;[idle, trickling, busy].forEach(({ socket }) => socket.destroy())
    }))

  test('refuses connections beyond the limit of one client, and lets it in again when one has closed', () =>
    withServer(limits({ maxConnectionsPerClient: 2 }), async (server, port) => {
      const kept = await Promise.all([tcpClient(port), tcpClient(port)])
      const refused = await tcpClient(port)
      await refused.over()
      const neighbour = await tcpClient(port, '127.0.0.1', '127.0.0.7')
      neighbour.socket.write(frame(query(1, DO.echo)))
      expect(ids(await neighbour.waitFor(1))).toEqual([1])
      expect(server.counters[1]![counter.tcpRefused]).toBe(1)
      kept[0].socket.destroy()
      await waitUntil(() => kept[0].socket.closed, Boolean)
      await new Promise((resolve) => setTimeout(resolve, 50))
      const again = await tcpClient(port)
      again.socket.write(frame(query(2, DO.echo)))
      expect(ids(await again.waitFor(1))).toEqual([2])
      ;[kept[1], neighbour, again].forEach(({ socket }) => socket.destroy())
    }))

  test('counts an IPv6 /64 as one client', () =>
    withServer(
      { ...limits({ maxConnectionsPerClient: 1 }), endpoints: [{ host: '::1', port: 0 }] },
      async (_, port) => {
        const kept = await tcpClient(port, '::1')
        await (await tcpClient(port, '::1')).over()
        kept.socket.destroy()
      },
    ))

  test('for one more than there may be, the one longest idle is closed', () =>
    withServer(limits({ maxConnections: 2 }), async (server, port) => {
      const [busy, idle] = [await tcpClient(port), await tcpClient(port)]
      busy.socket.write(frame(query(1, DO.echo)))
      await busy.waitFor(1)
      const next = await tcpClient(port)
      await idle.over()
      for (const client of [busy, next]) {
        client.socket.write(frame(query(2, DO.echo)))
        expect(ids(await client.waitFor(client === busy ? 2 : 1)).at(-1)).toBe(2)
      }
      expect(ends(server)).toEqual({ crowded: 1 })
      expect(server.counters[1]![counter.tcpOpen]).toBe(2)
      ;[busy, next].forEach(({ socket }) => socket.destroy())
    }))

  test('a length prefix beyond the limit ends the connection, after what came before it', () =>
    withServer(limits({ maxQueryBytes: 512 }), async (server, port) => {
      const client = await tcpClient(port)
      const longest = query(2, DO.echo, 'x'.repeat(512 - 13))
      client.socket.write(Buffer.concat([frame(query(1, DO.echo)), frame(longest), Buffer.of(2, 1)]))
      await client.over()
      expect(ids(client.received())).toEqual([1, 2])
      expect(ends(server)).toEqual({ oversize: 1 })
    }))

  test('a connection ends after so many messages, all of them answered', () =>
    withServer(limits({ maxQueries: 3 }), async (server, port) => {
      const client = await tcpClient(port)
      client.socket.write(Buffer.concat([1, 2, 3, 4].map((id) => frame(query(id, DO.fill)))))
      await client.over()
      expect(ids(client.received())).toEqual([1, 2, 3])
      expect(ends(server)).toEqual({ queries: 1 })
    }))

  test('a connection ends at the first message after so much time', () =>
    withServer(limits({ maxAgeMs: 200 }), async (server, port) => {
      const client = await tcpClient(port)
      client.socket.write(frame(query(1, DO.echo)))
      await client.waitFor(1)
      await new Promise((resolve) => setTimeout(resolve, 250))
      client.socket.write(frame(query(2, DO.echo)))
      await client.over()
      expect(ids(client.received())).toEqual([1, 2])
      expect(ends(server)).toEqual({ age: 1 })
    }))

  test('stopping lets answers go out and closes idle connections', () =>
    withServer({}, async (server, port) => {
      const reading = await tcpClient(port)
      const idle = await tcpClient(port)
      reading.socket.write(frame(query(1, DO.fill)))
      await reading.waitFor(1)
      const started = performance.now()
      await server.stop()
      expect(performance.now() - started).toBeLessThan(400)
      await Promise.all([reading.over(), idle.over()])
      ;[reading, idle].forEach(({ socket }) => socket.destroy())
    }))
})
