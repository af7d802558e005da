import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { OverrideBook } from '../../src/director/overrides/override-book.ts'
import type { Override } from '../../src/director/overrides/override.ts'
import type { Words } from '../../src/director/overrides/words.ts'
import { OverrideDesk } from '../../src/wiring/override-desk.ts'
import { RecoveryRamps } from '../../src/wiring/recovery.ts'
import { override } from '../director/overrides/sample.ts'

let folder: string
let desk: OverrideDesk
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'desk-'))))
afterEach(() => {
  desk.stop()
  rmSync(folder, { recursive: true })
})

async function open(overrides: readonly Override[]) {
  const scene = {
    now: 0,
    load: undefined as number | undefined,
    held: new Set<string>(),
    told: [] as string[],
    applied: [] as Words[],
    recovery: new RecoveryRamps(),
  }
  const book = new OverrideBook(folder)
  await book.change(() => overrides)
  desk = new OverrideDesk({
    ...{ book, recovery: scene.recovery, clock: { now: () => scene.now, wall: () => scene.now }, leadMs: () => 0 },
    apply: (words) => scene.applied.push(words),
    tell: (_, text) => scene.told.push(text),
    suspend: () => scene.held,
    loadOf: () => scene.load,
  })
  await desk.start()
  const at = (now: number) => {
    scene.now = now
    desk.turn()
    return scene.applied.at(-1)!.regions.get('eu-west')?.part
  }
  return { scene, book, at }
}

test('words follow the time, what begins and ends is told, and what has ended is let go', async () => {
  const { scene, book, at } = await open([override({ startsAt: 100, rampMs: 100, expiresAt: 1000 })])
  expect([50, 150, 200, 1050].map(at)).toEqual([undefined, 0.5, 0, 0.5])
  expect(at(1100)).toBeUndefined()
  await book.change((all) => all)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(book.all).toEqual([])
  expect(scene.told).toEqual(
    ['begins', 'is in force', 'is being undone', 'has ended'].map((what) => `drain of eu-west by oncall ${what}`),
  )
})

test('one that a safety rule holds back says nothing, and that is told once', async () => {
  const { scene, at } = await open([override()])
  expect(at(1)).toBe(0)
  scene.held = new Set(['a'])
  expect([at(2), at(3)]).toEqual([undefined, undefined])
  scene.held = new Set()
  expect(at(4)).toBe(0)
  expect(scene.told.filter((text) => text.includes('suspended'))).toHaveLength(2)
})

test('loads of a drained region are remembered from its beginning', async () => {
  const { scene, at } = await open([override({ rampMs: 100 })])
  for (const [now, load] of [
    [0, 500],
    [50, 300],
    [150, 20],
    [160, 20],
    [170, 5],
  ] as const) {
    scene.load = load
    at(now)
  }
  const { before, loads } = desk.loadsOf(override())
  expect([before?.level, loads.map(({ level }) => level)]).toEqual([500, [20, 5]])
})

test('a drain without a ramp, of a region that reports, is in force at once; its load is known up to the moment', async () => {
  const { scene, book, at } = await open([])
  scene.load = 500
  await book.change(() => [override()])
  at(1)
  expect(desk.loadsOf(override()).before?.level).toBe(500)
  scene.load = 3
  expect(desk.loadsOf(override()).loads.map(({ level }) => level)).toEqual([500, 3])
})

test('a region that comes back takes more and more, from a little at once to all', async () => {
  const { scene, at } = await open([])
  scene.recovery.begin('eu-west', 0, 100_000, 0)
  const parts = [0, 25_000, 50_000, 99_000].map((now) => {
    at(now)
    return scene.applied.at(-1)!.recovering.get('eu-west')
  })
  expect(parts).toEqual([0.005, 0.25, 0.5, 0.99])
  scene.recovery.begin('eu-west', 0, 50_000, 99_000)
  at(99_001)
  expect(scene.applied.at(-1)!.recovering.size).toBe(0)
  scene.recovery.begin('eu-west', 100_000, 50_000, 100_000)
  scene.recovery.end('eu-west')
  expect(scene.recovery.partsAt(110_000).size).toBe(0)
})
