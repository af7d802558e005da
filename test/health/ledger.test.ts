// One probe for all who ask the same, and what follows for each of them.
import { expect, it } from 'vitest'
import { parseAddress } from '../../src/base/address.ts'
import type { Target } from '../../src/health/health.ts'
import { Ledger } from '../../src/health/ledger.ts'
import type { HttpMonitor, Monitor } from '../../src/health/monitor.ts'
import { observe } from '../../src/health/threshold.ts'
import { targetOf } from './support.ts'

const { monitor: l7 } = targetOf(1, { name: 'l7' })
const deep: HttpMonitor = { ...l7, name: 'deep', path: '/deep' }

function target(region: string, monitor: Monitor, address = '192.0.2.1', probed: Partial<Target> = {}): Target {
  return { id: `${region}/${address}`, address: parseAddress(address)!, monitor, ...probed }
}

function started(...targets: Target[]): Ledger {
  const ledger = new Ledger()
  ledger.start(targets, new Map(), 0)
  return ledger
}

/** One observation of each of these paths; gives what turned. */
function see(ledger: Ledger, success: boolean, at: number, path = '/health') {
  return ledger.assignments().flatMap(({ target: { id, monitor }, check }) => {
    if (monitor.type === 'http' && monitor.path !== path) return []
    const last = {
      outcome: success ? 'success' : 'failure',
      reason: success ? '200' : '503',
      startedAt: at,
      tookMs: 1,
    } as const
    return ledger.take({ id, check: observe(check, last, monitor, at), last })
  })
}

it('probes once for regions and monitors that ask the same, and tells each', () => {
  const [one, two, three] = [target('a', l7), target('b', l7), target('c', { ...l7, name: 'same' })]
  const ledger = started(one, two, three)
  expect(ledger.assignments()).toHaveLength(1)
  expect(see(ledger, true, 1)).toMatchObject([{ target: one.id }, { target: two.id }, { target: three.id, to: 'up' }])
  expect(ledger.missing()).toEqual([])
})

it.each<[string, Target]>([
  ['another path', target('b', deep)],
  ['another address', target('b', l7, '192.0.2.2')],
  ['another port', target('b', { ...l7, port: 81 })],
  ['other thresholds', target('b', { ...l7, unhealthyThreshold: 9 })],
  ['a port of its own', target('b', l7, '192.0.2.1', { probePort: 81 })],
  ['an address of its own', target('b', l7, '192.0.2.1', { probeAddress: parseAddress('192.0.2.9')! })],
])('probes apart what has %s', (_what, other) => {
  expect(started(target('a', l7), other).assignments()).toHaveLength(2)
})

it.each<[string, Monitor, Partial<HttpMonitor>]>([
  ['the host name with the port', l7, { host: 'lb.example' }],
  ['the port where it is not usual', { ...l7, port: 8080 }, { host: 'lb.example:8080' }],
  ['what the monitor says', { ...l7, host: 'www.example' }, { host: 'www.example' }],
  [
    'the name of the certificate',
    { ...l7, type: 'https', port: 443, tls: { verify: true, minDaysValid: 0 } },
    { host: 'lb.example', tls: { verify: true, minDaysValid: 0, serverName: 'lb.example' } },
  ],
])('says in probes of a host name: %s', (_what, monitor, said) => {
  const [assignment] = started(target('a', monitor, '192.0.2.1', { hostName: 'lb.example' })).assignments()
  expect(assignment!.target.monitor).toMatchObject(said)
})

it('lets a trusted address in at once, and another at its first success', () => {
  const ledger = started(target('a', l7))
  see(ledger, true, 1)
  const others = [target('a', l7, '192.0.2.2', { isTrusted: true }), target('a', l7, '192.0.2.3')]
  ledger.update([target('a', l7), ...others], 2)
  expect(others.map(({ id }) => ledger.health.get(id)!.state)).toEqual(['unknown', 'down'])
  see(ledger, false, 3)
  expect(ledger.health.get(others[0]!.id)!.state).toBe('down')
})

it('probes another address and family than it answers with', () => {
  const inner = parseAddress('10.0.0.7')!
  const ledger = started(
    target('a', { ...l7, address: inner }, '2001:db8::1'),
    target('b', l7, '2001:db8::2', { probeAddress: inner }),
    target('c', { ...l7, address: parseAddress('10.0.0.9')! }, '2001:db8::3', { probeAddress: inner }),
  )
  expect(ledger.assignments().map(({ target: { address } }) => address)).toEqual([inner])
  see(ledger, false, 1)
  expect([...ledger.health.values()].map(({ state }) => state)).toEqual(['down', 'down', 'down'])
})

const both: Monitor = { type: 'calculated', name: 'both', need: 'all', children: [l7, deep] }

it('calculates from children, and shares their probes', () => {
  const [whole, part] = [target('a', both), target('b', l7)]
  const ledger = started(whole, part)
  expect(ledger.assignments()).toHaveLength(2)
  expect(see(ledger, true, 1)).toMatchObject([{ target: part.id, to: 'up' }])
  expect(ledger.missing()).toEqual([whole.id])
  expect(see(ledger, true, 2, '/deep')).toMatchObject([{ target: whole.id, from: 'unknown', to: 'up' }])
  for (const at of [3, 4]) expect(see(ledger, false, at, '/deep')).toEqual([])
  expect(see(ledger, false, 5, '/deep')).toMatchObject([
    { target: whole.id, to: 'down', reason: '1 of 2 checks up, 2 needed (deep: 503)' },
  ])
  expect(ledger.health.get(part.id)!.state).toBe('up')
})

it('nests calculations', () => {
  const nested: Monitor = {
    type: 'calculated',
    name: 'either',
    need: 'any',
    children: [both, { ...l7, path: '/other' }],
  }
  const ledger = started(target('a', nested))
  expect(ledger.assignments()).toHaveLength(3)
  see(ledger, false, 1)
  expect(see(ledger, true, 2, '/other')).toMatchObject([{ to: 'up' }])
})

it('lets a saved state stand in for a calculation that is not yet known', () => {
  const whole = target('a', both)
  const ledger = new Ledger()
  ledger.start([whole], new Map([[whole.id, { state: 'down', reason: 'saved', since: 3 }]]), 9)
  expect(ledger.health.get(whole.id)).toMatchObject({ state: 'down', reason: 'saved', since: 3, provisional: true })
  see(ledger, true, 10)
  expect(see(ledger, true, 11, '/deep')).toMatchObject([{ from: 'down', to: 'up' }])
})

it('carries states over a reload that changes how a target is probed', () => {
  const ledger = started(target('a', l7))
  see(ledger, true, 1)
  ledger.update([target('a', deep), target('b', l7)], 2)
  expect(ledger.health.get('a/192.0.2.1')).toMatchObject({ state: 'up', since: 1 })
  expect(ledger.health.get('b/192.0.2.1')!.state).toBe('up')
  ledger.update([target('a', both)], 3)
  expect(ledger.health.get('a/192.0.2.1')!.state).toBe('up')
  expect(see(ledger, false, 4)).toEqual([])
  expect([...ledger.health.keys()]).toEqual(['a/192.0.2.1'])
})

it('lets new targets join at their first success, even beside one that stays', () => {
  const ledger = started(target('a', l7))
  see(ledger, true, 1)
  ledger.update([target('new', deep, '192.0.2.9'), target('a', l7)], 2)
  expect(ledger.health.get('new/192.0.2.9')).toMatchObject({ state: 'down', reason: 'added, no success yet' })
  // The new one asks what the old one is about to ask, too: the old one’s state must not suffer.
  ledger.update([target('newer', deep), target('a', deep)], 3)
  expect(ledger.health.get('a/192.0.2.1')!.state).toBe('up')
})
