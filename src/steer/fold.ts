// The fold: a service's steps over its regions, in fixed phases whatever their order in the list, for one client. What
// comes out are final shares and the trace that made them, so that explain shows what planning did and nothing else.
import { applyFallback, judgeHealth, spill, type FallbackRule, type Verdict } from './availability.ts'
import { consistentHash } from './consistent-hash.ts'
import { failover } from './failover.ts'
import { fastest } from './fastest.ts'
import { fence } from './fence.ts'
import { ipHash } from './ip-hash.ts'
import { leastConnections } from './least-connections.ts'
import { leastResponseTime } from './least-response-time.ts'
import { map } from './map.ts'
import { nearest } from './nearest.ts'
import { roundRobin } from './round-robin.ts'
import {
  PHASES,
  type Candidate,
  type Client,
  type Phase,
  type Step,
  type StepConfig,
  type StepContext,
} from './steer.ts'
import { take } from './take.ts'
import { weightedLeastConnections } from './weighted-least-connections.ts'
import { weighted } from './weighted.ts'

/** One step of the fold: what it saw and what it left. */
export interface TraceEntry {
  readonly phase: Phase
  /** The step's name; `family`, `health`, `fallback` and `spill` for what is no step. */
  readonly step: string
  readonly saw: readonly Candidate[]
  readonly left: readonly Candidate[]
}

/** Who answers one client (class), and why. */
export interface Steering extends Verdict {
  /** `share` is the part of the queries, and sums to 1 or to what is available; it is 0 for all when nobody answers. */
  readonly candidates: readonly Candidate[]
  readonly trace: readonly TraceEntry[]
}

/** The steps of a list, in the order in which they run. */
export function buildSteps(configs: readonly StepConfig[]): readonly Step[] {
  return configs.map(buildStep).sort((a, b) => PHASES.indexOf(a.phase) - PHASES.indexOf(b.phase))
}

export function buildStep(config: StepConfig): Step {
  switch (config.step) {
    case 'fence':
      return fence(config)
    case 'map':
      return map(config)
    case 'nearest':
      return nearest(config)
    case 'fastest':
      return fastest(config)
    case 'failover':
      return failover(config)
    case 'round-robin':
      return roundRobin()
    case 'weighted':
      return weighted(config)
    case 'least-connections':
      return leastConnections(config)
    case 'weighted-least-connections':
      return weightedLeastConnections(config)
    case 'least-response-time':
      return leastResponseTime(config)
    case 'ip-hash':
      return ipHash(config)
    case 'consistent-hash':
      return consistentHash(config)
    case 'take':
      return take(config)
  }
}

/** The steps whose outcome depends on the client: what an ordering question consists of. */
export function asksClient(step: Step): boolean {
  return step.classify !== undefined
}

/** A function that gives text which is equal for exactly those clients whom all the steps treat alike. */
export function classifyClients(
  steps: readonly Step[],
  context: Omit<StepContext, 'client'>,
  regions: readonly string[],
): (client: Client) => string {
  const [first, ...rest] = steps.filter(asksClient)
  if (!first) return () => ''
  const classify = first.classify!(context, regions)
  if (!first.drops) {
    const behind = classifyClients(rest, context, regions)
    return (client) => `${classify(client)};${behind(client)}`
  }
  const behind = new Map<string, (client: Client) => string>()
  return (client) => {
    const text = classify(client)
    let next = behind.get(text)
    if (!next) behind.set(text, (next = classifyClients(rest, context, left(first, client, context, regions))))
    return `${text};${next(client)}`
  }
}

/** The regions that a step which may drop some leaves to those behind it. */
function left(
  step: Step,
  client: Client,
  context: Omit<StepContext, 'client'>,
  regions: readonly string[],
): readonly string[] {
  return step.apply(regions.map(beginCandidate), { ...context, client }).map(({ region }) => region)
}

/** A candidate of which nothing is known yet. */
export function beginCandidate(region: string): Candidate {
  return { region, tier: 0, share: 1, availability: 1, note: '' }
}

/** The steps one after the other, without a trace. */
export function applyAll(
  steps: readonly Step[],
  candidates: readonly Candidate[],
  context: StepContext,
): readonly Candidate[] {
  return steps.reduce((saw, step) => step.apply(saw, context), candidates)
}

/**
 * Runs the fold. `steps` come from `buildSteps`; `candidates` stand in configured order, with their availability and
 * its reason, tier 0 and share 1. `hasFamily`: where families are independent, who has a balancer of the one asked for;
 * the others take no part, though they were ranked.
 */
export function steer(
  candidates: readonly Candidate[],
  steps: readonly Step[],
  rule: FallbackRule,
  context: StepContext,
  hasFamily?: (region: string) => boolean,
): Steering {
  const trace: TraceEntry[] = []
  const run = (phase: Phase, step: string, saw: readonly Candidate[], left: readonly Candidate[]) => {
    trace.push({ phase, step, saw, left })
    return left
  }
  const runPhase = (phase: Phase, from: readonly Candidate[]) =>
    steps
      .filter((step) => step.phase === phase)
      .reduce((saw, step) => run(phase, step.name, saw, step.apply(saw, context)), from)

  let now = runPhase('rank', runPhase('fence', candidates))
  if (hasFamily) now = run('availability', 'family', now, withFamily(now, hasFamily))
  const hasLastResort = isWithinFence(rule.fallback, steps, context)
  const isShutOut = now.length === 0 && !hasLastResort
  const availability = now.map((candidate) => candidate.availability)
  const parts = now.map(({ standing }) => standing?.part ?? 1)
  const verdict = isShutOut ? NOBODY_MAY : judgeHealth(availability, weigh(now, steps, context), rule, parts)
  now = run('availability', 'health', now, recallNotes(now, candidates))
  if (verdict.panic) now = run('availability', 'fallback', now, applyFallback(now, rule, hasLastResort))
  if (!verdict.panic || rule.fallback === 'all') now = runPhase('spread', now)
  const settled = run('spread', 'spill', now, spill(now))
  now = runPhase('take', runPhase('pin', settled))
  return { candidates: recallNotes(now, settled), trace, ...verdict }
}

function withFamily(candidates: readonly Candidate[], hasFamily: (region: string) => boolean): readonly Candidate[] {
  const note = 'has a balancer of this family'
  return candidates.filter(({ region }) => hasFamily(region)).map((candidate) => ({ ...candidate, note }))
}

/** Of clients whom the fence lets meet nobody: no trouble, but what was asked for. */
export const NOBODY_MAY: Verdict = { healthy: 1, panic: false }

/** Whether the fallback names a region, and the client may meet it. */
export function isWithinFence(fallback: string, steps: readonly Step[], context: StepContext): boolean {
  if (fallback === 'all' || fallback === 'none') return false
  const fences = steps.filter(({ phase }) => phase === 'fence')
  return applyAll(fences, [beginCandidate(fallback)], context).length > 0
}

/**
 * The weight of each candidate in the judgement of health: what the spread steps give it, or else the region's own. Load
 * does not count: a busy region is not a failed one.
 */
export function weigh(
  candidates: readonly Candidate[],
  steps: readonly Step[],
  context: Omit<StepContext, 'client'>,
): readonly number[] {
  const spreads = steps.filter(({ phase, load }) => phase === 'spread' && !load)
  if (spreads.length === 0) return candidates.map(({ region }) => context.regions.get(region)?.weight ?? 1)
  return applyAll(spreads, candidates, { ...context, client: {} }).map(({ share }) => share)
}

/** Puts back the notes of an earlier phase, which the steps since have overwritten: why healthy, or why this share. */
function recallNotes(candidates: readonly Candidate[], from: readonly Candidate[]): readonly Candidate[] {
  const notes = new Map(from.map(({ region, note }) => [region, note]))
  return candidates.map((candidate) => ({ ...candidate, note: notes.get(candidate.region) ?? candidate.note }))
}
