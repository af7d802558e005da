import { expect, it } from 'vitest'
import { parseAddress } from '../../src/base/address.ts'
import type { Region } from '../../src/director/service.ts'
import { agentWord } from '../../src/wiring/agent-words.ts'

function regions(weights: Readonly<Record<string, number>>): ReadonlyMap<string, Region> {
  const balancers = Object.entries(weights).map(([text, weight]) => ({ address: parseAddress(text)!, weight }))
  return new Map([['us', { name: 'us', weight: 1, balancers, minHealthy: 1 }]])
}

const WEIGHTED = regions({ '192.0.2.1': 4, '192.0.2.2': 1, '192.0.2.3': 0, '2001:db8::1': 2 })

it.each([
  ['192.0.2.1', 'up'],
  ['192.0.2.2', '25%'],
  ['192.0.2.2:443', '25%'],
  ['192.0.2.3', 'drain'],
  ['2001:db8::1', '50%'],
  ['[2001:db8:0::1]:443', '50%'],
  ['web-1', 'up'],
  ['192.0.2.9', 'up'],
])('%s is told %s', (server, word) => {
  expect(agentWord(WEIGHTED, { region: 'us', server })).toBe(word)
})

it('drains none when all have no weight: there is nobody to leave for', () => {
  expect(agentWord(regions({ '192.0.2.1': 0, '192.0.2.2': 0 }), { region: 'us', server: '192.0.2.1' })).toBe('up')
})

it('says nothing of a region that it does not know', () => {
  expect(agentWord(WEIGHTED, { region: 'mars', server: '192.0.2.1' })).toBeUndefined()
})
