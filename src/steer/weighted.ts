// weighted: shares in proportion to weights, those given to the step or the regions' own. Weight 0 takes nothing.
import type { Step, WeightedConfig } from './steer.ts'

export function weighted({ weights }: WeightedConfig): Step {
  return {
    name: 'weighted',
    phase: 'spread',
    apply: (candidates, { regions, weights: told }) =>
      candidates.map((candidate) => {
        const weight =
          told?.get(candidate.region) ?? weights[candidate.region] ?? regions.get(candidate.region)?.weight ?? 1
        return { ...candidate, share: candidate.share * weight, note: `weight ${weight}` }
      }),
  }
}
