import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { Admin, type AdminOptions } from '../../src/admin/admin.ts'
import { NO_ROUND_TRIPS, SAMPLE_STATUS } from './sample-status.ts'

const admins: Admin[] = []

afterEach(async () => {
  for (const admin of admins.splice(0)) await admin.stop()
  refused.length = 0
})

const refused: string[] = []

function createAdmin(port = 0, metrics = () => Promise.resolve(''), limits: Partial<AdminOptions> = {}): Admin {
  const admin = new Admin({
    listen: { host: '127.0.0.1', port },
    ...{ maxConnections: 64, requestTimeoutMs: 10_000, maxHeaderBytes: 8192 },
    status: () => SAMPLE_STATUS,
    explain: () => Promise.resolve({ explanation: {} }),
    queries: () => ({ sample: 1, queries: [] }),
    roundTrips: NO_ROUND_TRIPS,
    now: () => Date.now(),
    report: () => ({ taken: {} }),
    ready: () => ({ ready: true, reasons: [] }),
    metrics,
    onError: () => undefined,
    onRefused: (reason) => refused.push(reason),
    ...limits,
  })
  admins.push(admin)
  return admin
}

async function startOn(admin: Admin): Promise<number> {
  const started = await admin.start()
  if ('fault' in started) throw new Error(started.fault)
  return started.port
}

test('serves over a socket', async () => {
  const port = await startOn(createAdmin())
  const response = await fetch(`http://127.0.0.1:${port}/v1/status`)
  expect(await response.json()).toEqual(SAMPLE_STATUS)
})

test('a taken port is one line for people', async () => {
  const port = await startOn(createAdmin())
  const second = await createAdmin(port).start()
  expect('fault' in second && second.fault).toMatch(/^admin cannot listen on 127\.0\.0\.1:\d+: another program/)
})

test('an idle connection does not hold up the stop', async () => {
  const admin = createAdmin()
  const socket = await ask(await startOn(admin), 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n')
  const before = performance.now()
  await admin.stop()
  expect(performance.now() - before).toBeLessThan(250)
  socket.destroy()
})

test('an answer that never comes holds up the stop for half a second', async () => {
  const admin = createAdmin(0, () => new Promise(() => undefined))
  const socket = connect(await startOn(admin), '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n')
  await new Promise((resolve) => setTimeout(resolve, 50))
  const before = performance.now()
  await admin.stop()
  expect(performance.now() - before).toBeLessThan(1_500)
})

test('a request with huge headers is refused', async () => {
  const port = await startOn(createAdmin())
  const socket = connect(port, '127.0.0.1')
  socket.write(`GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`)
  const [data] = (await once(socket, 'data')) as [Buffer]
  expect(data.toString()).toMatch(/^HTTP\/1\.1 431 /)
  expect(refused).toEqual(['head'])
  socket.destroy()
})

test('a refused body closes the connection', async () => {
  const port = await startOn(createAdmin())
  const socket = connect(port, '127.0.0.1')
  socket.write('POST /v1/status HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nx')
  const [data] = (await once(socket, 'data')) as [Buffer]
  expect(data.toString()).toMatch(/^HTTP\/1\.1 413 /)
  expect(refused).toEqual(['body'])
  await once(socket, 'close')
})

test('a request that does not come whole in time is refused, and so is what is no HTTP', async () => {
  const port = await startOn(createAdmin(0, undefined, { requestTimeoutMs: 200 }))
  const slow = connect(port, '127.0.0.1')
  slow.write('GET /healthz HTTP/1.1\r\nHost: ')
  expect(String(((await once(slow, 'data')) as [Buffer])[0])).toMatch(/^HTTP\/1\.1 408 /)
  const other = connect(port, '127.0.0.1')
  other.write('what?\r\n\r\n')
  expect(String(((await once(other, 'data')) as [Buffer])[0])).toMatch(/^HTTP\/1\.1 400 /)
  expect(refused).toEqual(['timeout', 'malformed'])
})

test('a client that goes away in the midst of a request is no refusal', async () => {
  const port = await startOn(createAdmin())
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /healthz HTTP/1.1\r\nHost: ')
  await once(socket, 'connect')
  socket.resetAndDestroy()
  await ask(port, 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n').then((answered) => answered.destroy())
  expect(refused).toEqual([])
})

test('connections beyond the limit are closed', async () => {
  const port = await startOn(createAdmin(0, undefined, { maxConnections: 1 }))
  const first = await ask(port, 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n')
  const second = connect(port, '127.0.0.1')
  await once(second, 'close')
  expect(refused).toEqual(['connections'])
  first.destroy()
})

async function ask(port: number, request: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.write(request)
  await once(socket, 'data')
  return socket
}

test('HTTP/1.0 without a Host is answered, as health checks of HAProxy ask', async () => {
  const socket = connect(await startOn(createAdmin()), '127.0.0.1')
  socket.write('GET /healthz HTTP/1.0\r\n\r\n')
  const [data] = (await once(socket, 'data')) as [Buffer]
  expect(data.toString()).toMatch(/^HTTP\/1\.1 200 OK/)
  socket.destroy()
})
