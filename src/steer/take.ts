// take: how many addresses one answer holds, all of one tier. Shares stay as they are: they say who comes first.
import type { Step, TakeConfig } from './steer.ts'

export function take({ count }: TakeConfig): Step {
  const note = count === 1 ? 'one address in an answer' : `up to ${count} addresses of its tier in an answer`
  return {
    name: 'take',
    phase: 'take',
    apply: (candidates) => candidates.map((candidate) => ({ ...candidate, note })),
  }
}
