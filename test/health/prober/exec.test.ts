import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parseAddress } from '../../../src/base/address.ts'
import { systemClock } from '../../../src/base/clock.ts'
import type { Observation } from '../../../src/health/health.ts'
import { createExecProbe } from '../../../src/health/prober/exec.ts'
import { execMonitor } from './monitors.ts'

const probeExec = createExecProbe()
let folder: string
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'meridian-exec-'))))
afterAll(() => rmSync(folder, { recursive: true }))

function probe(
  command: readonly string[],
  timeoutMs = 2000,
  signal = new AbortController().signal,
  probeOne = probeExec,
): Promise<Observation> {
  const monitor = { ...execMonitor, command, timeoutMs }
  return probeOne({ id: 'test', address: parseAddress('127.1.0.1')!, monitor }, signal, systemClock)
}

const node = (code: string, ...words: string[]): string[] => [process.execPath, '-e', code, ...words]

it('goes by the exit code, and quotes what was said first', async () => {
  expect(await probe(['/bin/true'])).toMatchObject({ outcome: 'success' })
  expect(await probe(['/bin/false'])).toMatchObject({ outcome: 'failure', reason: 'exit 1' })
  const critical = node('console.log("CRITICAL - no database\\nmore"); process.exit(2)')
  expect(await probe(critical)).toMatchObject({ outcome: 'failure', reason: 'exit 2: "CRITICAL - no database"' })
  expect(await probe(node('process.kill(process.pid, "SIGTERM")'))).toMatchObject({ reason: 'killed by SIGTERM' })
})

it('gives the address, a clean environment, and no shell', async () => {
  const file = join(folder, 'seen')
  const code = `require('fs').writeFileSync(${JSON.stringify(file)}, JSON.stringify([process.argv.slice(1), process.env]))`
  await probe(node(code, '{address}', '$HOME; echo *', 'at {address}:80'))
  const [words, environment] = JSON.parse(readFileSync(file, 'utf8')) as [string[], Record<string, string>]
  expect(words).toEqual(['127.1.0.1', '$HOME; echo *', 'at 127.1.0.1:80'])
  expect(Object.keys(environment).sort()).toEqual(['MERIDIAN_ADDRESS', 'PATH'])
})

it.each([
  ['is missing', '/nowhere/program'],
  ['cannot be run', '/etc/passwd'],
])('takes a program that %s as trouble of our own', async (_what, program) => {
  const seen = await probe([program])
  expect(seen).toMatchObject({
    outcome: 'none',
    reason: expect.stringMatching(/^our own trouble: E[A-Z]+ of/) as string,
  })
})

it('kills the whole group at the timeout', async () => {
  const file = join(folder, 'pid')
  const seen = await probe(['/bin/sh', '-c', `sleep 60 & echo $! > ${file}; wait`], 300)
  expect(seen).toMatchObject({ outcome: 'failure', reason: 'timeout after 300 ms: the program runs yet', waited: true })
  await gone(Number(readFileSync(file, 'utf8')))
})

it('kills what a program leaves behind, and does not wait for it', async () => {
  const file = join(folder, 'left')
  const seen = await probe(['/bin/sh', '-c', `sleep 60 & echo $! > ${file}`])
  expect(seen.outcome).toBe('success')
  expect(seen.tookMs).toBeLessThan(1500)
  await gone(Number(readFileSync(file, 'utf8')))
})

it('kills at the signal to give up', async () => {
  const aborter = new AbortController()
  const seen = probe(['/bin/sleep', '60'], 5000, aborter.signal)
  setTimeout(() => aborter.abort(), 50)
  expect(await seen).toMatchObject({ outcome: 'none', reason: 'given up' })
})

it('bounds the output', async () => {
  const seen = await probe(['/bin/cat', '/dev/zero'])
  expect(seen).toMatchObject({ outcome: 'failure', reason: 'more than 64 KiB of output' })
})

it('bounds the programs that run at a time', async () => {
  const aborter = new AbortController()
  const bounded = createExecProbe()
  const many = Array.from({ length: 40 }, () => probe(['/bin/sleep', '9'], 5000, aborter.signal, bounded))
  setTimeout(() => aborter.abort(), 300)
  const seen = await Promise.all(many)
  const refused = seen.filter(({ reason }) => reason === 'our own trouble: 32 programs run already')
  expect(refused).toHaveLength(8)
  for (const { outcome } of seen) expect(outcome).toBe('none')
})

/** Until the process is gone, or a zombie that nobody waits for. */
async function gone(pid: number): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (!isRunning(pid)) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`process ${pid} still runs`)
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
