// The availability phase, which every service has: who can take how much of its share now, what happens when too few
// can, and how the load that a tier cannot take spills to the next. Where availability comes from is the director's.
import type { Candidate } from './steer.ts'

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

/** Judges over all tiers. By candidate: how much of its share it can take, and what it would take if all could. */
export function judgeHealth(
  availability: ArrayLike<number>,
  weights: ArrayLike<number>,
  { panic }: Pick<FallbackRule, 'panic'>,
): Verdict {
  let total = 0
  let healthyWeight = 0
  for (let i = 0; i < weights.length; i++) {
    total += weights[i]!
    healthyWeight += availability[i]! * weights[i]!
  }
  const healthy = total > 0 ? healthyWeight / total : 0
  return { healthy, panic: healthy < NEGLIGIBLE || healthy < panic - NEGLIGIBLE }
}

/**
 * What the remaining steps see when the fallback applies: everybody as if up (`all`), nobody (`none`), or the region of
 * last resort alone, which is the one candidate ever added; nobody in its place when the client may not meet it.
 */
export function applyFallback(
  candidates: readonly Candidate[],
  { fallback }: FallbackRule,
  hasLastResort: boolean,
): readonly Candidate[] {
  if (fallback === 'all') return candidates.map((candidate) => set(candidate, 1, 'fallback: taken as up'))
  if (fallback === 'none') return candidates.map((candidate) => set(candidate, 0, 'fallback: nobody answers'))
  if (!hasLastResort) {
    return candidates.map((candidate) => set(candidate, 0, `fallback: ${fallback} is outside the fence`))
  }
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
  const tiers = groupTiers(candidates)
  const final = new Float64Array(candidates.length)
  const reaching = new Float64Array(tiers.length)
  spillTiers(
    tiers,
    candidates.map(({ share }) => share),
    candidates.map(({ availability }) => availability),
    final,
    reaching,
  )
  const reached = new Map(tiers.map((members, i) => [candidates[members[0]!]!.tier, reaching[i]!]))
  return candidates.map((candidate, i) => {
    const note = describeShare(candidate, reached.get(candidate.tier)!, final[i]!)
    return { ...candidate, share: final[i]!, note }
  })
}

/** Indexes of candidates, tier by tier, in their order. */
export function groupTiers(candidates: readonly Pick<Candidate, 'tier'>[]): readonly (readonly number[])[] {
  const byTier = new Map<number, number[]>()
  for (const [i, { tier }] of candidates.entries()) byTier.set(tier, [...(byTier.get(tier) ?? []), i])
  return [...byTier.keys()].sort((a, b) => a - b).map((tier) => byTier.get(tier)!)
}

/**
 * The arithmetic of `spill`, which plans do without the words: `tiers` are indexes of candidates. The final share of each
 * in a tier that is reached is written into `final`, and what reaches such a tier, a fraction of the queries, into
 * `reaching`. Returns how many tiers are reached; what stands beyond them means nothing.
 */
export function spillTiers(
  tiers: readonly (readonly number[])[],
  shares: ArrayLike<number>,
  availability: ArrayLike<number>,
  final: Float64Array,
  reaching: Float64Array,
): number {
  let rest = 1
  let tier = 0
  for (; tier < tiers.length && rest > 0; tier++) {
    const members = tiers[tier]!
    let total = 0
    let available = 0
    for (const i of members) {
      total += shares[i]!
      available += shares[i]! * availability[i]!
    }
    reaching[tier] = rest
    for (const i of members) final[i] = total > 0 ? (rest * shares[i]! * availability[i]!) / total : 0
    if (total > 0) rest *= 1 - available / total
    if (rest < NEGLIGIBLE) rest = 0
  }
  return tier
}

function describeShare({ share, availability, tier }: Candidate, reaching: number, taken: number): string {
  if (reaching === 0) return `nothing spills to tier ${tier}`
  if (taken > 0) return `takes ${percent(taken)} of the ${percent(reaching)} that reach tier ${tier}`
  return availability === 0 ? 'not available' : share === 0 ? 'has no weight' : 'takes nothing'
}

function percent(fraction: number): string {
  return `${Number((fraction * 100).toFixed(2))} %`
}
