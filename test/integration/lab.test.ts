// The lab, run as its user runs it, for the fault that says most: a region whose HAProxy is killed. All of them take five
// minutes (`npm run lab`).
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import type { Felt } from '../../deploy/region/lab/measure.ts'
import { boundMs } from '../../deploy/region/lab/plan.ts'
import { missingPrograms } from '../../deploy/region/lab/programs.ts'

const LAB = join(import.meta.dirname, '../../deploy/region/lab/lab.ts')
const missing = missingPrograms(['haproxy', 'unbound', 'openssl'])
if (missing.length > 0 && process.env['CI'] === 'true') throw new Error(`CI needs ${missing.join(', ')}`)
if (missing.length > 0) console.warn(`the lab is not tested: apt-get install ${missing.join(' ')}`)

const run = promisify(execFile)

describe.skipIf(missing.length > 0)('the lab', { timeout: 90_000 }, () => {
  const out = mkdtempSync(join(tmpdir(), 'meridian-lab-test-'))
  afterAll(() => rmSync(out, { recursive: true }))

  it('shows a killed HAProxy withdrawn within the bound, in figures and as a picture', async () => {
    const { stdout } = await run(process.execPath, [LAB, '--only', 'haproxy-killed', '--quick', '--out', out])
    const file = readFileSync(join(out, 'meridian-faults.json'), 'utf8')
    const { figures } = JSON.parse(file) as { figures: Readonly<Record<string, Felt>> }
    const killed = figures['haproxy-killed']!
    expect(killed.lost, stdout).toBeGreaterThan(0)
    expect(killed.lostUntilMs, stdout).toBeLessThanOrEqual(boundMs(false))
    expect(killed.shares.before, stdout).toBeGreaterThan(0.95)
    expect(killed.shares.during, stdout).toBeLessThan(0.6)
    expect(readFileSync(join(out, 'meridian-faults.svg'), 'utf8')).toMatch(/^<svg /)
  })

  it('says in one line what is missing, and what it does not understand', async () => {
    await expect(run(process.execPath, [LAB], { env: { PATH: '/nowhere' } })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^lab: missing: apt-get install .*openssl.* \(or: .* --install\)\n$/) as string,
    })
    await expect(run(process.execPath, [LAB, '--only', 'nonsense'])).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^lab: --only takes one of server-killed, .*, not "nonsense"\n$/) as string,
    })
  })
})
