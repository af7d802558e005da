// Groups of the least: how ranks by a measured quantity (distance, round-trip time) tell a few tiers apart and no more,
// since full orderings explode into client classes.

/**
 * Indexes of `values` in groups, least first, at most `depth` groups. Each begins with the least that is left and takes
 * whatever is at most `within` (a fraction) of it greater. Infinity belongs to none.
 */
export function groupLeast(values: readonly number[], within: number, depth: number): readonly (readonly number[])[] {
  const groups: number[][] = []
  let beyond = -1
  while (groups.length < depth) {
    const least = leastAbove(beyond, values)
    if (least === Infinity) break
    const reach = least * (1 + within)
    const group: number[] = []
    for (let i = 0; i < values.length; i++) if (values[i]! > beyond && values[i]! <= reach) group.push(i)
    groups.push(group)
    beyond = reach
  }
  return groups
}

function leastAbove(bound: number, values: readonly number[]): number {
  let least = Infinity
  for (const value of values) if (value > bound && value < least) least = value
  return least
}

/** Equal for equal groups. */
export function describeGroups(groups: readonly (readonly number[])[]): string {
  return groups.map((group) => group.join('=')).join('>')
}
