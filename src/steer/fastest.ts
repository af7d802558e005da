// fastest: ranks regions by the round-trip times that they reported for the client's network; never by the director's
// own, which say how far clients are from the director. The few fastest are told apart, all others form a last tier
// together, so that a later rank (nearest, say) may split it. Of clients whose network nobody measured it says nothing.
import { describeGroups, groupLeast } from './groups.ts'
import type { Client, FastestConfig, RoundTrips, Step } from './steer.ts'
import { splitTiers, type Rank } from './tiers.ts'

export function fastest(config: FastestConfig): Step {
  return {
    name: 'fastest',
    phase: 'rank',
    classify:
      ({ roundTrips }, regions) =>
      (client) => {
        const found = findTimes(roundTrips, client)
        return found ? describeGroups(withoutTail(groupTimes(config, found.times, regions), regions.length)) : ''
      },
    apply: (candidates, { client, roundTrips }) => {
      const found = findTimes(roundTrips, client)
      if (!found) return candidates.map((candidate) => ({ ...candidate, note: 'nobody measured this network' }))
      const names = candidates.map(({ region }) => region)
      return splitTiers(candidates, ranksOf(config, found, names))
    },
  }
}

interface Found {
  readonly prefix: string
  /** Ms by region. */
  readonly times: Readonly<Record<string, number>>
}

function findTimes(roundTrips: RoundTrips | undefined, { prefixes = [] }: Client): Found | undefined {
  const prefix = prefixes.find((each) => roundTrips?.has(each))
  return prefix === undefined ? undefined : { prefix, times: roundTrips!.get(prefix)! }
}

function groupTimes({ within, depth }: FastestConfig, times: Found['times'], regions: readonly string[]) {
  return groupLeast(
    regions.map((region) => times[region] ?? Infinity),
    within,
    depth,
  )
}

/** A last group that takes all the rest is the tier that the rest would form anyway. */
function withoutTail(groups: readonly (readonly number[])[], regions: number): readonly (readonly number[])[] {
  const grouped = groups.reduce((sum, group) => sum + group.length, 0)
  return grouped === regions ? groups.slice(0, -1) : groups
}

function ranksOf(config: FastestConfig, { prefix, times }: Found, names: readonly string[]): Rank[] {
  const groups = groupTimes(config, times, names)
  return names.map((name, i) => {
    const rank = groups.findIndex((group) => group.includes(i))
    const time = times[name]
    if (time === undefined) return { rank: groups.length, note: `not measured from ${prefix}: last choice` }
    const note = `${time} ms from ${prefix}`
    return rank < 0
      ? { rank: groups.length, note: `${note}, beyond depth ${config.depth}: last choice` }
      : { rank, note }
  })
}
