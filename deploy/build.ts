// The release build: src/*.ts → dist/*.js, alike in shape, so that what is found by relative paths (package.json, the
// demo, workers) is found from both. `npm pack` runs it first. Node does not run .ts files under node_modules, hence a
// build at all. It fails when the compiler complains, or when a file that the program reads at run time is not packed.
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'

const ROOT = join(import.meta.dirname, '..')
const DIST = join(ROOT, 'dist')

/** What the program reads besides its own code, as seen from the module that reads it. */
const READ_AT_RUN_TIME = [
  ['main.js', '../package.json'],
  ['cli/demo/demo.js', '../../../deploy/demo/meridian.yaml'],
  ['cli/demo/demo.js', '../../../deploy/demo/zones/example.com.zone'],
] as const

/** Modules that threads and processes start from: no import names them, so no compiler misses them. */
const STARTED = [
  'server/worker.js',
  'server/responder.js',
  'health/worker.js',
  'config/load-worker.js',
  'director/build-worker.js',
  'cli/demo/region.js',
]

rmSync(DIST, { recursive: true, force: true })
const complaints = [...compile(), ...missingFiles()]
if (complaints.length > 0) {
  console.error(complaints.join('\n'))
  process.exit(1)
}
makeProgram(join(DIST, 'main.js'))
console.log(`built ${relative(process.cwd(), DIST)}`)

/** Gives what the compiler complains of. */
function compile(): string[] {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: object
  }
  const { options, fileNames } = ts.parseJsonConfigFileContent({ ...config, include: ['src'] }, ts.sys, ROOT)
  const program = ts.createProgram(fileNames, {
    ...options,
    noEmit: false,
    rootDir: join(ROOT, 'src'),
    outDir: DIST,
    rewriteRelativeImportExtensions: true,
    // Sources stay in memory, and one letter beyond Latin-1 doubles all of a file.
    removeComments: true,
  })
  const found = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics]
  const host = { getCanonicalFileName: String, getCurrentDirectory: () => ROOT, getNewLine: () => '\n' }
  return found.map((diagnostic) => ts.formatDiagnostic(diagnostic, host).trimEnd())
}

function missingFiles(): string[] {
  const packed = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { files: string[] }).files
  const isPacked = (path: string): boolean => path === 'package.json' || packed.some((entry) => path.startsWith(entry))
  const modules = STARTED.map((path) => join(DIST, path))
  const read = READ_AT_RUN_TIME.map(([module, path]) => join(DIST, module, '..', path))
  return [...modules, ...read]
    .filter((path) => !existsSync(path) || !isPacked(relative(ROOT, path)))
    .map((path) => `${relative(ROOT, path)} is needed at run time, but ${existsSync(path) ? 'not packed' : 'missing'}`)
}

/** What `bin` of package.json names: runs by itself. */
function makeProgram(path: string): void {
  writeFileSync(path, `#!/usr/bin/env node\n${readFileSync(path, 'utf8')}`)
  chmodSync(path, 0o755)
}
