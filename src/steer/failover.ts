// failover: ranks regions in a listed order, one a tier. Those left out of the list form a last tier together.
import type { FailoverConfig, Step } from './steer.ts'
import { splitTiers, type Rank } from './tiers.ts'

export function failover({ order }: FailoverConfig): Step {
  return {
    name: 'failover',
    phase: 'rank',
    apply: (candidates) => {
      const listed = order.length > 0 ? order : candidates.map(({ region }) => region)
      return splitTiers(
        candidates,
        candidates.map(({ region }) => rankOf(listed.indexOf(region), listed.length)),
      )
    },
  }
}

function rankOf(place: number, listed: number): Rank {
  return place < 0 ? { rank: listed, note: 'not listed: last choice' } : { rank: place, note: `choice ${place + 1}` }
}
