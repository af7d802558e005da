// How far a drain has come, and whether the region may be stopped: pure. Its share is gone when the ramp is over; users are
// gone when no cache holds its addresses any more (the TTL), and when the tail of those who hold on to answers for longer
// has passed, as the region's own reports tell. A region that reports nothing is empty by its TTL alone, and that is said.
import { strengthAt, undoOf, type Override } from './override.ts'

export interface Load {
  /** Requests a second, or active connections where no rate is told. */
  readonly level: number
  /** Wall-clock ms. */
  readonly at: number
}

/** What is known of the drained target now. */
export interface DrainSight {
  /** Of all answers of one of its services, the most that it gets by the present plan: 0 to 1. */
  readonly share: number
  /** The greatest TTL of its services, and the greatest that they have while it drains, ms. */
  readonly ttlMs: number
  readonly leastTtlMs: number
  /** How long before it began TTLs fell, ms. */
  readonly leadMs: number
  /** Its load when the drain began, and the newest reports since, oldest first; empty: it reports nothing. */
  readonly before?: Load
  readonly loads: readonly Load[]
}

export interface DrainProgress {
  readonly state: 'scheduled' | 'draining' | 'emptying' | 'safe' | 'ending'
  /** Wall-clock ms when it is expected to be empty; missing: that cannot be told. */
  readonly emptyAt?: number
  /** For people: what is waited for. */
  readonly why: string
}

/** Less than this part of the load before is nobody: health checks and crawlers go on. */
const TAIL = 0.01

export function drainProgress(override: Override, now: number, sight: DrainSight): DrainProgress {
  const { startsAt, rampMs, createdAt } = override
  const drainedAt = startsAt + rampMs
  const lowered = Math.max(createdAt, startsAt - sight.leadMs)
  const cachedUntil = Math.max(Math.min(lowered, drainedAt) + sight.ttlMs, drainedAt + sight.leastTtlMs)
  if ((undoOf(override)?.at ?? Infinity) <= now) return { state: 'ending', why: 'it is being undone' }
  if (now < startsAt) return { state: 'scheduled', emptyAt: cachedUntil, why: 'it has not begun' }
  if (strengthAt(override, now) < 1) return { state: 'draining', emptyAt: cachedUntil, why: 'its ramp goes on' }
  if (sight.share > 0) return { state: 'emptying', why: 'a fallback answers with it, as nobody else is healthy' }
  if (now < cachedUntil) return { state: 'emptying', emptyAt: cachedUntil, why: 'caches may hold its addresses' }
  return tailProgress(now, sight)
}

function tailProgress(now: number, { before, loads }: DrainSight): DrainProgress {
  const last = loads.at(-1)
  if (!last) return { state: 'safe', why: 'no cache holds its addresses any more; it reports no load' }
  const nobody = Math.max(before?.level ?? 0, ...loads.map(({ level }) => level)) * TAIL
  if (last.level <= nobody) return { state: 'safe', why: 'no cache holds its addresses, and its load is gone' }
  const emptyAt = extrapolate(loads, nobody)
  const why = `its load is still ${Number(last.level.toFixed(2))}: some hold on to its addresses beyond the TTL`
  return { state: 'emptying', ...(emptyAt !== undefined && { emptyAt: Math.max(now, emptyAt) }), why }
}

/** Along the decay from the first report to the last; undefined while it does not fall. */
function extrapolate(loads: readonly Load[], nobody: number): number | undefined {
  const [first, last] = [loads[0]!, loads.at(-1)!]
  if (last.level >= first.level || nobody <= 0) return undefined
  const decay = Math.log(first.level / last.level) / (last.at - first.at)
  return last.at + Math.log(last.level / nobody) / decay
}
