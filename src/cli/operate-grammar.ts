// The grammar of the commands that operators use (operate.ts): words and options to one call.
import type { Command } from 'commander'
import type { ExitCode } from './exit-code.ts'
import type {
  DrainOptions,
  EventOptions,
  LoadOperate,
  OperateActions,
  OperateOptions,
  OverrideOptions,
  PlanOptions,
  ReloadOptions,
  TokenActions,
} from './operate-actions.ts'

type Done = (code: ExitCode) => void

const SERVER = [
  '-s, --server <url>',
  'the running director (default: MERIDIAN_SERVER, the config file, this machine)',
] as const
const JSON_OUTPUT = ['--json', 'print JSON for programs'] as const
const TARGET = ['<target>', 'REGION, SERVICE:REGION, or REGION/ADDRESS of a balancer'] as const

export function addOperateCommands(program: Command, load: LoadOperate, done: Done): void {
  const run = async (call: (operate: OperateActions) => Promise<ExitCode>) => done(await call(await load()))
  overriding(program, 'drain', 'take the share of a target away, so that it may be stopped')
    .option('--wait', 'wait until it is safe to stop it', false)
    .option('--timeout <duration>', 'wait no longer than this, and then fail')
    .action((target: string, options: DrainOptions) => run((operate) => operate.drain(target, options)))
  overriding(program, 'undrain', 'end the drain of a target').action((target: string, options: OverrideOptions) =>
    run((operate) => operate.end(target, 'drain', options)),
  )
  overriding(program, 'force', 'count a target as up or down, whatever its health')
    .argument('<to>', 'up or down')
    .action((target: string, to: string, options: OverrideOptions) =>
      run((operate) => operate.force(target, to, options)),
    )
  for (const kind of ['weight', 'share'] as const) {
    const about =
      kind === 'weight' ? 'give a target another weight' : 'hold a target to a part of its share, such as 50%'
    overriding(program, kind, about)
      .argument('<value>')
      .action((target: string, value: string, options: OverrideOptions) =>
        run((operate) => operate.set(kind, target, value, options)),
      )
  }
  overriding(program, 'undo', 'end every override of a target, or the one of that id').action(
    (target: string, options: OverrideOptions) => run((operate) => operate.end(target, 'all', options)),
  )
  common(program.command('overrides').description('list what is in force and scheduled')).action(
    (options: OperateOptions) => run((operate) => operate.overrides(options)),
  )
  addPlan(program, run)
  addLooking(program, run)
}

type Run = (call: (operate: OperateActions) => Promise<ExitCode>) => Promise<void>

function addPlan(program: Command, run: Run): void {
  const many = (value: string, before: readonly string[]) => [...before, value]
  common(
    program
      .command('plan')
      .description('say what would be, and change nothing; exit code 1: a safety rule would refuse'),
  )
    .option('--drain <target>', 'as if it were drained', many, [])
    .option('--fail <target>', 'as if it were down', many, [])
    .option('--weight <target=number>', 'as if it had another weight', many, [])
    .option('--share <target=part>', 'as if it took at most that part of its share', many, [])
    .option('--over <duration>', 'how long it would take')
    .option('-c, --config <file>', 'as if this were the configuration')
    .action((options: PlanOptions) => run((operate) => operate.plan(options)))
}

function addLooking(program: Command, run: Run): void {
  common(program.command('events').description('print what happened last'))
    .option('-f, --follow', 'and go on with what happens', false)
    .option('-n, --limit <number>', 'so many at most', '20')
    .action((options: EventOptions) => run((operate) => operate.events(options)))
  common(program.command('watch').description('show the status again and again')).action((options: OperateOptions) =>
    run((operate) => operate.watch(options)),
  )
  common(program.command('reload').description('have the configuration read again'))
    .option('-r, --reason <text>', 'why')
    .option('--overrule <reason>', 'do it though a safety rule refuses, and why')
    .action((options: ReloadOptions) => run((operate) => operate.reload(options)))
}

function common(command: Command): Command {
  return command.option(...SERVER).option(...JSON_OUTPUT, false)
}

function overriding(program: Command, name: string, about: string): Command {
  return common(program.command(name).description(about))
    .argument(...TARGET)
    .requiredOption('-r, --reason <text>', 'why; it is kept, shown and audited')
    .option('--over <duration>', 'how long it takes, such as 10m')
    .option('--at <moment>', 'when it begins, such as 2026-01-31T22:00 (default: now)')
    .option('--for <duration>', 'after which it is undone of itself')
    .option('--overrule <reason>', 'do it though a safety rule refuses, and why')
    .option('--dry-run', 'say what would be, and do nothing', false)
}

export function addTokenCommands(program: Command, load: () => Promise<TokenActions>, done: Done): void {
  const tokens = program
    .command('tokens')
    .description('who may use the HTTP API; works on the state folder of a configuration')
  const config = ['-c, --config <file>', 'the configuration, meridian.yaml'] as const
  tokens
    .command('create')
    .description('make a token and print it, once')
    .argument('<name>', 'whose it is')
    .requiredOption('--role <role>', 'read, operate, admin or acme')
    .requiredOption(...config)
    .action(async (name: string, options: { role: string; config: string }) =>
      done(await (await load()).create(options.config, name, options.role)),
    )
  tokens
    .command('list')
    .description('list names and roles')
    .requiredOption(...config)
    .option(...JSON_OUTPUT, false)
    .action(async (options: { config: string; json: boolean }) =>
      done(await (await load()).list(options.config, options.json)),
    )
  tokens
    .command('revoke')
    .description('make a token worthless, at once')
    .argument('<name>')
    .requiredOption(...config)
    .action(async (name: string, options: { config: string }) =>
      done(await (await load()).revoke(options.config, name)),
    )
}
