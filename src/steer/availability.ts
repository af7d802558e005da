// The availability phase, which every service has: who can take how much of its share now, what happens when too few
// can, and how the load that a tier cannot take spills to the next. Where availability comes from is the director's.
import type { Candidate, Standing } from './steer.ts'

/** What to do when too little of the weight is healthy. */
export interface FallbackRule {
  /** `all`, `none`, or the name of a region of last resort, which need not be a candidate. */
  readonly fallback: string
  /** The rule applies when the healthy part of the weight is strictly below this (0 to 1), and always when it is 0. */
  readonly panic: number
  /** An operator forced the region of last resort down. */
  readonly isLastResortDown?: boolean
}

export interface Verdict {
  /** The part of the weight that can be taken, over all tiers: 0 to 1. */
  readonly healthy: number
  /** True: the fallback applies. */
  readonly panic: boolean
}

/** Sums of fractions stray by about 1e-16 a term; a billionth of the load is nobody. */
const NEGLIGIBLE = 1e-9

/**
 * Judges over all tiers. By candidate: how much of its share it can take, and what it would take if all could. `parts`:
 * what operators and recoveries leave of each, which is in its availability and no illness; missing: all.
 */
export function judgeHealth(
  availability: ArrayLike<number>,
  weights: ArrayLike<number>,
  { panic }: Pick<FallbackRule, 'panic'>,
  parts?: ArrayLike<number>,
): Verdict {
  let total = 0
  let healthyWeight = 0
  for (let i = 0; i < weights.length; i++) {
    total += weights[i]! * (parts?.[i] ?? 1)
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
  { fallback, isLastResortDown = false }: FallbackRule,
  hasLastResort: boolean,
): readonly Candidate[] {
  if (fallback === 'all') {
    const taken = takenAsUp(
      candidates.map(({ availability }) => availability),
      candidates.map(({ standing }) => standing),
    )
    return candidates.map((candidate, i) => withoutWord(set(candidate, taken[i]!, describeTaken(candidate, taken[i]!))))
  }
  if (fallback === 'none') return candidates.map((candidate) => set(candidate, 0, 'fallback: nobody answers'))
  if (!hasLastResort || isLastResortDown) {
    const why = isLastResortDown ? 'forced down' : 'outside the fence'
    return candidates.map((candidate) => set(candidate, 0, `fallback: ${fallback} is ${why}`))
  }
  const others = candidates.filter(({ region }) => region !== fallback)
  const lastResort = { region: fallback, tier: 0, share: 1, availability: 1, note: 'fallback: the last resort' }
  return [
    ...others.map((candidate) => ({ ...set(candidate, 0, `fallback: ${fallback} answers`), share: 0 })),
    lastResort,
  ]
}

/**
 * Who is taken as up when a fallback takes all so: everybody, but healthy ones that are drained rather than failed ones,
 * and never who is forced down. By candidate: 1 or 0.
 */
export function takenAsUp(availability: readonly number[], standings: readonly (Standing | undefined)[]): number[] {
  const isHealthy = availability.some((part) => part > 0)
  const isSpared = standings.map((standing) => standing !== undefined && standing.health > 0)
  const mayAnswer = standings.map((standing) => !standing?.isForcedDown)
  const isDrained = !isHealthy && mayAnswer.some((may, i) => may && isSpared[i])
  return mayAnswer.map((may, i) => (may && (!isDrained || isSpared[i]) ? 1 : 0))
}

function describeTaken({ standing }: Candidate, taken: number): string {
  if (taken === 1) return 'fallback: taken as up'
  return standing?.isForcedDown ? 'forced down, in a fallback too' : 'fallback: others are drained, but healthy'
}

/** Nothing is left of what an operator took. */
function withoutWord(candidate: Candidate): Candidate {
  const { standing } = candidate
  return standing ? { ...candidate, standing: { ...standing, part: 1 } } : candidate
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
  passOn(
    final,
    [...candidates.keys()],
    candidates.map(({ standing }) => standing?.part ?? 1),
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

/**
 * What operators and recoveries leave behind of the last tier, where it can spill no further, goes to the others in
 * proportion: so the share of who drains falls along its line. `members`: indexes of those who are reached.
 */
export function passOn(final: Float64Array, members: readonly number[], parts: ArrayLike<number>): void {
  let total = 0
  let kept = 0
  for (const i of members) {
    total += final[i]!
    if (parts[i] === 1) kept += final[i]!
  }
  if (kept === 0 || total - kept < NEGLIGIBLE || total > 1 - NEGLIGIBLE) return
  const factor = 1 + (1 - total) / kept
  for (const i of members) if (parts[i] === 1) final[i]! *= factor
}

function describeShare({ share, availability, tier }: Candidate, reaching: number, taken: number): string {
  if (reaching === 0) return `nothing spills to tier ${tier}`
  if (taken > 0) return `takes ${percent(taken)} of the ${percent(reaching)} that reach tier ${tier}`
  return availability === 0 ? 'not available' : share === 0 ? 'has no weight' : 'takes nothing'
}

function percent(fraction: number): string {
  return `${Number((fraction * 100).toFixed(2))} %`
}
