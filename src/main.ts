// The program: a command line in, an exit code out. What the commands do is wired in wiring/.
import { enableCompileCache } from 'node:module'

// The rest is loaded from the cache of the start before (0.6 → 0.25 s of CPU), which has to be asked for first.
enableCompileCache()
// A reload asked for while the program still loads must not end it.
if (process.argv[2] === 'serve') process.on('SIGHUP', () => undefined)

const { runProgram } = await import('./wiring/program.ts')
process.exitCode = await runProgram(process.argv.slice(2))
