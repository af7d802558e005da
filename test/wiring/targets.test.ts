// Targets of probes as host names resolve: who joins as trusted, and when there is something new to tell the prober.
import { expect, test } from 'vitest'
import { formatAddress, parseAddress } from '../../src/base/address.ts'
import type { Balancer, Region } from '../../src/director/service.ts'
import { parseName } from '../../src/dns/name.ts'
import type { Monitor } from '../../src/health/monitor.ts'
import { TargetBook } from '../../src/wiring/targets.ts'

const monitor: Monitor = {
  ...{ type: 'tcp', name: 'l7', port: 80, intervalMs: 10_000, timeoutMs: 1000, fastIntervalMs: 1000 },
  ...{ healthyThreshold: 2, unhealthyThreshold: 3 },
}

function scene(more: Partial<Balancer> = {}, region: Partial<Region> = {}) {
  const host: Balancer = {
    address: { family: 'host', bytes: parseName('lb.example') as Uint8Array },
    weight: 1,
    ...more,
  }
  const balancers = [{ address: parseAddress('192.0.2.50')!, weight: 1 }, host]
  const regions = [{ name: 'eu', weight: 1, minHealthy: 1, monitor, balancers, ...region }]
  let known: readonly string[] = []
  let ttl = 60
  const book = new TargetBook(() => ({
    ipv4: { addresses: known.map((text) => parseAddress(text)!), ttl, isStale: false },
    ipv6: 'servfail',
  }))
  return (...addresses: string[]) => {
    known = addresses
    ttl++
    const { targets, isChanged } = book.look(regions)
    const lines = targets.map(({ id, address, hostName = '-', isTrusted }) =>
      [id, formatAddress(address), hostName, isTrusted ? 'trusted' : 'joins'].join(' '),
    )
    return { lines, isChanged }
  }
}

const OWN = 'eu/192.0.2.50 192.0.2.50 - joins'

test('each address is a target; one that comes to a host name which had some is trusted', () => {
  const look = scene()
  expect(look()).toEqual({ lines: [OWN], isChanged: true })
  const first = 'eu/192.0.2.1 192.0.2.1 lb.example joins'
  expect(look('192.0.2.1')).toEqual({ lines: [OWN, first], isChanged: true })
  expect(look('192.0.2.1').isChanged).toBe(false)
  expect(look('192.0.2.2', '192.0.2.3')).toEqual({
    lines: [OWN, 'eu/192.0.2.2 192.0.2.2 lb.example trusted', 'eu/192.0.2.3 192.0.2.3 lb.example trusted'],
    isChanged: true,
  })
  expect(look().lines).toEqual([OWN])
  expect(look('192.0.2.1').lines).toEqual([OWN, first])
})

test('one that is probed as one is a target under its name, at the first of its addresses', () => {
  const look = scene({ probe: 'host' })
  expect(look('192.0.2.1', '192.0.2.2').lines).toEqual([OWN, 'eu/lb.example 192.0.2.1 lb.example joins'])
  expect(look('192.0.2.2')).toEqual({ lines: [OWN, 'eu/lb.example 192.0.2.2 lb.example trusted'], isChanged: true })
})

test('one that is probed elsewhere needs no address', () => {
  const look = scene({ probeAddress: parseAddress('10.0.0.1')! })
  expect(look().lines).toEqual([OWN, 'eu/lb.example 10.0.0.1 lb.example joins'])
})
