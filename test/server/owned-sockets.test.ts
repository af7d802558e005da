// Sockets that were handed over: matched to what is wanted, read by somebody, and served as our own.
import { describe, expect, test } from 'vitest'
import type { HandedSocket } from '../../src/server/handed-over.ts'
import { loadLinuxCalls, type LinuxCalls } from '../../src/server/linux-calls.ts'
import { formatListenFault, type Transport } from '../../src/server/listen-fault.ts'
import { loadLinuxSockets, type LinuxSockets } from '../../src/server/linux-sockets.ts'
import { claimHanded, descriptorsOf, missingTransports, openOwned } from '../../src/server/owned-sockets.ts'
import { endpointAddress } from '../../src/server/socket-address.ts'
import { ask, createTestServer, query, udpClient } from './fixtures/clients.ts'
import { DO } from './fixtures/fake-responder.ts'

const AF_INET6 = 10
const SOCK_DGRAM_CLOEXEC = 0o2_000_002

const HERE = { host: '127.0.0.1', port: 53 }

function handed(transport: Transport, host: string, port = 53, fd = 100, bothFamilies = false): HandedSocket {
  return { fd, transport, endpoint: { host, port }, bothFamilies, name: 'dns.socket' }
}

const faultsOf = (...words: Parameters<typeof claimHanded>) =>
  claimHanded(...words).map((outcome) => ('code' in outcome ? formatListenFault(outcome) : 'none'))

describe('what was handed over', () => {
  test('is matched by address and port, however the address is written, and transport', () => {
    const wanted = [{ host: '2001:db8:0:0::1', port: 53 }, HERE]
    const given = [
      handed('tcp', '2001:db8::1'),
      handed('udp', '127.0.0.1', 53, 101),
      handed('udp', '127.0.0.1', 53, 102),
    ]
    const claims = claimHanded(wanted, given)
    if (claims.some((claim) => 'code' in claim)) throw new Error('faults')
    expect(claims).toEqual([
      { endpoint: wanted[0], udp: [], tcp: [given[0]] },
      { endpoint: HERE, udp: given.slice(1), tcp: [] },
    ])
    expect((claims as Parameters<typeof missingTransports>[0][]).map(missingTransports)).toEqual([['udp'], ['tcp']])
  })

  test('and not listed is a fault for each, an IPv4 address beside [::] of both families too', () => {
    expect(faultsOf([HERE], [handed('udp', '127.0.0.1', 54), handed('tcp', '::1')])).toEqual([
      'cannot listen on 127.0.0.1:54 (UDP): a socket of it was handed over (dns.socket), and `listen` does not name it; ' +
        'add "127.0.0.1:54" to `listen`, or take it out of the socket unit',
      'cannot listen on [::1]:53 (TCP): a socket of it was handed over (dns.socket), and `listen` does not name it; ' +
        'add "[::1]:53" to `listen`, or take it out of the socket unit',
    ])
    const both = [{ host: '::', port: 53 }, HERE]
    expect(faultsOf(both, [handed('udp', '::', 53, 100, true)])).toEqual([
      'cannot listen on 127.0.0.1:53 (UDP): the socket of [::] that was handed over answers IPv4 too; ' +
        'say BindIPv6Only=ipv6-only in the socket unit, or take "127.0.0.1:53" out of `listen`',
    ])
    expect(faultsOf(both, [handed('udp', '::', 53, 100, false)])).toEqual(['none', 'none'])
    expect(faultsOf(both, [handed('udp', '::', 53, 100, true), handed('udp', '127.0.0.1')])).toEqual(['none', 'none'])
  })

  test('port 0 is nobody’s', () => {
    expect(faultsOf([{ host: '127.0.0.1', port: 0 }], [handed('udp', '127.0.0.1', 0)])).toHaveLength(1)
  })

  test.each([
    { sockets: 1, workers: 3, shares: [[1], [1], [1]] },
    { sockets: 2, workers: 3, shares: [[1], [2], [1]] },
    { sockets: 3, workers: 3, shares: [[1], [2], [3]] },
    {
      sockets: 5,
      workers: 2,
      shares: [
        [1, 3, 5],
        [2, 4],
      ],
    },
  ])('$sockets sockets and $workers workers: nobody is idle and nothing unread', ({ sockets, workers, shares }) => {
    const udp = Array.from({ length: sockets }, (_, i) => handed('udp', '127.0.0.1', 53, i + 1))
    const tcp = [handed('tcp', '127.0.0.1', 53, 9)]
    const system = { adoptUdp: () => undefined, adoptTcp: () => undefined } as unknown as LinuxSockets
    const owned = openOwned(system, [{ endpoint: HERE, udp, tcp }], workers)
    expect(owned).toEqual([{ endpoint: HERE, udp: shares, tcp: [9] }])
    expect(descriptorsOf(owned as Parameters<typeof descriptorsOf>[0]).toSorted((a, b) => a - b)).toEqual([
      ...udp.map(({ fd }) => fd),
      9,
    ])
  })
})

describe.runIf(process.platform === 'linux')('a socket of both families', () => {
  test('answers IPv4 and IPv6, each from the address that was asked and knowing who asks', async () => {
    const calls = (await loadLinuxCalls()) as LinuxCalls
    const system = (await loadLinuxSockets()) as LinuxSockets
    const fd = calls.check('socket', calls.socket(AF_INET6, SOCK_DGRAM_CLOEXEC, 0))
    const address = endpointAddress({ host: '::', port: 0 })
    calls.check('bind', calls.bind(fd, address, address.length))
    const found = system.inspect(fd)!
    const { endpoint } = found
    const server = createTestServer({ endpoints: [endpoint] })
    expect(await server.start([{ ...found, fd, name: 'dns.socket' }])).toEqual([])
    for (const [host, asked] of [
      ['127.0.0.1', '127.0.0.5'],
      ['::1', '::1'],
    ] as const) {
      const client = await udpClient(host)
      // Connected, it hears of no other address.
      client.connect(endpoint.port, asked)
      await new Promise((resolve) => client.once('connect', resolve))
      const answer = new Promise<Buffer>((resolve) => client.once('message', resolve))
      client.send(query(1, DO.echo))
      expect((await answer).subarray(9).toString()).toBe(host)
      client.close()
    }
    await server.stop()
  })

  test('that several workers share loses nothing', async () => {
    const system = (await loadLinuxSockets()) as LinuxSockets
    const fd = system.openUdp({ host: '127.0.0.1', port: 0 })
    const found = system.inspect(fd)!
    const server = createTestServer({ endpoints: [found.endpoint], workers: 3 })
    expect(await server.start([{ ...found, fd, name: 'dns.socket' }])).toEqual([])
    expect(server.describe()).toContain('shared by 3 workers')
    const client = await udpClient('127.0.0.1')
    for (let id = 0; id < 100; id++) expect(await ask(client, query(id, DO.echo), found.endpoint.port)).toBeDefined()
    client.close()
    await server.stop()
  })
})
