// Shares as resolvers see them: of any run of answers to one name and type each region gets its share, whatever else is
// asked meanwhile and however often plans are published.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseAddress } from '../../src/base/address.ts'
import { planService, type World } from '../../src/director/plan.ts'
import type { Region, Service } from '../../src/director/service.ts'
import type { Scores, StepConfig } from '../../src/steer/steer.ts'
import { buildSnapshot, createAsker } from '../support/query-worker.ts'

const NAMES = ['a', 'b', 'c', 'd']

const regions = new Map(
  NAMES.map((name, i): [string, Region] => [
    name,
    {
      name,
      weight: i + 1,
      minHealthy: 1,
      balancers: [`192.0.2.${i + 1}`, `2001:db8::${i + 1}`].map((text) => ({
        address: parseAddress(text)!,
        weight: 1,
      })),
    },
  ]),
)

const weights = fc.record(Object.fromEntries(NAMES.map((name) => [name, fc.integer({ min: 1, max: 9 })])))
const load = { lowest: false, movement: 0.2 } as const

const spread: fc.Arbitrary<readonly StepConfig[]> = fc.oneof(
  fc.constant([{ step: 'round-robin' } as const]),
  weights.map((own) => [{ step: 'weighted', weights: own } as const]),
  fc.constant([{ step: 'least-connections', ...load } as const]),
  weights.map((own) => [{ step: 'weighted-least-connections', ...load, weights: own } as const]),
  fc.constant([{ step: 'least-response-time', ...load, connections: false } as const]),
)

const scores = fc.record(Object.fromEntries(NAMES.map((name) => [name, fc.integer({ min: 0, max: 3 })])))

const ZONE = `@ 60 IN SOA ns h 1 2 3 4 5
@ 60 IN NS ns
ns 60 IN A 192.0.2.53
www IN LB web
api IN LB web
shop IN LB shop
`

test('any window is within 2 − 1/(k − 1) of every share: A, AAAA and other names mixed, 100 publications within', () => {
  fc.assert(
    fc.property(spread, scores, fc.infiniteStream(fc.nat(9)), (steps, told, dice) => {
      const byRegion = new Map(Object.entries(told))
      const own: Scores = new Map(
        (['least-connections', 'weighted-least-connections', 'least-response-time'] as const).map((step) => [
          step,
          byRegion,
        ]),
      )
      const services = ['web', 'shop'].map((name): Service => ({
        ...{
          name,
          regions: NAMES,
          steer: steps,
          ttl: 30,
          leastTtl: 5,
          fallback: 'all',
          panic: 0,
          families: 'coherent',
          answers: 'addresses',
          hints: true,
        },
      }))
      const world: World = {
        ...{ regions, services: new Map(), health: new Map(), preferences: new Map() },
        scores: new Map(services.map(({ name }) => [name, own])),
      }
      const plan = () => services.map((service) => planService(service, world))
      const parts = () => ({ zones: { 'example.com': ZONE }, services: plan().map(({ rows }) => rows) })
      const asker = createAsker(parts())
      const shares = new Map(plan()[0]!.classes[0]!.members.map(({ name, share }) => [name, share]))
      const ask = (name: string, type: 'A' | 'AAAA') => asker.ask({ name: `${name}.example.com`, type }).answer[0]!.text
      const given = { A: [] as string[], AAAA: [] as string[] }
      for (let i = 0; i < 200; i++) {
        const type = dice.next().value! < 5 ? 'A' : 'AAAA'
        given[type].push(NAMES[Number(ask('www', type).at(-1)) - 1]!)
        if (dice.next().value! < 5) ask('api', 'A')
        if (dice.next().value! < 5) ask('shop', 'AAAA')
        if (i % 2 === 0) Object.assign(asker.worker.snapshot, buildSnapshot(parts()))
      }
      for (const answers of [given.A, given.AAAA]) expectEven(answers, shares)
    }),
    { numRuns: 12 },
  )
})

/** Windows from every start, of every length that there is. */
function expectEven(answers: readonly string[], shares: ReadonlyMap<string, number>): void {
  const bound = 2 - 1 / (shares.size - 1) + 1e-9
  for (const [region, share] of shares) {
    for (let start = 0; start < answers.length; start++) {
      let count = 0
      for (let end = start; end < answers.length; end++) {
        if (answers[end] === region) count++
        const stray = Math.abs(count - (end - start + 1) * share)
        if (stray > bound) expect.fail(`${region} strays by ${stray} in ${answers.slice(start, end + 1).join('')}`)
      }
    }
  }
}
