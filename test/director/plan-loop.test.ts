import { afterEach, expect, test } from 'vitest'
import { PlanLoop, type Round } from '../../src/director/plan-loop.ts'
import { SLICE_MS } from '../../src/director/slices.ts'
import { Publisher, Subscription } from '../../src/snapshot/publication.ts'
import type { Settings } from '../../src/snapshot/settings.ts'

const settings: Settings = {
  ...{ version: '', server: '', nsid: '', tcpIdleTimeoutMs: 0 },
  cookieSecrets: [new Uint8Array(16)],
  rateLimit: undefined,
}

let loop: PlanLoop | undefined
let publisher: Publisher | undefined
afterEach(() => {
  loop?.stop()
  publisher?.close()
})

/** A loop over plans that take `steps` pauses of `stepMs` each; `isChanged` says whether anything comes out. */
function createLoop(steps: () => number, stepMs = 0, isChanged: () => boolean = () => true) {
  publisher = new Publisher(1)
  const [zones, clientMaps] = [publisher.free('zones', 4)!, publisher.free('clientMaps', 4)!]
  const log: string[] = []
  const book = {
    get isChanged() {
      return isChanged()
    },
    *replan() {
      log.push('plan')
      for (let i = 0; i < steps(); i++) {
        const until = performance.now() + stepMs
        while (performance.now() < until) continue
        yield
      }
    },
    published: () => log.push('published'),
  }
  loop = new PlanLoop(publisher, () => ({
    book: book as unknown as Round['book'],
    isDue: false,
    parts: { zones, clientMaps },
    input: () => ({ settings, services: [], bindings: [], clientMaps: [] }),
    published: () => undefined,
  }))
  return { loop, publisher, log }
}

test('a small plan is published before asking returns', async () => {
  const { loop: own, publisher: snapshots, log } = createLoop(() => 3)
  const asked = own.ask()
  expect(snapshots.generation).toBe(1)
  expect(log).toEqual(['plan', 'published'])
  expect(await asked).toBe(true)
})

test('what changes no answer publishes nothing', async () => {
  const { loop: own, publisher: snapshots } = createLoop(
    () => 0,
    0,
    () => false,
  )
  expect(await own.ask()).toBe(false)
  expect(snapshots.generation).toBe(0)
})

test('a long plan leaves the thread in slices; what comes in meanwhile is one more plan, however much it is', async () => {
  const { loop: own, publisher: snapshots, log } = createLoop(() => 30, 1)
  const asked = own.ask()
  expect(snapshots.generation).toBe(0)
  let longest = 0
  let last = performance.now()
  const watch = setInterval(() => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }, 0)
  const later = [own.ask(), own.ask(), own.ask()]
  expect(await Promise.all([asked, ...later])).toEqual([true, true, true, true])
  clearInterval(watch)
  expect(log).toEqual(['plan', 'published', 'plan', 'published'])
  expect(longest).toBeLessThan(SLICE_MS * 4)
})

test('while workers read all the memory there is, the newest plan waits', async () => {
  const { loop: own, publisher: snapshots, log } = createLoop(() => 0)
  await own.ask()
  const reader = new Subscription(snapshots.control, 0, snapshots.attach(0))
  reader.enter()
  const held = [own.ask(), own.ask(), own.ask(), own.ask()]
  const before = snapshots.generation
  await new Promise((resolve) => setTimeout(resolve, 30))
  // One arena is read, one answers, and one is left: the pool is never short by a single slow worker.
  expect(snapshots.generation).toBe(before)
  reader.leave()
  expect(await Promise.all(held)).toEqual([true, true, true, true])
  expect(log.filter((word) => word === 'published').length).toBe(snapshots.generation)
})
