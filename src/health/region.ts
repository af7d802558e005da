// The state of a region, derived from the states of its balancers: pure. Whoever plans asks for it after a transition;
// how much of a region's share is available, and what the state means for answers, is not decided here.
import type { TargetHealth } from './health.ts'

export interface RegionBalancer {
  /** A host name is of neither. */
  readonly family: 4 | 6 | 'host'
  /** Missing: not monitored, counts as up. */
  readonly health?: TargetHealth
}

export interface RegionState {
  readonly state: 'up' | 'down'
  /** For people: `2 of 3 balancers up, 1 unknown`, or the reason of the only one. */
  readonly reason: string
  /** Wall-clock ms of the last change of state. */
  readonly since: number
}

export interface RegionHealth {
  readonly overall: RegionState
  /** Missing when the region has no balancer of that family. */
  readonly ipv4?: RegionState
  readonly ipv6?: RegionState
}

/**
 * A region is up while at least `minHealthy` of its balancers, whatever their family, are up or unknown. A family of it
 * is up while the region is and at least one balancer of that family is up or unknown. `previous` keeps what has not
 * changed since; `at`: wall-clock ms.
 */
export function judgeRegion(
  balancers: readonly RegionBalancer[],
  minHealthy: number,
  previous: RegionHealth | undefined,
  at: number,
): RegionHealth {
  const overall = judge(balancers, minHealthy, previous?.overall, at)
  const ofFamily = (family: 4 | 6, before: RegionState | undefined): RegionState | undefined => {
    const own = balancers.filter((balancer) => balancer.family === family)
    if (own.length === 0) return undefined
    const state = judge(own, 1, before, at)
    return overall.state === 'up' || state.state === 'down' ? state : keepSince({ ...overall, since: at }, before)
  }
  const ipv4 = ofFamily(4, previous?.ipv4)
  const ipv6 = ofFamily(6, previous?.ipv6)
  return { overall, ...(ipv4 && { ipv4 }), ...(ipv6 && { ipv6 }) }
}

function judge(
  balancers: readonly RegionBalancer[],
  minHealthy: number,
  before: RegionState | undefined,
  at: number,
): RegionState {
  const live = balancers.filter(({ health }) => health?.state !== 'down').length
  return keepSince({ state: live >= minHealthy ? 'up' : 'down', reason: reasonOf(balancers), since: at }, before)
}

function keepSince(now: RegionState, before: RegionState | undefined): RegionState {
  return before?.state === now.state ? { ...now, since: before.since } : now
}

function reasonOf(balancers: readonly RegionBalancer[]): string {
  const states = balancers.map(({ health }) => health?.state ?? 'not monitored')
  if (balancers.length === 1) return balancers[0]!.health?.reason ?? 'not monitored'
  const others = (['unknown', 'not monitored'] as const)
    .map((state) => ({ state, number: states.filter((each) => each === state).length }))
    .filter(({ number }) => number > 0)
    .map(({ state, number }) => `, ${number} ${state}`)
  const up = states.filter((state) => state === 'up').length
  const failures = new Set(
    balancers.filter(({ health }) => health?.state === 'down').map(({ health }) => health!.reason),
  )
  const why = failures.size === 0 ? '' : ` (${[...failures].join(', ')})`
  return `${up} of ${balancers.length} balancers up${others.join('')}${why}`
}
