// The whole differential test: `npm run test:differential [-- SEEDS [QUESTIONS_PER_ZONE]]`. Prints each disagreement that
// nothing explains, then how often each explanation was needed; the exit code is 1 when something is left over.
import { judge, staleIn, type Verdict } from './judging.ts'
import { EXPLANATIONS } from './explained.ts'
import { formatDisagreement } from './printing.ts'
import { missingReferences } from './references.ts'

const SEEDS = 2
const QUESTIONS_PER_ZONE = 1000

async function main(seeds: number, questions: number): Promise<boolean> {
  const missing = missingReferences()
  if (missing.length > 0) {
    console.error(`missing: ${missing.join(', ')} (apt-get install --no-install-recommends nsd knot bind9)`)
    return false
  }
  const verdicts: Verdict[] = []
  for (let seed = 1; seed <= seeds; seed++) verdicts.push(await report(seed, questions))
  const stale = staleIn(...verdicts)
  for (const id of stale) console.log(`explains nothing any more: ${id}`)
  return stale.length === 0 && verdicts.every(({ unexplained }) => unexplained.length === 0)
}

async function report(seed: number, questions: number): Promise<Verdict> {
  const startedAt = performance.now()
  const verdict = await judge(seed, questions)
  const { zones, queries, explained, uses, unexplained } = verdict
  for (const compared of unexplained) console.log(`${formatDisagreement(compared)}\n`)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  const agreed = queries - explained - unexplained.length
  console.log(
    `seed ${seed}: ${zones} zones, ${queries} queries in ${seconds} s: ${agreed} agree, ` +
      `${explained} disagree and are explained, ${unexplained.length} are not`,
  )
  for (const { id, rfc } of EXPLANATIONS) console.log(`  ${String(uses.get(id)).padStart(6)}  ${id} (${rfc})`)
  return verdict
}

const [seeds, questions] = process.argv.slice(2).map(Number)
process.exitCode = (await main(seeds ?? SEEDS, questions ?? QUESTIONS_PER_ZONE)) ? 0 : 1
