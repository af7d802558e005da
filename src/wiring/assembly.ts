// The parts of a running director, and who hands what to whom. Nothing is decided or started here: running.ts says in which
// order things start and stop.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import type { Fault } from '../base/fault.ts'
import type { Log } from '../base/log.ts'
import type { Config } from '../config/config.ts'
import { Director } from '../director/director.ts'
import { PlaceBook } from '../director/place-book.ts'
import type { HandedSocket } from '../server/handed-over.ts'
import { lanesFor, PICK_PLACES, Server, TALLY_PLACES } from '../server/server.ts'
import type { ServiceManager } from '../server/service-manager.ts'
import { Publisher } from '../snapshot/publication.ts'
import { Changes } from './changes.ts'
import { EventBook } from './event-book.ts'
import { HealthDesk } from './health-desk.ts'
import { HostDesk } from './host-desk.ts'
import { Journal } from './journal.ts'
import type { Operations } from './operations.ts'
import { PlanDesk } from './plan-desk.ts'
import { Reloads } from './reload.ts'
import { ReportDesk } from './report-desk.ts'
import { RoundTripDesk } from './round-trip-desk.ts'
import { Showings, type Shown } from './showings.ts'
import { Views } from './views.ts'

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

export class Assembly {
  readonly options: RunningOptions
  readonly journal: Journal
  readonly publisher: Publisher
  readonly hosts: HostDesk
  readonly director: Director
  readonly plans: PlanDesk
  readonly health: HealthDesk
  readonly reports: ReportDesk
  readonly changes: Changes
  readonly roundTrips: RoundTripDesk
  readonly reloads: Reloads
  readonly server: Server
  readonly views: Views
  readonly showings: Showings
  /** The one that serves. */
  config: Config
  /** False while it starts or stops. */
  isReady = false
  /** Undefined before the start, and where nobody can say anything. */
  operations: Operations | undefined

  constructor(options: RunningOptions, config: Config) {
    this.options = options
    this.config = config
    this.journal = new Journal(options.log(config), new EventBook(systemClock))
    this.publisher = new Publisher(lanesFor(config.workers))
    this.hosts = this.#createHosts()
    const places = [new PlaceBook(PICK_PLACES), new PlaceBook(TALLY_PLACES)] as const
    this.director = new Director(this.publisher, ...places, this.hosts.answers)
    this.plans = this.#createPlans()
    this.health = this.#createHealth()
    this.reports = this.#createReports()
    this.changes = this.#createChanges()
    this.roundTrips = this.#createRoundTrips()
    this.reloads = this.#createReloads()
    this.server = this.#createServer()
    this.views = new Views({ parts: this, version: options.version, clock: systemClock })
    this.showings = this.#createShowings()
  }

  /**
   * What operators said and may say; the faults of what was kept of it. Without an API nobody says anything new, but what was
   * said before is in force, and safety rules hold.
   */
  async startOperations(): Promise<readonly Fault[]> {
    const { admin, services, state } = this.config
    if (!admin && services.size === 0 && !existsSync(join(state, 'overrides.json'))) return []
    this.operations = await this.#createOperations()
    return await this.operations.start()
  }

  async #createOperations(): Promise<Operations> {
    const { Operations } = await import('./operations.ts')
    return new Operations({
      version: this.options.version,
      config: () => this.config,
      director: this.director,
      events: this.journal.events,
      server: () => this.server,
      health: () => this.health.checker.health(),
      reload: (overrule) => this.reloads.reload(overrule),
      applyChallenges: (challenges) => this.changes.applyChallenges(challenges),
      reported: () => this.reports.reported(),
      apply: (words) => void this.plans.publish(this.director.applyWords(words), 'overrides', 'debug'),
      tell: this.journal.tell,
    })
  }

  /** Everybody takes a new configuration, just before its plan. */
  #adopt(next: Config): void {
    this.config = next
    this.health.configure(next)
    this.reports.configure(next.regions)
    this.roundTrips.configure(next)
    this.server.sample(next.querySample)
    this.operations?.desk.turn()
  }

  #createHosts(): HostDesk {
    return new HostDesk({
      clock: systemClock,
      aliases: this.config.aliases,
      onChange: () => this.health.addressesChanged(this.isReady),
      tell: this.journal.tell,
    })
  }

  #createPlans(): PlanDesk {
    return new PlanDesk({
      ...{ clock: systemClock, director: this.director, publisher: this.publisher, journal: this.journal },
      health: () => this.health.checker.health(),
    })
  }

  #createHealth(): HealthDesk {
    return new HealthDesk({
      ...{
        clock: systemClock,
        director: this.director,
        plans: this.plans,
        hosts: this.hosts,
        journal: this.journal,
      },
      config: () => this.config,
      operations: () => this.operations,
      exporter: () => this.showings.exporter,
    })
  }

  #createReports(): ReportDesk {
    const { director } = this
    return new ReportDesk({
      clock: systemClock,
      apply: (reported, measures) =>
        void this.plans.publish(director.applyReports(reported, measures), 'reports of regions'),
      tell: this.journal.tell,
      holds: () => this.health.checker.doubt().state === 'frozen',
      takeTimes: (region, times) => this.roundTrips.add({ region, times }),
    })
  }

  #createRoundTrips(): RoundTripDesk {
    const apply = () => this.changes.applyRoundTrips()
    return new RoundTripDesk({ clock: systemClock, apply, tell: this.journal.tell }, this.config)
  }

  #createChanges(): Changes {
    return new Changes({
      ...{ director: this.director, plans: this.plans, hosts: this.hosts, journal: this.journal },
      config: () => this.config,
      challenges: () => this.operations?.challenges.all ?? [],
      mergeRoundTrips: (file) => this.roundTrips.merge(file),
      isReady: () => this.isReady,
    })
  }

  #createReloads(): Reloads {
    const { configFile, state, manager } = this.options
    return new Reloads({
      ...{ clock: systemClock, configFile, state, director: this.director, plans: this.plans, hosts: this.hosts },
      ...{ changes: this.changes, journal: this.journal, ...(manager && { manager }) },
      config: () => this.config,
      isReady: () => this.isReady,
      judge: async (prepared, file, overrule) => (await this.operations?.judgeReload(prepared, file, overrule)) ?? [],
      adopt: (next) => this.#adopt(next),
      onEnd: (ok) => this.showings.exporter?.countReload(ok),
    })
  }

  #createServer(): Server {
    const { listen, workers, sockets, tcp, rateLimitBuckets, queryLog, querySample } = this.config
    const { tell } = this.journal
    return new Server({
      endpoints: listen,
      workers,
      ...(sockets && { sockets }),
      publication: this.publisher,
      ...{ tcp, rateLimitBuckets },
      queryLog: { ...queryLog, sample: querySample },
      testHooks: this.options.testHooks ?? false,
      events: {
        onLost: ({ slot, cause }) => tell('error', `worker ${slot} lost: ${cause}`),
        onReplaced: ({ slot, gapMs }) => tell('warn', `worker ${slot} replaced after ${Math.round(gapMs)} ms`),
        onTrouble: (slot, text) => tell('error', `worker ${slot}: ${text}`),
      },
    })
  }

  #createShowings(): Showings {
    return new Showings({
      ...{ director: this.director, journal: this.journal },
      config: () => this.config,
      admin: () => this.#adminSources(),
      metrics: {
        version: this.options.version,
        counters: () => this.server.counters,
        facts: () => this.views.facts(),
        droppedLogLines: this.journal.dropped,
      },
    })
  }

  #adminSources(): Shown {
    return {
      status: () => this.views.status(),
      explain: (query) => this.views.explain(query),
      queries: (filter) => this.views.queries(filter),
      roundTrips: {
        list: () => this.roundTrips.list(),
        take: (report, how) => this.roundTrips.take(report, how),
      },
      now: systemClock.wall,
      ready: () => ({ ready: this.isReady, reasons: this.isReady ? [] : ['starting or stopping'] }),
      report: (region, text) => this.reports.take(region, text),
      ...(this.operations && { access: this.operations.access, operating: this.operations.operating }),
    }
  }
}
