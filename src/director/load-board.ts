// What regions report of their load, made into scores for the load steps of each service. A report describes answers that
// caches still hold for a TTL, so scores are smoothed over report interval + TTL; and users move no faster than a service
// allows, whatever a report says. Where reports come from is not here: whoever reads them hands them in, and leaves out
// those that are stale.
import { buildStep } from '../steer/fold.ts'
import type { Measure, Scores, Step } from '../steer/steer.ts'
import { factsOf } from './outline.ts'
import type { Definitions, Service } from './service.ts'

/** The newest report of a region. `at`: monotonic ms, when it was true. */
export interface RegionMeasure extends Measure {
  readonly at: number
}

/** By region. A region that reports nothing, or nothing fresh, is missing. */
export type Measures = ReadonlyMap<string, RegionMeasure>

/** A score as it moves from report to report. */
export interface Smoothed {
  readonly score: number
  /** Monotonic ms of the report. */
  readonly at: number
}

/**
 * The next score after a report of `raw` at `at`: exponentially smoothed over report interval + TTL, and so limited that
 * within that time a region's share grows or shrinks at most by `movement` of itself (shares are in proportion to
 * 1 ÷ (1 + score), of which the region's own and the sum of the others each may move by the root).
 */
export function smoothScore(before: Smoothed, raw: number, at: number, ttlMs: number, movement: number): Smoothed {
  const interval = at - before.at
  if (interval <= 0) return before
  const part = interval / (interval + ttlMs)
  const wanted = before.score + (raw - before.score) * (1 - Math.exp(-part))
  const limit = (1 + movement) ** (part / 2)
  const [least, most] = [(1 + before.score) / limit - 1, (1 + before.score) * limit - 1]
  return { score: Math.min(most, Math.max(least, wanted)), at }
}

/** The load steps of one service, and where their scores stand. */
interface Watched {
  readonly service: Service
  readonly steps: readonly (Step & Required<Pick<Step, 'load'>>)[]
  readonly facts: ReturnType<typeof factsOf>
  /** By step, then by region. */
  readonly scores: ReadonlyMap<Step['name'], Map<string, Smoothed>>
}

export class LoadBoard {
  #watched: readonly Watched[] = []

  /** Services that are defined as before keep where they stood. */
  configure(definitions: Definitions): void {
    const before = new Map(this.#watched.map((watched) => [JSON.stringify(watched.service), watched.scores]))
    this.#watched = [...definitions.services.values()].flatMap((service) => {
      const steps = service.steer.map(buildStep).filter(hasLoad)
      if (steps.length === 0) return []
      const scores = before.get(JSON.stringify(service)) ?? startScores(steps)
      return [{ service, steps, facts: factsOf(service, definitions), scores }]
    })
  }

  /** By service. */
  get scores(): ReadonlyMap<string, Scores> {
    return new Map(this.#watched.map(({ service, scores }) => [service.name, plainScores(scores)]))
  }

  /** Takes the newest reports and names the services whose scores moved. */
  take(measures: Measures): readonly string[] {
    return this.#watched.filter((watched) => takeMeasures(watched, measures)).map(({ service }) => service.name)
  }
}

function hasLoad(step: Step): step is Step & Required<Pick<Step, 'load'>> {
  return step.load !== undefined
}

function startScores(steps: readonly Step[]): Watched['scores'] {
  return new Map(steps.map(({ name }) => [name, new Map<string, Smoothed>()]))
}

function plainScores(scores: Watched['scores']): Scores {
  return new Map(
    Array.from(scores, ([step, byRegion]) => [
      step,
      new Map(Array.from(byRegion, ([name, { score }]) => [name, score])),
    ]),
  )
}

/** True when a score moved. */
function takeMeasures({ service, steps, facts, scores }: Watched, measures: Measures): boolean {
  let moved = false
  for (const { name, load } of steps) {
    const known = scores.get(name)!
    const start = meanScore([...known.values()])
    for (const region of service.regions) {
      const measure = measures.get(region)
      const raw = measure && load.score(region, measure, facts.get(region))
      if (!measure || raw === undefined) {
        moved = known.delete(region) || moved
        continue
      }
      const before = known.get(region) ?? beginScore(start, raw, measure.at)
      const next = smoothScore(before, raw, measure.at, service.ttl * 1000, load.movement)
      if (next.score !== known.get(region)?.score) moved = true
      known.set(region, next)
    }
  }
  return moved
}

/** A region that begins to report begins where it stood without: at the mean of the others. When nobody told yet, as it says. */
function beginScore(mean: Smoothed | undefined, raw: number, at: number): Smoothed {
  return mean && mean.at < at ? mean : { score: raw, at }
}

/** The score of the mean factor, which is what steps take a silent region to have. */
function meanScore(known: readonly Smoothed[]): Smoothed | undefined {
  if (known.length === 0) return undefined
  const factors = known.map(({ score }) => 1 / (1 + score))
  const mean = factors.reduce((sum, factor) => sum + factor, 0) / known.length
  return { score: 1 / mean - 1, at: Math.max(...known.map(({ at }) => at)) }
}
