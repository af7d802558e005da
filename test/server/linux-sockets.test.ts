import { execFile } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { loadLinuxCalls, type LinuxCalls } from '../../src/server/linux-calls.ts'
import { loadLinuxSockets, type LinuxSockets } from '../../src/server/linux-sockets.ts'
import { endpointAddress, readEndpoint, unixAddress } from '../../src/server/socket-address.ts'
import { canMakeNetworks } from './fixtures/networks.ts'

const isLinux = process.platform === 'linux'

const IP_MTU_DISCOVER = [0, 10] as const
const IPV6_MTU_DISCOVER = [41, 23] as const
const PMTUDISC_OMIT = 5
const AF_INET6 = 10
const SOCK_DGRAM_CLOEXEC = 0o2_000_002

async function load(): Promise<{ calls: LinuxCalls; sockets: LinuxSockets }> {
  const [calls, sockets] = [await loadLinuxCalls(), await loadLinuxSockets()]
  if (typeof calls === 'string' || typeof sockets === 'string') throw new Error('no system calls here')
  return { calls, sockets }
}

function option(calls: LinuxCalls, fd: number, [level, name]: readonly [number, number]): number {
  const value = new Int32Array(1)
  calls.check('getsockopt', calls.getsockopt(fd, level, name, value, Int32Array.of(4)))
  return value[0]!
}

describe.runIf(isLinux)('the size of the path', () => {
  test('is never believed from ICMP: sockets of both families are PMTUDISC_OMIT', async () => {
    const { calls, sockets } = await load()
    const [ipv4, ipv6] = [sockets.openUdp({ host: '127.0.0.1', port: 0 }), sockets.openUdp({ host: '::1', port: 0 })]
    expect(option(calls, ipv4, IP_MTU_DISCOVER)).toBe(PMTUDISC_OMIT)
    expect(option(calls, ipv6, IPV6_MTU_DISCOVER)).toBe(PMTUDISC_OMIT)
    for (const fd of [ipv4, ipv6]) sockets.close(fd)
  })

  test('is not believed by sockets that were handed over either, for each family that they serve', async () => {
    const { calls, sockets } = await load()
    const fd = calls.check('socket', calls.socket(AF_INET6, SOCK_DGRAM_CLOEXEC, 0))
    const address = endpointAddress({ host: '::', port: 0 })
    calls.check('bind', calls.bind(fd, address, address.length))
    const found = sockets.inspect(fd)!
    expect(found).toMatchObject({ transport: 'udp', bothFamilies: true, endpoint: { host: '::' } })
    expect(option(calls, fd, IP_MTU_DISCOVER)).not.toBe(PMTUDISC_OMIT)
    sockets.adoptUdp(fd, found)
    expect(option(calls, fd, IP_MTU_DISCOVER)).toBe(PMTUDISC_OMIT)
    expect(option(calls, fd, IPV6_MTU_DISCOVER)).toBe(PMTUDISC_OMIT)
    sockets.close(fd)
  })

  test.skipIf(!canMakeNetworks())('of IPv6 is taken for 1280 bytes where a packet must be split', async () => {
    const program = fileURLToPath(new URL('./fixtures/ask-fragments.ts', import.meta.url))
    const script = 'ip link set lo mtu 1500 up && exec "$0" "$@"'
    const words = ['-rn', 'sh', '-c', script, process.execPath, program]
    const { stdout } = await promisify(execFile)('unshare', words, { timeout: 8000 })
    // Of 4,000 bytes: fragments of 1,500 would be three.
    expect(stdout).toBe('4 fragments\n')
  })
})

describe.runIf(isLinux)('a descriptor', () => {
  test('is known by what it is bound to; what is no socket of ours is nothing', async () => {
    const { sockets } = await load()
    const tcp = sockets.openTcp({ host: '127.0.0.1', port: 0 })
    expect(sockets.inspect(tcp)).toMatchObject({
      transport: 'tcp',
      endpoint: { host: '127.0.0.1' },
      bothFamilies: false,
    })
    const udp = sockets.openUdp({ host: '::1', port: 0 })
    const { port } = sockets.inspect(udp)!.endpoint
    expect(sockets.inspect(udp)).toEqual({ transport: 'udp', endpoint: { host: '::1', port }, bothFamilies: false })
    const file = openSync('/dev/null', 'r')
    expect(sockets.inspect(file)).toBeUndefined()
    closeSync(file)
    expect(sockets.inspect(file)).toBeUndefined()
    for (const fd of [tcp, udp]) sockets.close(fd)
  })

  test('of a socket with a large buffer keeps it, one with a small buffer gets ours', async () => {
    const { calls, sockets } = await load()
    const fd = sockets.openUdp({ host: '127.0.0.1', port: 0 })
    const found = sockets.inspect(fd)!
    const ours = sockets.receiveBuffer(fd)
    calls.setsockopt(fd, 1, 33, Int32Array.of(16 << 20), 4)
    const large = sockets.receiveBuffer(fd)
    sockets.adoptUdp(fd, found)
    expect(sockets.receiveBuffer(fd)).toBe(large)
    calls.setsockopt(fd, 1, 8, Int32Array.of(65_536), 4)
    sockets.adoptUdp(fd, found)
    expect(sockets.receiveBuffer(fd)).toBe(ours)
    sockets.close(fd)
  })
})

test('addresses are written as the kernel reads them, and read as it writes them', () => {
  for (const endpoint of [
    { host: '192.0.2.1', port: 53 },
    { host: '2001:db8::1', port: 5353 },
  ]) {
    expect(readEndpoint(endpointAddress(endpoint))).toEqual(endpoint)
  }
  const linkLocal = endpointAddress({ host: 'fe80::1', port: 53 })
  linkLocal[24] = 2
  expect(readEndpoint(linkLocal)).toBeUndefined()
  expect(readEndpoint(unixAddress('/run/notify'))).toBeUndefined()
  expect([...unixAddress('/a')]).toEqual([1, 0, 0x2f, 0x61, 0])
  expect([...unixAddress('@a')]).toEqual([1, 0, 0, 0x61])
  expect(() => unixAddress('/'.repeat(108))).toThrow(RangeError)
})
