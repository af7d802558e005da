// The life of an answer as a table: what was asked when, and what stands after it. Times in seconds, for reading.
import { describe, expect, test } from 'vitest'
import { formatAddress, parseAddress } from '../../src/base/address.ts'
import {
  answerAt,
  sameAnswer,
  settle,
  unasked,
  type FamilyAnswer,
  type FamilyState,
  type Outcome,
} from '../../src/director/alias-state.ts'

const MAX_STALE_S = 600

function addresses(ttl: number, ...texts: string[]): Outcome {
  return { kind: 'addresses', addresses: texts.map((text) => parseAddress(text)!), ttl }
}
const NODATA: Outcome = { kind: 'nodata' }
const FAILED: Outcome = { kind: 'failed', reason: 'NXDOMAIN' }

function after(...events: readonly (readonly [number, Outcome])[]): FamilyState {
  return events.reduce((state, [at, outcome]) => settle(state, outcome, at * 1000, MAX_STALE_S * 1000), unasked(0))
}

/** `addresses/ttl`, with a question mark when they are stale. */
function answer(state: FamilyState, at: number): string {
  const found = answerAt(state, at * 1000, MAX_STALE_S * 1000)
  if (found === 'servfail') return found
  const texts = found.addresses.map(formatAddress).join(' ') || 'nodata'
  return `${texts}/${found.ttl}${found.isStale ? '?' : ''}`
}

test('nothing is known before the first answer, and the question is due at once', () => {
  expect(answer(unasked(5000), 5)).toBe('servfail')
  expect(unasked(5000).dueAt).toBe(5000)
})

describe('what answers, and when it is asked again', () => {
  test.each<[string, FamilyState, number, string, number]>([
    ['an answer', after([0, addresses(300, '192.0.2.2', '192.0.2.1')]), 0, '192.0.2.1 192.0.2.2/300', 300],
    ['an answer while it is asked again', after([0, addresses(300, '192.0.2.1')]), 302, '192.0.2.1/300', 300],
    ['a TTL that is too short', after([0, addresses(0, '192.0.2.1')]), 0, '192.0.2.1/5', 5],
    ['a TTL that is too long', after([0, addresses(86_400, '192.0.2.1')]), 0, '192.0.2.1/3600', 3600],
    ['NODATA', after([0, NODATA]), 0, 'nodata/60', 60],
    ['NODATA after addresses', after([0, addresses(300, '192.0.2.1')], [300, NODATA]), 300, 'nodata/60', 360],
    ['a failure before any answer', after([0, FAILED]), 0, 'servfail', 1],
    ['a failure after an answer', after([0, addresses(300, '192.0.2.1')], [300, FAILED]), 300, '192.0.2.1/30?', 301],
    ['a failure with a short TTL', after([0, addresses(10, '192.0.2.1')], [10, FAILED]), 10, '192.0.2.1/10?', 11],
    ['a failure after NODATA', after([0, NODATA], [60, FAILED]), 60, 'nodata/30?', 61],
    ['the last moment', after([0, addresses(300, '192.0.2.1')], [300, FAILED]), 899.9, '192.0.2.1/30?', 301],
    ['too stale', after([0, addresses(300, '192.0.2.1')], [300, FAILED]), 900, 'servfail', 301],
    ['too stale NODATA', after([0, NODATA], [60, FAILED]), 660, 'servfail', 61],
    [
      'a recovery',
      after([0, addresses(300, '192.0.2.1')], [900, FAILED], [930, addresses(60, '192.0.2.9')]),
      930,
      '192.0.2.9/60',
      990,
    ],
  ])('%s', (_what, state, at, expected, dueAt) => {
    expect(answer(state, at)).toBe(expected)
    expect(state.dueAt).toBe(dueAt * 1000)
  })

  test('failures are asked again after 1, 2, 4 … 30 s', () => {
    const waits: number[] = []
    let state = unasked(0)
    for (let i = 0; i < 8; i++) {
      const at = state.dueAt
      state = settle(state, FAILED, at, MAX_STALE_S * 1000)
      waits.push((state.dueAt - at) / 1000)
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 30])
  })

  test('and at the moment when the last answer gets too old', () => {
    const failures = [300, 898, 899.5].map((at) => [at, FAILED] as const)
    expect(after([0, addresses(300, '192.0.2.1')], ...failures).dueAt).toBe(900_000)
  })
})

test('answers differ by addresses, TTL and staleness', () => {
  const at = (ttl: number, isStale: boolean, ...texts: string[]): FamilyAnswer => ({
    ...{ ttl, isStale, addresses: texts.map((text) => parseAddress(text)!) },
  })
  expect(sameAnswer('servfail', 'servfail')).toBe(true)
  expect(sameAnswer(at(5, false, '192.0.2.1'), at(5, false, '192.0.2.1'))).toBe(true)
  for (const other of ['servfail' as const, at(6, false, '192.0.2.1'), at(5, true, '192.0.2.1'), at(5, false)]) {
    expect(sameAnswer(at(5, false, '192.0.2.1'), other)).toBe(false)
  }
  expect(sameAnswer(at(5, false, '192.0.2.1'), at(5, false, '192.0.2.2'))).toBe(false)
})
