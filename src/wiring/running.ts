// A running director, wired: health events become plans, changes become snapshots, and everybody who listens is told.
// Nothing is decided here; this says who hands what to whom, and in which order things start and stop.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EventStatus, ReloadStatus, Status } from '../admin/status.ts'
import type { QueryFilter, QueryList } from '../admin/queries.ts'
import { Agent } from '../agent/agent.ts'
import type { ExplainQuery } from '../admin/routes.ts'
import { systemClock } from '../base/clock.ts'
import { giveBackFreedMemory, trimFreedMemory } from '../base/freed-memory.ts'
import { formatFault, isError, type Fault } from '../base/fault.ts'
import { settleHeap } from '../base/settled-heap.ts'
import type { Log, Logger } from '../base/log.ts'
import type { Config, Endpoint } from '../config/config.ts'
import { diffConfig } from '../config/diff.ts'
import type { ConfigLoad } from '../config/load.ts'
import { loadConfigApart } from '../config/load-apart.ts'
import { AliasResolver, type AliasAnswers, type AskAddresses } from '../director/aliases.ts'
import { hostNames } from '../director/answerers.ts'
import { aliasTargets } from '../director/alias-rows.ts'
import { createAsker } from '../director/ask-addresses.ts'
import { Director, type DirectorConfig, type Prepared } from '../director/director.ts'
import { PlaceBook } from '../director/place-book.ts'
import { filesOf } from '../geo/geo.ts'
import { FileWatch } from '../geo/stamp.ts'
import { Checker } from '../health/checker.ts'
import type { DoubtNews } from '../health/doubter.ts'
import { regionOf, type Transition } from '../health/health.ts'
import { HealthKeeper } from '../health/keeper.ts'
import { readSavedHealth } from '../health/saved.ts'
import type { MetricsFacts } from '../metrics/exporter.ts'
import type { HandedSocket } from '../server/handed-over.ts'
import type { Ending } from '../server/lifeline.ts'
import { formatEndpoint, formatListenFault, listenFault } from '../server/listen-fault.ts'
import { readReceiveDrops } from '../server/receive-drops.ts'
import { lanesFor, PICK_PLACES, Server, TALLY_PLACES } from '../server/server.ts'
import type { ServiceManager } from '../server/service-manager.ts'
import type { Challenge } from '../zone/challenges.ts'
import { Publisher } from '../snapshot/publication.ts'
import { agentWord } from './agent-words.ts'
import { describeTurn } from './doubting.ts'
import { EventBook } from './event-book.ts'
import type { Explained } from './explaining.ts'
import { listQueries } from './query-list.ts'
import type { Operations } from './operations.ts'
import { RegionBoard } from './region-board.ts'
import { ReportDesk } from './report-desk.ts'
import { RoundTripDesk } from './round-trip-desk.ts'
import type { Showing } from './showing.ts'
import { describeRunning } from './status.ts'
import { Succession } from './succession.ts'
import { TargetBook } from './targets.ts'

/** Settings that a reload cannot change: sockets and threads are made at the start. */
const FIXED_UNTIL_RESTART = [
  'listen',
  'workers',
  'sockets',
  'admin',
  'agent',
  'tcp',
  'rateLimitBuckets',
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
  /** Sockets that another process opened for us. */
  readonly handed?: readonly HandedSocket[]
  /** Takes the sockets of the director that runs on the same state folder, which then ends. */
  readonly takeOver?: boolean
  /** Lets the next one do the same. */
  readonly handOver?: boolean
  /** Hears of readiness, reloads and the end. */
  readonly manager?: ServiceManager
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
  readonly succession: Succession
  readonly #options: RunningOptions
  readonly #log: Logger
  readonly #aliases: AliasResolver
  readonly #events = new EventBook(systemClock)
  readonly #board: RegionBoard
  readonly #targets: TargetBook
  readonly #reports: ReportDesk
  readonly #roundTrips: RoundTripDesk
  #operations: Operations | undefined
  readonly #publisher: Publisher
  readonly #startedAt = systemClock.now()
  readonly #droppedLogLines: () => number
  #showing: Showing | undefined
  #agent: Agent | undefined
  #adminPort = 0
  #config: Config
  #publishedAt = systemClock.now()
  #isProbing = false
  #ready = false
  #started = false
  #copying: Promise<void> = Promise.resolve()
  #lastReload: ReloadStatus | undefined
  /** Of the files as they were read last. */
  #faults: readonly Fault[] = []
  #reloading: Promise<unknown> = Promise.resolve()
  #keeper: HealthKeeper | undefined
  readonly #geoWatch = new FileWatch(() => this.#onGeoFiles())

  constructor(options: RunningOptions, config: Config) {
    this.#options = options
    this.#config = config
    const { logger, dropped } = options.log(config)
    this.#log = logger
    this.#droppedLogLines = dropped
    this.#publisher = new Publisher(lanesFor(config.workers))
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
    this.succession = new Succession({
      state: config.state,
      descriptors: () => this.server.descriptors(),
      release: () => this.#release(),
      resume: () => this.#resume(),
      tell: (level, text) => this.#tell(level, text),
    })
  }

  /** Undefined when it answers. */
  async start(configText: string, warnings: readonly Fault[]): Promise<Refusal | undefined> {
    const config = this.#config
    this.#logFaults(warnings)
    const kept = await giveBackFreedMemory()
    if (kept !== undefined) this.#log.debug(`freed memory stays with the process: ${kept}`)
    // First of all: what the one before wrote to the state folder until now is read below, and it writes nothing more.
    const handed = await this.#comeBySockets()
    if ('problem' in handed) return handed
    this.#operations = await this.#createOperations(config)
    this.#logFaults((await this.#operations?.start()) ?? [])
    await this.#createShowings()
    this.server.prepare()
    const [prepared] = await Promise.all([this.director.prepare(this.#withChallenges(config)), this.#firstRound()])
    if (prepared.refused) return { faults: prepared.faults }
    this.#logFaults(prepared.faults)
    this.#faults = [...warnings, ...prepared.faults]
    await this.#resolve(aliasTargets(prepared.zones.bindings), config)
    this.#board.configure(config.regions)
    this.#board.judge(this.checker.health(), systemClock.wall())
    await this.#commitPrepared(prepared)
    const tokenNeeded = config.admin && this.#operations?.listenProblem(config.admin.listen.host)
    if (tokenNeeded !== undefined) return { problem: tokenNeeded }
    const taken = await this.server.start(handed)
    if (taken.length > 0) return { problem: taken.map(formatListenFault).join('; ') }
    const fault = await this.#startShowing()
    if (fault !== undefined) return { problem: fault }
    this.#keepConfig(configText)
    this.#keeper = this.#createKeeper()
    this.#reports.configure(config.regions)
    this.#ready = true
    this.#started = true
    this.succession.confirm()
    this.#watchGeo()
    this.#announce()
    this.#copying = this.#keepCopies(prepared).then(settleHeap)
    if (this.#options.handOver) await this.succession.openDoor()
    return undefined
  }

  /** Takes what the files say now, whole or not at all. Reloads run one after the other. */
  reload(overrule?: string): Promise<ReloadStatus> {
    const { manager } = this.#options
    return this.#afterReloads(() => {
      manager?.reloading()
      return this.#reload(overrule).finally(() => manager?.ready(`serving snapshot ${this.#publisher.generation}`))
    })
  }

  #afterReloads<T>(change: () => Promise<T>): Promise<T> {
    const changed = this.#reloading.then(change)
    this.#reloading = changed.catch(() => undefined)
    return changed
  }

  /** Saves health for the next start and stops everything; answering last, so that a restart leaves the least gap. */
  async stop(ending: Ending = 'soon'): Promise<void> {
    this.#ready = false
    this.succession.close()
    if (this.#started) this.#options.manager?.stopping()
    this.#geoWatch.stop()
    this.#reports.stop()
    this.#roundTrips.stop()
    this.#operations?.stop()
    await this.#reloading
    await Promise.all([this.#stopShowing(), this.checker.stop(), this.#keeper?.stop()])
    this.#aliases.stop()
    await this.director.stop()
    await this.server.stop(ending)
    this.#publisher.close()
    if (this.#started) this.#tell('info', 'stopped')
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
      aliases: this.#aliases.report(),
      events: this.#events.latest,
      ...(admin && { admin: { host: admin.host, port: this.#adminPort } }),
      ...(this.#lastReload && { lastReload: this.#lastReload }),
    })
  }

  /** Whether somebody answers: a process of which nobody does is better started anew. */
  isAnswering(): boolean {
    return this.server.workers().some(({ transport, state }) => transport === 'udp' && state === 'serving')
  }

  #facts(): MetricsFacts {
    const receiveDrops = readReceiveDrops(this.server.endpoints)
    return { ...this.status(), faults: this.#faults, ...(receiveDrops !== undefined && { receiveDrops }) }
  }

  /** With a responder of its own, which is loaded when it is first asked for. */
  async explain(query: ExplainQuery): Promise<Explained> {
    const { explainQuery } = await import('./explaining.ts')
    return await explainQuery(this.director, query)
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
    this.#operations?.healthChanged()
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
      this.#operations?.regionTurned(turn.region, turn.to)
      this.#tell(turn.to === 'up' ? 'info' : 'warn', `region ${turn.region} ${turn.to}: ${turn.reason}`, { ...turn })
    }
  }

  /** Behind what answers: ten thousand files take the disk a while. */
  async #keepCopies(prepared: Prepared): Promise<void> {
    this.#logFaults(await this.director.keepCopies(prepared))
    trimFreedMemory()
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

  #withChallenges(config: Config): DirectorConfig {
    return { ...config, challenges: this.#operations?.challenges.all ?? [] }
  }

  /** In turn with reloads. Zone files are read anew, as they are. Rejects when they cannot be. */
  #applyChallenges(challenges: readonly Challenge[]): Promise<readonly string[]> {
    const applied = this.#reloading.then(async () => {
      const prepared = await this.director.prepareChallenges(challenges)
      this.#logFaults(prepared.faults)
      if (prepared.refused) throw new Error('the zones cannot be read as they are now')
      await this.#commitPrepared(prepared)
      return prepared.zones.unserved
    })
    this.#reloading = applied.catch(() => undefined)
    return applied
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

  /** `level`: ramps publish every second. */
  async #publish(publication: Promise<boolean>, cause: string, level: 'info' | 'debug' = 'info'): Promise<void> {
    if (!(await publication)) return
    this.#publishedAt = systemClock.now()
    this.#log[level]({ snapshot: this.#publisher.generation, cause }, 'plan published')
  }

  async #reload(overrule: string | undefined): Promise<ReloadStatus> {
    const { configFile } = this.#options
    const loaded = await loadConfigApart(configFile).catch((error: unknown) => buildFault(configFile, error))
    if ('severity' in loaded) return this.#endReload(false, [loaded], [])
    const { config, faults, text } = loaded
    if (!config) return this.#endReload(false, faults, [])
    const wanted = withState(config, this.#options.state)
    const next = { ...wanted, ...Object.fromEntries(FIXED_UNTIL_RESTART.map((key) => [key, this.#config[key]])) }
    const prepared = await this.director
      .prepare(this.#withChallenges(this.#withReported(next)))
      .catch((error: unknown) => buildFault(next.file, error))
    if ('severity' in prepared) return this.#endReload(false, [...faults, prepared], [])
    const all = [...faults, ...prepared.faults]
    if (prepared.refused || !this.#ready) return this.#endReload(false, all, [])
    // Regions whose host names nobody asked for yet would be judged as down.
    this.#aliases.include(namesToResolve(prepared, next))
    await this.#aliases.firstRound(next.startup.deadlineMs)
    const unsafe = await this.#operations?.judgeReload(prepared, next.file, overrule)
    if (unsafe && unsafe.length > 0) return this.#endReload(false, [...all, ...unsafe], [])
    await this.#resolve(namesToResolve(prepared, next), next)
    const changes = diffConfig(this.#config, next)
    this.#config = next
    this.checker.update(this.#targets.look(next.regions.values()).targets, next.doubt)
    this.#reports.configure(next.regions)
    this.#roundTrips.configure(next)
    this.server.sample(next.querySample)
    this.#operations?.desk.turn()
    this.#board.configure(next.regions)
    this.#board.judge(this.checker.health(), systemClock.wall())
    await this.#commitPrepared(prepared)
    this.#watchGeo()
    this.#copying = this.#keepCopies(prepared)
    this.#keepConfig(text)
    const waiting = FIXED_UNTIL_RESTART.filter((key) => JSON.stringify(wanted[key]) !== JSON.stringify(next[key]))
    if (waiting.length > 0) this.#tell('warn', `changed ${waiting.join(', ')}: takes effect at the next restart`)
    return this.#endReload(true, all, changes)
  }

  #watchGeo(): void {
    const { geo } = this.#config
    this.#geoWatch.watch(geo ? filesOf(geo) : [], this.director.geo.stamp)
  }

  #onGeoFiles(): void {
    this.#afterReloads(() => this.#refreshGeo()).catch((error: unknown) => {
      this.#tell('error', `new geo data was not taken: ${String(error)}`)
    })
  }

  /** What is wrong with the files changes nothing but a metric. */
  async #refreshGeo(): Promise<void> {
    const prepared = this.#ready ? await this.director.prepareGeo() : undefined
    if (!prepared) return
    this.#logFaults(prepared.faults)
    await this.#commitPrepared(prepared)
    const { describe, isStale } = this.director.geo
    if (isStale) this.#tell('error', `new geo data has faults: ${describe} goes on`)
    else this.#tell('info', `geo data: ${describe}`, { snapshot: this.#publisher.generation })
  }

  #endReload(ok: boolean, faults: readonly Fault[], changes: readonly string[]): ReloadStatus {
    this.#logFaults(faults)
    this.#faults = faults
    const errors = faults.filter(isError).length
    const withFaults =
      errors === 0 ? '' : `; ${errors} faults in zones or geo data, which keep their last good versions`
    if (ok) this.#tell('info', `reloaded as snapshot ${this.#publisher.generation}${withFaults}`, { changes })
    else this.#tell('error', `reload refused: ${errors} faults; snapshot ${this.#publisher.generation} keeps serving`)
    this.#showing?.exporter.countReload(ok)
    this.#lastReload = { at: new Date(systemClock.wall()).toISOString(), ok, faults, ...(ok && { changes }) }
    return this.#lastReload
  }

  #logFaults(faults: readonly Fault[]): void {
    for (const fault of faults) this.#log[isError(fault) ? 'error' : 'warn']({ fault }, formatFault(fault))
  }

  #tell(level: 'info' | 'warn' | 'error', text: string, facts: object = {}): void {
    this.#log[level](facts, text)
    this.#events.add(text)
  }

  /** What systemd handed over, and what the director has that runs and will end. */
  async #comeBySockets(): Promise<readonly HandedSocket[] | { readonly problem: string }> {
    const { handed = [], takeOver } = this.#options
    if (!takeOver) return handed
    const taken = await this.succession.takeOver(this.#config.listen)
    return 'problem' in taken ? taken : [...handed, ...taken]
  }

  /** Answers go on; the state folder and the port of the HTTP API are free for who takes over. */
  async #release(): Promise<void> {
    this.#ready = false
    this.succession.closeDoor()
    await this.#reloading
    this.#operations?.stop()
    await Promise.all([this.#stopShowing(), this.#keeper?.stop(), this.#copying])
    this.#keeper = undefined
  }

  /** Nobody took over after all. */
  async #resume(): Promise<void> {
    this.#logFaults((await this.#operations?.start()) ?? [])
    await this.#createShowings()
    const fault = await this.#startShowing()
    if (fault !== undefined) this.#tell('error', fault)
    this.#keeper = this.#createKeeper()
    this.#ready = true
    await this.succession.openDoor()
  }

  /** What others ask beside DNS: the HTTP API and the agent-check. */
  async #createShowings(): Promise<void> {
    const { admin, agent } = this.#config
    this.#showing = admin && (await this.#createShowing(admin))
    this.#agent = agent && this.#createAgent(agent.listen)
  }

  /** One line on why they cannot listen. */
  async #startShowing(): Promise<string | undefined> {
    const admin = await this.#showing?.admin.start()
    if (admin && 'fault' in admin) return admin.fault
    this.#adminPort = admin?.port ?? 0
    return this.#startAgent()
  }

  async #stopShowing(): Promise<void> {
    await Promise.all([this.#showing?.admin.stop(), this.#agent?.stop()])
  }

  #announce(): void {
    const { describe, attribution } = this.director.geo
    if (describe !== undefined) this.#log.info({ geo: describe, attribution }, `geo data: ${describe}`)
    this.#log.info(this.server.describe())
    const listen = this.server.endpoints.map(formatEndpoint)
    this.#options.manager?.ready(`serving on ${listen.join(', ')}`)
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
    const { listen, workers, sockets, tcp, rateLimitBuckets, queryLog, querySample } = this.#config
    return new Server({
      endpoints: listen,
      workers,
      ...(sockets && { sockets }),
      publication: this.#publisher,
      ...{ tcp, rateLimitBuckets },
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
      wordOf: (question) => agentWord(this.#config.regions, question, this.director.words.balancers),
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

  /** Without an API nobody says anything new, but what was said before is in force. */
  async #createOperations({ admin, state }: Config): Promise<Operations | undefined> {
    if (!admin && !existsSync(join(state, 'overrides.json'))) return undefined
    const { Operations } = await import('./operations.ts')
    return new Operations({
      version: this.#options.version,
      config: () => this.#config,
      director: this.director,
      events: this.#events,
      server: () => this.server,
      health: () => this.checker.health(),
      reload: (overrule) => this.reload(overrule),
      applyChallenges: (challenges) => this.#applyChallenges(challenges),
      reported: () => this.#reports.reported(),
      apply: (words) => void this.#publish(this.director.applyWords(words), 'overrides', 'debug'),
      tell: (level, text, facts) => this.#tell(level, text, facts),
    })
  }

  async #createShowing(settings: NonNullable<Config['admin']>): Promise<Showing> {
    const { createShowing } = await import('./showing.ts')
    return createShowing(
      {
        ...settings,
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
        ...(this.#operations && { access: this.#operations.access, operating: this.#operations.operating }),
      },
      {
        version: this.#options.version,
        counters: () => this.server.counters,
        facts: () => this.#facts(),
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
