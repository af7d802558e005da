// What plans depend on beside their configuration, as it changes from event to event: health, what regions report, scores
// of their load, and what host names resolve to. The history keeps differences of it, for an event touches little.
import type { TargetHealth } from '../health/health.ts'
import type { Scores } from '../steer/steer.ts'
import { sameAnswer } from './alias-state.ts'
import type { AliasAnswer } from './aliases.ts'
import { addressesIn } from './answerers.ts'
import { NO_WORDS, sameWords, type Words } from './overrides/words.ts'
import type { HealthById, Takes } from './survey.ts'

export interface Conditions {
  readonly health: HealthById
  /** By region: what it can take by its own reports. */
  readonly reported: ReadonlyMap<string, Takes>
  /** By service: of its load steps. */
  readonly scores: ReadonlyMap<string, Scores>
  /** By host name of a balancer, with its final dot: what it resolves to. */
  readonly resolved: ReadonlyMap<string, AliasAnswer>
  /** What operators say, and how far regions have come back. */
  readonly words?: Words
}

/** Keys that came or changed, and keys that went (undefined). */
type Changed<Value> = readonly (readonly [key: string, value: Value | undefined])[]

export interface ConditionsChange {
  readonly health: Changed<TargetHealth>
  readonly reported: Changed<Takes>
  readonly scores: Changed<Scores>
  readonly resolved: Changed<AliasAnswer>
  /** Missing: as before. */
  readonly words?: Words
  /** About what it takes to keep this. */
  readonly bytes: number
}

/** Conditions that `applyChange` moves on. */
export class MovingConditions implements Conditions {
  readonly health: Map<string, TargetHealth>
  readonly reported: Map<string, Takes>
  readonly scores: Map<string, Scores>
  readonly resolved: Map<string, AliasAnswer>
  words: Words

  constructor(from: Conditions = NONE) {
    this.health = new Map(from.health)
    this.reported = new Map(from.reported)
    this.scores = new Map(from.scores)
    this.resolved = new Map(from.resolved)
    this.words = from.words ?? NO_WORDS
  }

  apply({ health, reported, scores, resolved, words }: ConditionsChange): void {
    if (words) this.words = words
    applyChanged(this.health, health)
    applyChanged(this.reported, reported)
    applyChanged(this.scores, scores)
    applyChanged(this.resolved, resolved)
  }
}

const NONE: Conditions = { health: new Map(), reported: new Map(), scores: new Map(), resolved: new Map() }

/** Of a change and its keys, about, by what V8 takes for small objects and strings. */
const ENTRY_BYTES = 200
const SCORE_BYTES = 80
const ADDRESS_BYTES = 250

export function changeOf(before: Conditions, now: Conditions): ConditionsChange {
  const health = changedOf(before.health, now.health, sameHealth)
  const reported = changedOf(before.reported, now.reported, sameTakes).map(
    ([region, takes]) => [region, takes && { availability: takes.availability, reason: takes.reason }] as const,
  )
  const scores = changedOf(before.scores, now.scores, sameScores)
  const texts = [...health, ...reported].reduce((sum, [, value]) => sum + (value?.reason.length ?? 0), 0)
  const numbers = scores.reduce((sum, [, value]) => sum + countScores(value), 0)
  const resolved = changedOf(before.resolved, now.resolved, sameAliasAnswer)
  const addresses = resolved.reduce((sum, [, value]) => sum + (value ? addressesIn(value).length : 0), 0)
  const words = now.words && !sameWords(before.words ?? NO_WORDS, now.words) ? now.words : undefined
  const spoken = words ? weighWords(words) : 0
  const entries = health.length + reported.length + scores.length + resolved.length + spoken
  const bytes = entries * ENTRY_BYTES + texts + numbers * SCORE_BYTES + addresses * ADDRESS_BYTES
  return { health, reported, scores, resolved, ...(words && { words }), bytes }
}

export function isNoChange({ health, reported, scores, resolved, words }: ConditionsChange): boolean {
  return health.length + reported.length + scores.length + resolved.length === 0 && words === undefined
}

function applyChanged<Value>(to: Map<string, Value>, changed: Changed<Value>): void {
  for (const [key, value] of changed) {
    if (value === undefined) to.delete(key)
    else to.set(key, value)
  }
}

function changedOf<Value>(
  before: ReadonlyMap<string, Value>,
  now: ReadonlyMap<string, Value>,
  same: (a: Value, b: Value) => boolean,
): Changed<Value> {
  const changed: [string, Value | undefined][] = []
  for (const [key, value] of now) {
    const known = before.get(key)
    if (known === undefined || !same(known, value)) changed.push([key, value])
  }
  for (const key of before.keys()) if (!now.has(key)) changed.push([key, undefined])
  return changed
}

function sameHealth(a: TargetHealth, b: TargetHealth): boolean {
  return a.state === b.state && a.reason === b.reason && a.since === b.since && a.undecided === b.undecided
}

function sameTakes(a: Takes, b: Takes): boolean {
  return a.availability === b.availability && a.reason === b.reason
}

function sameScores(a: Scores, b: Scores): boolean {
  if (a.size !== b.size) return false
  for (const [step, byRegion] of a) {
    const other = b.get(step)
    if (other?.size !== byRegion.size) return false
    for (const [region, score] of byRegion) if (other.get(region) !== score) return false
  }
  return true
}

function sameAliasAnswer(a: AliasAnswer, b: AliasAnswer): boolean {
  return sameAnswer(a.ipv4, b.ipv4) && sameAnswer(a.ipv6, b.ipv6)
}

/** How many there are: each takes about what another entry does. */
function weighWords({ balancers, regions, services, recovering }: Words): number {
  const own = [...services.values()].reduce((sum, byRegion) => sum + byRegion.size, services.size)
  return 1 + balancers.size + regions.size + own + recovering.size
}

function countScores(scores: Scores | undefined): number {
  return [...(scores?.values() ?? [])].reduce((sum, byRegion) => sum + byRegion.size, 0)
}
