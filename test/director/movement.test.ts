import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MovementBook } from '../../src/director/movement-book.ts'
import { cutAt, judgeMovement, makeRoom, rampFor, type Movement } from '../../src/director/movement.ts'

const SECOND = 1000

const move = (part: number, from = 0, overMs = 0): Movement => ({ parts: { web: part }, from, overMs })

test.each([
  [1, 1, 0, 0],
  [0.5, 0.5, 0, 0],
  [0.5, 0.25, 0, 1],
  [0.5, 0.25, 60_000, 1],
  [0.5, 0.25, 120_000, 0],
])('%d of the users with a limit of %d in %i ms: %i broken', (moved, movement, rampMs, broken) => {
  expect(judgeMovement({ movement }, [], [move(moved, 0, rampMs)], 0)).toHaveLength(broken)
})

describe('with a limit of a quarter within a minute, after others', () => {
  test.each<[string, readonly Movement[], readonly Movement[], boolean]>([
    ['the rest at once', [move(0.2)], [move(0.05, SECOND)], true],
    ['more than the rest at once', [move(0.2)], [move(0.06, SECOND)], false],
    ['as much again, a minute later', [move(0.25)], [move(0.25, 61 * SECOND)], true],
    ['as much again, some seconds before', [move(0.25)], [move(0.25, 59 * SECOND)], false],
    ['a ramp beside a ramp', [move(0.3, 0, 120 * SECOND)], [move(0.3, 0, 120 * SECOND)], false],
    ['a ramp after a ramp', [move(0.5, 0, 120 * SECOND)], [move(0.5, 120 * SECOND, 120 * SECOND)], true],
    ['what another will do later, in its minute', [move(0.2, 600 * SECOND)], [move(0.1, 580 * SECOND)], false],
    ['its own coming and going', [], [move(0.2, 0), move(0.2, 30 * SECOND)], false],
    ['too much of others, where it moves nobody', [move(0.9)], [move(0, SECOND)], true],
    ['too much of others, long before', [move(0.9)], [move(0.2, 90 * SECOND)], true],
    ['another service', [{ parts: { api: 0.25 }, from: 0, overMs: 0 }], [move(0.25)], true],
  ])('%s', (_, known, asked, isFine) => {
    const broken = judgeMovement({ movement: 0.25 }, known, asked, 0)
    expect(broken.map(({ rule }) => rule)).toEqual(isFine ? [] : ['movement'])
  })

  test('the refusal tells the part of the others, and how long to wait', () => {
    const [breach] = judgeMovement({ movement: 0.25 }, [move(0.2)], [move(0.1, SECOND)], SECOND)
    expect(breach!.detail).toBe(
      '30 % of the users of web would move within a minute, 20 % of them by other changes; at most 25 % may: it needs to wait for 60s',
    )
  })
})

const part = fc.double({ min: 0.01, max: 1, noNaN: true })
const seconds = fc.integer({ min: 0, max: 600 }).map((count) => count * SECOND)
const movements = fc.array(
  fc.tuple(part, seconds, seconds).map(([each, from, overMs]) => move(each, from, overMs)),
  { maxLength: 5 },
)

test('the ramp that is asked for is the shortest that is let through', () => {
  fc.assert(
    fc.property(part, part, (moved, movement) => {
      const rampMs = rampFor(moved, movement)
      const at = (ms: number) => judgeMovement({ movement }, [], [move(moved, 0, ms)], 0).length
      expect(at(rampMs)).toBe(0)
      if (rampMs * 0.99 > 60_000) expect(at(rampMs * 0.99)).toBe(1)
    }),
  )
})

test('where room is made beside others, the rule holds', () => {
  fc.assert(
    fc.property(movements, part, part, seconds, (known, moved, movement, now) => {
      const { from, overMs } = makeRoom(movement, known, { web: moved }, now, 0)
      expect(from).toBeGreaterThanOrEqual(now)
      expect(judgeMovement({ movement }, known, [move(moved, from, overMs)], now)).toEqual([])
    }),
  )
})

test('no minute moves more than the limit, whatever is let through one after the other', () => {
  fc.assert(
    fc.property(movements, part, (asked, movement) => {
      const passed: Movement[] = []
      for (const one of asked) if (judgeMovement({ movement }, passed, [one], 0).length === 0) passed.push(one)
      for (let until = 0; until <= 1300 * SECOND; until += 7 * SECOND) {
        const within = passed.reduce(
          (sum, each) => sum + movedBefore(each, until) - movedBefore(each, until - 60 * SECOND),
          0,
        )
        if (movement < 1) expect(within).toBeLessThan(movement + 1e-6)
      }
    }),
    { numRuns: 50 },
  )
})

/** Of web, until a moment, that moment within. */
function movedBefore(movement: Movement, until: number): number {
  return cutAt(movement, until)?.parts['web'] ?? 0
}

describe('what is known', () => {
  let folder: string
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'movements-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  const record = (book: MovementBook, by: string, movement: Movement, now: number) =>
    book.record({ by, movements: [movement], instead: by, since: now }, now)

  test('survives a restart, and is forgotten a minute after it was over', async () => {
    const book = new MovementBook(folder)
    await record(book, 'a', move(0.2, 0, 10 * SECOND), 0)
    await record(book, 'b', move(0.1, 50 * SECOND), 50 * SECOND)
    const next = new MovementBook(folder)
    expect(await next.read()).toEqual([])
    expect(next.all.map(({ by }) => by)).toEqual(['a', 'b'])
    await record(next, 'c', move(0.1, 71 * SECOND), 71 * SECOND)
    expect(next.all.map(({ by }) => by)).toEqual(['b', 'c'])
  })

  test('what is broken off counts by what it moved until then', async () => {
    const book = new MovementBook(folder)
    await record(book, 'a', move(0.4, 0, 40 * SECOND), 0)
    await book.record({ by: 'a', movements: [], instead: 'a', since: 10 * SECOND }, 10 * SECOND)
    expect(book.all).toEqual([{ by: 'a', parts: { web: 0.1 }, from: 0, overMs: 10 * SECOND }])
  })

  test('a flood of changes is taken together, and none is lost', async () => {
    const book = new MovementBook(folder)
    for (let i = 0; i < 700; i++) await record(book, `o${i}`, move(0.001, i), i)
    expect(book.all.length).toBeLessThanOrEqual(500)
    expect(book.all.reduce((sum, { parts }) => sum + parts['web']!, 0)).toBeCloseTo(0.7, 6)
  })

  test('a torn copy is told of', async () => {
    const book = new MovementBook(folder)
    await record(book, 'a', move(0.2), 0)
    writeFileSync(join(folder, 'movements.json'), 'torn')
    const next = new MovementBook(folder)
    expect((await next.read()).map(({ code }) => code)).toEqual(['kept-file-corrupt'])
    expect(next.all).toHaveLength(1)
  })
})
