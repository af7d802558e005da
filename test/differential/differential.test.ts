// Ours beside NSD, Knot and BIND, in a form short enough for every run of the tests; run.ts asks twenty times as much.
import { expect, test } from 'vitest'
import { judge, staleIn } from './judging.ts'
import { EXPLANATIONS } from './explained.ts'
import { formatDisagreement } from './printing.ts'
import { missingReferences } from './references.ts'

const QUESTIONS_PER_ZONE = 30
const SEED = 1
const SHOWN = 20

const missing = missingReferences()
const howTo = `${missing.join(', ')} missing: apt-get install --no-install-recommends nsd knot bind9`

if (missing.length > 0 && process.env.CI === 'true') throw new Error(`needed in CI: ${howTo}`)
if (missing.length > 0) console.warn(`The differential test is skipped. ${howTo}`)

test.skipIf(missing.length > 0)(
  'answers as NSD, Knot and BIND do, or as an RFC says',
  { timeout: 60_000 },
  async () => {
    const verdict = await judge(SEED, QUESTIONS_PER_ZONE)
    const shown = verdict.unexplained.slice(0, SHOWN).map((compared) => formatDisagreement(compared))
    expect(shown.join('\n\n')).toBe('')
    expect(staleIn(verdict), 'entries of explained.ts that explain nothing any more').toEqual([])
    expect(verdict.zones).toBeGreaterThanOrEqual(15)
    expect(verdict.queries).toBeGreaterThanOrEqual(2000)
  },
)

test('each explanation has a name of its own and an RFC', () => {
  expect(new Set(EXPLANATIONS.map(({ id }) => id)).size).toBe(EXPLANATIONS.length)
  expect(EXPLANATIONS.filter(({ rfc }) => !/^RFC \d+ sections? \d/.test(rfc))).toEqual([])
})
