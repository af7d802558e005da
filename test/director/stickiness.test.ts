// What pinned clients are promised, counted: how many of 65,536 client networks move, beside how many have to.
import { describe, expect, test } from 'vitest'
import { planService, type World } from '../../src/director/plan.ts'
import type { Service } from '../../src/director/service.ts'
import { pinSlot } from '../../src/snapshot/slot-table.ts'
import type { StepConfig } from '../../src/steer/steer.ts'
import { PIN, region, service, text, world } from './plan-sample.ts'

const NAMES = ['a', 'b', 'c', 'd', 'e']
const regions = NAMES.map((name, i) => region(name, 1, [`192.0.2.${i + 1}`]))
const down = (name: string) => `${name}/192.0.2.${NAMES.indexOf(name) + 1}`

const CLIENTS = 65_536

/** The region of each client network, by what the query path does: the prefix's slot, the slot's answer. */
function regionsOfClients(web: Service, where: World): string[] {
  const { rows } = planService(web, where)
  const { answers, slots } = rows.rows[0]!.ipv4
  const names = answers.map((answer) => NAMES[Number(text(answer).slice(8)) - 1]!)
  const client = new Int32Array(5)
  client[0] = 4
  return Array.from({ length: CLIENTS }, (_, i) => {
    client[1] = (10 << 24) | (i << 8)
    return names[slots[pinSlot(client, rows.pin!.ipv4Bits, rows.pin!.seed) % slots.length]!]!
  })
}

function weighted(weights: Readonly<Record<string, number>>, more: Partial<Service> = {}): Service {
  const names = Object.keys(weights)
  const steer: StepConfig[] = [{ step: 'weighted', weights }, PIN]
  return service(steer, { regions: names, ...more })
}

interface Moves {
  /** The part of all clients. */
  readonly moved: number
  /** Of those that moved: from a region that stayed with its share to another one that did. */
  readonly needless: number
}

function compare(before: readonly string[], after: readonly string[], changed: readonly string[]): Moves {
  const movers = [...before.keys()].filter((i) => before[i] !== after[i])
  const needless = movers.filter((i) => !changed.includes(before[i]!) && !changed.includes(after[i]!))
  return { moved: movers.length / CLIENTS, needless: needless.length / CLIENTS }
}

const everyone = world([], regions)

describe('weights change', () => {
  test('50 → 49: one client in a hundred has to move, no more than 2 % besides do', () => {
    const before = regionsOfClients(weighted({ a: 50, b: 50 }), everyone)
    const { moved } = compare(before, regionsOfClients(weighted({ a: 49, b: 51 }), everyone), ['a', 'b'])
    expect(moved).toBeGreaterThan(0.005)
    expect(moved).toBeLessThan(0.01 + 0.02)
  })

  test('a table of 10 slots becomes one of 100: the clients stay, but for those whose share changed', () => {
    const before = regionsOfClients(weighted({ a: 5, b: 3, c: 2 }), everyone)
    const after = regionsOfClients(weighted({ a: 51, b: 30, c: 19 }), everyone)
    expect(compare(before, after, ['a', 'c']).moved).toBeLessThan(0.01 + 0.02)
  })

  test('the same weights written otherwise move nobody', () => {
    const before = regionsOfClients(weighted({ a: 5, b: 3, c: 2 }), everyone)
    expect(regionsOfClients(weighted({ a: 500, b: 300, c: 200 }), everyone)).toEqual(before)
  })
})

describe('a region is lost and returns', () => {
  const equal = service([PIN], { regions: NAMES })
  const unequal = weighted({ a: 5, b: 4, c: 3, d: 2, e: 1 })

  test('equal weights: its clients alone move, and come back to it', () => {
    const before = regionsOfClients(equal, everyone)
    const during = regionsOfClients(equal, world([down('c')], regions))
    const { moved, needless } = compare(before, during, ['c'])
    expect(needless).toBe(0)
    expect(moved).toBeCloseTo(before.filter((name) => name === 'c').length / CLIENTS, 9)
    expect(regionsOfClients(equal, everyone)).toEqual(before)
  })

  test('unequal weights: at most 2 % move that need not', () => {
    const before = regionsOfClients(unequal, everyone)
    const during = regionsOfClients(unequal, world([down('a')], regions))
    expect(compare(before, during, ['a']).needless).toBeLessThan(0.02)
    expect(regionsOfClients(unequal, everyone)).toEqual(before)
  })
})

describe('the ring of the textbooks', () => {
  test('adding E moves only clients that E takes: at most 1/n + 2 %', () => {
    const before = regionsOfClients(service([PIN], { regions: NAMES.slice(0, 4) }), everyone)
    const after = regionsOfClients(service([PIN], { regions: NAMES }), everyone)
    const { moved, needless } = compare(before, after, ['e'])
    expect(needless).toBe(0)
    expect(moved).toBeLessThan(1 / 5 + 0.02)
    expect(after.filter((name) => name === 'e').length / CLIENTS).toBe(moved)
  })

  test('with weights as well', () => {
    const before = regionsOfClients(weighted({ a: 5, b: 4, c: 3, d: 2 }), everyone)
    const after = regionsOfClients(weighted({ a: 5, b: 4, c: 3, d: 2, e: 2 }), everyone)
    const { moved, needless } = compare(before, after, ['e'])
    expect(needless).toBeLessThan(0.02)
    expect(moved).toBeLessThan(2 / 16 + 0.02)
  })

  test('the modulo moves most clients: why there is a ring', () => {
    const hash: StepConfig = { step: 'ip-hash', ipv4Bits: 24, ipv6Bits: 48 }
    const before = regionsOfClients(service([hash], { regions: NAMES.slice(0, 4) }), everyone)
    const after = regionsOfClients(service([hash], { regions: NAMES }), everyone)
    expect(compare(before, after, ['e']).needless).toBeGreaterThan(0.5)
  })
})

describe('nodes', () => {
  test('with the same configuration and health answer alike, whatever they saw before', () => {
    const web = weighted({ a: 5, b: 3, c: 2 })
    const seasoned = world([], regions)
    regionsOfClients(weighted({ e: 1, c: 9, a: 2 }), seasoned)
    regionsOfClients(web, { ...world([down('b')], regions), preferences: seasoned.preferences })
    expect(regionsOfClients(web, seasoned)).toEqual(regionsOfClients(web, world([], regions)))
  })

  test('do so though the regions stand in another order in their files', () => {
    const one = weighted({ a: 5, b: 3, c: 2 })
    const other = { ...weighted({ c: 2, a: 5, b: 3 }) }
    expect(regionsOfClients(other, everyone)).toEqual(regionsOfClients(one, everyone))
  })

  test('keep apart what has another seed or another name', () => {
    const base = regionsOfClients(service([PIN], { regions: NAMES }), everyone)
    const seeded = service([{ ...PIN, seed: 'other' } as StepConfig], { regions: NAMES })
    const renamed = service([PIN], { regions: NAMES, name: 'other' })
    for (const other of [seeded, renamed]) {
      expect(compare(base, regionsOfClients(other, everyone), []).moved).toBeGreaterThan(0.7)
    }
  })
})
