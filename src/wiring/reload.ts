// A reload: what the files say now, taken whole or not at all. It is prepared while the present snapshot answers, judged by
// the safety rules, and then everybody takes the new configuration just before its plan is published.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ReloadStatus } from '../admin/status.ts'
import type { Clock } from '../base/clock.ts'
import { isError, type Fault } from '../base/fault.ts'
import type { Config } from '../config/config.ts'
import { diffConfig } from '../config/diff.ts'
import type { ConfigLoad } from '../config/load.ts'
import { loadConfigApart } from '../config/load-apart.ts'
import type { Director } from '../director/director.ts'
import type { Prepared } from '../director/preparation.ts'
import type { ServiceManager } from '../server/service-manager.ts'
import type { Changes } from './changes.ts'
import { namesToResolve, type HostDesk } from './host-desk.ts'
import type { Journal } from './journal.ts'
import type { PlanDesk } from './plan-desk.ts'

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

export interface ReloadParts {
  readonly clock: Clock
  readonly configFile: string
  /** In the place of the configured state folder. */
  readonly state: string | undefined
  readonly config: () => Config
  readonly director: Director
  readonly plans: PlanDesk
  readonly hosts: HostDesk
  readonly changes: Changes
  readonly journal: Journal
  /** Hears that one is under way, and of its end. */
  readonly manager?: ServiceManager
  /** False: nothing is taken while it starts or stops. */
  readonly isReady: () => boolean
  /** Why it would hurt users, by the safety rules; none: it may go on. */
  readonly judge: (prepared: Prepared, file: string, overrule: string | undefined) => Promise<readonly Fault[]>
  /** Everybody takes the new configuration. */
  readonly adopt: (next: Config) => void
  readonly onEnd: (ok: boolean) => void
}

export class Reloads {
  readonly #parts: ReloadParts
  #last: ReloadStatus | undefined
  /** Of the files as they were read last. */
  faults: readonly Fault[] = []

  constructor(parts: ReloadParts) {
    this.#parts = parts
  }

  /** Undefined before the first. */
  get last(): ReloadStatus | undefined {
    return this.#last
  }

  /** In turn with other changes. `overrule`: why safety rules shall not hold for it. */
  reload(overrule: string | undefined): Promise<ReloadStatus> {
    const { changes, manager, plans } = this.#parts
    return changes.inTurn(() => {
      manager?.reloading()
      return this.#reload(overrule).finally(() => manager?.ready(`serving snapshot ${plans.generation}`))
    })
  }

  async #reload(overrule: string | undefined): Promise<ReloadStatus> {
    const { configFile, director, changes, config, isReady } = this.#parts
    const loaded = await loadConfigApart(configFile).catch((error: unknown) => buildFault(configFile, error))
    if ('severity' in loaded) return this.#end(false, [loaded])
    if (!loaded.config) return this.#end(false, loaded.faults)
    const wanted = withState(loaded.config, this.#parts.state)
    const next = { ...wanted, ...Object.fromEntries(FIXED_UNTIL_RESTART.map((key) => [key, config()[key]])) }
    const prepared = await director
      .prepare(changes.complete(next))
      .catch((error: unknown) => buildFault(next.file, error))
    if ('severity' in prepared) return this.#end(false, [...loaded.faults, prepared])
    const faults = [...loaded.faults, ...prepared.faults]
    if (prepared.refused || !isReady()) return this.#end(false, faults)
    const unsafe = await this.#judge(prepared, next, overrule)
    if (unsafe.length > 0) return this.#end(false, [...faults, ...unsafe])
    const different = await this.#take(prepared, next)
    this.keepConfig(loaded)
    this.#tellWaiting(wanted, next)
    return this.#end(true, faults, different)
  }

  async #judge(prepared: Prepared, next: Config, overrule: string | undefined): Promise<readonly Fault[]> {
    // Regions whose host names nobody asked for yet would be judged as down.
    await this.#parts.hosts.tryFirst(namesToResolve(prepared, next), next.startup.deadlineMs)
    return await this.#parts.judge(prepared, next.file, overrule)
  }

  /** Gives what is different. */
  async #take(prepared: Prepared, next: Config): Promise<readonly string[]> {
    const { hosts, config, adopt, changes, plans } = this.#parts
    await hosts.resolve(namesToResolve(prepared, next), next)
    const different = diffConfig(config(), next)
    adopt(next)
    await changes.commit(prepared)
    changes.watchGeo()
    plans.keepCopies(prepared)
    return different
  }

  #tellWaiting(wanted: Config, next: Config): void {
    const waiting = FIXED_UNTIL_RESTART.filter((key) => JSON.stringify(wanted[key]) !== JSON.stringify(next[key]))
    if (waiting.length === 0) return
    this.#parts.journal.tell('warn', `changed ${waiting.join(', ')}: takes effect at the next restart`)
  }

  #end(ok: boolean, faults: readonly Fault[], changes: readonly string[] = []): ReloadStatus {
    const { clock, journal, plans, onEnd } = this.#parts
    journal.faults(faults)
    this.faults = faults
    const errors = faults.filter(isError).length
    const withFaults =
      errors === 0 ? '' : `; ${errors} faults in zones or geo data, which keep their last good versions`
    if (ok) journal.tell('info', `reloaded as snapshot ${plans.generation}${withFaults}`, { changes })
    else journal.tell('error', `reload refused: ${errors} faults; snapshot ${plans.generation} keeps serving`)
    onEnd(ok)
    this.#last = { at: new Date(clock.wall()).toISOString(), ok, faults, ...(ok && { changes }) }
    return this.#last
  }

  /** The configuration that serves, for whoever has to find out what it was. */
  keepConfig({ text }: Pick<ConfigLoad, 'text'>): void {
    const { state } = this.#parts.config()
    try {
      mkdirSync(state, { recursive: true })
      writeFileSync(join(state, 'config.last-good.yaml'), text)
    } catch (error) {
      this.#parts.journal.tell('warn', `the last good configuration could not be kept: ${(error as Error).message}`)
    }
  }
}

export function withState(config: Config, state: string | undefined): Config {
  return state === undefined ? config : { ...config, state }
}

/** A build that broke down (memory, threads) refuses the reload, and what answers goes on. */
function buildFault(file: string, error: unknown): Fault {
  return { code: 'build-failed', severity: 'error', place: { file }, message: `could not be built: ${String(error)}` }
}
