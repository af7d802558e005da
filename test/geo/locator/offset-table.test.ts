import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OffsetTable, UNSET } from '../../../src/geo/locator/offset-table.ts'

const anyOffset = fc.oneof(fc.nat(2 ** 31 - 2), fc.nat(50))

test('finds what was set last, and nothing else', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyOffset, fc.integer({ min: -1, max: 2 ** 31 - 1 }))),
      fc.array(anyOffset),
      (sets, asked) => {
        const [table, map] = [new OffsetTable(), new Map<number, number>()]
        for (const [offset, value] of sets) {
          table.set(offset, value)
          map.set(offset, value)
        }
        for (const offset of [...map.keys(), ...asked]) expect(table.find(offset)).toBe(map.get(offset) ?? UNSET)
      },
    ),
  )
})

test('grows', () => {
  const table = new OffsetTable()
  for (let i = 0; i < 100_000; i++) table.set(i * 7, i)
  for (let i = 0; i < 100_000; i += 997) expect([table.find(i * 7), table.find(i * 7 + 1)]).toEqual([i, UNSET])
})
