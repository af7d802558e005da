// Images that are written into arenas which held earlier ones: what stands there must be what one written anew would hold.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  planHeader,
  PlanLayout,
  serviceRecord,
  type PlacedService,
  type PlanInput,
} from '../../src/snapshot/plan-image.ts'
import type { PlanBody } from '../../src/snapshot/plan-body.ts'
import { bindingRecord } from '../../src/snapshot/plan-image.ts'
import type { Settings } from '../../src/snapshot/settings.ts'

const settings: Settings = {
  ...{ version: '', server: '', nsid: 'n', tcpIdleTimeoutMs: 0 },
  cookieSecrets: [new Uint8Array(16)],
  rateLimit: undefined,
}

function placed(body: PlanBody, i: number): PlacedService {
  const pin = { ipv4Bits: 24, ipv6Bits: 48, seed: i }
  return { name: `s${i}`, clientMap: -1, pin, leastTtl: i, classes: 1, body, tallies: [i, i + 1] }
}

function inputOf(bodies: readonly PlanBody[]): PlanInput {
  const services = bodies.map(placed)
  return { settings, services, clientMaps: [], bindings: services.map((_, i) => ({ service: i, picks: i * 10 })) }
}

function bodyOf(length: number, mark: number): PlanBody {
  return new Int32Array(length).fill(mark)
}

/** Follows every offset of the image, as the query path does. */
function expectWhole(buffer: SharedArrayBuffer, bodies: readonly PlanBody[]): void {
  const words = new Int32Array(buffer)
  bodies.forEach((body, i) => {
    const bound = planHeader.words + i * bindingRecord.words
    const service = words[bound + bindingRecord.service]!
    expect(words[bound + bindingRecord.picks]).toBe(i * 10)
    expect([...words.slice(service + serviceRecord.tallies, service + serviceRecord.tallies + 2)]).toEqual([i, i + 1])
    const at = words[service + serviceRecord.body]!
    expect(words.subarray(at, at + body.length)).toEqual(body)
  })
}

function publish(
  layout: PlanLayout,
  bodies: readonly PlanBody[],
  arenas: (SharedArrayBuffer | undefined)[],
  turn: number,
): void {
  const input = inputOf(bodies)
  const placement = layout.place(input)
  const known = arenas[turn]
  const arena = known && known.byteLength >= placement.byteLength ? known : new SharedArrayBuffer(placement.byteLength)
  arenas[turn] = arena
  const writing = layout.write(input, placement, arena)
  while (!writing.next().done) continue
  expectWhole(arena, bodies)
}

test('whatever comes and goes, in three arenas by turns, each image is whole', () => {
  const step = fc.record({
    drop: fc.array(fc.nat(9), { maxLength: 4 }),
    add: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 4 }),
    shared: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
      const layout = new PlanLayout()
      const arenas: (SharedArrayBuffer | undefined)[] = []
      let bodies: PlanBody[] = [bodyOf(3, 0)]
      let mark = 1
      for (const [turn, { drop, add, shared }] of steps.entries()) {
        bodies = bodies.filter((_, i) => !drop.includes(i))
        bodies.push(...add.map((length) => bodyOf(length, mark++)))
        if (shared && bodies[0]) bodies.push(bodies[0])
        publish(layout, bodies, arenas, turn % 3)
      }
    }),
    { numRuns: 200 },
  )
})

test('what an arena holds already is not written again', () => {
  const layout = new PlanLayout()
  const [kept, replaced] = [bodyOf(10, 7777), bodyOf(10, 2)]
  const arenas: SharedArrayBuffer[] = []
  publish(layout, [kept, replaced], arenas, 0)
  const at = new Int32Array(arenas[0]!).indexOf(7777)
  new Int32Array(arenas[0]!)[at] = 99
  const next = inputOf([kept, bodyOf(10, 3)])
  const placement = layout.place(next)
  expect(placement.bodies.get(kept)).toBe(at)
  const writing = layout.write(next, placement, arenas[0]!)
  while (!writing.next().done) continue
  expect(new Int32Array(arenas[0]!)[at]).toBe(99)
})

test('an image that was left unfinished is written whole the next time', () => {
  const layout = new PlanLayout()
  const big = bodyOf(1 << 18, 1)
  const bodies = [big, bodyOf(5, 2)]
  const arenas: SharedArrayBuffer[] = []
  publish(layout, bodies, arenas, 0)
  const other = [bodyOf(1 << 18, 3), bodyOf(1 << 18, 4), bodyOf(5, 5)]
  const input = inputOf(other)
  const placement = layout.place(input)
  const arena = new SharedArrayBuffer(placement.byteLength)
  layout.write(input, placement, arena).next()
  publish(layout, other, [arena], 0)
  expectWhole(arena, other)
})

test('room that the gone have left is used again, and too much of it is given up', () => {
  const layout = new PlanLayout()
  const small = bodyOf(10, 1)
  const before = layout.place(inputOf([bodyOf(1000, 2), small]))
  const reused = layout.place(inputOf([bodyOf(900, 3), small]))
  expect(reused.byteLength).toBe(before.byteLength)
  layout.place(inputOf([bodyOf(1 << 20, 4), small]))
  expect(layout.place(inputOf([small])).byteLength).toBeLessThan(1 << 20)
})
