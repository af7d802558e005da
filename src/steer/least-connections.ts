// least-connections: who has fewer active connections takes more. Weights do not count; see weighted-least-connections.
import { loadStep } from './load.ts'
import type { LeastConnectionsConfig, Step } from './steer.ts'

export function leastConnections(options: LeastConnectionsConfig): Step {
  return loadStep({ name: 'least-connections', options, score: ({ connections }) => connections, weightOf: () => 1 })
}
