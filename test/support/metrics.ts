// What a director counts, as its /metrics says.
import type { Site } from './site.ts'

/** Samples by name and labels: `meridian_queries_total{transport="udp"}`. */
export type Samples = ReadonlyMap<string, number>

export async function readMetrics({ adminUrl }: Pick<Site, 'adminUrl'>): Promise<Samples> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text()
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )
}

/** By how much a sample rose. */
export function riseOf(name: string, before: Samples, after: Samples): number {
  return (after.get(name) ?? 0) - (before.get(name) ?? 0)
}
