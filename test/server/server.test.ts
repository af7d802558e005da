import { execFile } from 'node:child_process'
import { readdirSync, readlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { Loss, Replacement } from '../../src/server/slot.ts'
import { STALL_MS } from '../../src/server/watch.ts'
import {
  ask,
  createTestServer,
  fakePublication,
  frame,
  query,
  tcpClient,
  udpClient,
  waitUntil,
  withServer,
} from './fixtures/clients.ts'
import { DO } from './fixtures/fake-responder.ts'

function recorder() {
  const lost: Loss[] = []
  const replaced: Replacement[] = []
  return {
    lost,
    replaced,
    events: { onLost: (loss: Loss) => lost.push(loss), onReplaced: (r: Replacement) => replaced.push(r) },
  }
}

describe('a worker that dies', () => {
  test('is replaced on the same sockets: of 200 clients that ask while it is gone, every one is answered', async () => {
    const { lost, replaced, events } = recorder()
    await withServer({ workers: 2, events }, async (server, port) => {
      const clients = await Promise.all(Array.from({ length: 200 }, () => udpClient('127.0.0.1')))
      server.kill(0)
      await waitUntil(
        () => lost.length,
        (count) => count === 1,
      )
      const during = await Promise.all(clients.map((client, i) => ask(client, query(i, DO.echo), port)))
      await waitUntil(
        () => replaced.length,
        (count) => count === 1,
      )
      const after = await Promise.all(clients.map((client, i) => ask(client, query(i, DO.echo), port)))
      clients.forEach((client) => client.close())
      expect(during.filter((answer) => answer === undefined)).toHaveLength(0)
      expect(after.filter((answer) => answer === undefined)).toHaveLength(0)
      expect(lost[0]).toMatchObject({ slot: 0 })
      expect(lost[0]!.cause).toContain('killed by the test hook')
      expect(server.workers()[0]).toMatchObject({ slot: 0, transport: 'udp', state: 'serving', replacements: 1 })
    })
  })

  test('loses nothing that came while it was dying', async () => {
    const { events } = recorder()
    await withServer({ events }, async (server, port) => {
      const client = await udpClient('127.0.0.1')
      const got = new Set<number>()
      client.on('message', (message) => got.add(message.readUInt16BE(0)))
      let id = 0
      const timer = setInterval(() => client.send(query(id++, DO.echo), port, '127.0.0.1'), 1)
      server.kill(0)
      await new Promise((resolve) => setTimeout(resolve, 400))
      clearInterval(timer)
      await waitUntil(
        () => got.size,
        (size) => size === id,
      )
      client.close()
    })
  })

  test('leaves its counters and picks to the next one', async () => {
    const { replaced, events } = recorder()
    await withServer({ events }, async (server, port) => {
      const client = await udpClient('127.0.0.1')
      for (let i = 0; i < 3; i++) await ask(client, query(i, DO.echo), port)
      server.kill(0)
      await waitUntil(
        () => replaced.length,
        (count) => count === 1,
      )
      expect((await ask(client, query(9, DO.echo), port))![7]).toBe(3)
      client.close()
    })
  })

  test('over and over is replaced more slowly each time, and never for the last time', async () => {
    const { replaced, events } = recorder()
    await withServer({ events }, async (server, port) => {
      // On a busy machine the first life is long enough not to count.
      for (let death = 1; death <= 4; death++) {
        server.kill(0)
        await waitUntil(
          () => replaced.length,
          (count) => count === death,
        )
      }
      const client = await udpClient('127.0.0.1')
      expect(await ask(client, query(1, DO.echo), port)).toBeDefined()
      client.close()
      expect(replaced[3]!.gapMs).toBeGreaterThan(190)
    })
  })

  test('of TCP is replaced too: new connections wait for it', async () => {
    const { lost, events } = recorder()
    await withServer({ events }, async (server, port) => {
      server.kill(1)
      await waitUntil(
        () => lost.length,
        (count) => count === 1,
      )
      const client = await tcpClient(port)
      client.socket.write(frame(query(1, DO.echo)))
      expect(await client.waitFor(1)).toHaveLength(1)
      client.socket.destroy()
    })
  })

  test('costs no descriptors', async () => {
    const { replaced, events } = recorder()
    // Of sockets, as threads that come and go have others of their own.
    const count = () => readdirSync('/proc/self/fd').filter(isSocket).length
    await withServer({ events }, async (server) => {
      const before = count()
      for (let death = 1; death <= 2; death++) {
        server.kill(0)
        await waitUntil(
          () => replaced.length,
          (deaths) => deaths === death,
        )
      }
      await waitUntil(count, (now) => now <= before)
    })
  })
})

function isSocket(fd: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')
  } catch {
    return false
  }
}

describe('a worker that stalls', () => {
  test.runIf(process.platform === 'linux')(
    'and comes to itself loses nothing: what it had in hand is answered',
    async () => {
      const { lost, replaced, events } = recorder()
      await withServer({ events }, async (server, port) => {
        const client = await udpClient('127.0.0.1')
        const got: number[] = []
        client.on('message', (message) => got.push(message.readUInt16BE(0)))
        // One batch: the first of it takes 800 ms.
        server.spin(0, 60)
        await new Promise((resolve) => setTimeout(resolve, 40))
        client.send(query(0, DO.dawdle), port, '127.0.0.1')
        for (let id = 1; id < 20; id++) client.send(query(id, DO.echo), port, '127.0.0.1')
        await waitUntil(
          () => replaced.length,
          (count) => count === 1,
        )
        for (let id = 20; id < 40; id++) client.send(query(id, DO.echo), port, '127.0.0.1')
        await waitUntil(
          () => got.length,
          (count) => count === 40,
        )
        client.close()
        expect(got.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, id) => id))
        expect(lost[0]!.cause).toMatch(/^stalled/)
      })
    },
  )

  test('is seen and replaced, and what came meanwhile is answered', async () => {
    const { lost, replaced, events } = recorder()
    await withServer({ events }, async (server, port) => {
      const client = await udpClient('127.0.0.1')
      await ask(client, query(1, DO.echo), port)
      server.spin(0, 10_000)
      const started = performance.now()
      await new Promise((resolve) => setTimeout(resolve, 100))
      expect(await ask(client, query(2, DO.echo), port, '127.0.0.1', 8000)).toBeDefined()
      const tookMs = performance.now() - started
      client.close()
      expect(lost[0]!.cause).toMatch(/^stalled/)
      // The hook waits for a beat, then comes the silence that is a stall; longer on a machine that is busy.
      expect(tookMs).toBeGreaterThan(STALL_MS)
      expect(tookMs).toBeLessThan(5000)
      expect(replaced).toHaveLength(1)
    })
  })

  test('for less than the limit is left alone, and so are all while the main thread stands still', async () => {
    const { lost, events } = recorder()
    await withServer({ events }, async (server) => {
      server.spin(0, 80)
      const until = performance.now() + 600
      while (performance.now() < until) Math.random()
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(lost).toEqual([])
    })
  })
})

test('a worker that cannot start makes start() reject, with the cause, and leaves nothing behind', async () => {
  const attached = new Set<number>()
  const server = createTestServer({ publication: fakePublication(attached), responder: new URL('file:///none.ts') })
  await expect(server.start()).rejects.toThrow(/none\.ts/)
  expect(server.workers()).toEqual([])
  expect(server.endpoints).toEqual([])
  expect([...attached]).toEqual([])
})

test('stop() ends an idle server within 200 ms, even one with a stalled worker, and may be called again', async () => {
  const attached = new Set<number>()
  const server = createTestServer({ workers: 2, publication: fakePublication(attached) })
  await server.start()
  expect([...attached]).toEqual([0, 1, 2])
  server.spin(1, 5000)
  await new Promise((resolve) => setTimeout(resolve, 60))
  const started = performance.now()
  await server.stop()
  expect(performance.now() - started).toBeLessThan(400)
  expect([...attached]).toEqual([])
  await server.stop()
})

test('test hooks are refused unless they were allowed', async () => {
  await withServer({ testHooks: false }, async (server) => {
    expect(() => server.kill(0)).toThrow('no test hook')
  })
})

test('after stop() nothing keeps the process alive', async () => {
  const program = fileURLToPath(new URL('./fixtures/start-and-stop.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 8000 })
  expect(stdout).toBe('ended by itself\n')
})
