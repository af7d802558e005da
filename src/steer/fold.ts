// The fold: a service's steps over its regions, in fixed phases whatever their order in the list, for one client. What
// comes out are final shares and the trace that made them, so that explain shows what planning did and nothing else.
import { applyFallback, judgeHealth, spill, type FallbackRule, type Verdict } from './availability.ts'
import { consistentHash } from './consistent-hash.ts'
import { failover } from './failover.ts'
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
import { weighted } from './weighted.ts'

/** One step of the fold: what it saw and what it left. */
export interface TraceEntry {
  readonly phase: Phase
  /** The step's name; `health`, `fallback` and `spill` for what every service has. */
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
    case 'nearest':
      return nearest(config)
    case 'failover':
      return failover(config)
    case 'weighted':
      return weighted(config)
    case 'round-robin':
      return roundRobin()
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
  const classifiers = steps.flatMap(({ classify }) => (classify ? [classify(context, regions)] : []))
  return (client) => classifiers.map((classify) => classify(client)).join(';')
}

/**
 * Runs the fold. `steps` come from `buildSteps`; `candidates` stand in configured order, with their availability and
 * its reason, tier 0 and share 1.
 */
export function steer(
  candidates: readonly Candidate[],
  steps: readonly Step[],
  rule: FallbackRule,
  context: StepContext,
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
  const verdict = judgeHealth(now, weigh(now, steps, context), rule)
  now = run('availability', 'health', now, recallNotes(now, candidates))
  if (verdict.panic) now = run('availability', 'fallback', now, applyFallback(now, rule, context))
  if (!verdict.panic || rule.fallback === 'all') now = runPhase('spread', now)
  const settled = run('spread', 'spill', now, spill(now))
  now = runPhase('take', runPhase('pin', settled))
  return { candidates: recallNotes(now, settled), trace, ...verdict }
}

/** The weight of each candidate in the judgement of health: what the spread steps give it, or else the region's own. */
function weigh(candidates: readonly Candidate[], steps: readonly Step[], context: StepContext): number[] {
  const spreads = steps.filter(({ phase }) => phase === 'spread')
  if (spreads.length === 0) return candidates.map(({ region }) => context.regions.get(region)?.weight ?? 1)
  return spreads.reduce((saw, step) => step.apply(saw, context), candidates).map(({ share }) => share)
}

/** Puts back the notes of an earlier phase, which the steps since have overwritten: why healthy, or why this share. */
function recallNotes(candidates: readonly Candidate[], from: readonly Candidate[]): readonly Candidate[] {
  const notes = new Map(from.map(({ region, note }) => [region, note]))
  return candidates.map((candidate) => ({ ...candidate, note: notes.get(candidate.region) ?? candidate.note }))
}
