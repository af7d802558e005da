// A Dockerfile of two stages, carried out by hand where no engine runs: RUN lines of the first in a copy of what the engine
// would be sent, COPY --from lines of the second into a folder that stands for the image. Of instructions it knows what
// ours has; another is an error.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface Instruction {
  readonly name: string
  readonly words: string
}

export interface Stages {
  readonly build: readonly Instruction[]
  readonly image: readonly Instruction[]
}

const KNOWN = 'FROM WORKDIR COPY RUN USER VOLUME EXPOSE HEALTHCHECK ENTRYPOINT CMD'.split(' ')

/** Throws for what it does not know. */
export function readDockerfile(path: string): Stages {
  const lines = readFileSync(path, 'utf8').split('\n')
  const instructions = lines.filter((line) => line !== '' && !line.startsWith('#')).map(readInstruction)
  const second = instructions.findLastIndex(({ name }) => name === 'FROM')
  return { build: instructions.slice(0, second), image: instructions.slice(second) }
}

function readInstruction(line: string): Instruction {
  const [, name = '', words = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? []
  if (!KNOWN.includes(name)) throw new Error(`nobody carries out: ${line}`)
  return { name, words }
}

/** The words of an instruction in the form of a JSON array: what is started. */
export function wordsOf(stage: readonly Instruction[], name: string): string[] {
  const words = stage.find((instruction) => instruction.name === name)?.words ?? ''
  return JSON.parse(words.slice(words.indexOf('['))) as string[]
}

/** Copies what `ignoreFile` (a `*`, then `!NAME` a line) lets through. */
export function copyContext(from: string, ignoreFile: string, to: string): void {
  const [all, ...kept] = readFileSync(ignoreFile, 'utf8').trim().split('\n')
  if (all !== '*' || !kept.every((line) => /^![\w.-]+$/.test(line))) throw new Error(`${ignoreFile} is not understood`)
  for (const line of kept) cpSync(join(from, line.slice(1)), join(to, line.slice(1)), { recursive: true })
}

/** Carries out the RUN lines in `folder`, which stands for the stage's WORKDIR. Throws with the output of what fails. */
export function build(stage: readonly Instruction[], folder: string, env: NodeJS.ProcessEnv): void {
  for (const { words } of stage.filter(({ name }) => name === 'RUN')) {
    const { status, stdout, stderr } = spawnSync('sh', ['-c', words], { cwd: folder, env, encoding: 'utf8' })
    if (status !== 0) throw new Error(`RUN ${words}: ${status ?? 'killed'}\n${stdout}${stderr}`)
  }
}

/** Carries out the COPY lines; `find` says where a path of the first stage stands here. */
export function copyImage(stage: readonly Instruction[], root: string, find: (path: string) => string): void {
  for (const { words } of stage.filter(({ name }) => name === 'COPY')) {
    const [from = '', to = ''] = words.split(' ').filter((word) => !word.startsWith('--'))
    mkdirSync(dirname(join(root, to)), { recursive: true })
    cpSync(find(from), join(root, to), { recursive: true, verbatimSymlinks: true })
  }
}

/** Paths of all files below, relative to it. */
export function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => !entry.isDirectory())
  return files.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
}
