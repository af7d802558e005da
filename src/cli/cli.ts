// The command line: words and options to one action, and its result to an exit code. What the actions do is handed in
// (commands.ts makes those that only print), so this file knows grammar alone.
import { Command, CommanderError } from 'commander'
import { MOMENT_FORMS } from '../base/moment.ts'
import { DEFAULT_SERVER } from './client.ts'
import type { ExitCode } from './exit-code.ts'
import { addOperateCommands, addTokenCommands } from './operate-grammar.ts'
import type { LoadOperate, TokenActions } from './operate-actions.ts'

export interface ServeOptions {
  readonly config: string
  readonly takeOver: boolean
}

export interface CheckOptions {
  readonly config: string
  readonly json: boolean
}

export interface ExplainOptions {
  readonly name: string
  readonly type: string
  readonly client?: string
  readonly at?: string
  readonly config?: string
  readonly server?: string
  readonly json: boolean
}

export interface StatusOptions {
  readonly server?: string
  readonly json: boolean
}

export interface QueriesOptions {
  readonly limit: string
  readonly name?: string
  readonly service?: string
  readonly region?: string
  readonly server?: string
  readonly json: boolean
}

export interface DemoOptions {
  readonly plain: boolean
}

export interface Actions {
  readonly serve: (options: ServeOptions) => Promise<ExitCode>
  readonly check: (options: CheckOptions) => Promise<ExitCode>
  readonly explain: (options: ExplainOptions) => Promise<ExitCode>
  readonly status: (options: StatusOptions) => Promise<ExitCode>
  readonly queries: (options: QueriesOptions) => Promise<ExitCode>
  readonly demo: (options: DemoOptions) => Promise<ExitCode>
  /** What operators do; missing: nothing. */
  readonly operate?: LoadOperate
  readonly tokens?: () => Promise<TokenActions>
}

export interface CliOptions {
  readonly version: string
  /** Where help, the version and complaints are written. */
  readonly print: (text: string) => void
  readonly complain: (text: string) => void
}

/** Runs one command line (without the program's own words) to its exit code. No command means `demo`. */
export function createCli(actions: Actions, options: CliOptions): (words: readonly string[]) => Promise<ExitCode> {
  return async (words) => {
    let code: ExitCode = 0
    const program = createProgram(options)
    addCommands(program, actions, (result) => (code = result))
    try {
      await program.parseAsync(withDefaultCommand(words), { from: 'user' })
      return code
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error
      return error.exitCode === 0 ? 0 : 2
    }
  }
}

/** Not commander's own default command, which would take a mistyped command for an argument of `demo`. */
function withDefaultCommand(words: readonly string[]): string[] {
  return words.length === 0 || words[0] === '--plain' ? ['demo', ...words] : [...words]
}

function createProgram({ version, print, complain }: CliOptions): Command {
  return new Command('meridian')
    .description('A global traffic director: answers names with the addresses of the best healthy regions.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .configureOutput({ writeOut: print, writeErr: complain })
    .showHelpAfterError('(--help says what there is)')
    .exitOverride()
    .addHelpText(
      'after',
      '\nWithout a command it runs the demo. Exit codes: 0 well, 1 failed, 2 wrong configuration or usage.',
    )
}

const CONFIG = ['-c, --config <file>', 'the configuration, meridian.yaml'] as const
const SERVER = ['-s, --server <url>', `the running director to ask (default: ${DEFAULT_SERVER})`] as const
const JSON_OUTPUT = ['--json', 'print JSON for programs'] as const

function addCommands(program: Command, actions: Actions, done: (code: ExitCode) => void): void {
  program
    .command('serve')
    .description('answer queries')
    .requiredOption(...CONFIG)
    .option(
      '--take-over',
      'go on where the running director of the same state folder ends, without losing a query',
      false,
    )
    .action(async (options: ServeOptions) => done(await actions.serve(options)))
  program
    .command('check')
    .description('print every fault of a configuration and its zones')
    .requiredOption(...CONFIG)
    .option(...JSON_OUTPUT, false)
    .action(async (options: CheckOptions) => done(await actions.check(options)))
  program
    .command('explain')
    .description('say why a client gets the answer that it gets')
    .argument('<name>', 'the name that is asked for, such as www.example.com')
    .option('-t, --type <type>', 'the type that is asked for', 'A')
    .option('--client <address>', 'the address of the client (default: one of whom nothing is known)')
    .option('--at <time>', `of a moment of the past: ${MOMENT_FORMS} (default: now)`)
    .option('-c, --config <file>', 'plan from this configuration when its director does not run')
    .option(...SERVER)
    .option(...JSON_OUTPUT, false)
    .action(async (name: string, options: Omit<ExplainOptions, 'name'>) =>
      done(await actions.explain({ ...options, name })),
    )
  program
    .command('status')
    .description('say how a running director is')
    .option(...SERVER)
    .option(...JSON_OUTPUT, false)
    .action(async (options: StatusOptions) => done(await actions.status(options)))
  if (actions.operate) addOperateCommands(program, actions.operate, done)
  if (actions.tokens) addTokenCommands(program, actions.tokens, done)
  program
    .command('queries')
    .description('list queries that were answered of late, one in so many (queryLog.sample)')
    .option('-n, --limit <number>', 'how many, the newest', '20')
    .option('--name <name>', 'only of this name')
    .option('--service <service>', 'only answered by this service')
    .option('--region <region>', 'only answered with this region')
    .option(...SERVER)
    .option(...JSON_OUTPUT, false)
    .action(async (options: QueriesOptions) => done(await actions.queries(options)))
  program
    .command('demo')
    .description('three regions on this machine, and a failover to watch')
    .option('--plain', 'print lines for a log instead of the live view', false)
    .action(async (options: DemoOptions) => done(await actions.demo(options)))
}
