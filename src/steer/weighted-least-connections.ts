// weighted-least-connections: active connections for each unit of weight, so that a region of twice the size may have
// twice as many before it takes less.
import { loadStep } from './load.ts'
import type { Step, WeightedLeastConnectionsConfig } from './steer.ts'

export function weightedLeastConnections(options: WeightedLeastConnectionsConfig): Step {
  return loadStep({
    name: 'weighted-least-connections',
    options,
    score: ({ connections }, weight) => (connections === undefined || weight === 0 ? undefined : connections / weight),
    weightOf: (region, facts) => options.weights[region] ?? facts?.weight ?? 1,
  })
}
