import { once } from 'node:events'
import { getHeapStatistics } from 'node:v8'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { settleHeap } from '../../src/base/settled-heap.ts'

test('a heap that has settled gives back what garbage held', () => {
  const held = Array.from({ length: 500_000 }, (_, i) => ({ i }))
  settleHeap()
  const full = getHeapStatistics().total_physical_size
  held.length = 0
  settleHeap()
  expect(getHeapStatistics().total_physical_size).toBeLessThan(full - 10_000_000)
})

test('threads may do so at the same time', async () => {
  const module = JSON.stringify(new URL('../../src/base/settled-heap.ts', import.meta.url).href)
  const code = `import(${module}).then(({ settleHeap }) => { for (let i = 0; i < 20; i++) settleHeap() })`
  const ended = Array.from({ length: 4 }, () => once(new Worker(code, { eval: true }), 'exit'))
  expect(await Promise.all(ended)).toEqual([[0], [0], [0], [0]])
})
