// Plans kept up to date by events must be the plans that would be made anew, and an event must plan no more than it touches.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { textOf } from '../../src/director/address-text.ts'
import { planService, type World } from '../../src/director/plan.ts'
import type { OverrideKind } from '../../src/director/overrides/override.ts'
import { NO_WORDS, wordsAt, type Words } from '../../src/director/overrides/words.ts'
import { PlanBook } from '../../src/director/plan-book.ts'
import { askQuestion } from '../../src/director/question.ts'
import { targetId, type Service } from '../../src/director/service.ts'
import { runAtOnce } from '../../src/director/slices.ts'
import type { TargetHealth } from '../../src/health/health.ts'
import type { Monitor } from '../../src/health/monitor.ts'
import type { Client, StepConfig } from '../../src/steer/steer.ts'
import { override } from './overrides/sample.ts'
import { NEAREST, PIN, region, service, WEIGHTED, world } from './plan-sample.ts'

const monitor: Monitor = {
  ...{ type: 'tcp', name: 'l7', port: 80, intervalMs: 10_000, timeoutMs: 1000, fastIntervalMs: 4000 },
  ...{ healthyThreshold: 2, unhealthyThreshold: 3 },
}

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f']
const regions = NAMES.map((name, i) =>
  region(name, (i % 3) + 1, [`192.0.2.${i}`, `2001:db8::${i}`], {
    latitude: (i * 23) % 60,
    longitude: i * 55 - 150,
    monitor,
  }),
)
const clients: Client[] = Array.from({ length: 12 }, (_, i) => ({
  ...{ latitude: (i * 17) % 70, longitude: i * 29 - 160 },
  ...(i % 3 === 0 && { country: 'DE', continent: 'EU' }),
}))

const near = (within: number): StepConfig => ({ ...NEAREST, within }) as StepConfig
const lists: readonly StepConfig[][] = [
  [WEIGHTED],
  [near(0)],
  [near(1), WEIGHTED],
  [near(1), WEIGHTED, PIN],
  [{ step: 'fence', entries: { DE: ['a', 'b'] } }, near(0.5), WEIGHTED],
  [
    { step: 'failover', order: [] },
    { step: 'take', count: 2 },
  ],
  [near(1), { step: 'ip-hash', ipv4Bits: 24, ipv6Bits: 48 }],
]

const services: Service[] = [
  ...lists.flatMap((steer, i) => [
    service(steer, { name: `s${i}`, regions: NAMES }),
    service(steer, { name: `half${i}`, regions: NAMES.slice(0, 3), panic: 0.4 }),
    service(steer, { name: `apart${i}`, regions: NAMES.slice(1, 5), families: 'independent', fallback: 'none' }),
  ]),
  service([{ step: 'failover', order: [] }], { name: 'outer', regions: ['half0', 's1'] }),
  service([near(0)], { name: 'resort', regions: NAMES.slice(0, 2), fallback: 'f' }),
  service([near(0)], { name: 'twin', regions: NAMES }),
]

function createBook(): { book: PlanBook; around: World } {
  const around = world([], regions, services)
  const keys = new Set(services.flatMap((each) => askQuestion(each, around)?.key ?? []))
  const classes = [undefined, ...clients].map((representative) => ({ representative }))
  const book = new PlanBook({
    definitions: around,
    clientMaps: [...keys].map((key) => ({ key, classes })),
    preferences: around.preferences,
    tallyOf: (name, at) => name.length * 1000 + at.length,
  })
  return { book, around }
}

function planAll(book: PlanBook, health: ReadonlyMap<string, TargetHealth>, words: Words = NO_WORDS): void {
  book.look(health, new Map(), [], new Map(), words)
  runAtOnce(book.replan())
}

const targets = regions.flatMap(({ name, balancers }) =>
  balancers.map(({ address }) => targetId(name, textOf(address))),
)

function health(state: TargetHealth['state'], undecided?: TargetHealth['undecided']): TargetHealth {
  return { state, reason: state, since: 0, provisional: false, ...(undecided && { undecided }) }
}

const anyTurn = fc.record({
  target: fc.constantFrom(...targets),
  to: fc.constantFrom(health('up'), health('down'), health('up', 'failing'), health('down', 'recovering')),
})

const anyOverride = fc
  .record({
    kind: fc.constantFrom<OverrideKind[]>('drain', 'share', 'weight', 'force-up', 'force-down'),
    target: fc.oneof(
      fc.record({ region: fc.constantFrom(...NAMES) }),
      fc.record({ service: fc.constantFrom('s0', 's3', 'half0', 'outer', 'twin'), region: fc.constantFrom(...NAMES) }),
      fc.constant({ region: 'a', balancer: '192.0.2.0' }),
    ),
    value: fc.constantFrom(0, 0.5, 7),
  })
  .map((one) => override({ ...one, from: 1 }))

test('after any events, plans are those that would be made anew', () => {
  const { book, around } = createBook()
  const now = new Map<string, TargetHealth>()
  planAll(book, now)
  fc.assert(
    fc.property(fc.array(anyTurn, { maxLength: 6 }), fc.array(anyOverride, { maxLength: 3 }), (turns, overrides) => {
      for (const { target, to } of turns) now.set(target, to)
      const words = wordsAt(overrides, 0, 0)
      planAll(book, new Map(now), words)
      for (const each of services) {
        const kept = book.plans.get(each.name)!
        const hasMap = askQuestion(each, around) !== undefined
        const fresh = planService(each, { ...around, health: now, words }, [{}, ...clients], hasMap ? 0 : -1)
        const [told, expected] = [kept, fresh].map(({ classes }) =>
          classes.map(({ tables, panic, members }) => ({ tables, panic, members })),
        )
        expect(told, each.name).toEqual(expected)
        expect(kept.rows.leastTtl).toBe(fresh.rows.leastTtl)
      }
    }),
    { numRuns: 60 },
  )
})

describe('an event', () => {
  const bodiesOf = (book: PlanBook) => new Map(book.place().map(({ name, body }) => [name, body]))

  test('touches the services whose answers it changes, and no other body is made', () => {
    const { book } = createBook()
    planAll(book, new Map())
    const before = bodiesOf(book)
    book.published()
    expect(book.isChanged).toBe(false)
    planAll(
      book,
      new Map([
        [targets.at(-1)!, health('down')],
        [targets.at(-2)!, health('down')],
      ]),
    )
    expect(book.isChanged).toBe(true)
    const after = bodiesOf(book)
    const changed = services.map(({ name }) => name).filter((name) => before.get(name) !== after.get(name))
    expect(changed).toContain('s0')
    expect(changed.filter((name) => name.startsWith('half') || name.startsWith('apart'))).toEqual([])
  })

  test('that changes no answer changes nothing: words, a target that is none, one down beside a fallback', () => {
    const { book } = createBook()
    planAll(book, new Map())
    book.published()
    planAll(book, new Map([['a/192.0.2.0', { ...health('up'), reason: 'other words', since: 9 }]]))
    planAll(book, new Map([['nowhere/192.0.2.99', health('down')]]))
    expect(book.isChanged).toBe(false)
  })

  test('that is undone gives back the bodies that were', () => {
    const { book } = createBook()
    planAll(book, new Map())
    const before = bodiesOf(book)
    planAll(book, new Map([['a/192.0.2.0', health('down')]]))
    planAll(book, new Map([['a/192.0.2.0', health('up')]]))
    expect(bodiesOf(book)).toEqual(before)
    for (const [name, body] of bodiesOf(book)) expect(body, name).toBe(before.get(name))
  })

  test('plans services that are alike in all but their names once', () => {
    const { book } = createBook()
    planAll(book, new Map())
    const bodies = bodiesOf(book)
    expect(bodies.get('twin')).toBe(bodies.get('s1'))
    const [one, other] = book.place().filter(({ name }) => name === 'twin' || name === 's1')
    expect(one!.tallies).not.toEqual(other!.tallies)
  })
})
