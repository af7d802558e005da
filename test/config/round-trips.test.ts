import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { formatFault } from '../../src/base/fault.ts'
import { diffConfig } from '../../src/config/diff.ts'
import { loadConfig } from '../../src/config/load.ts'
import { parseRoundTrips } from '../../src/config/round-trips.ts'

const REGIONS = ['us-east', 'eu-west']

function read(text: string) {
  const { roundTrips, faults } = parseRoundTrips(text, 'f', REGIONS)
  return { times: Object.fromEntries(roundTrips), faults: faults.map(formatFault) }
}

test('reads networks with the times of their regions; comments and blank lines are none', () => {
  const text =
    '# ours\n203.0.113.0/24  eu-west 12  us-east 95.5\n\n2001:DB8::/32 us-east 0 # near\r\n192.0.2.7 eu-west 1\n'
  expect(read(text)).toEqual({
    times: {
      '203.0.113.0/24': { 'eu-west': 12, 'us-east': 95.5 },
      '2001:db8::/32': { 'us-east': 0 },
      '192.0.2.7/32': { 'eu-west': 1 },
    },
    faults: [],
  })
})

test('tells every fault at its place', () => {
  const text = '203.0.113.1/24 eu-west 12\n10.0.0.0/8 eu-wset 5\n10.0.0.0/8 us-east\n 10.1.0.0/16 us-east 5s\n'
  expect(read(text).faults).toEqual([
    'f:1:1: error: 203.0.113.1/24 is no prefix (write 192.0.2.0/24, with no bit beyond the length) [bad-prefix]',
    'f:2:12: error: eu-wset is no region (did you mean eu-west?) [unknown-name]',
    'f:3:1: error: 10.0.0.0/8 stands here twice (keep one) [duplicate-prefix]',
    'f:3:1: error: 10.0.0.0/8 needs pairs of a region and its milliseconds (a line is PREFIX REGION MILLISECONDS …) [bad-line]',
    'f:4:22: error: 5s are no milliseconds from 0 to 60000 (such as 12 or 95.5) [bad-time]',
  ])
})

test('is refused when it is too long to be meant', () => {
  expect(read('\n'.repeat(100_001)).faults).toEqual([
    'f: error: more than 100000 lines (merge networks) [file-too-large]',
  ])
})

let folder = ''
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function load(table: string | undefined) {
  folder = mkdtempSync(join(tmpdir(), 'meridian-'))
  const file = join(folder, 'meridian.yaml')
  const config = `listen: ["127.0.0.1:5300"]
zones: .
roundTrips: times.txt
regions:
  us-east: { balancers: [192.0.2.1] }
  eu-west: { balancers: [192.0.2.2] }
services:
  web: { regions: [us-east, eu-west], steer: [fastest] }
`
  writeFileSync(file, config)
  if (table !== undefined) writeFileSync(join(folder, 'times.txt'), table)
  return loadConfig(file)
}

test('a config takes the table beside it, and one that is wrong or missing refuses the config', () => {
  const { config } = load('203.0.113.0/24 eu-west 12\n')
  expect([...config!.roundTrips!.keys()]).toEqual(['203.0.113.0/24'])
  const wrong = load('203.0.113.0/24 mars 12\n')
  expect(wrong.config).toBeUndefined()
  expect(wrong.faults.map(({ code }) => code)).toEqual(['unknown-name'])
  expect(load(undefined).faults.map(({ code }) => code)).toEqual(['unreadable'])
})

test('a reload says that the table changed', () => {
  const [before, after] = [load('203.0.113.0/24 eu-west 12\n').config!, load('203.0.113.0/24 eu-west 13\n').config!]
  expect(diffConfig(before, { ...after, zones: before.zones, state: before.state })).toEqual(['roundTrips changed'])
  expect(diffConfig(before, before)).toEqual([])
})
