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
function createLoop(
  steps: () => number,
  stepMs = 0,
  isChanged: () => boolean = () => true,
  isDue: () => boolean = () => false,
) {
  publisher = new Publisher(2)
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
    isDue: isDue(),
    parts: { zones, clientMaps },
    input: () => ({ settings, services: [], bindings: [], clientMaps: [] }),
    published: () => undefined,
    settled: () => log.push('settled'),
  }))
  return { loop, publisher, log }
}

test('a small plan is published before asking returns', async () => {
  const { loop: own, publisher: snapshots, log } = createLoop(() => 3)
  const asked = own.ask()
  expect(snapshots.generation).toBe(1)
  expect(log).toEqual(['plan', 'published', 'settled'])
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

/** Of this thread: a slice is no longer for waiting for a core that others have. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

test('a long plan leaves the thread in slices; what comes in meanwhile is one more plan, however much it is', async () => {
  const { loop: own, publisher: snapshots, log } = createLoop(() => 30, 1)
  const asked = own.ask()
  expect(snapshots.generation).toBe(0)
  let longest = 0
  let last = cpuMs()
  const watch = setInterval(() => {
    longest = Math.max(longest, cpuMs() - last)
    last = cpuMs()
  }, 0)
  const later = [own.ask(), own.ask(), own.ask()]
  expect(await Promise.all([asked, ...later])).toEqual([true, true, true, true])
  clearInterval(watch)
  expect(log).toEqual(['plan', 'published', 'settled', 'plan', 'published', 'settled'])
  expect(longest).toBeLessThan(SLICE_MS * 4)
})

/** Two slow workers and the snapshot that answers hold all three arenas of the plan. */
async function fillMemory(own: PlanLoop, snapshots: Publisher): Promise<readonly Subscription[]> {
  const readers = [0, 1].map((slot) => new Subscription(snapshots.control, slot, snapshots.attach(slot)))
  for (const reader of readers) {
    await own.ask()
    reader.enter()
  }
  await own.ask()
  return readers
}

function soon(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20))
}

test('while workers read all the memory there is, plans wait, and the newest one is published', async () => {
  const { loop: own, publisher: snapshots, log } = createLoop(() => 0)
  const readers = await fillMemory(own, snapshots)
  const held = [own.ask(), own.ask(), own.ask()]
  await soon()
  expect(snapshots.generation).toBe(3)
  readers[0]!.leave()
  expect(await Promise.all(held)).toEqual([true, true, true])
  expect(snapshots.generation).toBe(4)
  expect(log.filter((word) => word === 'published')).toHaveLength(4)
})

test('what was due once is published in the end, though it had to wait', async () => {
  let due = true
  const { loop: own, publisher: snapshots } = createLoop(
    () => 0,
    0,
    () => false,
    () => due,
  )
  const readers = await fillMemory(own, snapshots)
  const held = own.ask()
  due = false
  await soon()
  readers[1]!.leave()
  expect(await held).toBe(true)
  expect(snapshots.generation).toBe(4)
})
