// The health of those who can answer for a region (answerers.ts): their own, or, of a host name whose addresses have states
// of their own, that of the best of them.
import type { TargetHealth } from '../health/health.ts'
import type { RegionBalancer } from '../health/region.ts'
import type { Answerer } from './answerers.ts'
import type { Region } from './service.ts'

/** The balancers as configured, as a region's state follows from theirs; parallel to `answerers`: their health. */
export function balancersIn(
  answerers: readonly Answerer[],
  known: readonly (TargetHealth | undefined)[],
): readonly RegionBalancer[] {
  return answerers.flatMap(({ address, host }, i) => {
    const health = known[i]
    return host ? [] : { family: address.family, ...(health && { health }) }
  })
}

/** Its own, or of a host name whose addresses have states of their own, that of the best of them; undefined: not probed. */
export function healthOf(
  answerer: Answerer,
  all: readonly Answerer[],
  { monitor }: Region,
  health: ReadonlyMap<string, TargetHealth>,
): TargetHealth | undefined {
  const { target, address } = answerer
  const known = target === undefined ? undefined : health.get(target)
  if (known || !monitor || address.family !== 'host') return known
  const addresses = all.filter(({ host }) => host === address)
  if (addresses.length === 0) {
    return answerer.balancer.probeAddress
      ? undefined
      : { state: 'down', reason: 'its addresses are not known', since: 0, provisional: false }
  }
  const states = addresses.map((each) => health.get(each.target!))
  const isUp = states.findIndex((each) => each?.state !== 'down')
  return states[isUp < 0 ? 0 : isUp]
}
