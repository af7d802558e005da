// The commands that ask and print: check, explain, queries and status. Each gives the exit code that says how it went. Configuration and
// plans come from functions that are handed in; a running director is asked by client.ts.
import { readFileSync } from 'node:fs'
import { isError, type Fault } from '../base/fault.ts'
import { parseAddress } from '../base/address.ts'
import { systemClock } from '../base/clock.ts'
import { MOMENT_FORMS, parseMoment } from '../base/moment.ts'
import type { Problem } from '../admin/problem.ts'
import type { ExplainQuery } from '../admin/routes.ts'
import { fetchExplanation, fetchQueries, fetchStatus, type Connection, type Reply } from './client.ts'
import type { Actions, CheckOptions, ExplainOptions, QueriesOptions, StatusOptions } from './cli.ts'
import type { ExitCode } from './exit-code.ts'
import { formatExplanation, type ShownExplanation } from './explain.ts'
import { faultsAsJson, formatFaults, type SourceLine } from './faults.ts'
import { printable } from './paint.ts'
import { formatQueries } from './queries.ts'
import { formatStatus } from './status.ts'
import type { Terminal } from './terminal.ts'

export interface CommandParts {
  /** Every fault of a configuration and of its zones, and what was found sound, such as `2 zones, 3 regions, 2 services`. */
  readonly check: (configFile: string) => Promise<{ readonly faults: readonly Fault[]; readonly summary: string }>
  /** The URL of the HTTP API that a configuration asks for; undefined without one, or when the file has faults. */
  readonly adminUrl: (configFile: string) => Promise<string | undefined>
  /** Plans without a running director. */
  readonly plan: (
    configFile: string,
    query: ExplainQuery,
  ) => Promise<
    { readonly explanation: ShownExplanation } | { readonly problem: Problem } | { readonly faults: readonly Fault[] }
  >
  readonly terminal: Terminal
}

export function createCommands(parts: CommandParts): Pick<Actions, 'check' | 'explain' | 'queries' | 'status'> {
  return {
    check: (options) => check(parts, options),
    explain: (options) => explain(parts, options),
    queries: (options) => queries(parts.terminal, options),
    status: (options) => status(parts.terminal, options),
  }
}

async function check(parts: CommandParts, { config, json }: CheckOptions): Promise<ExitCode> {
  const { faults, summary } = await parts.check(config)
  const sound = !faults.some(isError)
  const { print, paint } = parts.terminal
  if (json) print(asJson(faultsAsJson(faults)))
  else {
    print(formatFaults(faults, paint, createSourceLine()))
    if (sound) print(`${paint('green', 'sound')}: ${printable(config)}: ${summary}\n`)
  }
  return sound ? 0 : 2
}

async function status({ print, complain, paint }: Terminal, options: StatusOptions): Promise<ExitCode> {
  const reply = await fetchStatus(await connectionTo(options.server))
  if (!('value' in reply)) return tellFailure(reply, complain, STATUS_ADVICE)
  print(options.json ? asJson(reply.value) : formatStatus(reply.value, paint))
  return 0
}

/** Loaded with the YAML that it reads, when there is something to ask: `serve` has no use for either. */
async function connectionTo(server: string | undefined): Promise<Connection> {
  const { findConnection } = await import('./connection.ts')
  return findConnection(server, process.env)
}

export const STATUS_ADVICE = 'start one with "meridian serve --config FILE", or name another with --server URL'
const EXPLAIN_ADVICE = `${STATUS_ADVICE}, or plan without one with --config FILE`

async function queries({ print, complain, paint }: Terminal, options: QueriesOptions): Promise<ExitCode> {
  const { server, json, ...wanted } = options
  const reply = await fetchQueries(await connectionTo(server), wanted)
  if (!('value' in reply)) return tellFailure(reply, complain, STATUS_ADVICE)
  print(json ? asJson(reply.value) : formatQueries(reply.value, paint))
  return 0
}

async function explain(parts: CommandParts, options: ExplainOptions): Promise<ExitCode> {
  const { config } = options
  const query = readQuery(options)
  if (typeof query === 'string') {
    parts.terminal.complain(`meridian: ${query}\n`)
    return 2
  }
  const reply = await askRunning(parts, options, query)
  if ('value' in reply) return printExplanation(parts.terminal, reply.value, options.json)
  const mayPlan = options.server === undefined && query.at === undefined && 'absent' in reply && reply.absent
  if (config !== undefined && mayPlan) return await explainFromConfig(parts, config, query, options.json)
  return tellFailure(reply, parts.terminal.complain, query.at === undefined ? EXPLAIN_ADVICE : STATUS_ADVICE)
}

/** The query, or what is wrong with it. */
function readQuery({ name, type, client, at: written }: ExplainOptions): ExplainQuery | string {
  if (client !== undefined && !parseAddress(client)) {
    return `--client "${printable(client)}" is not an IPv4 or IPv6 address`
  }
  const at = written === undefined ? undefined : parseMoment(written, systemClock.wall())
  if (written !== undefined && at === undefined) return `--at "${printable(written)}" is no moment: ${MOMENT_FORMS}`
  return { name, type, ...(client !== undefined && { client }), ...(at !== undefined && { at }) }
}

/** Asks the director that is named, or the one that the configuration would start. */
async function askRunning(
  { adminUrl }: CommandParts,
  { server, config }: ExplainOptions,
  query: ExplainQuery,
): Promise<Reply<ShownExplanation>> {
  if (server !== undefined || config === undefined) return await fetchExplanation(await connectionTo(server), query)
  const url = await adminUrl(config)
  if (url === undefined) return { fault: `${config} configures no admin to ask`, absent: true }
  return await fetchExplanation(await connectionTo(url), query)
}

async function explainFromConfig(
  parts: CommandParts,
  config: string,
  query: ExplainQuery,
  json: boolean,
): Promise<ExitCode> {
  const { complain, paintComplaint } = parts.terminal
  const planned = await parts.plan(config, query)
  if ('faults' in planned) {
    complain(formatFaults(planned.faults, paintComplaint, createSourceLine()))
    return 2
  }
  if ('problem' in planned) return tellFailure(planned, complain, EXPLAIN_ADVICE)
  complain(`meridian: planned from ${printable(config)}, as no director of it runs; no balancer has been probed\n`)
  return printExplanation(parts.terminal, planned.explanation, json)
}

function printExplanation({ print, paint }: Terminal, explanation: ShownExplanation, json: boolean): ExitCode {
  print(json ? asJson(explanation) : formatExplanation(explanation, paint))
  return 0
}

/** One line. A query that the director refuses as malformed is wrong usage. */
export function tellFailure(
  reply: Exclude<Reply<never>, { value: never }>,
  complain: (text: string) => void,
  advice: string,
): ExitCode {
  if ('problem' in reply) {
    const { detail, hint, status } = reply.problem
    complain(`meridian: ${printable(detail)}${hint === undefined ? '' : ` (${printable(hint)})`}\n`)
    return status === 400 ? 2 : 1
  }
  complain(`meridian: ${printable(reply.fault)}${reply.absent ? `; ${advice}` : ''}\n`)
  return 1
}

export function asJson(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}

/** Lines of files as they are now, each file read once. A file that cannot be read (any more) has no lines to show. */
export function createSourceLine(): SourceLine {
  const files = new Map<string, readonly string[]>()
  return (file, line) => {
    if (!files.has(file)) files.set(file, readLines(file))
    return files.get(file)?.[line - 1]
  }
}

function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/)
  } catch {
    return []
  }
}
