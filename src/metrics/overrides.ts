// Metrics of what operators said: how many overrides there are, and since when, so that one that was forgotten is found.
import type { Registry } from 'prom-client'
import { countBy, gauge } from './metric.ts'

export interface OverrideFacts {
  readonly kind: string
  readonly target: string
  readonly state: string
  /** RFC 3339. */
  readonly createdAt: string
}

/** Of so many overrides, the oldest, each is shown: targets are named in the configuration, but may be thousands. */
const MOST_OVERRIDES = 100

export function registerOverrides(
  registry: Registry,
  facts: () => { readonly overrides?: readonly OverrideFacts[] },
): void {
  gauge(registry, 'meridian_overrides', 'Overrides by operators', ['kind', 'state'], (set) => {
    for (const [key, count] of countBy(facts().overrides ?? [], ({ kind, state }) => `${kind} ${state}`)) {
      set(key.split(' '), count)
    }
  })
  const help = `When an override was made; of more than ${MOST_OVERRIDES}, the oldest`
  gauge(registry, 'meridian_override_created_timestamp_seconds', help, ['kind', 'target'], (set) => {
    const oldest = (facts().overrides ?? []).toSorted((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt))
    for (const { kind, target, createdAt } of oldest.slice(0, MOST_OVERRIDES)) {
      set([kind, target], Date.parse(createdAt) / 1000)
    }
  })
}
