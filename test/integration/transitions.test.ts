// From the end of the probe that decides to the first changed answer on the wire. The bound here is a generous one, for a
// machine that does other things, too; `npm run bench:transitions` tells the figures.
import { expect, test } from 'vitest'
import { measure } from '../support/machine.ts'
import { measureTransitions } from '../support/transitions.ts'

const TRANSITIONS = 30
const MEDIAN_MS = 10
const MOST_MS = 100

test(`a decided transition is on the wire within ${MOST_MS} ms, half of them within ${MEDIAN_MS} ms`, async () => {
  await measure(
    3,
    () => measureTransitions(TRANSITIONS, { services: 20 }),
    (taken, machine) => {
      const sorted = taken.toSorted((a, b) => a - b)
      expect(sorted[TRANSITIONS >> 1], machine).toBeLessThan(MEDIAN_MS)
      expect(sorted.at(-1), machine).toBeLessThan(MOST_MS)
    },
  )
})
