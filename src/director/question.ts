// Ordering questions: which regions in which order does a client get, before health is looked at? Services that ask the
// same question share a client map. A question is plain data, so that it can cross to the worker that compiles the map.
import { asksClient, buildStep, buildSteps, classifyClients } from '../steer/fold.ts'
import type { Client, RegionFacts, StepConfig } from '../steer/steer.ts'
import type { Region, Service } from './service.ts'

export interface Question {
  /** Equal for equal questions. */
  readonly key: string
  readonly regions: readonly (readonly [name: string, facts: RegionFacts])[]
  /** The steps that look at the client, in the order in which they run. */
  readonly steps: readonly StepConfig[]
}

/** The question that a service asks of a client, or undefined when its steering ignores who asks. */
export function askQuestion(service: Service, regions: ReadonlyMap<string, Region>): Question | undefined {
  const steps = service.steer.filter((config) => asksClient(buildStep(config)))
  if (steps.length === 0) return undefined
  const places = service.regions.map((name) => [name, placeOf(regions.get(name)!)] as const)
  return { key: JSON.stringify([places, steps]), regions: places, steps }
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

/** A function that gives each location its class text; for the worker that compiles the client map. */
export function makeClassifier({ regions, steps }: Question): (location: Client | undefined) => string {
  const names = regions.map(([name]) => name)
  const classify = classifyClients(buildSteps(steps), { regions: new Map(regions) }, names)
  return (location) => classify(location ?? {})
}
