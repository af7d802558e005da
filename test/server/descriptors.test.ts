import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { openDescriptors, type Descriptors } from '../../src/server/descriptors.ts'
import { formatListenFault, type ListenFault } from '../../src/server/listen-fault.ts'
import { probeEndpoints } from '../../src/server/probe.ts'
import { createTestServer, withServer } from './fixtures/clients.ts'

const isOpen = (opened: Descriptors | readonly ListenFault[]): opened is Descriptors => 'lendUdp' in opened

describe.each([{ withoutSystemCalls: false }, { withoutSystemCalls: true }])(
  'ports, without system calls: $withoutSystemCalls',
  ({ withoutSystemCalls }) => {
    test('a port that another program has for UDP is a fault that says what to do', async () => {
      const other = createSocket({ type: 'udp4', reusePort: true })
      other.bind(0, '127.0.0.1')
      await once(other, 'listening')
      const { port } = other.address()
      const server = createTestServer({ withoutSystemCalls, endpoints: [{ host: '127.0.0.1', port }] })
      const [fault] = await server.start()
      other.close()
      expect(fault?.code).toBe('port-taken')
      expect(formatListenFault(fault!)).toBe(
        `cannot listen on 127.0.0.1:${port} (UDP): another program has this port; ` +
          `see which one with "ss -lnpu 'sport = :${port}'", then stop it or choose another port`,
      )
    })

    test('a port that is taken for TCP only, too, and then UDP is not kept', async () => {
      const other = createServer()
      other.listen(0, '127.0.0.1')
      await once(other, 'listening')
      const { port } = other.address() as { port: number }
      const server = createTestServer({ withoutSystemCalls, endpoints: [{ host: '127.0.0.1', port }] })
      const [fault] = await server.start()
      expect(fault).toMatchObject({ code: 'port-taken', transport: 'tcp' })
      other.close()
      await once(other, 'close')
      expect(await probeEndpoints([{ host: '127.0.0.1', port }])).toEqual([])
    })

    test('a second server of the same user is refused, since it would take half of the packets', async () => {
      await withServer({ withoutSystemCalls, workers: 2 }, async (server) => {
        const second = createTestServer({ withoutSystemCalls, workers: 2, endpoints: server.endpoints })
        expect((await second.start()).map(({ code }) => code)).toEqual(['port-taken'])
      })
    })

    test('every address that cannot be had is told at once', async () => {
      const faults = await createTestServer({
        withoutSystemCalls,
        endpoints: [
          { host: '192.0.2.1', port: 0 },
          { host: '127.0.0.1', port: 0 },
          { host: '2001:db8::1', port: 0 },
        ],
      }).start()
      expect(faults.map(({ code, endpoint }) => [code, endpoint.host])).toEqual([
        ['address-missing', '192.0.2.1'],
        ['address-missing', '2001:db8::1'],
      ])
    })

    test('port 0 is one port for UDP and TCP, and says how sockets are made', async () => {
      const opened = await openDescriptors({
        endpoints: [{ host: '127.0.0.1', port: 0 }],
        udpWorkers: 2,
        withoutSystemCalls,
      })
      if (!isOpen(opened)) throw new Error(opened.map(formatListenFault).join())
      expect(opened.endpoints[0]!.port).toBeGreaterThan(0)
      expect(opened.describe()).toMatch(withoutSystemCalls ? /opened by the workers/ : /made by the main thread/)
      opened.close()
    })
  },
)

test.runIf(process.platform === 'linux')('what a worker never took over is closed, and nothing else', async () => {
  const count = () => readdirSync('/proc/self/fd').length
  const before = count()
  const opened = await openDescriptors({
    endpoints: [
      { host: '127.0.0.1', port: 0 },
      { host: '::1', port: 0 },
    ],
    udpWorkers: 1,
  })
  if (!isOpen(opened)) throw new Error(opened.map(formatListenFault).join())
  const loan = opened.lendUdp(0)
  expect(count() - before).toBe(7)
  opened.settle(loan, 1)
  expect(count() - before).toBe(6)
  opened.settle(loan.slice(0, 1), 0)
  opened.close()
  expect(count()).toBe(before)
})
