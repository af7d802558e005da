import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { Admin } from '../../src/admin/admin.ts'
import { NO_ROUND_TRIPS, SAMPLE_STATUS } from './sample-status.ts'

const admins: Admin[] = []

afterEach(async () => {
  for (const admin of admins.splice(0)) await admin.stop()
})

function createAdmin(port = 0, metrics = () => Promise.resolve('')): Admin {
  const admin = new Admin({
    listen: { host: '127.0.0.1', port },
    status: () => SAMPLE_STATUS,
    explain: () => Promise.resolve({ explanation: {} }),
    queries: () => ({ sample: 1, queries: [] }),
    roundTrips: NO_ROUND_TRIPS,
    now: () => Date.now(),
    report: () => ({ taken: {} }),
    ready: () => ({ ready: true, reasons: [] }),
    metrics,
    onError: () => undefined,
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
  socket.destroy()
})

test('a refused body closes the connection', async () => {
  const port = await startOn(createAdmin())
  const socket = connect(port, '127.0.0.1')
  socket.write('POST /v1/status HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nx')
  const [data] = (await once(socket, 'data')) as [Buffer]
  expect(data.toString()).toMatch(/^HTTP\/1\.1 413 /)
  await once(socket, 'close')
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
