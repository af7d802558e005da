// What all overrides make together at one moment: one word for each balancer, region and region of a service. The order,
// where several apply:
// 1. force-down beats everything, at whatever level it was said.
// 2. Else force-up stands in for state, reports and recovery.
// 3. Of drains and shares at one level the least counts; what levels leave multiplies.
// 4. Of weights the narrowest counts: that of a region within a service, before a weight in the service's steps, before
//    that of the region.
// The planner reads words and knows no overrides.
import { targetId } from '../service.ts'
import { formatTarget, isTurning, strengthAt, type Override } from './override.ts'

export interface Word {
  readonly forced?: 'up' | 'down'
  /** What drains and shares leave of its share: 0 to 1. */
  readonly part: number
  readonly weight?: number
  /** It is about to lose users, or loses them now. */
  readonly isTurning: boolean
  /** Who said what, and why. */
  readonly note: string
}

/** Only where something was said. */
export interface Words {
  /** By `targetId`. */
  readonly balancers: ReadonlyMap<string, Word>
  readonly regions: ReadonlyMap<string, Word>
  /** By service, then by region or service in its place. */
  readonly services: ReadonlyMap<string, ReadonlyMap<string, Word>>
  /** What the ramp of a region that came back leaves of its share, by region: 0 to 1. */
  readonly recovering: ReadonlyMap<string, number>
}

export const NO_WORDS: Words = { balancers: new Map(), regions: new Map(), services: new Map(), recovering: new Map() }

/** Whether both say the same. */
export function sameWords(a: Words, b: Words): boolean {
  return a === b || textOf(a) === textOf(b)
}

function textOf({ balancers, regions, services, recovering }: Words): string {
  const own = Array.from(services, ([service, byRegion]) => [service, [...byRegion]])
  return JSON.stringify([[...balancers], [...regions], own, [...recovering]])
}

/** `now`: wall-clock ms; `leadMs`: how long before a drain its TTLs fall. */
export function wordsAt(
  overrides: readonly Override[],
  now: number,
  leadMs: number,
  recovering: Words['recovering'] = NO_WORDS.recovering,
): Words {
  const balancers = new Map<string, Word>()
  const regions = new Map<string, Word>()
  const services = new Map<string, Map<string, Word>>()
  for (const group of Map.groupBy(overrides, ({ target }) => formatTarget(target)).values()) {
    const word = combine(group, now, leadMs)
    if (!word) continue
    const { service, region, balancer } = group[0]!.target
    if (balancer !== undefined) balancers.set(targetId(region, balancer), word)
    else if (service === undefined) regions.set(region, word)
    else services.set(service, (services.get(service) ?? new Map<string, Word>()).set(region, word))
  }
  return { balancers, regions, services, recovering }
}

/** Overrides of one target. */
function combine(overrides: readonly Override[], now: number, leadMs: number): Word | undefined {
  const spoken = overrides
    .map((override) => ({ ...effectOf(override, now), isTurning: isTurning(override, now, leadMs), override }))
    .filter((each) => each.strength > 0 || each.isTurning)
  if (spoken.length === 0) return undefined
  const forced = (['down', 'up'] as const).find((to) => spoken.some((each) => each.forced === to))
  const weight = spoken.find((each) => each.weight !== undefined)?.weight
  return {
    ...(forced && { forced }),
    part: Math.min(...spoken.map(({ part }) => part)),
    ...(weight !== undefined && { weight }),
    isTurning: spoken.some((each) => each.isTurning),
    note: spoken.map((each) => describe(each.override, each.strength)).join('; '),
  }
}

interface Effect {
  readonly strength: number
  readonly part: number
  readonly forced?: 'up' | 'down'
  readonly weight?: number
}

function effectOf(override: Override, now: number): Effect {
  const strength = strengthAt(override, now)
  const { kind, value = 0, from = 0 } = override
  if (strength === 0) return { strength, part: 1 }
  switch (kind) {
    case 'drain':
      return { strength, part: 1 - strength }
    case 'share':
      return { strength, part: 1 - strength * (1 - value) }
    case 'weight':
      return { strength, part: 1, weight: from + strength * (value - from) }
    case 'force-up':
      return { strength, part: 1, forced: 'up' }
    case 'force-down':
      return { strength, part: 1, forced: 'down' }
  }
}

const DONE = {
  drain: 'drained',
  share: 'held to a share',
  weight: 'weighed',
  'force-up': 'forced up',
  'force-down': 'forced down',
} as const

function describe({ kind, value, owner, reason }: Override, strength: number): string {
  const to = kind === 'share' ? ` of ${percent(value ?? 0)}` : kind === 'weight' ? ` ${value ?? 0}` : ''
  const far = strength === 0 ? ', soon' : strength < 1 ? `, ${percent(strength)} of the way` : ''
  return `${DONE[kind]}${to} by ${owner}${far}: ${reason}`
}

function percent(fraction: number): string {
  return `${Number((fraction * 100).toFixed(1))} %`
}

/**
 * The weights that operators set for regions of a service, by region; undefined: none. `ownWeights`: regions whose weight
 * a step of the service gives, which a word on the region as a whole does not reach.
 */
export function weightsFor(
  { regions, services }: Words,
  service: string,
  names: readonly string[],
  ownWeights: ReadonlySet<string>,
): ReadonlyMap<string, number> | undefined {
  const own = services.get(service)
  const weights = names.flatMap((name): [string, number][] => {
    const wide = ownWeights.has(name) ? undefined : regions.get(name)?.weight
    const weight = own?.get(name)?.weight ?? wide
    return weight === undefined ? [] : [[name, weight]]
  })
  return weights.length === 0 ? undefined : new Map(weights)
}
