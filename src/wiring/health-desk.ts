// Health of a running director, wired: what probes say turns balancers and regions, is told, saved for the next start, and
// made a plan. How health is judged is in src/health, what a plan makes of it in src/director.
import type { Clock } from '../base/clock.ts'
import type { Config } from '../config/config.ts'
import { hostNames } from '../director/answerers.ts'
import type { Director } from '../director/director.ts'
import { Checker } from '../health/checker.ts'
import type { DoubtNews } from '../health/doubter.ts'
import { regionOf, type Transition } from '../health/health.ts'
import { HealthKeeper } from '../health/keeper.ts'
import { readSavedHealth, type SavedState } from '../health/saved.ts'
import { describeTurn } from './doubting.ts'
import type { HostDesk } from './host-desk.ts'
import type { Journal } from './journal.ts'
import type { Operations } from './operations.ts'
import type { PlanDesk } from './plan-desk.ts'
import { RegionBoard } from './region-board.ts'
import type { Showing } from './showing.ts'

export interface HealthDeskParts {
  readonly clock: Clock
  readonly config: () => Config
  readonly director: Director
  readonly plans: PlanDesk
  readonly hosts: HostDesk
  readonly journal: Journal
  readonly operations: () => Operations | undefined
  readonly exporter: () => Showing['exporter'] | undefined
}

export class HealthDesk {
  readonly checker: Checker
  readonly board: RegionBoard
  readonly #parts: HealthDeskParts
  #keeper: HealthKeeper | undefined
  #isProbing = false
  /** As it was when the director before this one ended, where that is fresh. */
  #saved: ReadonlyMap<string, SavedState> = new Map()

  constructor(parts: HealthDeskParts) {
    const { clock, hosts, journal } = parts
    this.#parts = parts
    this.board = new RegionBoard(hosts.answers)
    this.checker = new Checker({
      clock,
      onTransition: (transition) => this.#onTransition(transition),
      onUndecided: () => this.#onUndecided(),
      onDoubt: (now, before) => this.#onDoubt(now, before),
      onTrouble: (what) => journal.tell('warn', what),
    })
  }

  /** Health before the first answer: what the first round says, else what was saved and is fresh, else unknown. */
  async firstRound(): Promise<void> {
    const { clock, config, hosts, journal } = this.#parts
    const { regions, state, doubt, startup } = config()
    await hosts.resolve(hostNames(regions.values()), config())
    const look = () => hosts.targetsOf(regions.values()).targets
    const { states, faults } = await readSavedHealth(state, look(), clock.wall())
    journal.faults(faults)
    this.#saved = states
    const targets = look()
    this.checker.start(targets, states, doubt)
    this.#isProbing = true
    const { missing } = await this.checker.firstRound(startup.deadlineMs)
    if (missing.length > 0) journal.tell('warn', `${missing.length} of ${targets.length} balancers are not yet probed`)
  }

  /** Before the first plan. A region that was down when the director before this one ended, and is not, has come back. */
  judgeFirst({ regions }: Config): void {
    const at = this.#parts.clock.wall()
    const saved = Array.from(this.#saved, ([id, state]) => [id, { ...state, provisional: true }] as const)
    this.board.configure(regions)
    this.board.judge(new Map(saved), at)
    for (const { region, to } of this.board.judge(this.checker.health(), at)) {
      if (to === 'up') this.#parts.operations()?.recoveries.regionTurned(region, to)
    }
  }

  /** Takes a configuration in the place of another: what its regions are now is no turn. */
  configure(next: Config): void {
    this.checker.update(this.#parts.hosts.targetsOf(next.regions.values()).targets, next.doubt)
    this.board.configure(next.regions)
    this.board.judge(this.checker.health(), this.#parts.clock.wall())
  }

  /** Other addresses are other targets of probes, and make another plan. `isJudged`: turns of regions are told. */
  addressesChanged(isJudged: boolean): void {
    if (!this.#isProbing) return
    const { clock, config, director, hosts, plans } = this.#parts
    const { regions, doubt } = config()
    const { targets, isChanged } = hosts.targetsOf(regions.values())
    if (isChanged) this.checker.update(targets, doubt)
    if (isJudged) this.#judgeRegions(clock.wall())
    void plans.publish(director.applyAliases(this.checker.health()), 'addresses of host names')
  }

  /** From now on health is saved for the next start. */
  keep(): void {
    const { clock, config, journal } = this.#parts
    this.#keeper = new HealthKeeper({
      folder: config().state,
      health: () => this.checker.health(),
      clock,
      onTrouble: (what) => journal.tell('warn', what),
    })
  }

  /** Saves it once more, and no longer. */
  async stopKeeping(): Promise<void> {
    await this.#keeper?.stop()
    this.#keeper = undefined
  }

  async stop(): Promise<void> {
    await Promise.all([this.checker.stop(), this.stopKeeping()])
  }

  #onTransition({ target, from, to, reason, at }: Transition): void {
    const { director, exporter, journal, operations, plans } = this.#parts
    journal.log.info({ target, from, to, reason }, `balancer ${to}`)
    exporter()?.countTransition(regionOf(target), to)
    journal.events.add(`${target} ${to}: ${reason}`)
    // Before the first snapshot there is nothing to change: it is made with the health of its moment.
    if (plans.generation === 0) return
    this.#judgeRegions(at)
    void plans.publish(director.applyHealth(this.checker.health()), `${target} ${to}`)
    operations()?.healthChanged()
    void this.#keeper?.save()
  }

  #onDoubt(now: DoubtNews, before: DoubtNews['state']): void {
    const { exporter, journal } = this.#parts
    const told = describeTurn(now, before)
    if (told) journal.tell(told.level, told.text, { doubt: now.state, ...now.sight })
    if (now.state === 'frozen') exporter()?.countFreeze()
  }

  /** TTLs follow health: no answer changes but those, and only of services that the targets answer for. */
  #onUndecided(): void {
    const { director, plans } = this.#parts
    void plans.publish(director.applyHealth(this.checker.health()), 'balancers that may turn')
  }

  #judgeRegions(at: number): void {
    const { journal, operations } = this.#parts
    for (const turn of this.board.judge(this.checker.health(), at)) {
      operations()?.recoveries.regionTurned(turn.region, turn.to)
      const level = turn.to === 'up' ? 'info' : 'warn'
      journal.tell(level, `region ${turn.region} ${turn.to}: ${turn.reason}`, { ...turn })
    }
  }
}
