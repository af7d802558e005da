// The commands that operators use at three in the morning, over the HTTP API: drain, undrain, force, weight, share, plan,
// events, watch, reload. Each gives the exit code that says how it went: 0 done, 1 refused or failed, 2 wrong usage.
import type { NumberedEvent } from '../admin/events.ts'
import type { NewOverride, OverrideView } from '../admin/overrides.ts'
import type { Forecast } from '../admin/plan.ts'
import type { ExitCode } from './exit-code.ts'
import type {
  DrainOptions,
  EventOptions,
  OperateActions,
  OperateOptions,
  OverrideOptions,
  PlanOptions,
  ReloadOptions,
} from './operate-actions.ts'
import { askDirector, fetchStatus, followDirector, type Asked, type Connection, type Reply } from './client.ts'
import { asJson, createSourceLine, STATUS_ADVICE, tellFailure } from './commands.ts'
import { faultsAsJson, formatFaults } from './faults.ts'
import type { Fault } from '../base/fault.ts'
import { formatForecast, formatOverride } from './forecast.ts'
import { readDuration, readNumber, readOverride, readPlan } from './operate-reading.ts'
import { printable } from './paint.ts'
import { formatStatus } from './status.ts'
import { formatTime } from './table.ts'
import type { Terminal } from './terminal.ts'

export interface OperateParts {
  readonly terminal: Terminal
  readonly connect: (server: string | undefined) => Connection
  readonly sleep: (ms: number) => Promise<void>
  /** Monotonic ms. */
  readonly now: () => number
}

/** A forecast plans every service twice, ms. */
const PLAN_TIMEOUT_MS = 60_000
const POLL_MS = 1000

export class Operate implements OperateActions {
  readonly #parts: OperateParts

  constructor(parts: OperateParts) {
    this.#parts = parts
  }

  async drain(target: string, options: DrainOptions): Promise<ExitCode> {
    const timeoutMs = readDuration(options.timeout)
    if (timeoutMs === 'bad') return this.#misuse(`--timeout "${options.timeout}" is no duration such as 10m`)
    const made = await this.#override({ kind: 'drain', target }, options)
    if (typeof made === 'number') return made
    return options.wait ? await this.#waitUntilSafe(made.id, options, timeoutMs ?? Infinity) : this.#show(made, options)
  }

  async force(target: string, to: string, options: OverrideOptions): Promise<ExitCode> {
    if (to !== 'up' && to !== 'down') return this.#misuse(`force ${target} up, or down, not "${printable(to)}"`)
    return await this.#make({ kind: `force-${to}`, target }, options)
  }

  async set(kind: 'weight' | 'share', target: string, value: string, options: OverrideOptions): Promise<ExitCode> {
    const number = readNumber(value)
    if (number === undefined) return this.#misuse(`"${printable(value)}" is no ${kind}`)
    return await this.#make({ kind, target, value: number }, options)
  }

  /** Ends overrides of a target: its drains, or all of a kind, or all. */
  async end(target: string, kind: string, options: OverrideOptions): Promise<ExitCode> {
    const rampMs = readDuration(options.over)
    if (rampMs === 'bad') return this.#misuse(`--over "${options.over}" is no duration such as 10m`)
    const found = await this.#find(options, target, kind)
    if (typeof found === 'number') return found
    const query = {
      reason: options.reason,
      ...(rampMs !== undefined && { rampMs: String(rampMs) }),
      ...(options.overrule !== undefined && { overrule: options.overrule }),
      ...(options.dryRun && { dryRun: 'true' }),
    }
    for (const { id } of found) {
      const path = `/v1/overrides/${id}`
      const asked = { method: 'DELETE', query, timeoutMs: PLAN_TIMEOUT_MS } as const
      const reply = await this.#ask<OverrideView & Forecast>(options, path, asked)
      if (!('value' in reply)) return this.#fail(reply)
      if (options.dryRun) this.#showForecast(reply.value, options)
      else this.#show(reply.value, options)
    }
    return 0
  }

  async overrides(options: OperateOptions): Promise<ExitCode> {
    const reply = await this.#list(options)
    if (!('value' in reply)) return this.#fail(reply)
    const { print, paint } = this.#parts.terminal
    const { overrides } = reply.value
    if (options.json) print(asJson(reply.value))
    else
      print(
        overrides.length === 0
          ? 'no override is in force\n'
          : overrides.map((one) => formatOverride(one, paint)).join(''),
      )
    return 0
  }

  async plan(options: PlanOptions): Promise<ExitCode> {
    const request = readPlan(options)
    if (typeof request === 'string') return this.#misuse(request)
    const asked = { method: 'POST', body: request, timeoutMs: PLAN_TIMEOUT_MS } as const
    const reply = await this.#ask<Forecast>(options, '/v1/plan', asked)
    if (!('value' in reply)) return this.#fail(reply)
    this.#showForecast(reply.value, options)
    return reply.value.rules.length > 0 ? 1 : 0
  }

  async reload(options: ReloadOptions): Promise<ExitCode> {
    const { reason, overrule } = options
    const body = { ...(reason !== undefined && { reason }), ...(overrule !== undefined && { overrule }) }
    const asked = { method: 'POST', body, timeoutMs: PLAN_TIMEOUT_MS } as const
    const reply = await this.#ask<{ changes: string[]; faults: Fault[] }>(options, '/v1/reload', asked)
    const { print, paint } = this.#parts.terminal
    if (!('value' in reply)) return this.#fail(reply)
    const { changes, faults } = reply.value
    if (options.json) print(asJson({ ...faultsAsJson(faults), changes }))
    else {
      print(formatFaults(faults, paint, createSourceLine()))
      print(`${paint('green', 'reloaded')}${changes.length === 0 ? ': nothing is different' : ''}\n`)
      for (const change of changes) print(`  ${printable(change)}\n`)
    }
    return 0
  }

  /** The latest events; then, if asked to, those that come until somebody stops it. */
  async events(options: EventOptions): Promise<ExitCode> {
    const query = { limit: options.limit }
    const reply = await this.#ask<{ events: NumberedEvent[] }>(options, '/v1/events', { query })
    if (!('value' in reply)) return this.#fail(reply)
    for (const event of reply.value.events) this.#showEvent(event, options)
    return options.follow ? await this.#follow(options) : 0
  }

  /** Status again and again, until somebody stops it. */
  async watch(options: OperateOptions): Promise<ExitCode> {
    const { terminal, sleep, connect } = this.#parts
    for (;;) {
      const reply = await fetchStatus(connect(options.server))
      if (!('value' in reply)) return this.#fail(reply)
      if (options.json) terminal.print(`${JSON.stringify(reply.value)}\n`)
      else terminal.print(`${CLEAR}${formatStatus(reply.value, terminal.paint)}`)
      await sleep(POLL_MS)
    }
  }

  async #follow(options: OperateOptions): Promise<ExitCode> {
    const stream = await followDirector(this.#parts.connect(options.server), '/v1/events/stream')
    if (!('body' in stream)) return this.#fail(stream)
    let rest = ''
    const decoder = new TextDecoder()
    try {
      for await (const part of stream.body) {
        const lines = (rest + decoder.decode(part, { stream: true })).split('\n')
        rest = lines.pop()!
        for (const line of lines)
          if (line.startsWith('data: {"id"')) this.#showEvent(JSON.parse(line.slice(6)) as NumberedEvent, options)
      }
    } catch (error) {
      return this.#fail({ fault: `the stream broke off: ${(error as Error).message}`, absent: false })
    }
    return this.#fail({ fault: 'the stream ended', absent: false })
  }

  async #make(wanted: Pick<NewOverride, 'kind' | 'target' | 'value'>, options: OverrideOptions): Promise<ExitCode> {
    const made = await this.#override(wanted, options)
    return typeof made === 'number' ? made : this.#show(made, options)
  }

  /** The override that was made; or, of a dry run, a misuse or a refusal, the exit code. */
  async #override(
    wanted: Pick<NewOverride, 'kind' | 'target' | 'value'>,
    options: OverrideOptions,
  ): Promise<OverrideView | ExitCode> {
    const body = readOverride(wanted, options)
    if (typeof body === 'string') return this.#misuse(body)
    const query = options.dryRun ? { dryRun: 'true' } : {}
    const asked = { method: 'POST', body, query, timeoutMs: PLAN_TIMEOUT_MS } as const
    const reply = await this.#ask<OverrideView & Forecast>(options, '/v1/overrides', asked)
    if (!('value' in reply)) return this.#fail(reply)
    if (!options.dryRun) return reply.value
    this.#showForecast(reply.value, options)
    return reply.value.rules.length > 0 ? 1 : 0
  }

  async #waitUntilSafe(id: string, options: OperateOptions, timeoutMs: number): Promise<ExitCode> {
    const { now, sleep, terminal } = this.#parts
    const until = now() + timeoutMs
    let said = ''
    for (;;) {
      const reply = await this.#ask<OverrideView>(options, `/v1/overrides/${id}`)
      if (!('value' in reply)) return this.#fail(reply)
      const { drain } = reply.value
      if (drain?.state === 'safe') return this.#show(reply.value, options)
      if (drain === undefined || drain.state === 'ending')
        return this.#fail({ fault: `the drain ${id} was ended`, absent: false })
      const line = `${drain.state}: ${drain.why}${drain.emptyAt === undefined ? '' : `, until ${formatTime(new Date(drain.emptyAt))}`}`
      if (line !== said && !options.json) terminal.print(`${printable(line)}\n`)
      said = line
      if (now() >= until) return this.#fail({ fault: `not safe to stop yet: ${line}`, absent: false })
      await sleep(POLL_MS)
    }
  }

  async #find(options: OperateOptions, target: string, kind: string): Promise<readonly OverrideView[] | ExitCode> {
    const reply = await this.#list(options)
    if (!('value' in reply)) return this.#fail(reply)
    const isOne = (one: OverrideView) => one.id === target || one.target === target
    const found = reply.value.overrides.filter((one) => isOne(one) && (kind === 'all' || one.kind === kind))
    if (found.length > 0) return found
    return this.#fail({ fault: `there is no ${kind === 'all' ? 'override' : kind} of ${target} to end`, absent: false })
  }

  #list(options: OperateOptions): Promise<Reply<{ readonly overrides: readonly OverrideView[] }>> {
    return this.#ask(options, '/v1/overrides', { query: { limit: '500' } })
  }

  #ask<Value>({ server }: OperateOptions, path: string, asked: Asked = {}): Promise<Reply<Value>> {
    return askDirector<Value>(this.#parts.connect(server), path, asked)
  }

  #show(override: OverrideView, { json }: OperateOptions): ExitCode {
    const { print, paint } = this.#parts.terminal
    print(json ? asJson(override) : formatOverride(override, paint))
    return 0
  }

  #showForecast(forecast: Forecast, { json }: OperateOptions): void {
    const { print, paint } = this.#parts.terminal
    print(json ? asJson(forecast) : formatForecast(forecast, paint))
  }

  #showEvent(event: NumberedEvent, { json }: OperateOptions): void {
    const { print, paint } = this.#parts.terminal
    print(
      json
        ? `${JSON.stringify(event)}\n`
        : `${paint('dim', formatTime(new Date(event.at)))}  ${printable(event.text)}\n`,
    )
  }

  #fail(reply: Exclude<Reply<never>, { value: never }>): ExitCode {
    const { complain, paintComplaint } = this.#parts.terminal
    const faults = 'problem' in reply ? (reply.problem.faults as readonly Fault[] | undefined) : undefined
    if (faults) complain(formatFaults(faults, paintComplaint, createSourceLine()))
    return tellFailure(reply, complain, STATUS_ADVICE)
  }

  #misuse(what: string): ExitCode {
    this.#parts.terminal.complain(`meridian: ${printable(what)}\n`)
    return 2
  }
}

/** Moves to the top left and clears: what a terminal shows is written over. */
const CLEAR = '\u001b[H\u001b[2J'
