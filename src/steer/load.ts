// What the load steps share: from scores to shares. The textbook rule, lowest score takes all, assumes that each decision
// is one request and is seen at once. A DNS answer is cached for a TTL by resolvers with many users behind them, and
// reports come in turns: under that rule every resolver that asks between two reports is sent to the same region, which is
// then the most loaded of all, and the herd moves on. And a region that fails within a millisecond looks fastest. So by
// default share is in proportion to weight / (1 + score), with scores over successful requests, smoothed and limited in
// their movement (director/load-board.ts); `lowest: true` is the textbook rule, for those who know their resolvers.
import type { Candidate, LoadOptions, Measure, RegionFacts, Step, StepConfig, StepContext } from './steer.ts'

export interface LoadRule {
  readonly name: StepConfig['step']
  readonly options: LoadOptions
  /** Lower is less loaded; undefined when the measures do not tell. */
  readonly score: (measure: Measure, weight: number) => number | undefined
  /** What the region would take of idle ones. */
  readonly weightOf: (region: string, facts: RegionFacts | undefined) => number
}

export function loadStep({ name, options, score, weightOf }: LoadRule): Step {
  return {
    name,
    phase: 'spread',
    load: {
      movement: options.movement,
      score: (region, measure, facts) => score(measure, weightOf(region, facts)),
    },
    apply: (candidates, context) => {
      const scored = candidates.map((candidate) => scoreOf(candidate, name, weightOf, context))
      const factors = options.lowest ? factorsOfLowest(scored) : factorsOfShare(scored)
      return scored.map(({ candidate, score: own }, i) => ({
        ...candidate,
        share: candidate.share * factors[i]!,
        note: own === undefined ? 'no fresh measures: as the others on average' : `score ${Number(own.toFixed(2))}`,
      }))
    },
  }
}

interface Scored {
  readonly candidate: Candidate
  readonly weight: number
  readonly score: number | undefined
}

function scoreOf(
  candidate: Candidate,
  name: StepConfig['step'],
  weightOf: LoadRule['weightOf'],
  { regions, scores, weights }: StepContext,
): Scored {
  const { region } = candidate
  const told = name === 'weighted-least-connections' ? weights?.get(region) : undefined
  return { candidate, weight: told ?? weightOf(region, regions.get(region)), score: scores?.get(name)?.get(region) }
}

/** Who tells nothing counts as the mean of those who do. */
function factorsOfShare(scored: readonly Scored[]): number[] {
  const known = scored.flatMap(({ score }) => (score === undefined ? [] : [1 / (1 + score)]))
  const mean = known.length === 0 ? 1 : known.reduce((sum, factor) => sum + factor, 0) / known.length
  return scored.map(({ weight, score }) => weight * (score === undefined ? mean : 1 / (1 + score)))
}

/** In each tier the lowest score among those who can answer; equals share. Who tells nothing wins only where nobody tells. */
function factorsOfLowest(scored: readonly Scored[]): number[] {
  return scored.map((one) => {
    const rivals = scored.filter((other) => other.candidate.tier === one.candidate.tier && other.weight > 0)
    const able = rivals.filter(({ candidate }) => candidate.availability > 0)
    const lowest = lowestOf(able.length > 0 ? able : rivals)
    return one.weight > 0 && (one.score ?? Infinity) === lowest ? 1 : 0
  })
}

function lowestOf(scored: readonly Scored[]): number {
  return Math.min(...scored.map(({ score }) => score ?? Infinity))
}
