// The textbook's modulo, over whole plans: which slot of a client's hash meets which balancer.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planService } from '../../src/director/plan.ts'
import type { StepConfig } from '../../src/steer/steer.ts'
import { region, service, walk, world } from './plan-sample.ts'

const HASH: StepConfig = { step: 'ip-hash', ipv4Bits: 24, ipv6Bits: 48 }

test('hash of the client modulo the servers that are live, in configured order', () => {
  const regions = ['a', 'b', 'c', 'd'].map((name, i) => region(name, i + 1, [`192.0.2.${i + 1}`]))
  const hashed = service([HASH], { regions: ['a', 'b', 'c', 'd'] })
  const slots = (...down: string[]) => walk(planService(hashed, world(down, regions)).rows.rows[0]!.ipv4)
  expect(slots()).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'])
  expect(slots('b/192.0.2.2')).toEqual(['192.0.2.1', '192.0.2.3', '192.0.2.4'])
})

test('weights make more slots of a region', () => {
  const regions = ['a', 'b'].map((name, i) => region(name, i + 1, [`192.0.2.${i + 1}`]))
  const { rows } = planService(
    service([{ step: 'weighted', weights: {} }, HASH], { regions: ['a', 'b'] }),
    world([], regions),
  )
  expect(walk(rows.rows[0]!.ipv4)).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.2'])
})

const balancers = fc.tuple(
  fc.integer({ min: 1, max: 3 }),
  fc.integer({ min: 1, max: 3 }),
  fc.integer({ min: 1, max: 5 }),
)

test('whatever the balancers, A and AAAA of one hash come from the same region, and every balancer is met', () => {
  fc.assert(
    fc.property(fc.array(balancers, { minLength: 1, maxLength: 5 }), (shapes) => {
      const regions = shapes.map(([four, six, weight], i) =>
        region(`r${i}`, weight, [
          ...Array.from({ length: four }, (_, j) => `192.0.${i}.${j}`),
          ...Array.from({ length: six }, (_, j) => `2001:db8:${i}::${j + 1}`),
        ]),
      )
      const list = service([HASH, { step: 'weighted', weights: {} }], { regions: regions.map(({ name }) => name) })
      const { ipv4, ipv6 } = planService(list, world([], regions)).rows.rows[0]!
      const [four, six] = [walk(ipv4), walk(ipv6)]
      const regionOf = (text: string) => Number(text.split(/[.:]/)[2])
      for (let hash = 0; hash < 4096; hash += 7) {
        expect(regionOf(four[hash % four.length]!)).toBe(regionOf(six[hash % six.length]!))
      }
      const all = regions.flatMap((each) => each.balancers).length
      expect(new Set([...four, ...six]).size).toBe(all)
    }),
  )
})
