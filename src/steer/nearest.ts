// nearest: ranks regions by great-circle distance from the client. Only the nearest few are told apart (`depth`), since
// full orderings explode into client classes; the regions beyond follow one by one in the service's order.
import { distanceBetween, pointOf, vectorOf, type Vector } from './distance.ts'
import { describeGroups, groupLeast } from './groups.ts'
import type { Client, NearestConfig, RegionFacts, Step } from './steer.ts'
import { splitTiers, type Rank } from './tiers.ts'

/** Of a client whose place is unknown, nearest says nothing: the tiers stay as they are. */
export function nearest(config: NearestConfig): Step {
  return {
    name: 'nearest',
    phase: 'rank',
    classify: ({ regions }, names) => {
      const places = placeRegions(config, regions, names)
      return (client) => {
        const order = orderByDistance(config, client, places)
        return order === undefined ? '?' : describeGroups(order.groups)
      }
    },
    apply: (candidates, { client, regions }) => {
      const names = candidates.map(({ region }) => region)
      const order = orderByDistance(config, client, placeRegions(config, regions, names))
      if (!order) return candidates.map((candidate) => ({ ...candidate, note: "the client's place is unknown" }))
      return splitTiers(candidates, ranksOf(order, config, names))
    },
  }
}

interface Place {
  /** Undefined: no location. */
  readonly vector: Vector | undefined
  readonly bias: number
}

function placeRegions(
  { bias }: NearestConfig,
  regions: ReadonlyMap<string, RegionFacts>,
  names: readonly string[],
): readonly Place[] {
  return names.map((name) => {
    const point = pointOf(regions.get(name))
    return { vector: point && vectorOf(point), bias: bias[name] ?? 1 }
  })
}

/** By index of region. */
interface Order {
  /** Those told apart by distance, nearest group first. */
  readonly groups: readonly (readonly number[])[]
  /** Km before bias; Infinity for one without a location. */
  readonly distances: readonly number[]
}

function orderByDistance(
  { depth, within }: NearestConfig,
  client: Client,
  places: readonly Place[],
): Order | undefined {
  const point = pointOf(client)
  if (!point) return undefined
  const from = vectorOf(point)
  const distances = places.map(({ vector }) => (vector ? distanceBetween(from, vector) : Infinity))
  const felt = places.map(({ bias }, i) => distances[i]! / bias)
  return { groups: groupLeast(felt, within, depth), distances }
}

function ranksOf({ groups, distances }: Order, { bias, depth }: NearestConfig, names: readonly string[]): Rank[] {
  let next = groups.length
  return names.map((name, i) => {
    const rank = groups.findIndex((group) => group.includes(i))
    if (rank >= 0) return { rank, note: describeDistance(distances[i]!, bias[name]) }
    return { rank: next++, note: describeBeyond(distances[i]!, depth) }
  })
}

function describeDistance(km: number, bias: number | undefined): string {
  return `${Math.round(km)} km away${bias === undefined ? '' : `, felt as ${Math.round(km / bias)} km by its bias`}`
}

function describeBeyond(km: number, depth: number): string {
  if (km === Infinity) return 'has no location: configured order'
  return `${Math.round(km)} km away, beyond depth ${depth}: configured order`
}
