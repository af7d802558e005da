// The README and the guide (deploy/README.md) tell the truth: every command block of them is run, in order, in a copy of the
// repository, as their reader would. What the blocks must show stands in comments there (test/support/readme-blocks.ts).
// README_FULL=1 runs `npm ci` for real.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { isInstalled } from '../support/client-output.ts'
import { commandsOf, readSteps, type Step } from '../support/readme-blocks.ts'
import { missingPorts } from '../support/readme-ports.ts'
import { README, withReferences } from '../support/readme-reference.ts'
import { setScene, type Ran, type Scene, type Started } from '../support/readme-scene.ts'

const readme = readFileSync(README, 'utf8')
const full = process.env['README_FULL'] === '1'

/** For a block that does not say how long it may take. */
const LIMIT_MS = 30_000
const START_LIMIT_MS = full ? 300_000 : 30_000

const missing = ['bash', 'dig', 'curl', 'ss'].filter((program) => !isInstalled(program))
const skipped = missing.length > 0 && process.env['CI'] === undefined
if (skipped) console.warn(`the README's commands are not run: ${missing.join(', ')} missing on this machine`)

test('the tables are those of the schema and the exporter (npm run readme writes them)', () => {
  expect(readme).toBe(withReferences(readme))
})

describe.skipIf(skipped)('the commands', () => {
  let scene: Scene | undefined
  const running: Started[] = []

  beforeAll(async () => {
    expect(missing, 'programs that the commands need').toEqual([])
    expect(await missingPorts()).toEqual([])
    scene = await setScene(full)
  })

  afterAll(async () => {
    await endAll()
    await scene?.remove()
  })

  describe.each(['README.md', 'deploy/README.md'])('of %s', (page) => {
    let broken = false

    afterAll(endAll)

    for (const step of readSteps(page, readFileSync(join(README, '..', page), 'utf8'))) {
      test(titleOf(page, step), { timeout: START_LIMIT_MS + LIMIT_MS }, async (context) => {
        if (broken) context.skip('an earlier block failed')
        broken = true
        await play(step)
        broken = false
      })
    }
  })

  async function endAll(): Promise<void> {
    for (const started of running.splice(0)) await started.interrupt()
  }

  async function play(step: Step): Promise<void> {
    if (step.kind === 'elsewhere') expectInCi(step.script)
    else if (step.kind === 'interrupt') await interrupt()
    else if (step.kind === 'run') await runUntilRight(step)
    else running.push(await scene!.start(step.script, step.until, START_LIMIT_MS))
  }

  async function interrupt(): Promise<void> {
    const ended = await running.pop()?.interrupt()
    expect(ended, ended?.output).toMatchObject({ exitCode: 0 })
  }

  async function runUntilRight({ script, expected }: Step & { kind: 'run' }): Promise<void> {
    const deadline = systemClock.now() + expected.againForMs
    let ran = await scene!.run(script, LIMIT_MS)
    while (faultsOf(ran, expected).length > 0 && systemClock.now() < deadline) {
      await wait(250)
      ran = await scene!.run(script, LIMIT_MS)
    }
    const outputs = [ran, ...running.map((started) => ({ output: started.output() }))].map(({ output }) => output)
    expect(faultsOf(ran, expected), outputs.join('\n')).toEqual([])
  }
})

function titleOf(page: string, step: Step): string {
  const what = 'script' in step ? step.script.split('\n')[0] : 'Ctrl-C'
  return `${page}:${step.line}: ${what}`
}

function faultsOf({ exitCode, output }: Ran, expected: { exitCode: number; texts: readonly string[] }): string[] {
  const texts = expected.texts.filter((text) => !spaced(output).includes(text)).map((text) => `no "${text}"`)
  return exitCode === expected.exitCode ? texts : [`exit code ${exitCode}, not ${expected.exitCode}`, ...texts]
}

/** How columns are set apart is of no account. */
function spaced(output: string): string {
  return output.replaceAll(/[ \t]+/g, ' ')
}

function expectInCi(script: string): void {
  const ci = readFileSync(join(README, '../.ci/run'), 'utf8').split('\n')
  for (const command of commandsOf(script)) {
    expect(
      ci.filter((line) => line.startsWith(command)),
      `"${command}" in .ci/run`,
    ).not.toEqual([])
  }
}
