// A running director, wired: health events become plans, changes become snapshots, and everybody who listens is told.
// Nothing is decided here; this says who hands what to whom, and in which order things start and stop.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EventStatus, ReloadStatus, Status } from '../admin/status.ts'
import type { QueryFilter, QueryList } from '../admin/queries.ts'
import { Agent } from '../agent/agent.ts'
import type { ExplainQuery } from '../admin/routes.ts'
import { systemClock } from '../base/clock.ts'
import { giveBackFreedMemory } from '../base/freed-memory.ts'
import { formatFault, isError, type Fault } from '../base/fault.ts'
import type { Log, Logger } from '../base/log.ts'
import type { Config, Endpoint } from '../config/config.ts'
import { diffConfig } from '../config/diff.ts'
import type { ConfigLoad } from '../config/load.ts'
import { loadConfigApart } from '../config/load-apart.ts'
import { AliasResolver, type AliasAnswers, type AskAddresses } from '../director/aliases.ts'
import { hostNames } from '../director/answerers.ts'
import { aliasTargets } from '../director/alias-rows.ts'
import { createAsker } from '../director/ask-addresses.ts'
import { Director, type Prepared } from '../director/director.ts'
import { PlaceBook } from '../director/place-book.ts'
import { Checker } from '../health/checker.ts'
import type { DoubtNews } from '../health/doubter.ts'
import { regionOf, type Transition } from '../health/health.ts'
import { HealthKeeper } from '../health/keeper.ts'
import { readSavedHealth } from '../health/saved.ts'
import { formatEndpoint, formatListenFault, listenFault } from '../server/listen-fault.ts'
import { PICK_PLACES, Server, slotsFor, TALLY_PLACES } from '../server/server.ts'
import { Publisher } from '../snapshot/publication.ts'
import { agentWord } from './agent-words.ts'
import { describeTurn } from './doubting.ts'
import { EventBook } from './event-book.ts'
import { explainQuery, type Explained } from './explaining.ts'
import { listQueries } from './query-list.ts'
import { RegionBoard } from './region-board.ts'
import { ReportDesk } from './report-desk.ts'
import { RoundTripDesk } from './round-trip-desk.ts'
import type { Showing } from './showing.ts'
import { describeRunning } from './status.ts'
import { TargetBook } from './targets.ts'

/** Settings that a reload cannot change: sockets and threads are made at the start. */
const FIXED_UNTIL_RESTART = [
  'listen',
  'workers',
  'sockets',
  'admin',
  'agent',
  'tcp',
  'log',
  'state',
  'queryLog',
] as const

export interface RunningOptions {
  readonly configFile: string
  /** In the place of the configured state folder. */
  readonly state?: string
  readonly version: string
  readonly log: (config: Config) => Log
  /** Allows tests to kill and stall threads. */
  readonly testHooks?: boolean
}

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

function withState(config: Config, state: string | undefined): Config {
  return state === undefined ? config : { ...config, state }
}

export class Running {
  readonly server: Server
  readonly checker: Checker
  readonly director: Director
  readonly #options: RunningOptions
  readonly #log: Logger
  readonly #aliases: AliasResolver
  readonly #events = new EventBook(systemClock)
  readonly #board: RegionBoard
  readonly #targets: TargetBook
  readonly #reports: ReportDesk
  readonly #roundTrips: RoundTripDesk
  readonly #publisher: Publisher
  readonly #startedAt = systemClock.now()
  readonly #droppedLogLines: () => number
  #showing: Showing | undefined
  readonly #agent: Agent | undefined
  #adminPort = 0
  #config: Config
  #publishedAt = systemClock.now()
  #isProbing = false
  #ready = false
  #lastReload: ReloadStatus | undefined
  #reloading: Promise<unknown> = Promise.resolve()
  #keeper: HealthKeeper | undefined

  constructor(options: RunningOptions, config: Config) {
    this.#options = options
    this.#config = config
    const { logger, dropped } = options.log(config)
    this.#log = logger
    this.#droppedLogLines = dropped
    this.#publisher = new Publisher(slotsFor(config.workers))
    this.#aliases = this.#createAliases()
    const places = [new PlaceBook(PICK_PLACES), new PlaceBook(TALLY_PLACES)] as const
    const hosts: AliasAnswers = (target) => this.#aliases.answer(target)
    this.director = new Director(this.#publisher, ...places, hosts)
    this.#board = new RegionBoard(hosts)
    this.#targets = new TargetBook(hosts)
    this.checker = new Checker({
      clock: systemClock,
      onTransition: (transition) => this.#onTransition(transition),
      onUndecided: () => this.#onUndecided(),
      onDoubt: (now, before) => this.#onDoubt(now, before),
      onTrouble: (what) => this.#tell('warn', what),
    })
    this.#reports = new ReportDesk({
      clock: systemClock,
      apply: (reported, measures) =>
        void this.#publish(this.director.applyReports(reported, measures), 'reports of regions'),
      tell: (level, text) => this.#tell(level, text),
      holds: () => this.checker.doubt().state === 'frozen',
      takeTimes: (region, times) => this.#roundTrips.add({ region, times }),
    })
    this.#roundTrips = new RoundTripDesk(
      { clock: systemClock, apply: () => this.#applyRoundTrips(), tell: (level, text) => this.#tell(level, text) },
      config,
    )
    this.server = this.#createServer()
    this.#agent = config.agent && this.#createAgent(config.agent.listen)
  }

  /** Undefined when it answers. */
  async start(configText: string, warnings: readonly Fault[]): Promise<Refusal | undefined> {
    const config = this.#config
    this.#logFaults(warnings)
    const kept = await giveBackFreedMemory()
    if (kept !== undefined) this.#log.debug(`freed memory stays with the process: ${kept}`)
    this.#showing = config.admin && (await this.#createShowing(config.admin.listen))
    const [prepared] = await Promise.all([this.director.prepare(config), this.#firstRound()])
    if (prepared.refused) return { faults: prepared.faults }
    this.#logFaults(prepared.faults)
    await this.#resolve(aliasTargets(prepared.zones.bindings), config)
    this.#board.configure(config.regions)
    this.#board.judge(this.checker.health(), systemClock.wall())
    await this.#commitPrepared(prepared)
    const taken = await this.server.start()
    if (taken.length > 0) return { problem: taken.map(formatListenFault).join('; ') }
    const admin = await this.#showing?.admin.start()
    if (admin && 'fault' in admin) return { problem: admin.fault }
    const agentFault = await this.#startAgent()
    if (agentFault !== undefined) return { problem: agentFault }
    this.#adminPort = admin?.port ?? 0
    this.#keepConfig(configText)
    this.#keeper = this.#createKeeper()
    this.#reports.configure(config.regions)
    this.#ready = true
    this.#announce()
    void this.#keepCopies(prepared)
    return undefined
  }

  /** Takes what the files say now, whole or not at all. Reloads run one after the other. */
  reload(): Promise<ReloadStatus> {
    const reloaded = this.#reloading.then(() => this.#reload())
    this.#reloading = reloaded.catch(() => undefined)
    return reloaded
  }

  /** Stops answering, then everything else; saves health for the next start. */
  async stop(): Promise<void> {
    const wasReady = this.#ready
    this.#ready = false
    this.#reports.stop()
    this.#roundTrips.stop()
    await this.#reloading
    await Promise.all([this.server.stop(), this.#showing?.admin.stop(), this.#agent?.stop(), this.checker.stop()])
    this.#aliases.stop()
    await this.director.stop()
    this.#publisher.close()
    await this.#keeper?.stop()
    if (wasReady) this.#tell('info', 'stopped')
  }

  status(): Status {
    const admin = this.#config.admin?.listen
    return describeRunning({
      version: this.#options.version,
      uptimeMs: systemClock.now() - this.#startedAt,
      snapshot: { number: this.#publisher.generation, ageMs: systemClock.now() - this.#publishedAt },
      server: this.server,
      checker: this.checker,
      reported: this.#reports.reported(),
      director: this.director,
      board: this.#board,
      events: this.#events.latest,
      ...(admin && { admin: { host: admin.host, port: this.#adminPort } }),
      ...(this.#lastReload && { lastReload: this.#lastReload }),
    })
  }

  explain(query: ExplainQuery): Promise<Explained> {
    return explainQuery(this.director, query)
  }

  queries(filter: QueryFilter): QueryList {
    const tallied = (tally: number) => this.director.tallied(tally)
    return listQueries(this.server.queryLogs, this.#config.querySample, tallied, filter)
  }

  onEvent(listener: (event: EventStatus) => void): void {
    this.#events.listen(listener)
  }

  /** Health before the first answer: what the first round says, else what was saved and is fresh, else unknown. */
  async #firstRound(): Promise<void> {
    await this.#resolve(hostNames(this.#config.regions.values()), this.#config)
    const look = () => this.#targets.look(this.#config.regions.values()).targets
    const { states, faults } = await readSavedHealth(this.#config.state, look(), systemClock.wall())
    this.#logFaults(faults)
    const targets = look()
    this.checker.start(targets, states, this.#config.doubt)
    this.#isProbing = true
    const { missing } = await this.checker.firstRound(this.#config.startup.deadlineMs)
    if (missing.length > 0) this.#tell('warn', `${missing.length} of ${targets.length} balancers are not yet probed`)
  }

  #onTransition(transition: Transition): void {
    const { target, from, to, reason } = transition
    this.#log.info({ target, from, to, reason }, `balancer ${to}`)
    this.#showing?.exporter.countTransition(regionOf(target), to)
    this.#events.add(`${target} ${to}: ${reason}`)
    // Before the first snapshot there is nothing to change: it is made with the health of its moment.
    if (this.#publisher.generation === 0) return
    this.#judgeRegions(transition.at)
    void this.#publish(this.director.applyHealth(this.checker.health()), `${target} ${to}`)
    void this.#keeper?.save()
  }

  #onDoubt(now: DoubtNews, before: DoubtNews['state']): void {
    const told = describeTurn(now, before)
    if (told) this.#tell(told.level, told.text, { doubt: now.state, ...now.sight })
    if (now.state === 'frozen') this.#showing?.exporter.countFreeze()
  }

  /** TTLs follow health: no answer changes but those, and only of services that the targets answer for. */
  #onUndecided(): void {
    void this.#publish(this.director.applyHealth(this.checker.health()), 'balancers that may turn')
  }

  /** Addresses of targets before they are answered, as far as they come in time; the others answer SERVFAIL. */
  async #resolve(targets: ReadonlySet<string>, { aliases, startup }: Config): Promise<void> {
    this.#aliases.configure({ ask: askerOf(aliases), maxStaleMs: aliases.maxStaleMs })
    this.#aliases.include(targets)
    const missing = await this.#aliases.firstRound(startup.deadlineMs)
    if (missing > 0) this.#tell('warn', `${missing} host names (ALIAS targets, balancers) are not yet resolved`)
  }

  /** Other addresses are other targets of probes, and make another plan. */
  #onAliases(): void {
    if (!this.#isProbing) return
    const { regions, doubt } = this.#config
    const { targets, isChanged } = this.#targets.look(regions.values())
    if (isChanged) this.checker.update(targets, doubt)
    if (this.#ready) this.#judgeRegions(systemClock.wall())
    void this.#publish(this.director.applyAliases(this.checker.health()), 'addresses of host names')
  }

  #judgeRegions(at: number): void {
    for (const turn of this.#board.judge(this.checker.health(), at)) {
      this.#tell(turn.to === 'up' ? 'info' : 'warn', `region ${turn.region} ${turn.to}: ${turn.reason}`, { ...turn })
    }
  }

  /** Behind what answers: ten thousand files take the disk a while. */
  async #keepCopies(prepared: Prepared): Promise<void> {
    this.#logFaults(await this.director.keepCopies(prepared))
  }

  async #commitPrepared(prepared: Prepared): Promise<void> {
    await this.director.commit(prepared, this.checker.health())
    this.#publishedAt = systemClock.now()
    this.#aliases.retain(namesToResolve(prepared, this.#config))
  }

  /** The configuration with the round-trip times that regions reported over those of its file. */
  #withReported(config: Config): Config {
    const roundTrips = config.roundTripReports && this.#roundTrips.merge(config.roundTrips)
    return { ...config, ...(roundTrips && { roundTrips }) }
  }

  /** In turn with reloads. False, and everything stays, when no client maps come of them. */
  #applyRoundTrips(): Promise<boolean> {
    const applied = this.#reloading.then(async () => {
      if (!this.#ready) return true
      const prepared = await this.director.prepareRoundTrips(this.#withReported(this.#config).roundTrips ?? new Map())
      this.#logFaults(prepared.faults)
      if (prepared.refused) return false
      await this.#commitPrepared(prepared)
      this.#tell('info', `round-trip times of regions applied as snapshot ${this.#publisher.generation}`)
      return true
    })
    const settled = applied.catch((error: unknown) => {
      this.#tell('warn', `round-trip times could not be applied: ${String(error)}`)
      return false
    })
    this.#reloading = settled
    return settled
  }

  async #publish(publication: Promise<boolean>, cause: string): Promise<void> {
    if (!(await publication)) return
    this.#publishedAt = systemClock.now()
    this.#log.info({ snapshot: this.#publisher.generation, cause }, 'plan published')
  }

  async #reload(): Promise<ReloadStatus> {
    const { configFile } = this.#options
    const loaded = await loadConfigApart(configFile).catch((error: unknown) => buildFault(configFile, error))
    if ('severity' in loaded) return this.#endReload(false, [loaded], [])
    const { config, faults, text } = loaded
    if (!config) return this.#endReload(false, faults, [])
    const wanted = withState(config, this.#options.state)
    const next = { ...wanted, ...Object.fromEntries(FIXED_UNTIL_RESTART.map((key) => [key, this.#config[key]])) }
    const prepared = await this.director
      .prepare(this.#withReported(next))
      .catch((error: unknown) => buildFault(next.file, error))
    if ('severity' in prepared) return this.#endReload(false, [...faults, prepared], [])
    const all = [...faults, ...prepared.faults]
    if (prepared.refused || !this.#ready) return this.#endReload(false, all, [])
    await this.#resolve(namesToResolve(prepared, next), next)
    const changes = diffConfig(this.#config, next)
    this.#config = next
    this.checker.update(this.#targets.look(next.regions.values()).targets, next.doubt)
    this.#reports.configure(next.regions)
    this.#roundTrips.configure(next)
    this.server.sample(next.querySample)
    this.#board.configure(next.regions)
    this.#board.judge(this.checker.health(), systemClock.wall())
    await this.#commitPrepared(prepared)
    void this.#keepCopies(prepared)
    this.#keepConfig(text)
    const waiting = FIXED_UNTIL_RESTART.filter((key) => JSON.stringify(wanted[key]) !== JSON.stringify(next[key]))
    if (waiting.length > 0) this.#tell('warn', `changed ${waiting.join(', ')}: takes effect at the next restart`)
    return this.#endReload(true, all, changes)
  }

  #endReload(ok: boolean, faults: readonly Fault[], changes: readonly string[]): ReloadStatus {
    this.#logFaults(faults)
    const errors = faults.filter(isError).length
    const withFaults = errors === 0 ? '' : `; ${errors} faults in zones, which keep their last good versions`
    if (ok) this.#tell('info', `reloaded as snapshot ${this.#publisher.generation}${withFaults}`, { changes })
    else this.#tell('error', `reload refused: ${errors} faults; snapshot ${this.#publisher.generation} keeps serving`)
    this.#showing?.exporter.countReload(ok)
    this.#lastReload = { at: new Date(systemClock.wall()).toISOString(), ok, faults }
    return this.#lastReload
  }

  #logFaults(faults: readonly Fault[]): void {
    for (const fault of faults) this.#log[isError(fault) ? 'error' : 'warn']({ fault }, formatFault(fault))
  }

  #tell(level: 'info' | 'warn' | 'error', text: string, facts: object = {}): void {
    this.#log[level](facts, text)
    this.#events.add(text)
  }

  #announce(): void {
    const { describe, attribution } = this.director.geo
    if (describe !== undefined) this.#log.info({ geo: describe, attribution }, `geo data: ${describe}`)
    this.#log.info(this.server.describe())
    const listen = this.server.endpoints.map(formatEndpoint)
    this.#tell('info', `serving on ${listen.join(', ')}`, {
      listen,
      admin: this.#adminPort || undefined,
      snapshot: this.#publisher.generation,
      startedInMs: Math.round(systemClock.now() - this.#startedAt),
    })
  }

  /** The configuration that serves, for whoever has to find out what it was. */
  #keepConfig(text: string): void {
    try {
      mkdirSync(this.#config.state, { recursive: true })
      writeFileSync(join(this.#config.state, 'config.last-good.yaml'), text)
    } catch (error) {
      this.#tell('warn', `the last good configuration could not be kept: ${(error as Error).message}`)
    }
  }

  #createAliases(): AliasResolver {
    const { aliases } = this.#config
    return new AliasResolver({
      clock: systemClock,
      ask: askerOf(aliases),
      maxStaleMs: aliases.maxStaleMs,
      onChange: () => this.#onAliases(),
      onTrouble: (what) => this.#tell('warn', what),
    })
  }

  #createKeeper(): HealthKeeper {
    return new HealthKeeper({
      folder: this.#config.state,
      health: () => this.checker.health(),
      clock: systemClock,
      onTrouble: (what) => this.#tell('warn', what),
    })
  }

  #createServer(): Server {
    const { listen, workers, sockets, tcp, queryLog, querySample } = this.#config
    return new Server({
      endpoints: listen,
      workers,
      ...(sockets && { sockets }),
      publication: this.#publisher,
      tcp,
      queryLog: { ...queryLog, sample: querySample },
      testHooks: this.#options.testHooks ?? false,
      events: {
        onLost: ({ slot, cause }) => this.#tell('error', `worker ${slot} lost: ${cause}`),
        onReplaced: ({ slot, gapMs }) => this.#tell('warn', `worker ${slot} replaced after ${Math.round(gapMs)} ms`),
        onTrouble: (slot, text) => this.#tell('error', `worker ${slot}: ${text}`),
      },
    })
  }

  #createAgent(listen: Endpoint): Agent {
    return new Agent({
      listen,
      wordOf: (question) => agentWord(this.#config.regions, question),
      onUnknown: (line) => this.#tell('warn', `a balancer asks for "${line}", which is no server of a region here`),
      onError: (error) => this.#log.error({ err: error }, 'the agent-check failed to answer'),
    })
  }

  /** One line on why it cannot listen. */
  async #startAgent(): Promise<string | undefined> {
    const code = await this.#agent?.start()
    return code === undefined
      ? undefined
      : `agent ${formatListenFault(listenFault(code, this.#config.agent!.listen, 'tcp'))}`
  }

  async #createShowing(listen: Endpoint): Promise<Showing> {
    const { createShowing } = await import('./showing.ts')
    return createShowing(
      {
        listen,
        status: () => this.status(),
        explain: (query) => this.explain(query),
        queries: (filter) => this.queries(filter),
        roundTrips: {
          list: () => this.#roundTrips.list(),
          take: (report, how) => this.#roundTrips.take(report, how),
        },
        now: systemClock.wall,
        ready: () => ({ ready: this.#ready, reasons: this.#ready ? [] : ['starting or stopping'] }),
        report: (region, text) => this.#reports.take(region, text),
        onError: (error) => this.#log.error({ err: error }, 'the admin API failed to answer'),
      },
      {
        version: this.#options.version,
        counters: () => this.server.counters,
        facts: () => this.status(),
        droppedLogLines: this.#droppedLogLines,
      },
    )
  }
}

/** A build that broke down (memory, threads) refuses the reload, and what answers goes on. */
function buildFault(file: string, error: unknown): Fault {
  return { code: 'build-failed', severity: 'error', place: { file }, message: `could not be built: ${String(error)}` }
}

function askerOf({ resolvers }: Config['aliases']): AskAddresses {
  return createAsker(resolvers.map(formatEndpoint))
}

/** Targets of ALIAS records, and balancers that are host names. */
function namesToResolve({ zones }: Prepared, { regions }: Config): ReadonlySet<string> {
  return new Set([...aliasTargets(zones.bindings), ...hostNames(regions.values())])
}
