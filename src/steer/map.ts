// map: ranks regions in the order that is listed for the client. Those left out form a last tier together, so that a
// later rank may split it; with `only` they are no candidates. Of clients that no key names, map says nothing.
import { findEntry } from './client-key.ts'
import type { Client, MapConfig, Step } from './steer.ts'
import { splitTiers, type Rank } from './tiers.ts'

export function map(config: MapConfig): Step {
  return {
    name: 'map',
    phase: 'rank',
    drops: config.only,
    classify: (_, regions) => (client) => {
      const order = orderFor(config, client)
      return order ? describeOrder(order.listed, config.only, regions) : regions.map(() => 0).join()
    },
    apply: (candidates, { client }) => {
      const order = orderFor(config, client)
      if (!order) return candidates.map((candidate) => ({ ...candidate, note: 'no entry names this client' }))
      const { key, listed } = order
      const kept = config.only ? candidates.filter(({ region }) => listed.includes(region)) : candidates
      return splitTiers(
        kept,
        kept.map(({ region }) => rankOf(listed.indexOf(region), listed.length, key)),
      )
    },
  }
}

function orderFor({ entries }: MapConfig, client: Client) {
  const entry = findEntry(entries, client)
  return entry && { key: entry.key, listed: entry.value }
}

function rankOf(place: number, listed: number, key: string): Rank {
  if (place < 0) return { rank: listed, note: `not listed for ${key}: last choice` }
  return { rank: place, note: `choice ${place + 1} for ${key}` }
}

/** The tiers that come out, so that entries of one outcome make one class. */
function describeOrder(listed: readonly string[], only: boolean, regions: readonly string[]): string {
  const present = listed.filter((region) => regions.includes(region))
  const places = regions.map((region) => present.indexOf(region))
  return places.map((place) => (place >= 0 ? place : only ? '-' : present.length)).join()
}
