// The resolver of ALIAS targets over a question that tests answer, with a clock that they move.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { formatAddress, parseAddress } from '../../src/base/address.ts'
import type { FamilyAnswer, Outcome } from '../../src/director/alias-state.ts'
import { AliasResolver, type AskAddresses } from '../../src/director/aliases.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function addresses(ttl: number, ...texts: string[]): Outcome {
  return { kind: 'addresses', ttl, addresses: texts.map((text) => parseAddress(text)!) }
}

interface Bench {
  readonly resolver: AliasResolver
  /** By `family target`; NODATA for what is not there. */
  readonly outcomes: Map<string, Outcome>
  readonly asked: string[]
  readonly troubles: string[]
  readonly changes: () => number
}

function createBench(ask?: AskAddresses): Bench {
  const outcomes = new Map<string, Outcome>()
  const asked: string[] = []
  const troubles: string[] = []
  const onChange = vi.fn()
  const resolver = new AliasResolver({
    clock: { now: () => Date.now(), wall: () => Date.now() },
    maxStaleMs: 60_000,
    ask: async (target, family) => {
      asked.push(`${family} ${target}`)
      return ask ? await ask(target, family) : (outcomes.get(`${family} ${target}`) ?? { kind: 'nodata' })
    },
    onChange,
    onTrouble: (text) => troubles.push(text),
  })
  return { resolver, outcomes, asked, troubles, changes: () => onChange.mock.calls.length }
}

function words(answer: FamilyAnswer): string {
  return answer === 'servfail' ? answer : answer.addresses.map(formatAddress).join(' ')
}

test('asks both families once at first, and waits for them', async () => {
  const { resolver, outcomes, asked, changes } = createBench()
  outcomes.set('4 x.', addresses(300, '192.0.2.1'))
  expect(words(resolver.answer('x.').ipv4)).toBe('servfail')
  resolver.include(['x.'])
  resolver.include(['x.'])
  expect(await resolver.firstRound(1000)).toBe(0)
  expect(asked).toEqual(['4 x.', '6 x.'])
  expect([words(resolver.answer('x.').ipv4), words(resolver.answer('x.').ipv6)]).toEqual(['192.0.2.1', ''])
  await vi.advanceTimersByTimeAsync(100)
  expect(changes()).toBe(1)
  resolver.stop()
})

test('asks again when a TTL is over, and tells changes only', async () => {
  const { resolver, outcomes, asked, changes } = createBench()
  outcomes.set('4 x.', addresses(300, '192.0.2.1', '192.0.2.2'))
  resolver.include(['x.'])
  await vi.advanceTimersByTimeAsync(1000)
  outcomes.set('4 x.', addresses(300, '192.0.2.2', '192.0.2.1'))
  await vi.advanceTimersByTimeAsync(300_000)
  expect(asked.filter((question) => question === '4 x.')).toHaveLength(2)
  expect(changes()).toBe(1)
  outcomes.set('4 x.', addresses(300, '192.0.2.3'))
  await vi.advanceTimersByTimeAsync(300_000)
  expect(changes()).toBe(2)
  expect(words(resolver.answer('x.').ipv4)).toBe('192.0.2.3')
  resolver.stop()
})

test('a target that fails keeps its answer, then has none; both are told once', async () => {
  const { resolver, outcomes, troubles, changes } = createBench()
  outcomes.set('4 x.', addresses(10, '192.0.2.1'))
  resolver.include(['x.'])
  await vi.advanceTimersByTimeAsync(1000)
  outcomes.set('4 x.', { kind: 'failed', reason: 'NXDOMAIN' })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(resolver.answer('x.').ipv4).toMatchObject({ isStale: true })
  expect(resolver.report()).toEqual([
    {
      target: 'x.',
      ipv4: { state: 'stale', addresses: ['192.0.2.1'], ageMs: 61_000, reason: 'NXDOMAIN' },
      ipv6: { state: 'fresh', addresses: [], ageMs: 1000 },
    },
  ])
  expect(changes()).toBe(2)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(resolver.answer('x.').ipv4).toBe('servfail')
  expect(resolver.report()[0]!.ipv4).toEqual({ state: 'failed', addresses: [], ageMs: 71_000, reason: 'NXDOMAIN' })
  expect(resolver.answer('x.').ipv6).toMatchObject({ addresses: [], isStale: false })
  expect(changes()).toBe(3)
  expect(troubles).toEqual([
    'x. A is not resolved: NXDOMAIN; its last answer stands in',
    'x. A is not resolved: NXDOMAIN; nothing stands in',
  ])
  resolver.stop()
})

test('the wait for a first round has a limit', async () => {
  const { resolver } = createBench(() => new Promise(() => undefined))
  resolver.include(['x.', 'y.'])
  const round = resolver.firstRound(1500)
  await vi.advanceTimersByTimeAsync(1500)
  expect(await round).toBe(2)
  resolver.stop()
})

test('no more than sixteen questions are under way', async () => {
  let open = 0
  let most = 0
  const { resolver } = createBench(async () => {
    most = Math.max(most, ++open)
    await new Promise((resolve) => setTimeout(resolve, 10))
    open--
    return { kind: 'nodata' }
  })
  resolver.include(Array.from({ length: 100 }, (_, i) => `x${i}.`))
  const round = resolver.firstRound(10_000)
  await vi.advanceTimersByTimeAsync(1000)
  expect(await round).toBe(0)
  expect(most).toBe(16)
  resolver.stop()
})

test('targets that are gone are not asked again', async () => {
  const { resolver, asked } = createBench()
  resolver.include(['x.', 'y.'])
  await vi.advanceTimersByTimeAsync(1000)
  resolver.retain(new Set(['y.']))
  asked.length = 0
  await vi.advanceTimersByTimeAsync(120_000)
  expect(new Set(asked)).toEqual(new Set(['4 y.', '6 y.']))
  expect(resolver.answer('x.').ipv4).toBe('servfail')
  resolver.stop()
})

test('stopped, it asks nothing and lets nobody wait', async () => {
  const { resolver, asked } = createBench(() => new Promise(() => undefined))
  resolver.include(['x.'])
  const round = resolver.firstRound(60_000)
  resolver.stop()
  expect(await round).toBe(1)
  await vi.advanceTimersByTimeAsync(600_000)
  expect(asked).toHaveLength(2)
})
