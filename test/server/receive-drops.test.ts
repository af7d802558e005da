import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { readReceiveDrops } from '../../src/server/receive-drops.ts'

const HEAD =
  '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n'
const row = (local: string, drops: number) =>
  ` 123: ${local} 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 4321 2 0000000000000000 ${drops}\n`

test('sums what was dropped at our endpoints, by every worker, of both families', () => {
  const tables: Readonly<Record<string, string>> = {
    '/proc/net/udp': HEAD + row('0100007F:14B4', 3) + row('0100007F:14B4', 4) + row('0100007F:14B5', 50),
    '/proc/net/udp6': HEAD + row('B80D0120000000000000000001000000:14B4', 8) + row(`${'0'.repeat(32)}:14B4`, 60),
  }
  const endpoints = ['127.0.0.1', '2001:db8::1'].map((host) => ({ host, port: 5300 }))
  expect(readReceiveDrops(endpoints, (file) => tables[file]!)).toBe(15)
})

test('is unknown where the system does not say', () => {
  const missing = (): never => {
    throw new Error('ENOENT')
  }
  expect(readReceiveDrops([{ host: '127.0.0.1', port: 5300 }], missing)).toBeUndefined()
})

test.skipIf(process.platform !== 'linux')('is what the kernel says of a socket that nobody reads', async () => {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4096 })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  const endpoints = [{ host: '127.0.0.1', port }]
  expect(readReceiveDrops(endpoints)).toBe(0)
  const sender = createSocket('udp4')
  // Sent from callbacks of the loop that would read them: so many at once that the buffer cannot hold them.
  const sent = Array.from(
    { length: 500 },
    () => new Promise((done) => sender.send(Buffer.alloc(1000), port, '127.0.0.1', done)),
  )
  await Promise.all(sent)
  expect(readReceiveDrops(endpoints)).toBeGreaterThan(0)
  sender.close()
  socket.close()
})
