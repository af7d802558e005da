import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { formatName } from '../../src/dns/name.ts'
import { keepCopies } from '../../src/director/keep-copies.ts'
import { buildZones } from '../../src/director/zone-build.ts'
import { WIDEST_LIMITS } from '../../src/zone/reading.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'meridian-zones-'))
  mkdirSync(join(root, 'zones'))
})
afterEach(() => rmSync(root, { recursive: true }))

const SOUND = '@ 60 IN SOA ns h 7 2 3 4 5\n@ 60 IN NS ns\nns 60 IN A 192.0.2.1\n'

function write(file: string, text: string): void {
  writeFileSync(join(root, 'zones', file), text)
}

function build(services: readonly string[] = ['web'], copies: 'copies' | 'no-copies' = 'copies') {
  const state = copies === 'copies' ? join(root, 'state') : undefined
  const folder = join(root, 'zones')
  const output = buildZones({ folder, state, services, limits: WIDEST_LIMITS, buffer: new SharedArrayBuffer(8) })
  const kept = state === undefined ? [] : keepCopies({ folder, state, zones: output.sources }).faults
  return { ...output, faults: [...output.faults, ...kept] }
}

function states(output: Pick<ReturnType<typeof build>, 'zones'>): string[] {
  return output.zones.map(({ origin, state, errors }) => `${origin} ${state} ${errors}`)
}

test('each sound file is a zone, and its LB names are bound', () => {
  write('a.test.zone', `${SOUND}www IN LB web\n*.w IN LB web\n`)
  write('b.test.zone', SOUND)
  const built = build()
  expect(states(built)).toEqual(['a.test. current 0', 'b.test. current 0'])
  expect(built.bindings.map(({ owner, service }) => `${formatName(owner)} ${service}`).sort()).toEqual([
    '*.w.a.test. web',
    'www.a.test. web',
  ])
  expect(built.zones[0]?.serial).toBe(7)
  expect(built.buffer.byteLength).toBeGreaterThan(8)
})

test('a bad edit keeps the last good version of that zone, and nothing else changes', () => {
  write('a.test.zone', SOUND)
  write('b.test.zone', SOUND)
  build()
  write('a.test.zone', SOUND.replace('192.0.2.1', '192.0.2.1111'))
  write('b.test.zone', SOUND.replace(' 7 ', ' 8 '))
  const built = build()
  expect(states(built)).toEqual(['a.test. last-good 1', 'b.test. current 0'])
  expect(built.zones.map(({ serial }) => serial)).toEqual([7, 8])
  expect(built.faults[0]).toMatchObject({ severity: 'error', place: { line: 3 } })
})

test('a last good version is kept with what it includes', () => {
  write('a.test.zone', `${SOUND}$INCLUDE hosts.inc\n`)
  write('hosts.inc', 'host 60 IN A 192.0.2.7\n')
  build()
  write('hosts.inc', 'host 60 IN A nowhere\n')
  expect(states(build())).toEqual(['a.test. last-good 1'])
})

test('a zone that never loaded is failed, and the others go on', () => {
  write('a.test.zone', 'this is no zone\n')
  write('b.test.zone', SOUND)
  const built = build()
  expect(built.zones.map(({ origin, state }) => `${origin} ${state}`)).toEqual(['a.test. failed', 'b.test. current'])
  expect(built.refused).toBe(false)
})

test('a damaged copy is no version', () => {
  write('a.test.zone', SOUND)
  build()
  write('a.test.zone', 'broken\n')
  const copies = join(root, 'state', 'zones')
  const [copy] = readdirSync(copies)
  writeFileSync(join(copies, copy!), readFileSync(join(copies, copy!)).subarray(0, -1))
  expect(build().zones.map(({ state }) => state)).toEqual(['failed'])
})

test('a kept version that names a service which is gone is no version', () => {
  write('a.test.zone', `${SOUND}www IN LB web\n`)
  build()
  expect(build(['other']).zones.map(({ state }) => state)).toEqual(['failed'])
})

test('without a state folder nothing is kept or used', () => {
  write('a.test.zone', SOUND)
  build(['web'], 'no-copies')
  expect(readdirSync(root)).toEqual(['zones'])
  write('a.test.zone', 'broken\n')
  expect(build(['web'], 'no-copies').zones.map(({ state }) => state)).toEqual(['failed'])
})

test('a state folder that cannot be written is a warning', () => {
  write('a.test.zone', SOUND)
  writeFileSync(join(root, 'state'), 'a file stands here')
  const built = build()
  expect(states(built)).toEqual(['a.test. current 0'])
  expect(built.faults.map(({ code, severity }) => `${severity} ${code}`)).toEqual(['warning last-good-not-kept'])
})

test('a version that was edited before it could be kept is not kept', () => {
  write('a.test.zone', SOUND)
  const folder = join(root, 'zones')
  const state = join(root, 'state')
  const { sources } = buildZones({
    folder,
    state,
    services: [],
    limits: WIDEST_LIMITS,
    buffer: new SharedArrayBuffer(8),
  })
  write('a.test.zone', SOUND.replace('192.0.2.1', '192.0.2.1111'))
  expect(keepCopies({ folder, state, zones: sources }).faults).toEqual([])
  expect(build().zones.map(({ state }) => state)).toEqual(['failed'])
})

test('a copy that is kept already is left as it is, and another one replaces it', () => {
  const copy = join(root, 'state', 'zones', 'a.test.zone.last-good')
  write('a.test.zone', SOUND)
  build()
  const { ino } = statSync(copy)
  build()
  expect(statSync(copy).ino).toBe(ino)
  write('a.test.zone', SOUND.replace(' 7 ', ' 8 '))
  build()
  expect(readFileSync(copy, 'utf8')).toContain(' 8 ')
  expect(readdirSync(join(root, 'state', 'zones'))).toEqual(['a.test.zone.last-good'])
})

test('a copy whose bytes changed on the disk is no version', () => {
  write('a.test.zone', SOUND)
  build()
  write('a.test.zone', 'broken\n')
  const copy = join(root, 'state', 'zones', 'a.test.zone.last-good')
  writeFileSync(copy, readFileSync(copy, 'utf8').replace('192.0.2.1', '192.0.2.2'))
  expect(build().zones.map(({ state }) => state)).toEqual(['failed'])
})

test('a kept version answers, though limits are narrower now', () => {
  write('a.test.zone', SOUND)
  build()
  const [folder, state] = [join(root, 'zones'), join(root, 'state')]
  const limits = { ...WIDEST_LIMITS, records: 2 }
  const { zones } = buildZones({ folder, state, services: [], limits, buffer: new SharedArrayBuffer(8) })
  expect(zones.map((zone) => zone.state)).toEqual(['last-good'])
})

test('two files with one origin: the first is served, the second is a fault', () => {
  write('a.test.zone', SOUND)
  write('b.zone', `$ORIGIN a.test.\n${SOUND.replace(' 7 ', ' 9 ')}`)
  const built = build()
  expect(built.zones.map(({ origin, serial }) => `${origin} ${serial ?? ''}`)).toEqual(['a.test. 7'])
  expect(built.faults.map(({ code }) => code)).toEqual(['zone-twice'])
})

test('a folder that cannot be read refuses the whole', () => {
  rmSync(join(root, 'zones'), { recursive: true })
  const built = build()
  expect(built.refused).toBe(true)
  expect(built.faults.map(({ code }) => code)).toEqual(['zones-unreadable'])
})

test('challenges stand in the innermost zone, behind its file; one that does not fit costs the zone nothing', () => {
  write('a.test.zone', `${SOUND}_acme-challenge.taken 60 IN CNAME elsewhere.test.\n`)
  write('b.a.test.zone', `${SOUND}; no line break at the end`)
  const folder = join(root, 'zones')
  const challenges = [
    { name: '_acme-challenge.b.a.test.', value: 'one' },
    { name: '_acme-challenge.b.a.test.', value: 'two' },
    { name: '_acme-challenge.nowhere.test.', value: 'three' },
  ]
  const buffer = new SharedArrayBuffer(8)
  const served = buildZones({ folder, state: undefined, services: [], limits: WIDEST_LIMITS, challenges, buffer })
  expect(served.faults).toEqual([])
  expect(served.unserved).toEqual([])
  const image = Buffer.from(served.buffer).toString('latin1')
  expect([image.includes('one'), image.includes('two'), image.includes('three')]).toEqual([true, true, false])
  const clash = [...challenges, { name: '_acme-challenge.taken.a.test.', value: 'four' }]
  const refused = buildZones({
    folder,
    state: undefined,
    services: [],
    limits: WIDEST_LIMITS,
    challenges: clash,
    buffer,
  })
  expect(states(refused)).toEqual(['a.test. current 0', 'b.a.test. current 0'])
  expect(refused.unserved).toEqual(['_acme-challenge.taken.a.test.'])
  expect(refused.faults).toMatchObject([{ code: 'challenge-unserved', severity: 'warning' }])
})
