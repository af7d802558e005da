// The availability phase, which every service has: who can take how much of its share now, what happens when too few
// can, and how the load that a tier cannot take spills to the next. Where availability comes from is the director's.
import type { Candidate, StepContext } from './steer.ts'

/** What to do when too little of the weight is healthy. */
export interface FallbackRule {
  /** `all`, `none`, or the name of a region of last resort, which need not be a candidate. */
  readonly fallback: string
  /** The rule applies when the healthy part of the weight is strictly below this (0 to 1), and always when it is 0. */
  readonly panic: number
}

export interface Verdict {
  /** The part of the weight that can be taken, over all tiers: 0 to 1. */
  readonly healthy: number
  /** True: the fallback applies. */
  readonly panic: boolean
}

/** Sums of fractions stray by about 1e-16 a term; a billionth of the load is nobody. */
const NEGLIGIBLE = 1e-9

/** Judges over all tiers. `weights` is parallel to `candidates`: what each would take if it were alone in the world. */
export function judgeHealth(
  candidates: readonly Candidate[],
  weights: readonly number[],
  { panic }: FallbackRule,
): Verdict {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const healthyWeight = candidates.reduce((sum, { availability }, i) => sum + availability * weights[i]!, 0)
  const healthy = total > 0 ? healthyWeight / total : 0
  return { healthy, panic: healthy < NEGLIGIBLE || healthy < panic - NEGLIGIBLE }
}

/**
 * What the remaining steps see when the fallback applies: everybody as if up (`all`), nobody (`none`), or the region of
 * last resort alone, which is the one candidate ever added.
 */
export function applyFallback(
  candidates: readonly Candidate[],
  { fallback }: FallbackRule,
  { regions }: StepContext,
): readonly Candidate[] {
  if (fallback === 'all') return candidates.map((candidate) => set(candidate, 1, 'fallback: taken as up'))
  if (fallback === 'none') return candidates.map((candidate) => set(candidate, 0, 'fallback: nobody answers'))
  if (!regions.has(fallback)) throw new Error(`no region "${fallback}" for the fallback: config must refuse it`)
  const others = candidates.filter(({ region }) => region !== fallback)
  const lastResort = { region: fallback, tier: 0, share: 1, availability: 1, note: 'fallback: the last resort' }
  return [
    ...others.map((candidate) => ({ ...set(candidate, 0, `fallback: ${fallback} answers`), share: 0 })),
    lastResort,
  ]
}

function set(candidate: Candidate, availability: number, note: string): Candidate {
  return { ...candidate, availability, note }
}

/**
 * Makes relative shares final: within a tier they sum to 1; a tier takes the sum of its availability-weighted shares
 * out of what reaches it, and the rest spills to the next. The final shares sum to 1, or to what is available.
 */
export function spill(candidates: readonly Candidate[]): readonly Candidate[] {
  const totals = sumByTier(candidates, ({ share }) => share)
  const available = sumByTier(candidates, ({ share, availability }) => share * availability)
  const reaching = new Map<number, number>()
  let rest = 1
  for (const tier of [...totals.keys()].sort((a, b) => a - b)) {
    reaching.set(tier, rest)
    rest *= 1 - (totals.get(tier)! > 0 ? available.get(tier)! / totals.get(tier)! : 0)
    if (rest < NEGLIGIBLE) rest = 0
  }
  return candidates.map((candidate) => takeShare(candidate, reaching.get(candidate.tier)!, totals.get(candidate.tier)!))
}

function takeShare(candidate: Candidate, reaching: number, total: number): Candidate {
  const share = total > 0 ? (reaching * candidate.share * candidate.availability) / total : 0
  return { ...candidate, share, note: describeShare(candidate, reaching, share) }
}

function describeShare({ share, availability, tier }: Candidate, reaching: number, taken: number): string {
  if (reaching === 0) return `nothing spills to tier ${tier}`
  if (taken > 0) return `takes ${percent(taken)} of the ${percent(reaching)} that reach tier ${tier}`
  return availability === 0 ? 'not available' : share === 0 ? 'has no weight' : 'takes nothing'
}

function sumByTier(candidates: readonly Candidate[], of: (candidate: Candidate) => number): Map<number, number> {
  const sums = new Map<number, number>()
  for (const candidate of candidates) sums.set(candidate.tier, (sums.get(candidate.tier) ?? 0) + of(candidate))
  return sums
}

function percent(fraction: number): string {
  return `${Number((fraction * 100).toFixed(2))} %`
}
