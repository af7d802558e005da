// The state of each region as its balancers change: which regions turned, and since when they are what they are.
import type { BalancerStatus, RegionStatus } from '../admin/status.ts'
import { textOf } from '../director/address-text.ts'
import type { AliasAnswers } from '../director/aliases.ts'
import { balancersIn, healthOf } from '../director/answerer-health.ts'
import { answerersOf } from '../director/answerers.ts'
import type { Region } from '../director/service.ts'
import type { TargetReport } from '../health/ledger.ts'
import type { Observation, TargetHealth } from '../health/health.ts'
import { judgeRegion, type RegionBalancer, type RegionHealth } from '../health/region.ts'

export interface RegionTurn {
  readonly region: string
  readonly to: 'up' | 'down'
  readonly reason: string
}

export class RegionBoard {
  readonly #hosts: AliasAnswers
  #regions: ReadonlyMap<string, Region> = new Map()
  #states = new Map<string, RegionHealth>()

  /** `hosts`: what host names of balancers resolve to. */
  constructor(hosts: AliasAnswers) {
    this.#hosts = hosts
  }

  /** Takes the regions of a new configuration; those that stay keep their states. */
  configure(regions: ReadonlyMap<string, Region>): void {
    this.#regions = regions
    this.#states = new Map([...this.#states].filter(([name]) => regions.has(name)))
  }

  /** Judges every region anew and tells which ones turned (first judgements are no turns). `at`: wall-clock ms. */
  judge(health: ReadonlyMap<string, TargetHealth>, at: number): RegionTurn[] {
    const turns: RegionTurn[] = []
    for (const [name, region] of this.#regions) {
      const before = this.#states.get(name)
      const now = judgeRegion(this.#balancersOf(region, health), region.minHealthy, before, at)
      this.#states.set(name, now)
      const { state, reason } = now.overall
      if (before && before.overall.state !== state) turns.push({ region: name, to: state, reason })
    }
    return turns
  }

  status(reports: ReadonlyMap<string, TargetReport>): RegionStatus[] {
    return [...this.#regions.values()].map((region) => {
      const { state, reason, since } = this.#states.get(region.name)!.overall
      return {
        ...{ name: region.name, state, reason, since: moment(since) },
        balancers: this.#describeBalancers(region, reports, since),
      }
    })
  }

  #balancersOf(region: Region, health: ReadonlyMap<string, TargetHealth>): readonly RegionBalancer[] {
    const answerers = answerersOf(region, this.#hosts)
    return balancersIn(
      answerers,
      answerers.map((answerer) => healthOf(answerer, answerers, region, health)),
    )
  }

  #describeBalancers(region: Region, reports: ReadonlyMap<string, TargetReport>, since: number): BalancerStatus[] {
    const answerers = answerersOf(region, this.#hosts)
    const health = new Map(Array.from(reports, ([id, report]) => [id, report.health]))
    return answerers.map((answerer) => {
      const { address, host, target } = answerer
      const known = healthOf(answerer, answerers, region, health)
      const last = target === undefined ? undefined : reports.get(target)?.last
      return { address: textOf(address), ...(host && { host: textOf(host) }), ...describeHealth(known, last, since) }
    })
  }
}

function describeHealth(health: TargetHealth | undefined, last: Observation | undefined, since: number) {
  if (!health) return { state: 'unknown', reason: 'not monitored', since: moment(since) } as const
  const { state, reason } = health
  const latency = last && { lastLatencyMs: last.tookMs }
  return { state, reason, since: moment(health.since || since), ...latency }
}

function moment(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
