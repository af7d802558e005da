// The state of each region as its balancers change: which regions turned, and since when they are what they are.
import type { RegionStatus } from '../admin/status.ts'
import { formatAddress } from '../base/address.ts'
import { targetId, type Region } from '../director/service.ts'
import type { TargetReport } from '../health/ledger.ts'
import type { TargetHealth } from '../health/health.ts'
import { judgeRegion, type RegionHealth } from '../health/region.ts'

export interface RegionTurn {
  readonly region: string
  readonly to: 'up' | 'down'
  readonly reason: string
}

export class RegionBoard {
  #regions: ReadonlyMap<string, Region> = new Map()
  #states = new Map<string, RegionHealth>()

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
      const now = judgeRegion(balancersOf(region, health), region.minHealthy, before, at)
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
        balancers: region.balancers.map(({ address }) => {
          const text = formatAddress(address)
          return { address: text, ...balancerStatus(reports.get(targetId(region.name, text)), since) }
        }),
      }
    })
  }
}

function balancersOf({ name, balancers }: Region, health: ReadonlyMap<string, TargetHealth>) {
  return balancers.map(({ address }) => {
    const known = health.get(targetId(name, formatAddress(address)))
    return { family: address.family, ...(known && { health: known }) }
  })
}

function balancerStatus(report: TargetReport | undefined, since: number) {
  if (!report) return { state: 'unknown', reason: 'not monitored', since: moment(since) } as const
  const { health, last } = report
  const { state, reason } = health
  return { state, reason, since: moment(health.since), ...(last && { lastLatencyMs: last.tookMs }) }
}

function moment(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
