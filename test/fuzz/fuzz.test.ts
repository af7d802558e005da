// The corpus and a bounded number of new inputs, half of them the same in every run. At length: node test/fuzz/run.ts
import { expect, test } from 'vitest'
import { fuzz, type FuzzOptions } from './fuzz.ts'

const FIXED_SEED = 20260101
const BOUNDS = { packets: 50_000, zones: 400, packetsMs: 2500, zonesMs: 3200, save: false }
const PATIENCE_MS = 60_000

/** A hang is a report of its own. */
async function findingsOf(options: FuzzOptions): Promise<unknown> {
  const report = await fuzz(options, () => undefined)
  return 'findings' in report ? report.findings : [report]
}

test('nothing is wrong with the corpus and what a fixed seed makes', { timeout: PATIENCE_MS }, async () => {
  const options = { ...BOUNDS, seed: FIXED_SEED, allocation: true, growthBytes: 1 << 15 }
  expect(await findingsOf(options)).toEqual([])
})

test('nothing is wrong with what a random seed makes', { timeout: PATIENCE_MS }, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  console.info(`fuzzing with the seed ${seed}`)
  const options = { ...BOUNDS, seed, allocation: false, growthBytes: 0 }
  expect(await findingsOf(options), `node test/fuzz/run.ts --seed ${seed}`).toEqual([])
})
