// Where the README's commands are run: a copy of the repository as a new user has it, and bash, as that user has it.
// `npm ci` takes the packages of the repository under test, unless README_FULL=1 asks for the real thing; `meridian`, which
// the release installs, is that of the copy.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join, relative } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '../../src/base/clock.ts'
import { hasIpv6 } from './readme-ports.ts'

const REPOSITORY = join(import.meta.dirname, '../..')

/** What a fresh clone does not have. */
const NOT_COPIED = ['node_modules', '.git', 'dist', 'state', 'mine']

const STOP_LIMIT_MS = 10_000

export interface Ran {
  readonly exitCode: number
  /** Of both streams. */
  readonly output: string
}

export interface Started {
  readonly output: () => string
  /** Ctrl-C: SIGINT to everything that was started, as a terminal does. */
  readonly interrupt: () => Promise<Ran>
}

export interface Scene {
  readonly folder: string
  readonly run: (script: string, limitMs: number) => Promise<Ran>
  /** Resolves when the output has the text; throws with the output when it ends before, or the time is over. */
  readonly start: (script: string, until: string, limitMs: number) => Promise<Started>
  readonly remove: () => Promise<void>
}

/** Copies the repository to a temporary folder. */
export async function copyRepository(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'meridian-copy-'))
  const isCopied = (path: string): boolean => !NOT_COPIED.includes(relative(REPOSITORY, path))
  await cp(REPOSITORY, folder, { recursive: true, filter: isCopied })
  return folder
}

export async function setScene(full: boolean): Promise<Scene> {
  const folder = await copyRepository()
  if (!(await hasIpv6())) await leaveOutIpv6(join(folder, 'deploy/meridian.yaml'))
  const shims = await mkdtemp(join(tmpdir(), 'meridian-shims-'))
  if (!full) {
    await symlink(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'))
    await writeProgram(join(shims, 'npm'), npmShim(userPath()))
  }
  await writeProgram(join(shims, 'meridian'), meridianShim(folder))
  const env = userEnvironment(`${shims}${delimiter}${userPath()}`)
  const bash = (script: string): ChildProcess =>
    spawn('bash', ['-e', '-o', 'pipefail', '-c', script], {
      ...{ cwd: folder, env, detached: true },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  return {
    folder,
    run: (script, limitMs) => finish(bash(script), limitMs),
    start: (script, until, limitMs) => startUntil(bash(script), until, limitMs),
    remove: async () => {
      await Promise.all([folder, shims].map((path) => rm(path, { recursive: true, force: true })))
    },
  }
}

async function writeProgram(path: string, text: string): Promise<void> {
  await writeFile(path, text)
  await chmod(path, 0o755)
}

/** As the hint of `serve` tells people without IPv6 to do. */
async function leaveOutIpv6(configFile: string): Promise<void> {
  const config = await readFile(configFile, 'utf8')
  await writeFile(configFile, config.replace(", '[::1]:5300'", ''))
}

/** The path without the programs of packages: those are found by npm, or not at all. */
function userPath(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.filter((path) => !path.includes('node_modules')).join(delimiter)
}

/** What npm and the test runner add to an environment. */
const ADDED =
  /^(npm_(lifecycle|package|command|execpath|node_execpath)|VITEST|NODE_(ENV|OPTIONS|PATH)$|INIT_CWD$|TEST$)/

/** What a person's shell has. */
export function userEnvironment(path: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !ADDED.test(name))
  return { ...Object.fromEntries(kept), PATH: path }
}

function npmShim(path: string): string {
  return `#!/bin/sh
[ "$*" = ci ] && exec echo "npm ci: the packages of the repository under test"
PATH=${path} exec npm "$@"
`
}

function meridianShim(folder: string): string {
  return `#!/bin/sh
exec ${folder}/node_modules/.bin/node ${folder}/src/main.ts "$@"
`
}

function collect(child: ChildProcess): () => string {
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  return () => output
}

async function finish(child: ChildProcess, limitMs: number): Promise<Ran> {
  const output = collect(child)
  const timer = setTimeout(() => endGroup(child, 'SIGKILL'), limitMs)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(timer)
  return { exitCode: code ?? -1, output: output() }
}

async function startUntil(child: ChildProcess, until: string, limitMs: number): Promise<Started> {
  const output = collect(child)
  const closed = once(child, 'close')
  const deadline = systemClock.now() + limitMs
  while (!output().includes(until)) {
    if (child.exitCode !== null || systemClock.now() > deadline) {
      endGroup(child, 'SIGKILL')
      throw new Error(`the output never had "${until}":\n${output()}`)
    }
    await wait(50)
  }
  return { output, interrupt: () => interrupt(child, closed, output) }
}

async function interrupt(child: ChildProcess, closed: Promise<unknown[]>, output: () => string): Promise<Ran> {
  const timer = setTimeout(() => endGroup(child, 'SIGKILL'), STOP_LIMIT_MS)
  endGroup(child, 'SIGINT')
  const [code] = (await closed) as [number | null]
  clearTimeout(timer)
  return { exitCode: code ?? -1, output: output() }
}

/** The child leads a process group of its own: what it started is in it. */
function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null) return
  process.kill(-child.pid, signal)
}
