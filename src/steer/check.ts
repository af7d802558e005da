// Steer lists that make no sense, told before they run. What can be judged from the list and the regions alone stands
// here; types and ranges of options are the schema's, and places in files are added by config.
import { nearestWord } from '../base/fault.ts'
import { pointOf } from './distance.ts'
import { buildStep } from './fold.ts'
import type { FailoverConfig, RegionFacts, StepConfig, WeightedConfig } from './steer.ts'

export interface SteerProblem {
  /** Kebab-case, stable. */
  readonly code: string
  /** The step at fault: an index into the list. */
  readonly step: number
  /** The key or region within the step's options, when one is at fault. */
  readonly key?: string
  /** One sentence without a full stop. */
  readonly message: string
  readonly hint: string
}

/** A region as steering knows it, in the service's order. */
export type NamedRegion = RegionFacts & { readonly name: string }

/** Everything that is wrong with a service's steps, in the order of the list. */
export function checkSteer(regions: readonly NamedRegion[], steps: readonly StepConfig[]): readonly SteerProblem[] {
  return steps.flatMap((config, step) => [
    ...checkTwins(steps, step),
    ...checkNames(config, regions).map((problem) => ({ ...problem, step })),
    ...checkStep(config, regions).map((problem) => ({ ...problem, step })),
    ...checkReach(steps, step, regions),
  ])
}

type Finding = Omit<SteerProblem, 'step'>

/** A step twice, or two pins: one of them could never speak. */
function checkTwins(steps: readonly StepConfig[], step: number): SteerProblem[] {
  const { name, phase } = buildStep(steps[step]!)
  const earlier = steps.slice(0, step).map(buildStep)
  if (earlier.some((other) => other.name === name)) {
    return [{ code: 'step-twice', step, message: `${name} stands here twice`, hint: 'keep one of the two' }]
  }
  const rival = earlier.find((other) => other.phase === phase)
  if (!rival || phase !== 'pin') return []
  const message = `${name} and ${rival.name} both pin clients`
  return [{ code: 'two-pins', step, message, hint: 'keep one of the two' }]
}

function checkNames(config: StepConfig, regions: readonly NamedRegion[]): Finding[] {
  const known = regions.map(({ name }) => name)
  return namesIn(config)
    .filter((name) => !known.includes(name))
    .map((name) => ({
      code: 'region-not-in-service',
      key: name,
      message: `${config.step} names "${name}", which is no region of this service`,
      hint: hintFor(name, known),
    }))
}

function namesIn(config: StepConfig): readonly string[] {
  if (config.step === 'failover') return config.order
  if (config.step === 'weighted') return Object.keys(config.weights)
  return config.step === 'nearest' ? Object.keys(config.bias) : []
}

function hintFor(name: string, known: readonly string[]): string {
  const near = nearestWord(name, known)
  return near === undefined ? `add it to the service's regions, or leave it out` : `did you mean "${near}"?`
}

function checkStep(config: StepConfig, regions: readonly NamedRegion[]): Finding[] {
  if (config.step === 'nearest') return regions.filter((region) => !pointOf(region)).map(describeUnplaced)
  if (config.step === 'weighted') return checkWeights(config, regions)
  return config.step === 'failover' ? checkOrder(config) : []
}

function describeUnplaced({ name }: NamedRegion): Finding {
  return {
    code: 'region-without-location',
    key: name,
    message: `nearest cannot place "${name}", which has no location`,
    hint: 'give the region a location with latitude and longitude',
  }
}

function checkWeights({ weights }: WeightedConfig, regions: readonly NamedRegion[]): Finding[] {
  const hasWeight = regions.some(({ name, weight }) => (weights[name] ?? weight) > 0)
  const message = 'every region of this service has weight 0, so that nobody would answer'
  return hasWeight ? [] : [{ code: 'no-weight', message, hint: 'give at least one region a weight above 0' }]
}

function checkOrder({ order }: FailoverConfig): Finding[] {
  const twice = new Set(order.filter((name, i) => order.indexOf(name) < i))
  return [...twice].map((name) => ({
    code: 'region-twice',
    key: name,
    message: `failover names "${name}" twice`,
    hint: 'name each region once, first choice first',
  }))
}

/** A rank behind a failover that leaves no ties would never speak: the later one only splits ties. */
function checkReach(steps: readonly StepConfig[], step: number, regions: readonly NamedRegion[]): SteerProblem[] {
  const { name, phase } = buildStep(steps[step]!)
  if (phase !== 'rank') return []
  const complete = steps.slice(0, step).find((other) => other.step === 'failover' && isComplete(other, regions))
  if (!complete || name === complete.step) return []
  const message = `${name} has nothing to decide: the failover before it orders every region`
  return [{ code: 'rank-without-effect', step, message, hint: `put ${name} before failover, or leave one of them out` }]
}

function isComplete({ order }: FailoverConfig, regions: readonly NamedRegion[]): boolean {
  return order.length === 0 || regions.filter(({ name }) => !order.includes(name)).length < 2
}
