// A running director: in which order its parts start, stop, and are given to the next one. Who hands what to whom is said in
// assembly.ts; nothing is decided here.
import type { QueryFilter, QueryList } from '../admin/queries.ts'
import type { EventStatus, ReloadStatus, Status } from '../admin/status.ts'
import type { ExplainQuery } from '../admin/routes.ts'
import { systemClock } from '../base/clock.ts'
import { giveBackFreedMemory } from '../base/freed-memory.ts'
import type { Fault } from '../base/fault.ts'
import { settleHeap } from '../base/settled-heap.ts'
import type { Config } from '../config/config.ts'
import type { ConfigLoad } from '../config/load.ts'
import { loadConfigApart } from '../config/load-apart.ts'
import { aliasTargets } from '../director/alias-rows.ts'
import type { Director } from '../director/director.ts'
import type { Checker } from '../health/checker.ts'
import type { HandedSocket } from '../server/handed-over.ts'
import type { Ending } from '../server/lifeline.ts'
import { formatEndpoint, formatListenFault } from '../server/listen-fault.ts'
import type { Server } from '../server/server.ts'
import { Assembly, type RunningOptions } from './assembly.ts'
import type { Explained } from './explaining.ts'
import { withState } from './reload.ts'
import { Succession } from './succession.ts'

/** Why a director did not start: everything that is wrong with its files, or one line on what it could not do. */
export type Refusal = { readonly faults: readonly Fault[] } | { readonly problem: string }

/**
 * Starts everything, in order; when something fails, all that was started is stopped again. The configuration may be under
 * way already.
 */
export async function startRunning(
  options: RunningOptions,
  loading: Promise<ConfigLoad> = loadConfigApart(options.configFile),
): Promise<Running | Refusal> {
  const loaded = await loading
  if (!loaded.config) return { faults: loaded.faults }
  const running = new Running(options, withState(loaded.config, options.state))
  const refusal = await running.start(loaded.text, loaded.faults)
  if (!refusal) return running
  await running.stop()
  return refusal
}

export class Running {
  readonly succession: Succession
  readonly #parts: Assembly
  readonly #startedAt = systemClock.now()
  #started = false

  constructor(options: RunningOptions, config: Config) {
    const parts = new Assembly(options, config)
    this.#parts = parts
    this.succession = new Succession({
      state: config.state,
      descriptors: () => parts.server.descriptors(),
      release: () => this.#release(),
      resume: () => this.#resume(),
      tell: parts.journal.tell,
    })
  }

  /** Undefined when it answers. */
  async start(configText: string, warnings: readonly Fault[]): Promise<Refusal | undefined> {
    const { changes, config, director, health, hosts, journal, plans, reloads, reports, server, showings } = this.#parts
    journal.faults(warnings)
    const kept = await giveBackFreedMemory()
    if (kept !== undefined) journal.log.debug(`freed memory stays with the process: ${kept}`)
    // First of all: what the one before wrote to the state folder until now is read below, and it writes nothing more.
    const handed = await this.#comeBySockets()
    if ('problem' in handed) return handed
    journal.faults(await this.#parts.startOperations())
    await showings.create()
    server.prepare()
    const [prepared] = await Promise.all([director.prepare(changes.complete(config)), health.firstRound()])
    if (prepared.refused) return { faults: prepared.faults }
    journal.faults(prepared.faults)
    reloads.faults = [...warnings, ...prepared.faults]
    await hosts.resolve(aliasTargets(prepared.zones.bindings), config)
    health.judgeFirst(config)
    await changes.commit(prepared)
    this.#parts.operations?.recoveries.measure()
    const problem = await this.#listen(handed)
    if (problem !== undefined) return { problem }
    reloads.keepConfig({ text: configText })
    health.keep()
    reports.configure(config.regions)
    this.#parts.isReady = true
    this.#started = true
    this.succession.confirm()
    changes.watchGeo()
    this.#announce()
    plans.keepCopies(prepared, settleHeap)
    if (this.#parts.options.handOver) await this.succession.openDoor()
    return undefined
  }

  /** One line on why it cannot. */
  async #listen(handed: readonly HandedSocket[]): Promise<string | undefined> {
    const { config, operations, server, showings } = this.#parts
    const tokenNeeded = config.admin && operations?.listenProblem(config.admin.listen.host)
    if (tokenNeeded !== undefined) return tokenNeeded
    const taken = await server.start(handed)
    if (taken.length > 0) return taken.map(formatListenFault).join('; ')
    return await showings.start()
  }

  get server(): Server {
    return this.#parts.server
  }

  get checker(): Checker {
    return this.#parts.health.checker
  }

  get director(): Director {
    return this.#parts.director
  }

  /** Takes what the files say now, whole or not at all. Reloads run one after the other. */
  reload(overrule?: string): Promise<ReloadStatus> {
    return this.#parts.reloads.reload(overrule)
  }

  status(): Status {
    return this.#parts.views.status()
  }

  explain(query: ExplainQuery): Promise<Explained> {
    return this.#parts.views.explain(query)
  }

  queries(filter: QueryFilter): QueryList {
    return this.#parts.views.queries(filter)
  }

  /** Saves health for the next start and stops everything; answering last, so that a restart leaves the least gap. */
  async stop(ending: Ending = 'soon'): Promise<void> {
    const { changes, director, health, hosts, journal, operations, options } = this.#parts
    const { publisher, reports, roundTrips, server, showings } = this.#parts
    this.#parts.isReady = false
    this.succession.close()
    if (this.#started) options.manager?.stopping()
    changes.stop()
    reports.stop()
    roundTrips.stop()
    operations?.stop()
    await changes.over()
    await Promise.all([showings.stop(), health.stop()])
    hosts.stop()
    await director.stop()
    await server.stop(ending)
    publisher.close()
    if (this.#started) journal.tell('info', 'stopped')
  }

  /** Whether somebody answers: a process of which nobody does is better started anew. */
  isAnswering(): boolean {
    return this.#parts.server.workers().some(({ transport, state }) => transport === 'udp' && state === 'serving')
  }

  onEvent(listener: (event: EventStatus) => void): void {
    this.#parts.journal.events.listen(listener)
  }

  /** What systemd handed over, and what the director has that runs and will end. */
  async #comeBySockets(): Promise<readonly HandedSocket[] | { readonly problem: string }> {
    const { handed = [], takeOver } = this.#parts.options
    if (!takeOver) return handed
    const taken = await this.succession.takeOver(this.#parts.config.listen)
    return 'problem' in taken ? taken : [...handed, ...taken]
  }

  /** Answers go on; the state folder and the port of the HTTP API are free for who takes over. */
  async #release(): Promise<void> {
    const { changes, health, operations, plans, showings } = this.#parts
    this.#parts.isReady = false
    this.succession.closeDoor()
    await changes.over()
    operations?.stop()
    await Promise.all([showings.stop(), health.stopKeeping(), plans.copied()])
  }

  /** Nobody took over after all. */
  async #resume(): Promise<void> {
    const { health, journal, operations, showings } = this.#parts
    journal.faults((await operations?.start()) ?? [])
    await showings.create()
    const fault = await showings.start()
    if (fault !== undefined) journal.tell('error', fault)
    health.keep()
    this.#parts.isReady = true
    await this.succession.openDoor()
  }

  #announce(): void {
    const { director, journal, options, plans, server, showings } = this.#parts
    const { describe, attribution } = director.geo
    if (describe !== undefined) journal.log.info({ geo: describe, attribution }, `geo data: ${describe}`)
    journal.log.info(server.describe())
    const listen = server.endpoints.map(formatEndpoint)
    options.manager?.ready(`serving on ${listen.join(', ')}`)
    journal.tell('info', `serving on ${listen.join(', ')}`, {
      listen,
      admin: showings.adminEndpoint?.port,
      snapshot: plans.generation,
      startedInMs: Math.round(systemClock.now() - this.#startedAt),
    })
  }
}
