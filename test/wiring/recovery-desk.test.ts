import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Turns } from '../../src/base/turns.ts'
import type { Config } from '../../src/config/config.ts'
import { MovementBook } from '../../src/director/movement-book.ts'
import { RecoveryDesk } from '../../src/wiring/recovery-desk.ts'

const SECOND = 1000

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'recovery-'))))
afterEach(() => rmSync(folder, { recursive: true }))

/** Each region brings back half of the users. */
function open(safety: { readonly movement: number; readonly recoveryMs: number }) {
  const scene = { now: 0, told: [] as string[], isBroken: false }
  const regions = new Map(['eu', 'us'].map((name) => [name, {}]))
  const config = { safety: { fewestRegions: 1, leastCapacity: 0, ...safety }, regions } as unknown as Config
  const movements = new MovementBook(folder)
  const turns = new Turns()
  const desk = new RecoveryDesk({
    ...{ clock: { now: () => scene.now, wall: () => scene.now }, config: () => config, movements, turns },
    movedBy: () => (scene.isBroken ? Promise.reject(new Error('no plan')) : Promise.resolve({ web: 0.5 })),
    turn: () => undefined,
    tell: (_, text) => scene.told.push(text),
  })
  const partAt = (region: string, now: number) => desk.ramps.partsAt((scene.now = now)).get(region)
  return { scene, desk, movements, turns, partAt }
}

test('the second region that comes back waits for the first', async () => {
  const { scene, desk, turns, partAt } = open({ movement: 0.25, recoveryMs: 0 })
  desk.measure()
  for (const region of ['eu', 'us']) desk.regionTurned(region, 'up')
  await turns.over()
  expect(scene.told).toEqual([
    'region eu gets its share again over 120 s',
    'region us gets its share again over 120 s, in 120 s: others move until then',
  ])
  expect([partAt('eu', 60 * SECOND), partAt('us', 60 * SECOND)]).toEqual([0.5, 0.005])
  expect([partAt('eu', 180 * SECOND), partAt('us', 180 * SECOND)]).toEqual([undefined, 0.5])
})

test('what goes down again makes room, and a ramp goes on after a restart', async () => {
  const before = open({ movement: 0.25, recoveryMs: 0 })
  before.desk.measure()
  before.desk.regionTurned('eu', 'up')
  await before.turns.over()
  before.scene.now = 12 * SECOND
  before.desk.regionTurned('eu', 'down')
  before.desk.regionTurned('us', 'up')
  await before.turns.over()
  expect(before.movements.all.map(({ by, parts }) => [by, parts['web']])).toEqual([
    ['recovery eu', 0.05],
    ['recovery us', 0.5],
  ])
  await before.movements.record({ by: 'x', movements: [], instead: 'x', since: 0 }, before.scene.now)
  const after = open({ movement: 0.25, recoveryMs: 0 })
  await after.movements.read()
  after.desk.resume()
  const from = after.movements.all.at(-1)!.from
  expect(after.partAt('us', from + 30 * SECOND)).toBe(0.25)
  expect(after.partAt('eu', from + 30 * SECOND)).toBeUndefined()
})

test('before the first plan it is held, and measured with it', async () => {
  const { scene, desk, turns, partAt } = open({ movement: 0.25, recoveryMs: 0 })
  desk.regionTurned('eu', 'up')
  await turns.over()
  expect([partAt('eu', 0), scene.told]).toEqual([0.005, []])
  desk.measure()
  await turns.over()
  expect(scene.told).toHaveLength(1)
})

test('one that cannot be measured comes back as slowly as it could have to, and that is told', async () => {
  const { scene, desk, turns, partAt } = open({ movement: 0.25, recoveryMs: 0 })
  scene.isBroken = true
  desk.measure()
  desk.regionTurned('eu', 'up')
  await turns.over()
  await Promise.resolve()
  expect(scene.told).toEqual(['how many users eu brings back could not be told: Error: no plan'])
  expect(partAt('eu', 125 * SECOND)).toBe(0.5)
})

test('without a limit, its own time alone counts', () => {
  const { scene, desk, partAt } = open({ movement: 1, recoveryMs: 10 * SECOND })
  for (const region of ['eu', 'us']) desk.regionTurned(region, 'up')
  expect(scene.told).toHaveLength(2)
  expect([partAt('eu', 5 * SECOND), partAt('us', 5 * SECOND)]).toEqual([0.5, 0.5])
})
