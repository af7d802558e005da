// round-robin: each region of a tier in turn. Equal shares are also what no spread step gives: this one says so aloud.
import type { Step } from './steer.ts'

export function roundRobin(): Step {
  return {
    name: 'round-robin',
    phase: 'spread',
    apply: (candidates) => candidates.map((candidate) => ({ ...candidate, note: 'in turn' })),
  }
}
