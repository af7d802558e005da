// Safety rules: what keeps operators, reloads and our own automation from hurting users. Pure: two states of the world in,
// broken rules with their numbers out. A rule is broken only by what makes it worse than it was: a region that is down does
// not stop the repair. Health events are never refused; there the rules fail open (drains and shares are suspended). How
// fast users may move is judged in movement.ts.
import type { AliasAnswers } from './aliases.ts'
import type { Override } from './overrides/override.ts'
import type { Words } from './overrides/words.ts'
import { answersCname, resolveName, type Definitions, type Service } from './service.ts'
import { applyWord, standingFor, surveyRegion, type HealthById, type Takes } from './survey.ts'
import type { Family } from './survey-choice.ts'

export interface SafetyRules {
  /** Of each service, so many regions serve. */
  readonly fewestRegions: number
  /** Of each service, such a part of its capacity serves: 0 to 1. */
  readonly leastCapacity: number
  /** The largest part of a service's users that moves within a minute: above 0 to 1; 1: no limit. */
  readonly movement: number
}

export interface Breach {
  readonly rule: 'fewest-regions' | 'least-capacity' | 'movement'
  readonly service: string
  readonly limit: number
  readonly before: number
  readonly after: number
  /** One sentence, without a full stop. */
  readonly detail: string
}

/** How one service stands. */
export interface Footing {
  /** Regions that can answer. */
  readonly regions: number
  /** The part of the capacity that can: 0 to 1. By weight where a region tells no capacity. */
  readonly capacity: number
  /** Requests a second that can be taken; missing where a region tells no capacity. */
  readonly rate?: number
}

/** What footings are judged by. */
export interface Ground extends Definitions {
  readonly health: HealthById
  readonly reported?: ReadonlyMap<string, Takes>
  readonly words: Words
  /** What host names resolve to; missing: nothing is known. */
  readonly hosts?: AliasAnswers
}

const TOLERANCE = 1e-9

/** How every service stands, by name. */
export function footingsOf(ground: Ground): ReadonlyMap<string, Footing> {
  return new Map(Array.from(ground.services, ([name, service]) => [name, footingOf(service, ground)]))
}

function footingOf(service: Service, ground: Ground): Footing {
  const leaves = leavesOf(service, ground, answersCname(service) ? 'host' : undefined)
  const total = leaves.reduce((sum, { capacity }) => sum + capacity, 0)
  const able = leaves.reduce((sum, { capacity, availability }) => sum + capacity * availability, 0)
  return {
    regions: new Set(leaves.flatMap(({ region, availability }) => (availability > 0 ? [region] : []))).size,
    capacity: total === 0 ? 1 : able / total,
    ...(leaves.every(({ isRate }) => isRate) && { rate: able }),
  }
}

interface Leaf {
  readonly region: string
  readonly capacity: number
  readonly availability: number
  /** The capacity is no weight. */
  readonly isRate: boolean
}

/** The regions of a service, and of those in a region's place. */
function leavesOf(service: Service, ground: Ground, family: Family): Leaf[] {
  const told = ground.words.services.get(service.name)
  const hasCapacity = service.regions.every((name) => ground.regions.get(name)?.capacity !== undefined)
  return service.regions.flatMap((name): Leaf[] => {
    const found = resolveName(name, ground)
    const word = told?.get(name)
    if ('service' in found) {
      const { health, part } = applyWord({ health: 1, part: 1, isForcedDown: false }, word, true)
      return leavesOf(found.service, ground, family).map((leaf) => ({
        ...leaf,
        availability: leaf.availability * health * part,
      }))
    }
    const { region } = found
    const survey = surveyRegion(region, ground.health, ground.reported?.get(name), ground.words, ground.hosts)
    const { health, part } = standingFor(survey, family, word)
    const capacity = hasCapacity ? region.capacity! : region.weight
    return [{ region: name, capacity, availability: health * part, isRate: hasCapacity }]
  })
}

/** Footings of another configuration, with capacities as parts of what can be taken now, where both tell rates. */
export function relate(
  before: ReadonlyMap<string, Footing>,
  after: ReadonlyMap<string, Footing>,
): Map<string, Footing> {
  return new Map(
    Array.from(after, ([service, footing]) => {
      const old = before.get(service)?.rate
      const isRate = old !== undefined && old > 0 && footing.rate !== undefined
      return [service, isRate ? { ...footing, capacity: Math.min(1, footing.rate / old) } : footing]
    }),
  )
}

/** The rules that a step from one footing to another breaks. Services that are in one of them alone are not judged. */
export function judgeFootings(
  { fewestRegions, leastCapacity }: SafetyRules,
  before: ReadonlyMap<string, Footing>,
  after: ReadonlyMap<string, Footing>,
): Breach[] {
  return [...after].flatMap(([service, now]) => {
    const old = before.get(service)
    if (!old) return []
    const regions = describeRegions(service, fewestRegions, old.regions, now.regions)
    const capacity = describeCapacity(service, leastCapacity, old.capacity, now.capacity)
    return [regions, capacity].filter((breach) => breach !== undefined)
  })
}

function describeRegions(service: string, limit: number, before: number, after: number): Breach | undefined {
  if (after >= limit || after >= before) return undefined
  const detail = `${service} would be served by ${after} of the ${before} regions that serve it now; at least ${limit} must`
  return { rule: 'fewest-regions', service, limit, before, after, detail }
}

function describeCapacity(service: string, limit: number, before: number, after: number): Breach | undefined {
  if (after >= limit - TOLERANCE || after >= before - TOLERANCE) return undefined
  const detail = `${service} would have ${percent(after)} of its capacity (${percent(before)} now); at least ${percent(limit)} must serve`
  return { rule: 'least-capacity', service, limit, before, after, detail }
}

/**
 * Failing open: the drains and shares that are held back so that a rule holds which health events broke. The newest
 * first; never one that somebody overruled the rules for. `healthy`: how services would stand with all of them, were
 * everything healthy: what operators took by overruling is not given back. `footings`: with only these overrides.
 */
export function suspend(
  rules: SafetyRules,
  overrides: readonly Override[],
  healthy: ReadonlyMap<string, Footing>,
  footings: (counting: readonly Override[]) => ReadonlyMap<string, Footing>,
): ReadonlySet<string> {
  const held = new Set<string>()
  const eligible = overrides.filter(
    ({ kind, overruled }) => (kind === 'drain' || kind === 'share') && overruled === undefined,
  )
  const lack = () => lackOf(rules, healthy, footings(overrides.filter(({ id }) => !held.has(id))))
  for (const { id } of eligible.toSorted((a, b) => b.createdAt - a.createdAt)) {
    const before = lack()
    if (before === 0) break
    held.add(id)
    if (lack() >= before) held.delete(id)
  }
  return held
}

/** How far services are from what the rules ask, over all; 0: they hold. */
function lackOf(
  rules: SafetyRules,
  healthy: ReadonlyMap<string, Footing>,
  footings: ReadonlyMap<string, Footing>,
): number {
  return [...footings].reduce((sum, [service, { regions, capacity }]) => {
    const ideal = healthy.get(service)
    const fewest = Math.min(rules.fewestRegions, ideal?.regions ?? 0)
    const least = Math.min(rules.leastCapacity, ideal?.capacity ?? 0) - TOLERANCE
    return sum + Math.max(0, fewest - regions) + Math.max(0, least - capacity)
  }, 0)
}

function percent(fraction: number): string {
  return `${Number((fraction * 100).toFixed(1))} %`
}
