import { describe, expect, test } from 'vitest'
import { Publisher, Subscription } from '../../src/snapshot/publication.ts'
import type { Arena } from '../../src/snapshot/arena.ts'

/** Publishes a snapshot whose parts all begin with its number. */
function publishNumbered(publisher: Publisher, number: number, bytes = 64): boolean {
  const arenas: Record<string, Arena> = {}
  for (const part of ['zones', 'clientMaps', 'plan'] as const) {
    const arena = publisher.free(part, bytes)
    if (!arena) return false
    arena.words[0] = number
    arenas[part] = arena
  }
  return publisher.publish(arenas)
}

function subscribe(publisher: Publisher, slot: number): Subscription {
  return new Subscription(publisher.control, slot, publisher.attach(slot))
}

function numbers({ snapshot }: Subscription): number[] {
  return [snapshot.zoneWords[0]!, snapshot.mapWords[0]!, snapshot.planWords[0]!]
}

/** The plan arenas that so many publications use. */
function buffersOf(publisher: Publisher, publications: number): SharedArrayBuffer[] {
  return Array.from({ length: publications }, (_, i) => {
    publishNumbered(publisher, i + 1)
    return publisher.current()!.plan.buffer
  })
}

describe('publication', () => {
  test('a worker sees all parts of the newest snapshot at its next receive', () => {
    const publisher = new Publisher(1)
    const worker = subscribe(publisher, 0)
    expect(publishNumbered(publisher, 1)).toBe(true)
    worker.enter()
    expect(numbers(worker)).toEqual([1, 1, 1])
    worker.leave()
    expect(publishNumbered(publisher, 2)).toBe(true)
    expect(numbers(worker)).toEqual([1, 1, 1])
    worker.enter()
    expect(numbers(worker)).toEqual([2, 2, 2])
    expect(worker.snapshot.number).toBe(2)
    publisher.close()
  })

  test('parts that are not named stay those of the snapshot before', () => {
    const publisher = new Publisher(1)
    const worker = subscribe(publisher, 0)
    publishNumbered(publisher, 1)
    const plan = publisher.free('plan', 64)!
    plan.words[0] = 7
    publisher.publish({ plan })
    worker.enter()
    expect(numbers(worker)).toEqual([1, 1, 7])
    publisher.close()
  })

  test('memory that a worker reads is never handed out, however often is published meanwhile', () => {
    const publisher = new Publisher(2)
    const slow = subscribe(publisher, 0)
    const quick = subscribe(publisher, 1)
    publishNumbered(publisher, 1)
    slow.enter()
    for (let number = 2; number < 50; number++) {
      publishNumbered(publisher, number)
      quick.enter()
      expect(numbers(slow)).toEqual([1, 1, 1])
      quick.leave()
    }
    expect(publisher.behind()).toEqual([0])
    slow.leave()
    expect(publishNumbered(publisher, 50)).toBe(true)
    slow.enter()
    expect(numbers(slow)).toEqual([50, 50, 50])
    publisher.close()
  })

  test('an idle worker holds up nobody, and three arenas a part serve for ever', () => {
    const publisher = new Publisher(1)
    const worker = subscribe(publisher, 0)
    const buffers = new Set<SharedArrayBuffer>()
    for (let number = 1; number <= 1000; number++) {
      expect(publishNumbered(publisher, number)).toBe(true)
      buffers.add(publisher.current()!.plan.buffer)
      if (number % 10 === 0) {
        worker.enter()
        expect(numbers(worker)).toEqual([number, number, number])
        worker.leave()
      }
    }
    expect(buffers.size).toBeLessThanOrEqual(3)
    publisher.close()
  })

  test('a worker that is gone holds nothing', () => {
    const publisher = new Publisher(1)
    const lost = subscribe(publisher, 0)
    publishNumbered(publisher, 1)
    lost.enter()
    const held = publisher.current()!.plan.buffer
    expect(buffersOf(publisher, 10)).not.toContain(held)
    publisher.detach(0)
    expect(buffersOf(publisher, 10)).toContain(held)
    const replacement = subscribe(publisher, 0)
    replacement.enter()
    expect(numbers(replacement)).toEqual([10, 10, 10])
    publisher.close()
  })

  test('a part that outgrows its arena moves to a larger one, for old and new workers alike', () => {
    const publisher = new Publisher(2)
    const before = subscribe(publisher, 0)
    publishNumbered(publisher, 1)
    before.enter()
    before.leave()
    publishNumbered(publisher, 2, 1 << 20)
    const after = subscribe(publisher, 1)
    for (const worker of [before, after]) {
      worker.enter()
      expect(numbers(worker)).toEqual([2, 2, 2])
      expect(worker.snapshot.planBytes.length).toBeGreaterThanOrEqual(1 << 20)
    }
    publisher.close()
  })
})
