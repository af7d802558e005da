// least-response-time: who answers sooner takes more; with `connections`, the time is multiplied by the active
// connections, as hardware balancers do it. The time is that of successful requests: errors are quick.
import { loadStep } from './load.ts'
import type { LeastResponseTimeConfig, Measure, Step } from './steer.ts'

export function leastResponseTime(options: LeastResponseTimeConfig): Step {
  const score = options.connections ? timeByConnections : ({ responseTimeMs }: Measure) => responseTimeMs
  return loadStep({ name: 'least-response-time', options, score, weightOf: () => 1 })
}

function timeByConnections({ responseTimeMs, connections }: Measure): number | undefined {
  return responseTimeMs === undefined || connections === undefined ? undefined : responseTimeMs * connections
}
