import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { counter } from '../../src/metrics/counters.ts'
import { ask, createTestServer, query, udpClient, waitUntil } from './fixtures/clients.ts'
import { DO } from './fixtures/fake-responder.ts'

describe.each([{ portable: false }, { portable: true }])('UDP, portable: $portable', ({ portable }) => {
  const troubles: string[] = []
  const server = createTestServer({
    portable,
    endpoints: [
      { host: '127.0.0.1', port: 0 },
      { host: '::1', port: 0 },
    ],
    workers: 2,
    events: { onTrouble: (_, text) => troubles.push(text) },
  })
  let port = 0
  beforeAll(async () => {
    expect(await server.start()).toEqual([])
    port = server.endpoints[0]!.port
  })
  afterAll(() => server.stop())

  test('answers with the client address, the limit and a query path that was entered once', async () => {
    const client = await udpClient('127.0.0.1', '127.0.0.9')
    const answer = (await ask(client, query(0x1234, DO.echo, 'hello'), port))!
    client.close()
    expect(answer.readUInt16BE(0)).toBe(0x1234)
    expect(answer.readUInt16BE(4)).toBe(1232)
    expect(answer[6]).toBe(1)
    expect(answer.subarray(9).toString()).toBe('hello127.0.0.9')
  })

  test('serves IPv4 and IPv6 endpoints with several workers', async () => {
    for (const { host, port } of server.endpoints) {
      const client = await udpClient(host)
      const answer = await ask(client, query(7, DO.echo, '@'), port, host)
      client.close()
      expect(answer?.subarray(9).toString()).toBe(`@${host}`)
    }
  })

  test('many clients at once each get their own answer', async () => {
    const clients = await Promise.all(Array.from({ length: 100 }, () => udpClient('127.0.0.1')))
    const answers = await Promise.all(clients.map((client, i) => ask(client, query(i, DO.echo, `#${i}#`), port)))
    clients.forEach((client) => client.close())
    answers.forEach((answer, i) => {
      expect(answer?.readUInt16BE(0)).toBe(i)
      expect(answer?.subarray(9).toString()).toBe(`#${i}#127.0.0.1`)
    })
  })

  test('keeps silent when told to, and goes on', async () => {
    const client = await udpClient('127.0.0.1')
    expect(await ask(client, query(1, DO.silence), port, '127.0.0.1', 100)).toBeUndefined()
    expect(await ask(client, query(2, DO.echo), port)).toBeDefined()
    client.close()
  })

  test('an exception in the query path is SERVFAIL, counted and reported; the next query is answered', async () => {
    const client = await udpClient('127.0.0.1')
    const answer = (await ask(client, query(5, DO.throw), port))!
    expect(answer.readUInt16BE(0)).toBe(5)
    expect(answer[3]! & 0x0f).toBe(2)
    expect(server.counters[0]![counter.internalErrors]! + server.counters[1]![counter.internalErrors]!).toBe(1)
    await waitUntil(
      () => troubles,
      (all) => all.length === 1,
    )
    expect(troubles[0]).toContain('asked to throw')
    expect(await ask(client, query(6, DO.echo), port)).toBeDefined()
    client.close()
  })

  test('a burst of large answers comes back whole: no buffer is reused while it waits', async () => {
    const client = await udpClient('127.0.0.1')
    client.setRecvBufferSize(1 << 20)
    const bodies = new Map<number, string>()
    client.on('message', (message) => bodies.set(message.readUInt16BE(0), message.subarray(9).toString()))
    for (let id = 0; id < 100; id++) client.send(query(id, DO.echo, String(id).padStart(900, '.')), port, '127.0.0.1')
    await waitUntil(
      () => bodies,
      ({ size }) => size === 100,
    )
    client.close()
    for (const [id, body] of bodies) expect(body).toBe(`${String(id).padStart(900, '.')}127.0.0.1`)
  })
})
