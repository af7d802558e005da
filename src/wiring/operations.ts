// What operators do to a running director, wired: overrides, kept and in force; tokens; the audit log; reloads. Running
// hands in the parts that this works with.
import type { AccessOptions } from '../admin/access.ts'
import type { Caller, Outcome } from '../admin/api.ts'
import { AuditLog } from '../admin/audit.ts'
import type { Operating } from '../admin/operating.ts'
import type { ReloadRequest, ReloadView } from '../admin/reload.ts'
import type { ReloadStatus } from '../admin/status.ts'
import { TokenBook } from '../admin/tokens.ts'
import { isLoopback } from '../base/address.ts'
import { systemClock } from '../base/clock.ts'
import type { Fault } from '../base/fault.ts'
import { Turns } from '../base/turns.ts'
import type { Config } from '../config/config.ts'
import type { Director } from '../director/director.ts'
import type { Prepared } from '../director/preparation.ts'
import { OverrideBook } from '../director/overrides/override-book.ts'
import type { Override } from '../director/overrides/override.ts'
import type { Words } from '../director/overrides/words.ts'
import { MovementBook, type Moves } from '../director/movement-book.ts'
import { suspend, type Breach } from '../director/safety.ts'
import type { HealthById } from '../director/survey.ts'
import type { Reported } from '../health/report/judge.ts'
import type { Server } from '../server/server.ts'
import type { Challenge } from '../zone/challenges.ts'
import type { EventBook } from './event-book.ts'
import { ChallengeDesk } from './challenge-desk.ts'
import { OverrideDesk } from './override-desk.ts'
import { RecoveryDesk } from './recovery-desk.ts'
import { WhatIf } from './what-if.ts'
import { viewOverride } from './override-view.ts'
import { OverrideWrites } from './override-writes.ts'

export interface OperationsParts {
  readonly version: string
  readonly config: () => Config
  readonly director: Director
  readonly events: EventBook
  readonly server: () => Server
  readonly health: () => HealthById
  readonly reported: () => ReadonlyMap<string, Reported>
  readonly apply: (words: Words) => void
  /** Serves these challenges and no others, and names those that no zone can take. */
  readonly applyChallenges: (challenges: readonly Challenge[]) => Promise<readonly string[]>
  readonly reload: (overrule?: string) => Promise<ReloadStatus>
  readonly tell: (level: 'info' | 'warn' | 'error', text: string, facts?: object) => void
}

/** Of one address; the command line's `watch` and `--wait` ask once a second. */
const REQUESTS_PER_SECOND = 50

export class Operations {
  readonly book: OverrideBook
  readonly desk: OverrideDesk
  readonly tokens: TokenBook
  readonly challenges: ChallengeDesk
  readonly access: AccessOptions
  readonly operating: Operating
  readonly #parts: OperationsParts
  readonly #audit: AuditLog
  readonly recoveries: RecoveryDesk
  readonly #movements: MovementBook
  /** Of what is judged by how many users move. */
  readonly #turns = new Turns()
  readonly #whatIf: WhatIf

  constructor(parts: OperationsParts) {
    const { version, config, events, reported, apply, tell } = parts
    this.#parts = parts
    const { admin, state } = config()
    this.#audit = new AuditLog({ folder: state, onTrouble: (what) => tell('error', what) })
    this.tokens = new TokenBook(state)
    const hosts = admin ? [admin.listen.host, ...admin.hosts] : []
    this.access = { clock: systemClock, tokens: this.tokens, requestsPerSecond: REQUESTS_PER_SECOND, hosts }
    this.book = new OverrideBook(state)
    this.#movements = new MovementBook(state)
    this.recoveries = new RecoveryDesk({
      ...{ clock: systemClock, config, movements: this.#movements, turns: this.#turns, tell },
      movedBy: (region) => this.#whatIf.movedBy(region),
      turn: () => this.desk.turn(),
    })
    this.#whatIf = new WhatIf({
      ...{ config, director: parts.director, server: parts.server, health: parts.health, reported },
      overrides: () => this.book.all.filter(({ id }) => !this.desk.suspended.has(id)),
      recovering: () => this.recoveries.ramps.partsAt(systemClock.wall()),
      movements: this.#movements,
      now: () => systemClock.wall(),
    })
    this.desk = new OverrideDesk({
      ...{ clock: systemClock, book: this.book, apply, tell, recovery: this.recoveries.ramps },
      suspend: (overrides) => this.#suspend(overrides),
      leadMs: () => greatestTtlMs(config()),
      loadOf: (region) => loadOf(reported().get(region)),
    })
    this.challenges = new ChallengeDesk({
      ...{ folder: state, clock: systemClock, audit: this.#audit, apply: parts.applyChallenges, tell },
      origins: () => parts.director.zones.map(({ origin }) => origin),
    })
    this.operating = {
      challenges: this.challenges,
      version,
      overrides: this.#createWrites(),
      events: { since: (id) => events.since(id), next: (signal) => events.next(signal) },
      plan: { plan: (request) => this.#whatIf.plan(request) },
      reload: { reload: (request, by) => this.#reload(request, by) },
      audit: { latest: (limit) => this.#audit.latest(limit) },
    }
  }

  /** Before the first plan. */
  async start(): Promise<readonly Fault[]> {
    const faults = await this.#movements.read()
    this.recoveries.resume()
    const others = [...(await this.desk.start()), ...(await this.challenges.start()), ...(await this.tokens.refresh())]
    return [...faults, ...others]
  }

  /** Why the API must not listen there; undefined: it may. */
  listenProblem(host: string): string | undefined {
    if (isLoopback(host) || !this.tokens.isOpen) return undefined
    const hint = 'make one with "meridian tokens create NAME --role admin --config FILE", or listen on 127.0.0.1'
    return `admin must not listen on ${host}, which others can reach, while there are no tokens: ${hint}`
  }

  /**
   * Why a reload would hurt users, by what it declares; none where somebody overruled the rules. Where it may go on, the users
   * that it moves count.
   */
  judgeReload(prepared: Prepared, file: string, overrule: string | undefined): Promise<readonly Fault[]> {
    return this.#turns.take(async () => {
      const { breaches, moved } = await this.#whatIf.judgeReload(prepared)
      if (breaches.length > 0 && overrule === undefined) return breaches.map((breach) => unsafeFault(breach, file))
      const now = systemClock.wall()
      const movements = [{ parts: moved, from: now, overMs: 0 }]
      await this.#record({ by: 'reload', movements, instead: 'reload', since: now }).catch((error: unknown) => {
        this.#parts.tell('warn', `movements of users could not be kept: ${String(error)}`)
      })
      return []
    })
  }

  /** Health is other than before, or regions are: what is held back for safety may be other too. */
  healthChanged(): void {
    if (this.book.all.length > 0) this.desk.turn()
  }

  /** Where movement is limited. */
  async #record(moves: Moves): Promise<void> {
    if (this.#parts.config().safety.movement < 1) await this.#movements.record(moves, systemClock.wall())
  }

  #suspend(overrides: readonly Override[]): ReadonlySet<string> {
    const { safety } = this.#parts.config()
    const healthy = this.#whatIf.footings(overrides, new Map())
    return suspend(safety, overrides, healthy, (counting) => this.#whatIf.footings(counting))
  }

  stop(): void {
    this.desk.stop()
    this.challenges.stop()
  }

  #createWrites(): OverrideWrites {
    return new OverrideWrites({
      ...{ turns: this.#turns, clock: systemClock, book: this.book, audit: this.#audit },
      definitions: () => this.#parts.config(),
      view: (override) => this.#view(override),
      judge: (before, after) => this.#whatIf.judge(before, after),
      move: (moves) => this.#record(moves),
      turn: () => this.desk.turn(),
      tell: (level, text) => this.#parts.tell(level, text),
    })
  }

  #view(override: Override) {
    const { config, director } = this.#parts
    const leadMs = greatestTtlMs(config())
    const { suspended } = this.desk
    return viewOverride(override, {
      ...{ config: config(), director, desk: this.desk, leadMs, suspended, now: systemClock.wall() },
    })
  }

  async #reload(request: ReloadRequest, { actor }: Caller): Promise<Outcome<ReloadView>> {
    const { at, ok, faults, changes = [] } = await this.#parts.reload(request.overrule)
    const outcome = ok ? 'done' : 'refused'
    const entry = {
      at,
      who: actor.name,
      what: 'reload',
      target: 'configuration',
      why: request.reason ?? '',
      outcome,
    } as const
    await this.#audit.append({ ...entry, ...(ok ? { after: { changes } } : { rules: [...faults] }) })
    if (ok) return { value: { at, ok, changes: [...changes], faults: [...faults] } }
    const detail = 'the configuration has faults; what served before goes on'
    return { problem: { status: 422, code: 'configuration-refused', detail, faults } }
  }
}

function unsafeFault({ rule, detail }: Breach, file: string): Fault {
  return {
    ...{ code: `unsafe-${rule}`, severity: 'error', place: { file }, message: detail },
    hint: 'to do it all the same: meridian reload --overrule REASON',
  }
}

function greatestTtlMs({ services }: Config): number {
  return Math.max(0, ...Array.from(services.values(), ({ ttl }) => ttl * 1000))
}

function loadOf(reported: Reported | undefined): number | undefined {
  return reported?.report?.requestRate ?? reported?.report?.activeConnections
}
