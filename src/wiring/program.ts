// The commands, wired: what each of them does, and with which of the parts. Each loads its parts when it is run: a server
// need not hold the demo, nor `status` a server.
import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { systemClock } from '../base/clock.ts'
import { formatFault } from '../base/fault.ts'
import { createLog } from '../base/log.ts'
import { createCli, type ServeOptions } from '../cli/cli.ts'
import type { ExitCode } from '../cli/exit-code.ts'
import { createCommands, createSourceLine } from '../cli/commands.ts'
import { formatFaults } from '../cli/faults.ts'
import { loadConfigApart } from '../config/load-apart.ts'
import { createTerminal } from '../cli/terminal.ts'
import { takeActivated } from '../server/handed-over.ts'
import { connectServiceManager } from '../server/service-manager.ts'
import type { Running } from './running.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}
const terminal = createTerminal(process.stdout, process.stderr)

/** Runs one command line (without the program's own words) to its exit code. */
export const runProgram = createCli(
  {
    ...createCommands({
      terminal,
      check: async (file) => (await import('./offline.ts')).checkConfig(file),
      adminUrl: async (file) => (await import('./offline.ts')).adminUrl(file),
      plan: async (file, query) => (await import('./offline.ts')).planOffline(file, query),
    }),
    operate: async () => {
      const [{ Operate }, { findConnection }] = await Promise.all([
        import('../cli/operate.ts'),
        import('../cli/connection.ts'),
      ])
      const connect = (server: string | undefined) => findConnection(server, process.env)
      return new Operate({ terminal, connect, sleep: (ms) => setTimeout(ms), now: systemClock.now })
    },
    tokens: async () => (await import('./token-commands.ts')).createTokenActions(terminal),
    serve,
    demo: async ({ plain }) => {
      const { runDemo } = await import('../cli/demo/demo.ts')
      const { complain } = terminal
      return runDemo({ startDirector: startForDemo, plain, input: process.stdin, output: process.stdout, complain })
    },
  },
  { version, print: terminal.print, complain: terminal.complain },
)

/** Answers until SIGINT or SIGTERM, or until another takes over; SIGHUP reloads. */
async function serve({ config: configFile, takeOver }: ServeOptions): Promise<ExitCode> {
  // A reload asked for while the director starts follows when it has.
  const { promise: ready, resolve } = Promise.withResolvers<Running>()
  process.on('SIGHUP', () => void ready.then((running) => running.reload()))
  const manager = await connectServiceManager(process.env, process.pid, tellTrouble)
  const activated = await takeActivated(process.env, process.pid)
  if ('problem' in activated) return tellProblem(activated.problem)
  if (activated.note !== undefined) tellTrouble(activated.note)
  // Side by side: the thread that reads the configuration, and what will serve it.
  const loading = loadConfigApart(configFile)
  const { startRunning } = await import('./running.ts')
  const options = { configFile, version, manager, takeOver, handOver: true, handed: activated.sockets }
  const started = await startRunning({ ...options, log: ({ log }) => createLog(log.level) }, loading)
  if ('faults' in started) {
    terminal.complain(formatFaults(started.faults, terminal.paintComplaint, createSourceLine()))
    return 2
  }
  if ('problem' in started) return tellProblem(started.problem)
  resolve(started)
  manager.watch(() => started.isAnswering())
  const ending = await Promise.race([
    stopSignal().then(() => 'soon' as const),
    started.succession.handedOver.then(() => 'unhurried' as const),
  ])
  await started.stop(ending)
  manager.close()
  return 0
}

function tellProblem(problem: string): 1 {
  terminal.complain(`meridian: ${problem}\n`)
  return 1
}

function tellTrouble(what: string): void {
  terminal.complain(`meridian: ${what}\n`)
}

/** Stays listened to: under npm a Ctrl-C comes twice, and the second must not end the process before it has stopped. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve())
  })
}

/** The demo has the terminal to itself: its director logs nothing. */
async function startForDemo(configFile: string, state: string): Promise<Running | { readonly fault: string }> {
  const { startRunning } = await import('./running.ts')
  const started = await startRunning({ configFile, state, version, log: () => createLog('silent') })
  if ('faults' in started) return { fault: started.faults.map(formatFault).join('; ') }
  if ('problem' in started) return { fault: started.problem }
  return started
}
