// npm run bench:transitions: from the end of the probe that decides to the first changed answer on the wire, over 200
// transitions of a region that 50 services rest on. The client asks again 0.2 ms after it is answered, so a
// figure holds that and its round trip, too; with two cores for the director, its threads, the region and the client,
// figures are an upper bound.
//   --count N      transitions
//   --services N   services that rest on the region
import { parseArgs } from 'node:util'
import { measureTransitions } from '../support/transitions.ts'

const { values } = parseArgs({
  options: { count: { type: 'string', default: '200' }, services: { type: 'string', default: '50' } },
})
const taken = await measureTransitions(Number(values.count), { services: Number(values.services) })
const sorted = taken.toSorted((a, b) => a - b)
const at = (part: number): string => sorted[Math.ceil(part * sorted.length) - 1]!.toFixed(2)
console.log(`${taken.length} transitions, ${values.services} services rest on the region`)
console.log(`p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms`)
