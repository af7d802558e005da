// The lab, run as its user runs it, for what says most: a region whose HAProxy is killed, half of its servers gone, errors at
// 15 %, an operator's work, and forecasts. The labs run side by side: they wait more than they work. All faults take six
// minutes (`npm run lab`).
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, it } from 'vitest'
import type { Felt, FeltReports } from '../../deploy/region/lab/measure.ts'
import { boundMs, REPORT_INTERVAL_MS, TTL_SECONDS } from '../../deploy/region/lab/plan.ts'
import { missingPrograms } from '../../deploy/region/lab/programs.ts'

const LAB = join(import.meta.dirname, '../../deploy/region/lab/lab.ts')
const missing = missingPrograms(['haproxy', 'unbound', 'openssl'])
if (missing.length > 0 && process.env['CI'] === 'true') throw new Error(`CI needs ${missing.join(', ')}`)
if (missing.length > 0) console.warn(`the lab is not tested: apt-get install ${missing.join(' ')}`)

const run = promisify(execFile)

/** The most that a region is given back by one report. */
const RISE = 0.1
/** For a look at the director and for the machine, ms. */
const SLACK_MS = 1000

interface Ran {
  readonly stdout: string
  readonly figures: Readonly<Record<string, Felt>>
}

describe.skipIf(missing.length > 0)('the lab', { timeout: 180_000 }, () => {
  const out = mkdtempSync(join(tmpdir(), 'meridian-lab-test-'))
  afterAll(() => rmSync(out, { recursive: true }))

  const inflict = async (folder: string, faults: readonly string[], more: readonly string[] = []): Promise<Ran> => {
    const words = [LAB, ...faults.flatMap((name) => ['--only', name]), ...more, '--out', join(out, folder)]
    const { stdout } = await run(process.execPath, words)
    return { stdout, ...(readResult(folder, 'faults') as Pick<Ran, 'figures'>) }
  }
  const readResult = (folder: string, name: string): unknown =>
    JSON.parse(readFileSync(join(out, folder, `meridian-${name}.json`), 'utf8'))

  it.concurrent(
    'shows a killed HAProxy withdrawn within the bound, in figures and as a picture',
    async ({ expect }) => {
      const { stdout, figures } = await inflict('killed', ['haproxy-killed'], ['--quick'])
      const killed = figures['haproxy-killed']!
      expect(killed.lost, stdout).toBeGreaterThan(0)
      expect(killed.lostUntilMs, stdout).toBeLessThanOrEqual(boundMs(false))
      expect(killed.shares.before, stdout).toBeGreaterThan(0.95)
      expect(killed.shares.during, stdout).toBeLessThan(0.6)
      expect(readFileSync(join(out, 'killed', 'meridian-faults.svg'), 'utf8')).toMatch(/^<svg /)
    },
  )

  it.concurrent('loses nothing by a drain, and nothing by a maintenance', async ({ expect }) => {
    const { stdout, figures } = await inflict('planned', ['drained', 'maintenance'])
    for (const { asked, lost, shares, backAfterMs } of [figures['drained']!, figures['maintenance']!]) {
      expect([lost, shares.before, shares.during], stdout).toEqual([0, 1, 0])
      expect(asked, stdout).toBeGreaterThan(300)
      expect(backAfterMs, stdout).toBeDefined()
      expect(shares.after, stdout).toBeGreaterThan(0.8)
    }
    expect(stdout).toMatch(/breaks no rule\n.*safe to stop\n.*is stopped.*\n.*is started.*\n.*users again\n/)
  })

  it.concurrent('shows what reports take from a region, and give back along the ramp', async ({ expect }) => {
    const { stdout, figures } = await inflict('reports', ['half-gone', 'erring'])
    const [half, erring] = [figures['half-gone']!, figures['erring']!]
    expect(half.reports?.least, stdout).toBe(0.5)
    expect(Math.abs(half.shares.during - 0.5), stdout).toBeLessThan(0.12)
    expect(half.lost, stdout).toBeLessThan(half.asked / 200)
    expect(erring.reports?.takenAfterMs, stdout).toBeLessThan(2 * REPORT_INTERVAL_MS + SLACK_MS)
    // Seen over two seconds, by users whose resolver keeps an answer for its TTL.
    expect(erring.movedAfterMs, stdout).toBeLessThan(2 * REPORT_INTERVAL_MS + TTL_SECONDS * 1000 + 2000 + SLACK_MS)
    for (const { reports, shares, backAfterMs } of [half, erring]) {
      expect(reports?.wholeAfterMs, stdout).toBeDefined()
      expect(greatestRise(reports!), stdout).toBeLessThan(RISE + 0.01)
      expect(backAfterMs, stdout).toBeDefined()
      expect(shares.after, stdout).toBeGreaterThan(0.9)
    }
  })

  it.concurrent('shows how far forecasts are from what clients then meet', async ({ expect }) => {
    const { stdout } = await run(process.execPath, [LAB, '--what-if', '2', '--out', join(out, 'what-if')])
    const { figures } = readResult('what-if', 'what-if') as Forecasts
    for (const { answered, met } of Object.values(figures.errors)) {
      expect(answered.worst, stdout).toBeLessThan(0.06)
      expect(met.worst, stdout).toBeLessThan(0.25)
      expect(met.worst, 'users are not counted, their networks are').toBeGreaterThan(0)
    }
  })

  it('says in one line what it does not understand', async ({ expect }) => {
    const refused: readonly [words: readonly string[], says: RegExp][] = [
      [['--only', 'nonsense'], /^lab: --only takes one of server-killed, .*, maintenance, not "nonsense"\n$/],
      [
        ['--only', 'drained', '--director', 'gdnsd'],
        /^lab: --only takes one of server-killed, .*, all-down, not "drained"\n$/,
      ],
      [['--what-if', 'x'], /^lab: --what-if takes a number, not "x"\n$/],
      [['--what-if', '1', '--director', 'gdnsd'], /^lab: gdnsd has no forecasts.*\n$/],
    ]
    for (const [words, says] of refused) {
      await expect(run(process.execPath, [LAB, ...words])).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringMatching(says) as string,
      })
    }
  })
})

interface Forecasts {
  readonly figures: { readonly errors: Readonly<Record<string, Errors>> }
}

interface Errors {
  readonly answered: { readonly median: number; readonly worst: number }
  readonly met: { readonly median: number; readonly worst: number }
}

function greatestRise({ ramp }: FeltReports): number {
  return Math.max(...ramp.slice(1).map((part, i) => part - ramp[i]!))
}
