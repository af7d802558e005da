// Steer lists that make no sense, told before they run. What can be judged from the list and the regions alone stands
// here; types and ranges of options are the schema's, and places in files are added by config.
import { nearestWord } from '../base/fault.ts'
import { pointOf } from './distance.ts'
import { buildStep } from './fold.ts'
import type { FailoverConfig, RegionFacts, StepConfig } from './steer.ts'

export interface SteerProblem {
  /** Kebab-case, stable. */
  readonly code: string
  /** The step at fault: an index into the list. */
  readonly step: number
  /** The region within the step's options, when one is at fault. */
  readonly key?: string
  /** The client key of a fence or a map under which that region stands. */
  readonly entry?: string
  /** One sentence without a full stop. */
  readonly message: string
  readonly hint: string
}

/** A region as steering knows it, in the service's order. */
export type NamedRegion = RegionFacts & {
  readonly name: string
  /** True for a service in a region's place, which has no location of its own. */
  readonly isService?: boolean
}

/** Everything that is wrong with a service's steps, in the order of the list. `fallback` as in the service. */
export function checkSteer(
  regions: readonly NamedRegion[],
  steps: readonly StepConfig[],
  fallback = 'all',
): readonly SteerProblem[] {
  return steps.flatMap((config, step) => [
    ...checkTwins(steps, step),
    ...checkNames(config, regions, fallback).map((problem) => ({ ...problem, step })),
    ...checkStep(config, regions).map((problem) => ({ ...problem, step })),
    ...checkReach(steps, step, regions),
    ...checkSpread(steps, step),
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

function checkNames(config: StepConfig, regions: readonly NamedRegion[], fallback: string): Finding[] {
  const known = [...regions.map(({ name }) => name), ...(config.step === 'fence' ? [fallback] : [])]
  return namesIn(config)
    .filter(({ key }) => !known.includes(key))
    .map((named) => ({
      code: 'region-not-in-service',
      ...named,
      message: `${config.step} names "${named.key}", which is no region of this service`,
      hint: hintFor(named.key, known),
    }))
}

type Named = Required<Pick<SteerProblem, 'key'>> & Pick<SteerProblem, 'entry'>

/** Every region that the options of a step name, and where. */
function namesIn(config: StepConfig): readonly Named[] {
  switch (config.step) {
    case 'fence':
    case 'map':
      return Object.entries(config.entries).flatMap(([entry, names]) => names.map((key) => ({ key, entry })))
    case 'failover':
      return config.order.map((key) => ({ key }))
    case 'weighted':
    case 'weighted-least-connections':
      return Object.keys(config.weights).map((key) => ({ key }))
    case 'nearest':
      return Object.keys(config.bias).map((key) => ({ key }))
    default:
      return []
  }
}

function hintFor(name: string, known: readonly string[]): string {
  const near = nearestWord(name, known)
  return near === undefined ? `add it to the service's regions, or leave it out` : `did you mean "${near}"?`
}

function checkStep(config: StepConfig, regions: readonly NamedRegion[]): Finding[] {
  switch (config.step) {
    case 'nearest':
      return regions.filter((region) => !pointOf(region)).map(describeUnplaced)
    case 'weighted':
    case 'weighted-least-connections':
      return checkWeights(config, regions)
    case 'failover':
      return findRepeats(config.order).map((key) => describeRepeat('failover', { key }))
    case 'map':
    case 'fence':
      return Object.entries(config.entries).flatMap(([entry, names]) =>
        findRepeats(names).map((key) => describeRepeat(config.step, { key, entry })),
      )
    default:
      return []
  }
}

function describeUnplaced({ name, isService }: NamedRegion): Finding {
  return {
    code: 'region-without-location',
    key: name,
    message: `nearest cannot place "${name}", which has no location`,
    hint: isService
      ? 'it is a service: rank services by map, fastest or failover'
      : 'give the region a location with latitude and longitude',
  }
}

function checkWeights({ weights }: { weights: Readonly<Record<string, number>> }, regions: readonly NamedRegion[]) {
  const hasWeight = regions.some(({ name, weight }) => (weights[name] ?? weight) > 0)
  const message = 'every region of this service has weight 0, so that nobody would answer'
  return hasWeight ? [] : [{ code: 'no-weight', message, hint: 'give at least one region a weight above 0' }]
}

function findRepeats(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, i) => names.indexOf(name) < i))]
}

function describeRepeat(step: string, named: Named): Finding {
  return {
    code: 'region-twice',
    ...named,
    message: `${step} names "${named.key}" twice`,
    hint: 'name each region once, first choice first',
  }
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

/** Spread steps multiply: equal shares change nothing, and where the lowest takes all there is nothing left to multiply. */
function checkSpread(steps: readonly StepConfig[], step: number): SteerProblem[] {
  const config = steps[step]!
  if (buildStep(config).phase !== 'spread') return []
  const others = steps.filter((other) => other.step !== config.step && buildStep(other).phase === 'spread')
  const [other] = others
  if (config.step === 'round-robin' && other) {
    const message = `round-robin has nothing to say beside ${other.step}: spreads multiply, and it gives equal shares`
    return [{ code: 'spread-without-effect', step, message, hint: 'leave round-robin out' }]
  }
  const winner = others.find((each) => 'lowest' in each && each.lowest)
  if (!winner || config.step === 'round-robin') return []
  const message = `${config.step} has nothing to decide: with lowest, ${winner.step} gives all to one region`
  return [{ code: 'spread-without-effect', step, message, hint: `leave one of them out, or lowest: true` }]
}
