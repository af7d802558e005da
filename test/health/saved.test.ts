import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import type { TargetHealth } from '../../src/health/health.ts'
import { HealthKeeper } from '../../src/health/keeper.ts'
import { readSavedHealth, SAVED_HEALTH, saveHealth } from '../../src/health/saved.ts'
import { targetOf } from './support.ts'

let folder: string
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'meridian-saved-'))))
afterEach(() => rm(folder, { recursive: true }))

const [one, two] = [targetOf(1), targetOf(2, { intervalMs: 10_000 })]
const up: TargetHealth = { state: 'up', reason: '200 in 3 ms', since: 500, provisional: false }
const down: TargetHealth = { state: 'down', reason: '503', since: 600, provisional: false }

it('reads back what is decided, while it is fresh by each target’s own interval and thresholds', async () => {
  const state = join(folder, 'state')
  await saveHealth(
    state,
    new Map([
      [one.id, up],
      [two.id, down],
      ['gone/192.0.2.1', up],
    ]),
    1000,
  )
  const soon = await readSavedHealth(state, [one, two, targetOf(3)], 1000 + 2 * 200 * 3)
  expect([...soon.states]).toEqual([
    [one.id, { state: 'up', reason: '200 in 3 ms', since: 500 }],
    [two.id, { state: 'down', reason: '503', since: 600 }],
  ])
  const later = await readSavedHealth(state, [one, two], 1001 + 2 * 200 * 3)
  expect([...later.states.keys()]).toEqual([two.id])
  expect((await readSavedHealth(state, [one, two], 999)).states.size).toBe(0)
})

it('leaves out unknown states', async () => {
  await saveHealth(folder, new Map([[one.id, { ...up, state: 'unknown' as const }]]), 0)
  expect((await readSavedHealth(folder, [one], 0)).states.size).toBe(0)
})

it('takes a missing file as no fault', async () => {
  expect(await readSavedHealth(folder, [one], 0)).toEqual({ states: new Map(), faults: [] })
})

it.each([
  '',
  '{"version":1',
  '[]',
  '{"version":2,"savedAt":1,"targets":{}}',
  '{"version":1,"savedAt":1,"targets":{"a":{"state":"up"}}}',
])('reports a corrupt file (%j) and goes on without it', async (text) => {
  await writeFile(join(folder, SAVED_HEALTH), text)
  const { states, faults } = await readSavedHealth(folder, [one], 1)
  expect(states.size).toBe(0)
  expect(faults).toMatchObject([{ code: 'saved-health-unreadable', severity: 'warning' }])
})

it('keeps one write at a time, ends with the newest, and leaves no other file behind', async () => {
  let state: TargetHealth = up
  const trouble: string[] = []
  const keeper = new HealthKeeper({
    folder,
    health: () => new Map([[one.id, state]]),
    clock: systemClock,
    onTrouble: (what) => trouble.push(what),
  })
  const saves = [keeper.save(), keeper.save(), keeper.save()]
  state = down
  await Promise.all([...saves, keeper.stop()])
  expect((await readSavedHealth(folder, [one], Date.now())).states.get(one.id)?.state).toBe('down')
  expect(await readdir(folder)).toEqual([SAVED_HEALTH])
  expect(trouble).toEqual([])
})

it('spares the disk a storm of changes, and the end waits for nothing', async () => {
  let written = 0
  const keeper = new HealthKeeper({
    folder,
    health: () => (written++, new Map()),
    clock: systemClock,
    onTrouble: () => undefined,
  })
  for (let i = 0; i < 30; i++) {
    void keeper.save()
    await sleep(10)
  }
  expect(written).toBe(1)
  const before = performance.now()
  await keeper.stop()
  expect(written).toBe(2)
  expect(performance.now() - before).toBeLessThan(500)
})

it('tells of a folder that cannot be written', async () => {
  await writeFile(join(folder, 'file'), '')
  const trouble: string[] = []
  const onTrouble = (what: string): number => trouble.push(what)
  const keeper = new HealthKeeper({
    folder: join(folder, 'file'),
    health: () => new Map(),
    clock: systemClock,
    onTrouble,
  })
  await keeper.stop()
  expect(trouble).toMatchObject([/health could not be saved: .*(ENOTDIR|EEXIST)/])
})
