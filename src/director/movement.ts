// How fast users move: every change that moves some is a movement, even within its time, and within any minute all of them
// together move no more than the rule lets. Pure: movements that are known and those that are asked for in, what breaks the
// rule, or when there is room, out. Failover is no movement: it is exempt.
import type { Breach, SafetyRules } from './safety.ts'

/** Users who move evenly within a time; at once, where it takes none. */
export interface Movement {
  /** Parts of the users of each service: 0 to 1. */
  readonly parts: Readonly<Record<string, number>>
  /** Wall-clock ms. */
  readonly from: number
  readonly overMs: number
}

export const MINUTE_MS = 60_000

const TOLERANCE = 1e-9

/** The shortest ramp on which so many users move no faster than the limit, ms; 0: none is needed. */
export function rampFor(moved: number, movement: number): number {
  return moved <= movement ? 0 : (moved / movement) * MINUTE_MS
}

/** Whether movements that are asked for, together with those that are known, go too fast. `now`: wall-clock ms. */
export function judgeMovement(
  { movement: limit }: Pick<SafetyRules, 'movement'>,
  known: readonly Movement[],
  asked: readonly Movement[],
  now: number,
): Breach[] {
  if (limit === 1) return []
  return servicesOf(asked).flatMap((service) => {
    const { own, all } = worstMinute(service, known, asked)
    if (all <= limit + TOLERANCE) return []
    const others = all - own
    const also = others > TOLERANCE ? `, ${percent(others)} of them by other changes` : ''
    const detail = `${percent(all)} of the users of ${service} would move within a minute${also}; at most ${percent(limit)} may: it needs ${adviceFor(service, limit, known, asked, now)}`
    return [{ rule: 'movement', service, limit, before: others, after: all, detail }]
  })
}

/** A ramp that is long enough, and how long to wait for others. */
function adviceFor(
  service: string,
  limit: number,
  known: readonly Movement[],
  asked: readonly Movement[],
  now: number,
): string {
  const part = Math.max(...asked.map(({ parts }) => parts[service] ?? 0))
  const { from, overMs } = makeRoom(limit, known, { [service]: part }, now, 0)
  const seconds = Math.ceil(overMs / 1000)
  const ramp = seconds === 0 ? '' : `a ramp of ${seconds}s`
  const wait = from <= now ? '' : `to wait for ${Math.ceil((from - now) / 1000)}s`
  return [ramp, wait].filter((each) => each !== '').join(', and ') || 'more time between its coming and its going'
}

/**
 * When so many users can begin to move, at the earliest, and how long they take: as fast as the limit lets them, but no
 * faster than `leastMs`.
 */
export function makeRoom(
  limit: number,
  known: readonly Movement[],
  parts: Movement['parts'],
  now: number,
  leastMs: number,
): Pick<Movement, 'from' | 'overMs'> {
  const overMs = Math.max(leastMs, rampFor(Math.max(0, ...Object.values(parts)), limit))
  if (limit === 1) return { from: now, overMs }
  const ends = known.map(({ from, overMs: takes }) => from + takes)
  const moments = [now, ...ends, ...ends.map((end) => end + MINUTE_MS + 1)].filter((moment) => moment >= now)
  const fits = (from: number) => {
    const asked = [{ parts, from, overMs }]
    return servicesOf(asked).every((service) => worstMinute(service, known, asked).all <= limit + TOLERANCE)
  }
  const from = moments.toSorted((a, b) => a - b).find(fits)
  if (from === undefined) throw new Error('a minute after all others there is room')
  return { from, overMs }
}

/** A movement that is broken off at a moment; undefined when nobody has moved by then. */
export function cutAt({ parts, from, overMs }: Movement, at: number): Movement | undefined {
  if (at < from || (at === from && overMs > 0)) return undefined
  if (at >= from + overMs) return { parts, from, overMs }
  const gone = (at - from) / overMs
  const moved = Object.entries(parts).map(([service, part]) => [service, part * gone] as const)
  return { parts: Object.fromEntries(moved), from, overMs: at - from }
}

function servicesOf(movements: readonly Movement[]): string[] {
  return [...new Set(movements.flatMap(({ parts }) => Object.keys(parts).filter((name) => parts[name]! > TOLERANCE)))]
}

/** The minute in which most users move, of those in which somebody moves by what is asked for. */
function worstMinute(
  service: string,
  known: readonly Movement[],
  asked: readonly Movement[],
): { readonly own: number; readonly all: number } {
  const edges = [...known, ...asked].flatMap(({ from, overMs }) => [from, from + overMs])
  let worst = { own: 0, all: 0 }
  for (const until of edges.flatMap((edge) => [edge, edge + MINUTE_MS])) {
    const own = movedUntil(service, asked, until)
    if (own <= TOLERANCE) continue
    const all = own + movedUntil(service, known, until)
    if (all > worst.all) worst = { own, all }
  }
  return worst
}

/** Within the minute that ends at a moment. */
function movedUntil(service: string, movements: readonly Movement[], until: number): number {
  return movements.reduce((sum, { parts, from, overMs }) => {
    const part = parts[service] ?? 0
    if (part === 0) return sum
    if (overMs === 0) return sum + (from >= until - MINUTE_MS && from <= until ? part : 0)
    const within = Math.min(until, from + overMs) - Math.max(until - MINUTE_MS, from)
    return sum + (part * Math.max(0, within)) / overMs
  }, 0)
}

function percent(fraction: number): string {
  return `${Number((fraction * 100).toFixed(1))} %`
}
