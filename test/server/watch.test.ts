import { expect, test } from 'vitest'
import { ownThread } from '../../src/base/thread.ts'
import { parseUse, readThreadUse, type ThreadUse } from '../../src/server/thread-use.ts'
import { backOffMs, countShortLives, look, LOOK_MS, STALL_MS, UNSEEN, type Watch } from '../../src/server/watch.ts'

const unknown = () => undefined

/** How long the watch has been silent after looks so far apart, the beat never changing. */
function silentAfter(elapsed: readonly number[], readUse: () => ThreadUse | undefined = unknown): number {
  return elapsed.reduce<Watch>((watch, ms) => look(watch, 1, ms, readUse), { ...UNSEEN, beat: 1 }).silentMs
}

test('a silent worker has stalled after 100 ms of looking on time', () => {
  expect(silentAfter(Array<number>(5).fill(LOOK_MS))).toBe(STALL_MS)
  expect(silentAfter(Array<number>(6).fill(LOOK_MS))).toBeGreaterThan(STALL_MS)
})

test('a main thread that stood still for three seconds blames nobody', () => {
  expect(silentAfter([3000])).toBeLessThan(STALL_MS)
  expect(silentAfter([LOOK_MS, 3000, LOOK_MS, LOOK_MS])).not.toBeGreaterThan(STALL_MS)
})

test('a beat ends the silence', () => {
  const silent = { beat: 1, silentMs: 90, cpuMs: 70 }
  expect(look(silent, 2, LOOK_MS, unknown)).toEqual({ beat: 2, silentMs: 0, cpuMs: undefined })
  expect(look(UNSEEN, 0, LOOK_MS, unknown).silentMs).toBe(LOOK_MS)
})

test('a thread that gets no processor has not stalled; one that spins, on a quarter of one too, or is stuck has', () => {
  const looks = Array<number>(12).fill(LOOK_MS)
  let spunMs = 0
  expect(silentAfter(looks, () => ({ isRunnable: true, cpuMs: 70 }))).toBeLessThan(STALL_MS)
  expect(silentAfter(looks, () => ({ isRunnable: true, cpuMs: (spunMs += LOOK_MS) }))).toBeGreaterThan(STALL_MS)
  const six = looks.slice(0, 6)
  expect(silentAfter(six, () => ({ isRunnable: true, cpuMs: (spunMs += LOOK_MS / 4) }))).toBeGreaterThan(STALL_MS)
  expect(silentAfter(looks, () => ({ isRunnable: true, cpuMs: (spunMs += LOOK_MS / 32) }))).toBeLessThan(STALL_MS)
  expect(silentAfter(looks, () => ({ isRunnable: false, cpuMs: 70 }))).toBeGreaterThan(STALL_MS)
})

test('reads what Linux says of a thread, whatever its name', () => {
  const line = '7 (a) R (b) S 1 2 3 4 5 6 7 8 9 10 120 34 0 0 20'
  expect(parseUse(line, undefined)).toEqual({ isRunnable: false, cpuMs: 1540 })
  expect(parseUse(line, '1543210000 77 12\n')).toEqual({ isRunnable: false, cpuMs: 1543.21 })
})

test.runIf(process.platform === 'linux')('sees its own thread running', () => {
  expect(readThreadUse(ownThread())?.isRunnable).toBe(true)
  expect(readThreadUse(0)).toBeUndefined()
})

test('a first death is replaced at once, short lives in a row ever later, but always', () => {
  const lives = [10, 10, 10, 10, 10, 10, 10, 10, 10, 10]
  let short = 0
  const waits = lives.map((lived) => backOffMs((short = countShortLives(short, lived))))
  expect(waits).toEqual([0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000])
  expect(backOffMs(countShortLives(short, 60_000))).toBe(0)
})
