// The status of a running director, put together from what each part says of itself.
import type { OverrideView } from '../admin/overrides.ts'
import type {
  AliasStatus,
  ListenStatus,
  ProbingStatus,
  RegionStatus,
  ReloadStatus,
  ServiceStatus,
  ShareStatus,
  Status,
  EventStatus,
} from '../admin/status.ts'
import { systemClock } from '../base/clock.ts'
import type { AliasReport } from '../director/aliases.ts'
import type { Director } from '../director/director.ts'
import type { ServicePlan } from '../director/plan.ts'
import type { ClassPlan } from '../director/plan-rows.ts'
import type { Member } from '../director/tables.ts'
import type { Reported } from '../health/report/judge.ts'
import type { Checker } from '../health/checker.ts'
import type { Server } from '../server/server.ts'
import { describeDoubt } from './doubting.ts'
import type { RegionBoard } from './region-board.ts'

export interface RunningParts {
  readonly version: string
  readonly uptimeMs: number
  readonly snapshot: Status['snapshot']
  readonly server: Server
  readonly checker: Checker
  /** By region. */
  readonly reported: ReadonlyMap<string, Reported>
  readonly director: Director
  readonly board: RegionBoard
  readonly aliases: readonly AliasReport[]
  readonly events: readonly EventStatus[]
  readonly overrides?: readonly OverrideView[]
  readonly admin?: ListenStatus
  readonly lastReload?: ReloadStatus
}

export function describeRunning(parts: RunningParts): Status {
  const { version, uptimeMs, snapshot, server, checker, reported, director, board, events, admin, lastReload } = parts
  const { describe, attribution, isStale } = director.geo
  return {
    ...{ version, at: new Date(systemClock.wall()).toISOString(), uptimeMs, snapshot },
    ...describeHistory(director),
    listen: server.endpoints,
    ...(admin && { admin }),
    workers: [
      ...server
        .workers()
        .map(({ slot, transport, replacements }) => ({ slot, role: transport, replaced: replacements })),
      { slot: server.workers().length, role: 'probe', replaced: checker.figures().workersReplaced },
    ],
    probing: describeProbing(checker),
    doubt: describeDoubt(checker),
    ...(describe !== undefined && { geo: { describe, ...(attribution !== undefined && { attribution }), isStale } }),
    zones: director.zones.map(({ errors, ...zone }) => ({ ...zone, faults: errors })),
    regions: board
      .status(checker.reports())
      .map((region) => ({ ...region, ...describeReport(reported.get(region.name)) })),
    services: [...director.plans.values()].map((plan) => describeService(plan, director, server)),
    ...(parts.overrides && { overrides: parts.overrides }),
    aliases: parts.aliases.map(describeAlias),
    events: [...events],
    ...(lastReload && { lastReload }),
  }
}

function describeHistory({ history: { begins, length, bytes } }: Director): Pick<Status, 'history'> {
  if (begins === undefined) return {}
  return { history: { begins: new Date(begins).toISOString(), plans: length, bytes } }
}

function describeReport(reported: Reported | undefined): Pick<RegionStatus, 'report'> {
  if (!reported) return {}
  const { availability, reason, report } = reported
  return { report: { availability, reason, ...report } }
}

function describeProbing(checker: Checker): ProbingStatus {
  const { probes, cpuMs, scheduler } = checker.figures()
  return { probes, cpuMs, ...scheduler }
}

function describeService(
  { service, regions, classes }: ServicePlan,
  director: Director,
  server: Server,
): ServiceStatus {
  return {
    name: service.name,
    owners: director.ownersOf(service.name),
    ttlSeconds: service.ttl,
    fallbackEngaged: classes.some(({ panic }) => panic),
    shares: meanShares(regions, classes).map(({ region, planned }) => ({
      region,
      planned,
      answered: answersOf(director.tallyOf(service.name, region), server),
    })),
    noData: answersOf(director.tallyOf(service.name, ''), server),
  }
}

function describeAlias(report: AliasReport): AliasStatus {
  const states = [report.ipv4.state, report.ipv6.state]
  const state = states.includes('failed') ? 'failed' : states.includes('stale') ? 'stale' : 'fresh'
  return { ...report, state }
}

/** Classes count alike: how many clients each has is not known. */
function meanShares(regions: readonly string[], classes: readonly ClassPlan[]): ShareStatus[] {
  const sums = new Map(regions.map((region) => [region, 0]))
  for (const { members } of classes) addShares(sums, members, 1)
  return [...sums].map(([region, sum]) => ({ region, planned: sum / classes.length }))
}

function addShares(sums: Map<string, number>, members: readonly Member[], whole: number): void {
  for (const { name, share, members: inner } of members) {
    if (inner) addShares(sums, inner, whole * share)
    else sums.set(name, (sums.get(name) ?? 0) + whole * share)
  }
}

/** Over all workers. */
function answersOf(tally: number, server: Server): number {
  return server.tallies.reduce((sum, tallies) => sum + tallies[tally]!, 0)
}
