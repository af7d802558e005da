// What a reload's log says has changed.
import { expect, test } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { diffConfig } from '../../src/config/diff.ts'
import { parseConfig } from '../../src/config/load.ts'

const BASE = `listen: ["127.0.0.1:5300"]
zones: zones
monitors:
  l7: { type: http, port: 8080 }
regions:
  us: { weight: 5, monitor: l7, balancers: [198.51.100.10] }
  eu: { monitor: l7, balancers: [198.51.100.20] }
services:
  web: { regions: [us, eu], steer: [weighted] }
`

function read(text: string): Config {
  return parseConfig(text, '/f').config!
}

function diffAfter(from: string, to: string): string[] {
  expect(BASE).toContain(from)
  return diffConfig(read(BASE), read(BASE.replace(from, to)))
}

test('nothing', () => expect(diffConfig(read(BASE), read(BASE))).toEqual([]))

test.each([
  ['zones: zones', 'zones: z', ['zones: /zones → /z']],
  ['zones: zones', 'zones: zones\nadmin: { listen: "[::1]:1" }', ['admin: changed']],
  ['weight: 5, ', 'weight: 6, ', ['regions.us: weight 5 → 6']],
  ['[198.51.100.10]', '[198.51.100.11, "2001:db8::1"]', ['regions.us: balancers changed']],
  ['monitor: l7, balancers: [198.51.100.20]', 'balancers: [198.51.100.20]', ['regions.eu: monitor l7 → none']],
  ['port: 8080', 'port: 80', ['monitors.l7: port 8080 → 80']],
  [
    'steer: [weighted]',
    'steer: [weighted], ttl: 1m, fallback: none',
    ['services.web: ttl 30 → 60, fallback all → none'],
  ],
  ['  web:', '  app:', ['services.web removed', 'services.app added']],
])('%j → %j', (from, to, expected) => {
  expect(diffAfter(from, to)).toEqual(expected)
})
