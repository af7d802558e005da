// What a running director shows of itself: its status, what the metrics count, an answer explained, sampled queries. Put
// together from its parts at the moment of the question; nothing is kept.
import type { QueryFilter, QueryList } from '../admin/queries.ts'
import type { ExplainQuery } from '../admin/routes.ts'
import type { Status } from '../admin/status.ts'
import type { Clock } from '../base/clock.ts'
import type { Config } from '../config/config.ts'
import type { Director } from '../director/director.ts'
import type { MetricsFacts } from '../metrics/exporter.ts'
import { readReceiveDrops } from '../server/receive-drops.ts'
import type { Server } from '../server/server.ts'
import type { Explained } from './explaining.ts'
import type { HealthDesk } from './health-desk.ts'
import type { HostDesk } from './host-desk.ts'
import type { Journal } from './journal.ts'
import type { Operations } from './operations.ts'
import type { PlanDesk } from './plan-desk.ts'
import { listQueries } from './query-list.ts'
import type { Reloads } from './reload.ts'
import type { ReportDesk } from './report-desk.ts'
import type { Showings } from './showings.ts'
import { describeRunning } from './status.ts'

/** Read when something is asked. */
export interface ViewedParts {
  readonly config: Config
  readonly director: Director
  readonly health: HealthDesk
  readonly hosts: HostDesk
  readonly journal: Journal
  readonly operations: Operations | undefined
  readonly plans: PlanDesk
  readonly reloads: Reloads
  readonly reports: ReportDesk
  readonly server: Server
  readonly showings: Showings
}

export interface ViewsOptions {
  readonly version: string
  readonly clock: Clock
  readonly parts: ViewedParts
}

export class Views {
  readonly #version: string
  readonly #clock: Clock
  readonly #parts: ViewedParts
  readonly #startedAt: number

  constructor({ version, clock, parts }: ViewsOptions) {
    this.#version = version
    this.#clock = clock
    this.#parts = parts
    this.#startedAt = clock.now()
  }

  status(): Status {
    const { director, health, hosts, journal, operations, plans, reloads, reports, server, showings } = this.#parts
    const admin = showings.adminEndpoint
    return describeRunning({
      ...{ version: this.#version, uptimeMs: this.#clock.now() - this.#startedAt, snapshot: plans.snapshot },
      ...{ server, director, checker: health.checker, board: health.board },
      reported: reports.reported(),
      aliases: hosts.report,
      events: journal.events.latest,
      ...(operations && { overrides: operations.operating.overrides.list().overrides }),
      ...(admin && { admin }),
      ...(reloads.last && { lastReload: reloads.last }),
    })
  }

  facts(): MetricsFacts {
    const { reloads, server } = this.#parts
    const receiveDrops = readReceiveDrops(server.endpoints)
    return { ...this.status(), faults: reloads.faults, ...(receiveDrops !== undefined && { receiveDrops }) }
  }

  /** With a responder of its own, which is loaded when it is first asked for. */
  async explain(query: ExplainQuery): Promise<Explained> {
    const { explainQuery } = await import('./explaining.ts')
    return await explainQuery(this.#parts.director, query)
  }

  queries(filter: QueryFilter): QueryList {
    const { config, director, server } = this.#parts
    const tallied = (tally: number) => director.tallied(tally)
    return listQueries(server.queryLogs, config.querySample, tallied, filter)
  }
}
