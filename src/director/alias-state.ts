// What is known of the addresses of an ALIAS target in one family, as a pure function of what was asked and when. A target
// is asked again when its TTL is over; while that fails its last answer stands in, up to a limit, and then nothing does.
// Times are monotonic ms, TTLs seconds. Who asks is aliases.ts.
import { compareAddresses, formatAddress, sameAddress, type Address } from '../base/address.ts'

/** What one question brought. NXDOMAIN is a failure: a target that is gone is a mistake, not an answer. */
export type Outcome =
  | { readonly kind: 'addresses'; readonly addresses: readonly Address[]; readonly ttl: number }
  | { readonly kind: 'nodata' }
  | { readonly kind: 'failed'; readonly reason: string }

export interface FamilyState {
  /** The last true answer; no addresses: NODATA. */
  readonly known: { readonly addresses: readonly Address[]; readonly ttl: number; readonly at: number } | undefined
  /** Failures since then. */
  readonly failures: number
  /** Of the last failure. */
  readonly reason: string
  /** When to ask next. */
  readonly dueAt: number
}

/** What answers for one family. No addresses: NODATA. */
export type FamilyAnswer =
  { readonly addresses: readonly Address[]; readonly ttl: number; readonly isStale: boolean } | 'servfail'

/** Bounds of what is believed of a target's TTL. */
export const MIN_TTL_S = 5
export const MAX_TTL_S = 3600
/** How long NODATA is believed: the resolver's library does not tell the TTL of negative answers. */
const NODATA_TTL_S = 60
/** TTL of an answer that is overdue (RFC 8767 §4). */
const STALE_TTL_S = 30
const FIRST_RETRY_MS = 1000
const MAX_RETRY_MS = 30_000

/** Nothing is known yet, and the question is due. */
export function unasked(now: number): FamilyState {
  return { known: undefined, failures: 0, reason: 'not yet resolved', dueAt: now }
}

/** The state after a question was answered, or was not. `maxStaleMs`: how long an answer stands in after its TTL. */
export function settle(state: FamilyState, outcome: Outcome, now: number, maxStaleMs: number): FamilyState {
  if (outcome.kind === 'failed') return fail(state, outcome.reason, now, maxStaleMs)
  const addresses = outcome.kind === 'nodata' ? [] : outcome.addresses.toSorted(compareAddresses)
  const told = outcome.kind === 'nodata' ? NODATA_TTL_S : outcome.ttl
  const ttl = Math.min(Math.max(told, MIN_TTL_S), MAX_TTL_S)
  return { known: { addresses, ttl, at: now }, failures: 0, reason: '', dueAt: now + ttl * 1000 }
}

/** Asks again soon, then ever later; and once more at the moment at which the last answer would be too old. */
function fail(state: FamilyState, reason: string, now: number, maxStaleMs: number): FamilyState {
  const retryAt = now + Math.min(FIRST_RETRY_MS * 2 ** Math.min(state.failures, 10), MAX_RETRY_MS)
  const staleUntil = staleAfter(state, maxStaleMs)
  const dueAt = staleUntil > now ? Math.min(retryAt, staleUntil) : retryAt
  return { ...state, failures: state.failures + 1, reason, dueAt }
}

/** When the last answer is too old; −∞ when there is none. */
function staleAfter({ known }: FamilyState, maxStaleMs: number): number {
  return known ? known.at + known.ttl * 1000 + maxStaleMs : -Infinity
}

export function answerAt(state: FamilyState, now: number, maxStaleMs: number): FamilyAnswer {
  const { known, failures } = state
  if (!known || (failures > 0 && staleAfter(state, maxStaleMs) <= now)) return 'servfail'
  const { addresses, ttl } = known
  return failures > 0
    ? { addresses, ttl: Math.min(ttl, STALE_TTL_S), isStale: true }
    : { addresses, ttl, isStale: false }
}

/** One family of a target, for people. `failed` answers SERVFAIL. */
export interface FamilyReport {
  readonly state: 'fresh' | 'stale' | 'failed'
  /** What is answered; none: NODATA, or SERVFAIL where it failed. */
  readonly addresses: readonly string[]
  /** Since the last true answer; missing: there was none yet. */
  readonly ageMs?: number
  /** Of the last failure; missing while there is none. */
  readonly reason?: string
}

export function reportAt(state: FamilyState, now: number, maxStaleMs: number): FamilyReport {
  const { known, reason } = state
  const answer = answerAt(state, now, maxStaleMs)
  return {
    state: answer === 'servfail' ? 'failed' : answer.isStale ? 'stale' : 'fresh',
    addresses: answer === 'servfail' ? [] : answer.addresses.map(formatAddress),
    ...(known && { ageMs: now - known.at }),
    ...(reason !== '' && { reason }),
  }
}

/** True when both make the same records. */
export function sameAnswer(a: FamilyAnswer, b: FamilyAnswer): boolean {
  if (a === 'servfail' || b === 'servfail') return a === b
  const isSameSet =
    a.addresses.length === b.addresses.length &&
    a.addresses.every((address, i) => sameAddress(address, b.addresses[i]!))
  return isSameSet && a.ttl === b.ttl && a.isStale === b.isStale
}
