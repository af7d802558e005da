// fence: residency. Clients that a key names meet the listed regions and no other, whatever comes later: a fold never
// adds a region but the last resort, which must pass the fence as well. An empty list shuts clients out (NODATA).
import { findEntry } from './client-key.ts'
import type { Client, FenceConfig, Step } from './steer.ts'

export function fence({ entries }: FenceConfig): Step {
  return {
    name: 'fence',
    phase: 'fence',
    drops: true,
    // Whole lists, not what is left of the service's regions: the last resort need not be one of them.
    classify: () => (client) => findEntry(entries, client)?.value.toSorted().join() ?? '*',
    apply: (candidates, { client }) => {
      const entry = findEntry(entries, client)
      if (!entry) return candidates.map((candidate) => ({ ...candidate, note: describeFree(client) }))
      const note = `within the fence of ${entry.key}`
      return candidates.filter(({ region }) => entry.value.includes(region)).map((inside) => ({ ...inside, note }))
    },
  }
}

function describeFree({ country, continent }: Client): string {
  if (country === undefined && continent === undefined) return 'the country is unknown, which has no fence'
  return `no fence for clients of ${country ?? continent}`
}
