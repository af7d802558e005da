import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FileWatch, stampOf } from '../../src/geo/stamp.ts'
import { monotonicMs, sleep, until } from '../support/monotonic.ts'

const POLL_MS = 20

let folder: string
let file: string
let watch: FileWatch
let told: number

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meridian-stamp-'))
  file = join(folder, 'city.mmdb')
  writeFileSync(file, 'one')
  told = 0
  watch = new FileWatch(() => told++, POLL_MS)
  watch.watch([file], await stampOf([file]))
})

afterEach(() => {
  watch.stop()
  rmSync(folder, { recursive: true })
})

/** A new file renamed into the place of the old one, with its length and time. */
function replace(text: string): void {
  const next = join(folder, 'next')
  writeFileSync(next, text)
  utimesSync(next, 1, 1)
  renameSync(next, file)
}

test('a file that stays tells nothing', async () => {
  await sleep(POLL_MS * 5)
  expect(told).toBe(0)
})

test('a file that is replaced is told once, even one of the same length and time', async () => {
  replace('two')
  await until('word of it', () => told > 0)
  replace('six')
  await until('word of it', () => told > 1)
  await sleep(POLL_MS * 5)
  expect(told).toBe(2)
})

test('a file that is still written to is told of when it rests', async () => {
  watch.stop()
  watch = new FileWatch(() => told++, 150)
  watch.watch([file], await stampOf([file]))
  const stop = monotonicMs() + 600
  for (let i = 0; monotonicMs() < stop; i++) {
    writeFileSync(file, 'x'.repeat(i))
    await sleep(5)
  }
  expect(told).toBe(0)
  await until('word of it', () => told === 1)
})

test('a file that goes, and one that comes', async () => {
  rmSync(file)
  await until('word of it', () => told === 1)
  writeFileSync(file, 'back')
  await until('word of it', () => told === 2)
})

test('what was replaced between reading and watching is told, what is no longer watched is not', async () => {
  const stamp = await stampOf([file])
  replace('two')
  watch.watch([file], stamp)
  await until('word of it', () => told === 1)
  watch.watch([], '')
  replace('three')
  await sleep(POLL_MS * 5)
  expect(told).toBe(1)
})
