// How rank steps give tiers: a ranking splits the ties that the rankings before it left, and nothing else. So two rank
// steps are lexicographic, and the later one decides only among equals.
import type { Candidate } from './steer.ts'

/** What a rank step says of one candidate: lower ranks answer first, equal ranks share a tier. */
export interface Rank {
  readonly rank: number
  readonly note: string
}

/** Renumbers tiers from 0 so that they follow the tiers before, then the ranks. `ranks` is parallel to `candidates`. */
export function splitTiers(candidates: readonly Candidate[], ranks: readonly Rank[]): readonly Candidate[] {
  const compare = (i: number, j: number) => candidates[i]!.tier - candidates[j]!.tier || ranks[i]!.rank - ranks[j]!.rank
  const order = [...candidates.keys()].sort(compare)
  const tiers = new Map<number, number>()
  let tier = 0
  for (const [place, index] of order.entries()) {
    if (place > 0 && compare(order[place - 1]!, index) !== 0) tier++
    tiers.set(index, tier)
  }
  return candidates.map((candidate, i) => ({ ...candidate, tier: tiers.get(i)!, note: ranks[i]!.note }))
}
