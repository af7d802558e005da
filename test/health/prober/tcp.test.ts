import { afterEach, expect, it } from 'vitest'
import { parseAddress } from '../../../src/base/address.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { MAX_ANSWER_BYTES } from '../../../src/health/prober/prober.ts'
import { createTcpProbe } from '../../../src/health/prober/tcp.ts'
import { tcpMonitor } from './monitors.ts'
import { closeAll, serve, type OnConnection } from './servers.ts'

const probeTcp = createTcpProbe()
afterEach(closeAll)

async function probe(onConnection: OnConnection, expected: { send?: string; expect?: string }) {
  const { port } = await serve(onConnection)
  const monitor = { ...tcpMonitor, ...expected, port, timeoutMs: 200 }
  const target = { id: 'test', address: parseAddress('127.1.0.1')!, monitor }
  return probeTcp(target, new AbortController().signal, systemClock)
}

it('sends what it is told to, and finds what it expects though it comes in pieces', async () => {
  let said = ''
  const seen = await probe(
    (socket) => {
      socket.write('22')
      socket.on('data', (chunk) => {
        said += chunk.toString()
        socket.write('0 mail.example.com ESMTP\r\n')
      })
    },
    { send: 'QUIT\r\n', expect: '220 mail' },
  )
  expect(seen.outcome).toBe('success')
  expect(said).toBe('QUIT\r\n')
})

it.each([
  [
    'says something else and waits',
    (socket) => socket.write('554 no\r\n'),
    'timeout after 200 ms: not the expected text: "554 no"',
  ],
  ['says something else and closes', (socket) => socket.end('554 no\r\n'), 'not the expected text: "554 no"'],
  ['says nothing', (socket) => socket.resume(), 'timeout after 200 ms: connected, silent'],
  ['says nothing and closes', (socket) => socket.end(), 'closed before answering'],
  ['babbles', (socket) => void socket.write('x'.repeat(2 * MAX_ANSWER_BYTES)), '64 KiB without the expected text'],
] satisfies [string, OnConnection, string][])('fails a server that %s', async (_what, onConnection, reason) => {
  expect(await probe(onConnection, { expect: '220 ' })).toMatchObject({ outcome: 'failure', reason })
})
