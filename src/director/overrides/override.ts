// An override: an operator's word on a balancer, a region, or a region within one service, as an object with owner, reason,
// start, ramp and expiry. What it does at a moment is a pure function of that moment (wall clock, since overrides outlive
// the process); what several of them make together is words.ts, and where they are kept is wiring's.

/**
 * - `drain`: takes the share away, along the ramp.
 * - `force-down`: never answers, not even in a fallback. `force-up`: counts as healthy, whatever probes and reports say.
 * - `share`: takes at most this part of its share (`value`, 0 to 1).
 * - `weight`: takes this weight (`value`) in the place of the configured one.
 */
export const OVERRIDE_KINDS = ['drain', 'force-up', 'force-down', 'share', 'weight'] as const

export type OverrideKind = (typeof OVERRIDE_KINDS)[number]

export interface OverrideTarget {
  /** Missing: in every service. */
  readonly service?: string
  /** Of a service, also the name of a service in a region's place. */
  readonly region: string
  /** The address of one balancer of the region, in canonical text. */
  readonly balancer?: string
}

/** Moments are wall-clock ms. */
export interface Override {
  readonly id: string
  readonly kind: OverrideKind
  readonly target: OverrideTarget
  /** Of `share` and `weight`: what it comes to once the ramp is over. */
  readonly value?: number
  /** Of `weight`: the weight that held before, where its ramp begins. */
  readonly from?: number
  readonly owner: string
  readonly reason: string
  readonly createdAt: number
  readonly startsAt: number
  readonly rampMs: number
  /** Undone of itself from then on, along its own ramp. */
  readonly expiresAt?: number
  /** Why safety rules do not hold for it. */
  readonly overruled?: string
  /** Somebody ended it. */
  readonly undo?: { readonly at: number; readonly overMs: number; readonly owner: string; readonly reason: string }
}

/** `eu-west`, `canary:eu-west`, `eu-west/192.0.2.1`: as the command line writes it. Equal for equal targets. */
export function formatTarget({ service, region, balancer }: OverrideTarget): string {
  const scope = service === undefined ? '' : `${service}:`
  return `${scope}${region}${balancer === undefined ? '' : `/${balancer}`}`
}

/** How far it is in force, 0 to 1: it comes along its ramp, and goes along that of its undoing. */
export function strengthAt(override: Override, now: number): number {
  const undo = undoOf(override)
  if (!undo || now < undo.at) return risen(override, now)
  return risen(override, undo.at) * (1 - along(now - undo.at, undo.overMs))
}

/** When it is gone for good; Infinity while nobody ended it and it does not expire. */
export function endsAt(override: Override): number {
  const undo = undoOf(override)
  if (!undo) return Infinity
  return undo.at <= override.startsAt ? undo.at : undo.at + undo.overMs
}

/** When it begins to go: by its expiry, or because somebody ended it before. */
export function undoOf({
  undo,
  expiresAt,
  rampMs,
}: Override): { readonly at: number; readonly overMs: number } | undefined {
  if (undo && (expiresAt === undefined || undo.at <= expiresAt)) return undo
  return expiresAt === undefined ? undefined : { at: expiresAt, overMs: rampMs }
}

/**
 * From `leadMs` before it begins to take users away until its ramp is over: answers are good for a short time, so that
 * caches follow.
 */
export function isTurning(override: Override, now: number, leadMs: number): boolean {
  const { kind, startsAt, rampMs } = override
  if (kind !== 'drain' && kind !== 'force-down') return false
  if (now >= (undoOf(override)?.at ?? Infinity)) return false
  return now >= startsAt - leadMs && now < startsAt + rampMs
}

/** The next moment after `now` at which it does something else; Infinity when none. Along a ramp that is `stepMs`. */
export function turnsAt(override: Override, now: number, leadMs: number): number {
  const { startsAt, rampMs } = override
  const undo = undoOf(override)
  const edges = [startsAt - leadMs, startsAt, startsAt + rampMs, undo?.at ?? Infinity, endsAt(override)]
  const next = Math.min(...edges.filter((edge) => edge > now))
  const isRising = now >= startsAt && now < startsAt + rampMs
  const isFalling = undo !== undefined && now >= undo.at && now < endsAt(override)
  if (!isRising && !isFalling) return next
  return Math.min(next, now + stepOf(isFalling ? undo.overMs : rampMs))
}

/** So that a step moves half a hundredth of the share, and a short ramp no plan more often than 20 times a second. */
function stepOf(rampMs: number): number {
  return Math.min(MAX_STEP_MS, Math.max(MIN_STEP_MS, rampMs / 200))
}

const MIN_STEP_MS = 50
const MAX_STEP_MS = 1000

function risen({ startsAt, rampMs }: Override, now: number): number {
  return now < startsAt ? 0 : along(now - startsAt, rampMs)
}

/** The part of a ramp that has gone by. */
function along(elapsedMs: number, rampMs: number): number {
  return elapsedMs >= rampMs ? 1 : elapsedMs / rampMs
}
