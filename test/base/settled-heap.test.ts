import { getHeapStatistics } from 'node:v8'
import { expect, test } from 'vitest'
import { settleHeap } from '../../src/base/settled-heap.ts'

test('a heap that has settled gives back what garbage held, and leaves no way to ask again', () => {
  const held = Array.from({ length: 500_000 }, (_, i) => ({ i }))
  settleHeap()
  const full = getHeapStatistics().total_physical_size
  held.length = 0
  settleHeap()
  expect(getHeapStatistics().total_physical_size).toBeLessThan(full - 10_000_000)
  expect(globalThis).not.toHaveProperty('gc')
})
