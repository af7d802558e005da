// Ordering questions: which regions in which order does a client get, before health is looked at? Services that ask the
// same question share a client map. A question is plain data, so that it can cross to the worker that compiles the map.
import { createHash } from 'node:crypto'
import type { Address } from '../base/address.ts'
import { parsePrefix, prefixContains } from '../base/prefix.ts'
import { asnsIn, prefixesIn } from '../steer/client-key.ts'
import { asksClient, buildStep, buildSteps, classifyClients } from '../steer/fold.ts'
import type { Client, RegionFacts, RoundTrips, StepConfig } from '../steer/steer.ts'
import { resolveName, type Definitions, type Region, type Service } from './service.ts'

export interface Question {
  /** Equal for equal questions. */
  readonly key: string
  readonly regions: readonly (readonly [name: string, facts: RegionFacts])[]
  /** The steps that look at the client, in the order in which they run. */
  readonly steps: readonly StepConfig[]
  /** Own prefixes that the steps, and those of nested services, tell apart; canonical text, each once. */
  readonly prefixes: readonly string[]
  /** What regions measured, as far as the steps ask. */
  readonly roundTrips: RoundTrips
  /** What services in a region's place ask, in their order. */
  readonly nested: readonly Question[]
}

/** The question that a service asks of a client, or undefined when its steering ignores who asks. */
export function askQuestion(service: Service, definitions: Definitions): Question | undefined {
  const steps = service.steer.filter((config) => asksClient(buildStep(config)))
  const members = service.regions.map((name) => [name, resolveName(name, definitions)] as const)
  const nested = members.flatMap(([, found]) =>
    'service' in found ? (askQuestion(found.service, definitions) ?? []) : [],
  )
  if (steps.length === 0 && nested.length === 0) return undefined
  const regions = members.map(
    ([name, found]) => [name, 'region' in found ? placeOf(found.region) : { weight: 1 }] as const,
  )
  const roundTrips = measuredFor(service, definitions)
  const own = steps.flatMap((config) => ('entries' in config ? prefixesIn(Object.keys(config.entries)) : []))
  const prefixes = [...new Set([...own, ...roundTrips.keys(), ...nested.flatMap((question) => question.prefixes)])]
  const times =
    roundTrips.size === 0
      ? ''
      : createHash('sha256')
          .update(JSON.stringify([...roundTrips]))
          .digest('hex')
  const key = JSON.stringify([regions, steps, times, nested.map((question) => question.key)])
  return { key, regions, steps, prefixes, roundTrips, nested }
}

/** The providers of networks that a question's steps name. */
export function providersOf({ steps, nested }: Question): readonly number[] {
  const own = steps.flatMap((config) => ('entries' in config ? asnsIn(Object.keys(config.entries)) : []))
  return [...own, ...nested.flatMap(providersOf)]
}

/** The facts that an ordering can depend on: a new weight asks no new question. */
function placeOf({ latitude, longitude, country }: Region): RegionFacts {
  return {
    weight: 1,
    ...(latitude !== undefined && { latitude }),
    ...(longitude !== undefined && { longitude }),
    ...(country !== undefined && { country }),
  }
}

/** The round-trip times of the service's own regions, where its steps ask for them. */
function measuredFor({ regions, steer }: Service, { roundTrips }: Definitions): RoundTrips {
  if (!roundTrips || !steer.some(({ step }) => step === 'fastest')) return new Map()
  const own = Array.from(roundTrips, ([prefix, times]) => {
    const kept = Object.entries(times).filter(([region]) => regions.includes(region))
    return [prefix, Object.fromEntries(kept)] as const
  })
  return new Map(own.filter(([, times]) => Object.keys(times).length > 0))
}

/** A function that gives each location its class text; for the worker that compiles the client map. */
export function makeClassifier(question: Question): (location: Client | undefined) => string {
  const { regions, steps, roundTrips, nested } = question
  const names = regions.map(([name]) => name)
  const classify = classifyClients(buildSteps(steps), { regions: new Map(regions), roundTrips }, names)
  const within = nested.map(makeClassifier)
  return (location) => [classify(location ?? {}), ...within.map((inner) => `(${inner(location)})`)].join('')
}

/** What steps may know of the client with that address: where it is, and which of the question's prefixes hold it. */
export function knowClient(question: Question | undefined, address: Address, location: Client | undefined): Client {
  const holding = (question?.prefixes ?? [])
    .map((text) => ({ text, prefix: parsePrefix(text)! }))
    .filter(({ prefix }) => prefixContains(prefix, address))
    .sort((a, b) => b.prefix.length - a.prefix.length)
  return { ...location, ...(holding.length > 0 && { prefixes: holding.map(({ text }) => text) }) }
}
