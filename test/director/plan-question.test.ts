import { expect, test } from 'vitest'
import { askQuestion, makeClassifier } from '../../src/director/question.ts'
import {
  apSouth,
  euWest,
  frankfurt,
  mumbai,
  NEAREST,
  PIN,
  service,
  usEast,
  virginia,
  WEIGHTED,
  world,
} from './plan-sample.ts'

const definitions = world()

function keyOf(...parameters: Parameters<typeof askQuestion>): string | undefined {
  return askQuestion(...parameters)?.key
}

test('a service that ignores the client asks nothing', () => {
  expect(askQuestion(service([WEIGHTED, PIN, { step: 'failover', order: [] }]), definitions)).toBeUndefined()
})

test('services with the same regions in order and the same ranks ask the same question', () => {
  const key = keyOf(service([NEAREST]), definitions)
  expect(keyOf(service([PIN, WEIGHTED, NEAREST], { name: 'other', ttl: 5 }), definitions)).toBe(key)
  expect(keyOf(service([{ ...NEAREST, depth: 2 } as typeof NEAREST]), definitions)).not.toBe(key)
  expect(keyOf(service([NEAREST], { regions: ['eu-west', 'us-east', 'ap-south'] }), definitions)).not.toBe(key)
})

test('a region that moves asks a new question; one with a new weight or balancer does not', () => {
  const key = keyOf(service([NEAREST]), definitions)
  const changed = (change: object) => world([], [{ ...usEast, ...change }, euWest, apSouth])
  expect(keyOf(service([NEAREST]), changed({ weight: 9, balancers: [] }))).toBe(key)
  expect(keyOf(service([NEAREST]), changed({ latitude: 40 }))).not.toBe(key)
})

test('a question crosses to a worker and classifies there', () => {
  const question = askQuestion(service([NEAREST]), definitions)!
  const classify = makeClassifier(structuredClone(question))
  const [de, us, india, unknown] = [frankfurt, virginia, mumbai, undefined].map(classify)
  expect(new Set([de, us, india, unknown]).size).toBe(4)
  expect(classify({ latitude: 51, longitude: 9 })).toBe(de)
  expect(classify({})).toBe(unknown)
  expect(classify({ country: 'DE' })).toBe(unknown)
})
