import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { parseConfig } from '../../src/config/load.ts'
import { RoundTripDesk } from '../../src/wiring/round-trip-desk.ts'

const NET = '203.0.113.0/24'

function rules(roundTrips: string) {
  const { config } = parseConfig(
    `listen: ["127.0.0.1:5300"]
zones: zones
${roundTrips}
regions: { us-east: { balancers: [192.0.2.1] }, eu-west: { balancers: [192.0.2.2] } }
services: { web: { regions: [us-east, eu-west], steer: [round-robin] } }`,
    'f',
  )
  return config!
}

let answers: boolean[]
let applied: unknown[]
let told: string[]
let desk: RoundTripDesk

function open(roundTrips = 'roundTrips: { maxAge: 1m }'): void {
  const clock = { now: () => Date.now(), wall: () => Date.now() }
  const apply = () => {
    applied.push(Object.fromEntries(desk.merge(undefined) ?? []))
    return Promise.resolve(answers.shift() ?? true)
  }
  desk = new RoundTripDesk({ clock, apply, tell: (_, text) => told.push(text) }, rules(roundTrips))
}

const report = (region: string, ms: number, how: 'add' | 'replace' = 'add') =>
  desk.take({ region, times: new Map([[NET, ms]]) }, how)
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

beforeEach(() => {
  vi.useFakeTimers()
  ;[answers, applied, told] = [[], [], []]
  open()
})
afterEach(() => {
  desk.stop()
  vi.useRealTimers()
})

test('the first report is applied at once, later ones together', async () => {
  expect(report('us-east', 5)).toEqual({ region: 'us-east', known: 1, knownOfAll: 1, appliedWithinMs: 5000 })
  await pass(0)
  report('us-east', 6)
  await pass(1000)
  report('eu-west', 7)
  await pass(3999)
  expect(applied).toEqual([{ [NET]: { 'us-east': 5 } }])
  await pass(1)
  expect(applied[1]).toEqual({ [NET]: { 'us-east': 6, 'eu-west': 7 } })
  await pass(20_000)
  expect(applied).toHaveLength(2)
})

test('what grows too old is applied as forgotten', async () => {
  report('us-east', 5)
  await pass(60_000)
  expect(applied).toHaveLength(1)
  await pass(1)
  expect(applied).toEqual([{ [NET]: { 'us-east': 5 } }, {}])
  await pass(100_000)
  expect(applied).toHaveLength(2)
})

test('what makes no client maps is forgotten, and what was before stays', async () => {
  report('us-east', 5)
  await pass(0)
  answers = [false]
  report('us-east', 6)
  report('eu-west', 7)
  await pass(5000)
  expect(told).toHaveLength(1)
  expect(desk.list().regions.map(({ region, times }) => [region, times[0]!.ms])).toEqual([['us-east', 5]])
})

test('reports are refused for regions that are none, and where the configuration takes none', () => {
  expect(report('us-eats', 1)).toMatchObject({ problem: { code: 'unknown-region', hint: 'did you mean us-east?' } })
  report('us-east', 5)
  desk.configure(rules(''))
  expect(report('us-east', 1)).toMatchObject({ problem: { status: 409, code: 'no-round-trips' } })
  expect(desk.merge(undefined)).toBeUndefined()
})

test('a file alone takes reports too, and keeps them for ever', async () => {
  desk.stop()
  open('roundTrips: times.txt')
  report('us-east', 5)
  await pass(1e9)
  expect(applied).toHaveLength(1)
  expect(desk.list()).toMatchObject({ regions: [{ region: 'us-east' }] })
})
